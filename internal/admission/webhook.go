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

package admission

import (
	"cmp"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Webhook of policy-controller, as it is registered.
type Webhook struct {
	// ServiceNamespace is the namespace of the service behind it; empty where it is called by URL.
	ServiceNamespace string

	failsOpen         bool
	rules             []admissionregistrationv1.RuleWithOperations
	equivalent        bool
	conditions        bool
	namespaceSelector labels.Selector // nil where it cannot be read
	objectSelector    labels.Selector
}

// FindValidating returns the validating webhook of a name, nil where none is registered. Of several, the first
// configuration by name counts.
func FindValidating(webhook string, configs []admissionregistrationv1.ValidatingWebhookConfiguration) *Webhook {
	slices.SortFunc(configs, func(a, b admissionregistrationv1.ValidatingWebhookConfiguration) int {
		return cmp.Compare(a.Name, b.Name)
	})
	for i := range configs {
		for _, w := range configs[i].Webhooks {
			if w.Name == webhook {
				return newWebhook(registration{
					w.ClientConfig, w.FailurePolicy, w.Rules, w.MatchPolicy, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions,
				})
			}
		}
	}
	return nil
}

// FindMutating is FindValidating for mutating webhooks.
func FindMutating(webhook string, configs []admissionregistrationv1.MutatingWebhookConfiguration) *Webhook {
	slices.SortFunc(configs, func(a, b admissionregistrationv1.MutatingWebhookConfiguration) int {
		return cmp.Compare(a.Name, b.Name)
	})
	for i := range configs {
		for _, w := range configs[i].Webhooks {
			if w.Name == webhook {
				return newWebhook(registration{
					w.ClientConfig, w.FailurePolicy, w.Rules, w.MatchPolicy, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions,
				})
			}
		}
	}
	return nil
}

// registration is what both kinds of webhooks have.
type registration struct {
	clientConfig      admissionregistrationv1.WebhookClientConfig
	failurePolicy     *admissionregistrationv1.FailurePolicyType
	rules             []admissionregistrationv1.RuleWithOperations
	matchPolicy       *admissionregistrationv1.MatchPolicyType
	namespaceSelector *metav1.LabelSelector
	objectSelector    *metav1.LabelSelector
	conditions        []admissionregistrationv1.MatchCondition
}

func newWebhook(r registration) *Webhook {
	w := &Webhook{
		failsOpen:         r.failurePolicy != nil && *r.failurePolicy == admissionregistrationv1.Ignore,
		rules:             r.rules,
		equivalent:        r.matchPolicy == nil || *r.matchPolicy == admissionregistrationv1.Equivalent,
		conditions:        len(r.conditions) > 0,
		namespaceSelector: selector(r.namespaceSelector),
		objectSelector:    selector(r.objectSelector),
	}
	if r.clientConfig.Service != nil {
		w.ServiceNamespace = r.clientConfig.Service.Namespace
	}
	return w
}

// selector as the API server takes it: an absent one selects all.
func selector(written *metav1.LabelSelector) labels.Selector {
	if written == nil {
		return labels.Everything()
	}
	s, err := metav1.LabelSelectorAsSelector(written)
	if err != nil {
		return nil
	}
	return s
}

// FailsOpen tells whether workloads pass while the webhook does not answer (failurePolicy Ignore).
func (w *Webhook) FailsOpen() bool { return w.failsOpen }

// NamespaceSelector in words, as kubectl's --selector takes it.
func (w *Webhook) NamespaceSelector() string {
	if w.namespaceSelector == nil {
		return "a selector that cannot be read"
	}
	return w.namespaceSelector.String()
}

// intercepts tells whether the API server shows the creation of an object to the webhook. It decides as
// k8s.io/apiserver pkg/admission/plugin/webhook does: namespaceSelector, objectSelector, rules, matchConditions.
func (w *Webhook) intercepts(o *Object, subresource string, namespace map[string]string, known bool) Interception {
	if w == nil {
		return WebhookMissing
	}
	if !known || w.namespaceSelector == nil || w.objectSelector == nil {
		return InterceptionUnknown
	}
	ruled := w.ruled(o, subresource)
	switch {
	case !w.namespaceSelector.Matches(labels.Set(namespace)):
		return NamespaceNotOptedIn
	case !w.objectSelector.Matches(labels.Set(o.Labels)):
		return ObjectExcluded
	case ruled != Intercepted:
		return ruled
	case w.conditions:
		return InterceptionUnknown
	default:
		return Intercepted
	}
}

// ruled looks at the rules alone. Where only another version of the resource is named, it depends on what the
// API server serves.
func (w *Webhook) ruled(o *Object, subresource string) Interception {
	resource, _ := apimeta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: o.Group, Version: o.Version, Kind: o.Kind})
	found := RulesExclude
	for i := range w.rules {
		rule := &w.rules[i]
		if !matchesAny(rule.APIGroups, o.Group) || !namesResource(rule.Resources, resource.Resource, subresource) ||
			!slices.ContainsFunc(rule.Operations, func(op admissionregistrationv1.OperationType) bool {
				return op == admissionregistrationv1.Create || op == admissionregistrationv1.OperationAll
			}) ||
			rule.Scope != nil && *rule.Scope == admissionregistrationv1.ClusterScope {
			continue
		}
		if matchesAny(rule.APIVersions, o.Version) {
			return Intercepted
		}
		if w.equivalent {
			found = InterceptionUnknown
		}
	}
	return found
}

func matchesAny(written []string, value string) bool {
	return slices.Contains(written, "*") || slices.Contains(written, value)
}

// namesResource follows k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules: "pods/*" holds pods
// themselves too.
func namesResource(written []string, resource, subresource string) bool {
	return slices.ContainsFunc(written, func(w string) bool {
		of, sub, _ := strings.Cut(w, "/")
		return (of == "*" || of == resource) && (sub == "*" || sub == subresource)
	})
}
