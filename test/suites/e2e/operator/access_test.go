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

package operator

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// clientFor returns a client that acts as a ServiceAccount of the operator's namespace.
func clientFor(t *testing.T, account string) client.Client {
	t.Helper()
	config, err := lab.ServiceAccountConfig(t.Context(), lab.OperatorAccount().Namespace, account)
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(config, client.Options{Scheme: lab.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// listRights lists what a ServiceAccount may do in a namespace.
func listRights(t *testing.T, account, namespace string) []string {
	t.Helper()
	review := &authorizationv1.SelfSubjectRulesReview{
		Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace},
	}
	if err := clientFor(t, account).Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	if review.Status.Incomplete {
		t.Error("the API server does not list all rights")
	}
	var out []string
	for _, rule := range review.Status.ResourceRules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					out = append(out, strings.Join(slices.Concat([]string{verb, resource, group}, rule.ResourceNames), " "))
				}
			}
		}
	}
	return out
}

// TestRole has the API server list the rights that the operator has in addition to those of every
// ServiceAccount. In the other tests the operator runs with the same rights.
func TestRole(t *testing.T) {
	everywhere := []string{
		"list karmadaimagetrusts trust.karmada.io",
		"watch karmadaimagetrusts trust.karmada.io",
		"update karmadaimagetrusts/status trust.karmada.io",
		"create clusterimagepolicies policy.sigstore.dev",
		"delete clusterimagepolicies policy.sigstore.dev",
		"get clusterimagepolicies policy.sigstore.dev",
		"list clusterimagepolicies policy.sigstore.dev",
		"patch clusterimagepolicies policy.sigstore.dev",
		"watch clusterimagepolicies policy.sigstore.dev",
		// What runs, and what would keep admission from enforcing: to be read only.
		"list pods ", "watch pods ",
		"list replicationcontrollers ", "watch replicationcontrollers ",
		"list daemonsets apps", "watch daemonsets apps",
		"list deployments apps", "watch deployments apps",
		"list replicasets apps", "watch replicasets apps",
		"list statefulsets apps", "watch statefulsets apps",
		"list cronjobs batch", "watch cronjobs batch",
		"list jobs batch", "watch jobs batch",
		"list namespaces ", "watch namespaces ",
		"list configmaps  config-policy-controller config-sigstore-keys",
		"watch configmaps  config-policy-controller config-sigstore-keys",
		"list mutatingwebhookconfigurations admissionregistration.k8s.io",
		"watch mutatingwebhookconfigurations admissionregistration.k8s.io",
		"list validatingwebhookconfigurations admissionregistration.k8s.io",
		"watch validatingwebhookconfigurations admissionregistration.k8s.io",
		"list trustroots policy.sigstore.dev",
		"watch trustroots policy.sigstore.dev",
	}
	for namespace, additional := range map[string][]string{
		"kube-system": nil,
		// Events about objects without a namespace are in this one.
		"default": {"create events events.k8s.io", "patch events events.k8s.io"},
		lab.OperatorAccount().Namespace: {
			"create leases coordination.k8s.io",
			"get leases coordination.k8s.io karmada-image-trust",
			"update leases coordination.k8s.io karmada-image-trust",
			"create events ",
		},
	} {
		common := listRights(t, "default", namespace)
		got := slices.DeleteFunc(listRights(t, lab.OperatorAccount().Name, namespace), func(right string) bool {
			return slices.Contains(common, right)
		})
		slices.Sort(got)
		want := slices.Sorted(slices.Values(slices.Concat(everywhere, additional)))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the operator's rights in namespace %s differ (-want +got):\n%s", namespace, diff)
		}
	}
}

// TestForbidden makes requests that the operator must not have the right to.
func TestForbidden(t *testing.T) {
	const image = "docker.io/forbidden/image:v1"
	lab.PushImage(t, image)
	trust := labtest.NewTrust("forbidden", "forbidden", image)
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
	operator := clientFor(t, lab.OperatorAccount().Name)
	own := client.InNamespace(lab.OperatorAccount().Namespace)
	for what, err := range map[string]error{
		"list secrets":                 operator.List(t.Context(), &corev1.SecretList{}),
		"list secrets of its own":      operator.List(t.Context(), &corev1.SecretList{}, own),
		"list all ConfigMaps":          operator.List(t.Context(), &corev1.ConfigMapList{}),
		"delete pods":                  operator.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace("default")),
		"delete namespaces":            operator.DeleteAllOf(t.Context(), &corev1.Namespace{}),
		"delete nodes":                 operator.DeleteAllOf(t.Context(), &corev1.Node{}),
		"update a trust":               operator.Update(t.Context(), trust),
		"delete a trust":               operator.Delete(t.Context(), trust),
		"delete all policies":          operator.DeleteAllOf(t.Context(), labtest.NewPolicy("")),
		"list leases of its namespace": operator.List(t.Context(), &coordinationv1.LeaseList{}, own),
	} {
		if !apierrors.IsForbidden(err) {
			t.Errorf("%s: got %v, want forbidden", what, err)
		}
	}
}

// TestEndpoints requests the probes and the metrics.
func TestEndpoints(t *testing.T) {
	const image = "docker.io/endpoints/signed:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	trust := labtest.NewTrust("endpoints", "endpoints", image)
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	for _, path := range []string{"/healthz", "/readyz"} {
		if response := labtest.Fetch(t, lab.ProbesURL+path); response.Status != http.StatusOK {
			t.Errorf("%s answers %d: %s", path, response.Status, response.Body)
		}
	}
	measured := lab.ReadMetrics(t)
	if got := measured.Sum("karmada_image_trust_verification_duration_seconds_count", `verdict="Verified"`, `reason="Signed"`); got == 0 {
		t.Error("no verification is counted")
	}
	if got := measured.Sum("karmada_image_trust_verification_duration_seconds_bucket", `le="+Inf"`); got == 0 {
		t.Error("the histogram has no buckets")
	}
}
