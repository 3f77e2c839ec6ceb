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

	"github.com/karmada-io/image-trust/internal/workload"
)

// Webhook is the registration of a webhook of policy-controller.
type Webhook struct {
	// ServiceNamespace is the namespace of the webhook's service; empty if the webhook is called by URL.
	ServiceNamespace string

	failsOpen         bool
	rules             []admissionregistrationv1.RuleWithOperations
	equivalent        bool
	conditions        bool
	namespaceSelector labels.Selector // nil if it is invalid
	objectSelector    labels.Selector
}

// FindValidating returns the validating webhook of a name, nil if none is registered. If several are, it is the one in
// the first configuration by name.
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

// FindMutating returns the mutating webhook of a name, as FindValidating does for validating webhooks.
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

// registration holds the fields that validating and mutating webhooks have in common.
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
		namespaceSelector: parseSelector(r.namespaceSelector),
		objectSelector:    parseSelector(r.objectSelector),
	}
	if r.clientConfig.Service != nil {
		w.ServiceNamespace = r.clientConfig.Service.Namespace
	}
	return w
}

// parseSelector reads a selector as the API server does: an absent one selects everything. It returns nil for an invalid
// one.
func parseSelector(selector *metav1.LabelSelector) labels.Selector {
	if selector == nil {
		return labels.Everything()
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil
	}
	return s
}

// FailsOpen reports whether objects are allowed while the webhook does not respond (failurePolicy Ignore).
func (w *Webhook) FailsOpen() bool { return w.failsOpen }

// NamespaceSelector returns the webhook's namespaceSelector in the syntax of kubectl's --selector.
func (w *Webhook) NamespaceSelector() string {
	if w.namespaceSelector == nil {
		return "the selector is invalid"
	}
	return w.namespaceSelector.String()
}

// intercepts returns whether the API server sends the creation of an object to the webhook. It follows
// k8s.io/apiserver pkg/admission/plugin/webhook does: namespaceSelector, objectSelector, rules, matchConditions.
func (w *Webhook) intercepts(o *Object, subresource string, namespace map[string]string, known bool) Interception {
	if w == nil {
		return WebhookMissing
	}
	if !known || w.namespaceSelector == nil || w.objectSelector == nil {
		return InterceptionUnknown
	}
	byRules := w.matchRules(o, subresource)
	switch {
	case !w.namespaceSelector.Matches(labels.Set(namespace)):
		return NamespaceNotOptedIn
	case !w.objectSelector.Matches(labels.Set(o.Labels)):
		return ObjectExcluded
	case byRules != Intercepted:
		return byRules
	case w.conditions:
		return InterceptionUnknown
	default:
		return Intercepted
	}
}

// matchRules returns whether the webhook's rules include an object. If they name only another version of the resource,
// that depends on the versions that the API server serves.
func (w *Webhook) matchRules(o *Object, subresource string) Interception {
	resource := resourceOf(o)
	found := RulesExclude
	for i := range w.rules {
		rule := &w.rules[i]
		if !matchesAny(rule.APIGroups, o.Group) || !namesResource(rule.Resources, resource, subresource) ||
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

// resourceOf returns the resource of an object's kind, which is guessed for a kind that is not one of workloads.
func resourceOf(o *Object) string {
	if kind := workload.Find(o.Group, o.Kind); kind != nil {
		return kind.Resource
	}
	guessed, _ := apimeta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: o.Group, Version: o.Version, Kind: o.Kind})
	return guessed.Resource
}

func matchesAny(patterns []string, value string) bool {
	return slices.Contains(patterns, "*") || slices.Contains(patterns, value)
}

// namesResource follows k8s.io/apiserver pkg/admission/plugin/webhook/predicates/rules: "pods/*" includes
// pods themselves.
func namesResource(patterns []string, resource, subresource string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		of, sub, _ := strings.Cut(pattern, "/")
		return (of == "*" || of == resource) && (sub == "*" || sub == subresource)
	})
}

// SetValidating adds or replaces a ValidatingWebhookConfiguration, and reports whether that changes policy-controller's webhook. No
// other webhook is remembered, and no certificate, since operators renew those of theirs.
func (s *State) SetValidating(config *admissionregistrationv1.ValidatingWebhookConfiguration) bool {
	own := admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: config.Name}}
	for _, w := range config.Webhooks {
		if w.Name == s.webhook {
			w.ClientConfig.CABundle = nil
			own.Webhooks = append(own.Webhooks, w)
		}
	}
	if len(own.Webhooks) == 0 {
		return s.RemoveValidating(config.Name)
	}
	return set(s, s.validating, config.Name, own)
}

// RemoveValidating removes a ValidatingWebhookConfiguration, and reports whether that is a change.
func (s *State) RemoveValidating(name string) bool { return remove(s, s.validating, name) }

// SetMutating does for a MutatingWebhookConfiguration what SetValidating does for a validating one.
func (s *State) SetMutating(config *admissionregistrationv1.MutatingWebhookConfiguration) bool {
	own := admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: config.Name}}
	for _, w := range config.Webhooks {
		if w.Name == s.webhook {
			w.ClientConfig.CABundle = nil
			own.Webhooks = append(own.Webhooks, w)
		}
	}
	if len(own.Webhooks) == 0 {
		return s.RemoveMutating(config.Name)
	}
	return set(s, s.mutating, config.Name, own)
}

// RemoveMutating removes a MutatingWebhookConfiguration, and reports whether that is a change.
func (s *State) RemoveMutating(name string) bool { return remove(s, s.mutating, name) }
