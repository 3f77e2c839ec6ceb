/*
Copyright 2026 The Karmada Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

// Package rights compares the rights that manifests grant to a ServiceAccount with the requests in an audit log.
package rights

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/test/lab/controlplane"
)

// Right is one verb on one resource.
type Right struct {
	Verb, Group string
	// Resource with its subresource, such as "pods/status".
	Resource string
	// Namespace is empty for a right in all namespaces, and Name for one on all objects.
	Namespace, Name string
}

// String returns the right in words.
func (r Right) String() string {
	where := "in all namespaces"
	if r.Namespace != "" {
		where = "in namespace " + r.Namespace
	}
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s.%s %s %s", r.Verb, r.Resource, r.Group, r.Name, where)), " ")
}

// Granted returns the rights that roles and bindings among the objects grant to an account.
func Granted(objects []*unstructured.Unstructured, account types.NamespacedName) ([]Right, error) {
	rules := map[string][]rbacv1.PolicyRule{} // by KIND/NAMESPACE/NAME
	var bindings []rbacv1.RoleBinding
	for _, object := range objects {
		switch object.GetKind() {
		case "Role", "ClusterRole":
			var role rbacv1.Role
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role); err != nil {
				return nil, fmt.Errorf("reading %s %s: %w", object.GetKind(), object.GetName(), err)
			}
			rules[object.GetKind()+"/"+role.Namespace+"/"+role.Name] = role.Rules
		case "RoleBinding", "ClusterRoleBinding":
			var binding rbacv1.RoleBinding
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &binding); err != nil {
				return nil, fmt.Errorf("reading %s %s: %w", object.GetKind(), object.GetName(), err)
			}
			bindings = append(bindings, binding)
		}
	}
	var out []Right
	for _, binding := range bindings {
		subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: account.Namespace, Name: account.Name}
		if !slices.Contains(binding.Subjects, subject) {
			continue
		}
		namespace := ""
		if binding.RoleRef.Kind == "Role" {
			namespace = binding.Namespace
		}
		role := binding.RoleRef.Kind + "/" + namespace + "/" + binding.RoleRef.Name
		if rules[role] == nil {
			return nil, fmt.Errorf("%s is bound to %s, and does not exist", role, account)
		}
		for _, rule := range rules[role] {
			out = append(out, expand(rule, binding.Namespace)...)
		}
	}
	return out, nil
}

func expand(rule rbacv1.PolicyRule, namespace string) []Right {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	var out []Right
	for _, verb := range rule.Verbs {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, name := range names {
					out = append(out, Right{Verb: verb, Group: group, Resource: resource, Namespace: namespace, Name: name})
				}
			}
		}
	}
	return out
}

// Unused returns the rights that none of the requests needed, and those in all namespaces that only requests in one namespace
// needed. Requests that were denied need none.
func Unused(granted []Right, requests []controlplane.Request) []Right {
	var out []Right
	for _, right := range granted {
		namespaces := map[string]bool{}
		for i := range requests {
			if right.coversRequest(&requests[i]) {
				namespaces[requests[i].Namespace] = true
			}
		}
		oneNamespace := len(namespaces) == 1 && !namespaces[""]
		if len(namespaces) == 0 || right.Namespace == "" && oneNamespace {
			out = append(out, right)
		}
	}
	return out
}

func (r Right) coversRequest(request *controlplane.Request) bool {
	resource := request.Resource
	if request.Subresource != "" {
		resource += "/" + request.Subresource
	}
	switch {
	case request.Code == 0, request.Code == http.StatusForbidden, request.Code == http.StatusUnauthorized:
		return false
	case r.Group != request.Group, r.Resource != resource, r.Namespace != "" && r.Namespace != request.Namespace:
		return false
	case r.Name != "" && r.Name != nameIn(request):
		return false
	}
	return slices.Contains(verbsOf(request), r.Verb)
}

// verbsOf returns the verbs that a request needs the right to.
func verbsOf(request *controlplane.Request) []string {
	verbs := []string{request.Verb}
	switch {
	case request.Verb == "patch" && request.Code == http.StatusCreated:
		// Server-side apply of an object that does not exist needs the right to create it, too.
		verbs = append(verbs, "create")
	case request.Verb == "watch" && query(request).Get("sendInitialEvents") == "true":
		// Such a watch takes the place of a list, which the client falls back to.
		verbs = append(verbs, "list")
	}
	return verbs
}

// nameIn returns the name that a request is restricted to; empty for none.
func nameIn(request *controlplane.Request) string {
	if request.Name != "" {
		return request.Name
	}
	name, _ := strings.CutPrefix(query(request).Get("fieldSelector"), "metadata.name=")
	return name
}

func query(request *controlplane.Request) url.Values {
	parsed, err := url.Parse(request.URI)
	if err != nil {
		return nil
	}
	return parsed.Query()
}
