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
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ConfigName is the name of the ConfigMap of policy-controller, in the namespace of its webhook (v0.14,
// pkg/config.PolicyControllerConfigName).
const ConfigName = "config-policy-controller"

// Source of state.
type Source string

// The sources that have to be read before the state is known. Policies are not among them: their kind may not be installed.
const (
	WebhookConfigurations Source = "webhook configurations"
	Configuration         Source = "policy-controller's configuration"
	Namespaces            Source = "namespaces"
)

// State is safe for concurrent use.
type State struct {
	webhook  string
	behavior Behavior

	mu         sync.Mutex
	read       map[Source]int
	policies   map[string]knownPolicy
	validating map[string]admissionregistrationv1.ValidatingWebhookConfiguration
	mutating   map[string]admissionregistrationv1.MutatingWebhookConfiguration
	configs    map[string]map[string]string // data by namespace
	namespaces map[string]map[string]string // labels by name
	// cluster is made anew after a change.
	cluster *Cluster
}

type knownPolicy struct {
	spec   any
	parsed *Policy
}

// DefaultWebhookName is the name of policy-controller's webhooks for workloads in its own manifests and Helm chart.
const DefaultWebhookName = "policy.sigstore.dev"

// NewState returns a State that recognises policy-controller's webhooks by their name, which is usually
// DefaultWebhookName, and decides as one version of policy-controller does.
func NewState(webhook string, behavior Behavior) *State {
	return &State{
		webhook:    webhook,
		behavior:   behavior,
		read:       map[Source]int{},
		policies:   map[string]knownPolicy{},
		validating: map[string]admissionregistrationv1.ValidatingWebhookConfiguration{},
		mutating:   map[string]admissionregistrationv1.MutatingWebhookConfiguration{},
		configs:    map[string]map[string]string{},
		namespaces: map[string]map[string]string{},
	}
}

// lists is how many lists each source is read in.
func lists() map[Source]int {
	return map[Source]int{WebhookConfigurations: 2, Configuration: 1, Namespaces: 1}
}

// Read notes that a list of a source has been told whole.
func (s *State) Read(source Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read[source]++
}

// Behavior returns the behavior of the version of policy-controller.
func (s *State) Behavior() Behavior { return s.behavior }

// Cluster is the state as admission sees it, or an error that names what has not been read yet or is unusable.
func (s *State) Cluster() (Cluster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil {
		cluster, err := s.assemble()
		if err != nil {
			return Cluster{}, err
		}
		s.cluster = cluster
	}
	return *s.cluster, nil
}

func (s *State) assemble() (*Cluster, error) {
	var missing []string
	for source, needed := range lists() {
		if s.read[source] < needed {
			missing = append(missing, string(source))
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, errors.New("Not read yet: " + strings.Join(missing, ", ") + ".")
	}
	policies := make([]*Policy, 0, len(s.policies))
	for _, p := range s.policies {
		policies = append(policies, p.parsed)
	}
	cluster := &Cluster{
		Validating: FindValidating(s.webhook, slices.Collect(maps.Values(s.validating))),
		Mutating:   FindMutating(s.webhook, slices.Collect(maps.Values(s.mutating))),
		Policies:   NewPolicies(policies...),
		Namespace:  s.namespace,
		Behavior:   s.behavior,
	}
	var err error
	if cluster.Config, err = ParseConfig(s.config(cluster)); err != nil {
		return nil, fmt.Errorf("ConfigMap %s cannot be read as policy-controller reads it: %w", ConfigName, err)
	}
	return cluster, nil
}

// config of policy-controller, nil while it has none or its webhook is not registered.
func (s *State) config(cluster *Cluster) map[string]string {
	if cluster.Validating == nil {
		return nil
	}
	return s.configs[cluster.Validating.ServiceNamespace]
}

// namespace returns the labels of a namespace as they are now.
func (s *State) namespace(name string) (map[string]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	labels, known := s.namespaces[name]
	return labels, known
}

// PolicyChange is how a policy differs from what it was.
type PolicyChange struct {
	before, after *Policy
}

// None tells that nothing changed.
func (c PolicyChange) None() bool { return c.before == c.after }

// Covers tells whether the policy covers an image, by its whole name with tag or digest, or did so before.
func (c PolicyChange) Covers(image string) bool {
	ref, err := name.ParseReference(image)
	if err != nil {
		return false
	}
	image = WithDigest(ref).Name()
	return c.before != nil && c.before.CoversImage(image) || c.after != nil && c.after.CoversImage(image)
}

// SetPolicy takes a ClusterImagePolicy in. One that policy-controller cannot use is none: it is dropped from what the
// webhook loads (v0.14 pkg/reconciler/clusterimagepolicy, handleCIPError).
func (s *State) SetPolicy(cip *unstructured.Unstructured) PolicyChange {
	if failed(cip) {
		return s.RemovePolicy(cip.GetName())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	spec := cip.Object["spec"]
	known := s.policies[cip.GetName()]
	if known.parsed != nil && equality.Semantic.DeepEqual(known.spec, spec) {
		return PolicyChange{known.parsed, known.parsed}
	}
	parsed := ParsePolicy(cip)
	s.policies[cip.GetName()] = knownPolicy{spec: spec, parsed: parsed}
	s.cluster = nil
	return PolicyChange{known.parsed, parsed}
}

// failed tells whether policy-controller reports that it cannot use the policy as it is.
func failed(cip *unstructured.Unstructured) bool {
	observed, _, _ := unstructured.NestedInt64(cip.Object, "status", "observedGeneration")
	conditions, _, _ := unstructured.NestedSlice(cip.Object, "status", "conditions")
	return observed == cip.GetGeneration() && slices.ContainsFunc(conditions, func(c any) bool {
		fields, ok := c.(map[string]any)
		return ok && fields["type"] == "Ready" && fields["status"] == "False"
	})
}

// RemovePolicy forgets a ClusterImagePolicy.
func (s *State) RemovePolicy(name string) PolicyChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.policies[name]
	if known.parsed != nil {
		delete(s.policies, name)
		s.cluster = nil
	}
	return PolicyChange{before: known.parsed}
}

// SetValidating takes a configuration of validating webhooks in.
func (s *State) SetValidating(config *admissionregistrationv1.ValidatingWebhookConfiguration) bool {
	return set(s, s.validating, config.Name, admissionregistrationv1.ValidatingWebhookConfiguration{Webhooks: config.Webhooks})
}

// RemoveValidating forgets a configuration of validating webhooks.
func (s *State) RemoveValidating(name string) bool { return remove(s, s.validating, name) }

// SetMutating takes a configuration of mutating webhooks in.
func (s *State) SetMutating(config *admissionregistrationv1.MutatingWebhookConfiguration) bool {
	return set(s, s.mutating, config.Name, admissionregistrationv1.MutatingWebhookConfiguration{Webhooks: config.Webhooks})
}

// RemoveMutating forgets a configuration of mutating webhooks.
func (s *State) RemoveMutating(name string) bool { return remove(s, s.mutating, name) }

// SetConfig takes a ConfigMap of policy-controller's name in.
func (s *State) SetConfig(config *corev1.ConfigMap) bool {
	return set(s, s.configs, config.Namespace, config.Data)
}

// RemoveConfig forgets the ConfigMap of a namespace.
func (s *State) RemoveConfig(namespace string) bool { return remove(s, s.configs, namespace) }

// SetNamespace takes the labels of a namespace in.
func (s *State) SetNamespace(name string, labels map[string]string) bool {
	return set(s, s.namespaces, name, labels)
}

// RemoveNamespace forgets a namespace.
func (s *State) RemoveNamespace(name string) bool { return remove(s, s.namespaces, name) }

// set tells whether the value is another than before.
func set[T any](s *State, values map[string]T, key string, value T) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := values[key]; ok && equality.Semantic.DeepEqual(before, value) {
		return false
	}
	values[key] = value
	s.cluster = nil
	return true
}

// remove tells whether there was a value.
func remove[T any](s *State, values map[string]T, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := values[key]
	delete(values, key)
	s.cluster = nil
	return known
}
