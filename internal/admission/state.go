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

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/policy"
)

// ConfigName is the name of policy-controller's ConfigMap, in the namespace of its webhook
// (pkg/config.PolicyControllerConfigName).
const ConfigName = "config-policy-controller"

// DefaultWebhookName is the name of policy-controller's webhooks for workloads in its own manifests and Helm chart.
const DefaultWebhookName = "policy.sigstore.dev"

// Source is a list of objects that the state is read from.
type Source string

// The sources that must be listed before the state is known. The ClusterImagePolicies are not among them, because their
// kind may not be installed.
const (
	ValidatingWebhooks Source = "validating webhook configurations"
	MutatingWebhooks   Source = "mutating webhook configurations"
	Configuration      Source = "policy-controller's configuration"
	TrustRootKeys      Source = "policy-controller's keys of TrustRoots"
	Namespaces         Source = "namespaces"
)

// Sources returns all sources.
func Sources() []Source {
	return []Source{ValidatingWebhooks, MutatingWebhooks, Configuration, TrustRootKeys, Namespaces}
}

// State collects the objects that the decisions of admission depend on. It is safe for concurrent use.
type State struct {
	webhook string

	mu       sync.Mutex
	versions Versions
	listed   map[Source]bool
	policies map[string]knownPolicy
	// parsed are those of the policies that policy-controller applies.
	parsed     *Policies
	validating map[string]admissionregistrationv1.ValidatingWebhookConfiguration
	mutating   map[string]admissionregistrationv1.MutatingWebhookConfiguration
	configs    map[string]map[string]string // data by namespace
	keys       map[string]map[string]string // entries by namespace
	keysHidden bool                         // whether they cannot be read
	namespaces map[string]map[string]string // labels by name
	// cluster is assembled on demand, and nil after a change.
	cluster *Cluster
	history history
}

type knownPolicy struct {
	object *unstructured.Unstructured // its name and spec
	failed bool
	// parsed is nil if policy-controller does not apply the policy.
	parsed *Policy
}

// NewState returns a State that recognises policy-controller's webhooks by their name, which is usually
// DefaultWebhookName. The versions of policy-controller are those that may be installed until SetVersions is called.
func NewState(webhook string, versions ...Behavior) *State {
	return &State{
		webhook:    webhook,
		versions:   versions,
		listed:     map[Source]bool{},
		policies:   map[string]knownPolicy{},
		parsed:     NewPolicies(),
		validating: map[string]admissionregistrationv1.ValidatingWebhookConfiguration{},
		mutating:   map[string]admissionregistrationv1.MutatingWebhookConfiguration{},
		configs:    map[string]map[string]string{},
		keys:       map[string]map[string]string{},
		namespaces: map[string]map[string]string{},
		history:    history{epoch: 1, oldest: 1},
	}
}

// MarkListed records that all objects of a source have been set.
func (s *State) MarkListed(source Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listed[source] = true
}

// Versions returns the versions of policy-controller that may be installed.
func (s *State) Versions() Versions {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions
}

// SetVersions sets the versions of policy-controller that may be installed, and reports whether that is a change. The
// policies are read anew, as these versions read them.
func (s *State) SetVersions(versions Versions) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Equal(s.versions, versions) {
		return false
	}
	s.versions = versions
	var parsed []*Policy
	for name, known := range s.policies {
		if known.parsed = s.parse(known); known.parsed != nil {
			parsed = append(parsed, known.parsed)
		}
		s.policies[name] = known
	}
	s.parsed = NewPolicies(parsed...)
	s.changed()
	return true
}

// parse returns a policy as the versions that may be installed read it, nil if they do not apply it.
func (s *State) parse(p knownPolicy) *Policy {
	if p.failed && s.versions.all(func(b Behavior) bool { return b.DropsFailedPolicies }) {
		return nil
	}
	return ParsePolicy(p.object, s.versions...)
}

// Cluster returns the state that decisions depend on. The error names the sources that have not been listed yet, or why
// policy-controller's configuration is not usable.
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
	cluster := *s.cluster
	cluster.Epoch = s.history.epoch
	return cluster, nil
}

func (s *State) assemble() (*Cluster, error) {
	var missing []string
	for _, source := range Sources() {
		if !s.listed[source] {
			missing = append(missing, string(source))
		}
	}
	if len(missing) > 0 {
		return nil, errors.New("Not read yet: " + strings.Join(missing, ", ") + ".")
	}
	cluster := &Cluster{
		Validating: FindValidating(s.webhook, slices.Collect(maps.Values(s.validating))),
		Mutating:   FindMutating(s.webhook, slices.Collect(maps.Values(s.mutating))),
		Policies:   s.parsed,
		Namespace:  s.namespace,
		Versions:   s.versions,
		Keys:       s.currentKeys(),
	}
	var err error
	if cluster.Config, err = ParseConfig(s.config(cluster)); err != nil {
		return nil, fmt.Errorf("ConfigMap %s is not valid for policy-controller: %w", ConfigName, err)
	}
	return cluster, nil
}

// configNamespace returns the namespace whose ConfigMap is policy-controller's configuration; empty if its webhook is not
// registered, or is called by URL.
func (s *State) configNamespace() string {
	webhook := FindValidating(s.webhook, slices.Collect(maps.Values(s.validating)))
	if webhook == nil {
		return ""
	}
	return webhook.ServiceNamespace
}

// WebhookNamespace returns the namespace of policy-controller; empty if its webhook is not registered, or is called by URL.
func (s *State) WebhookNamespace() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.configNamespace()
}

// config returns policy-controller's configuration, nil if it has none or its webhook is not registered.
func (s *State) config(cluster *Cluster) map[string]string {
	if cluster.Validating == nil {
		return nil
	}
	return s.configs[cluster.Validating.ServiceNamespace]
}

// namespace returns the current labels of a namespace.
func (s *State) namespace(name string) (map[string]string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	labels, known := s.namespaces[name]
	return labels, known
}

// PolicyChange is a change of a ClusterImagePolicy. Before or after is nil if the policy was created or deleted.
type PolicyChange struct {
	before, after *Policy
}

// None reports whether nothing changed.
func (c PolicyChange) None() bool { return c.before == c.after }

// Covers reports whether the policy covers an image now, or covered it before. The image is a whole name with a tag or
// a digest.
func (c PolicyChange) Covers(image string) bool {
	whole := WholeName(image)
	return whole != "" && c.CoversImage(whole)
}

// SetPolicy adds or replaces a ClusterImagePolicy. A policy that policy-controller reports as failed is removed if that
// is what policy-controller does with it.
func (s *State) SetPolicy(cip *unstructured.Unstructured) PolicyChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := knownPolicy{object: &unstructured.Unstructured{}, failed: policy.ReadyCondition(cip).Status == metav1.ConditionFalse}
	now.object.SetName(cip.GetName())
	now.object.Object["spec"] = cip.Object["spec"]
	before := s.policies[cip.GetName()]
	if before.object != nil && before.failed == now.failed && equality.Semantic.DeepEqual(before.object.Object, now.object.Object) {
		return PolicyChange{before.parsed, before.parsed}
	}
	now.parsed = s.parse(now)
	s.policies[cip.GetName()] = now
	change := PolicyChange{before.parsed, now.parsed}
	if !change.None() {
		s.policyChanged(cip.GetName(), change)
	}
	return change
}

// RemovePolicy removes a ClusterImagePolicy.
func (s *State) RemovePolicy(name string) PolicyChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.policies[name]
	delete(s.policies, name)
	change := PolicyChange{before: known.parsed}
	if !change.None() {
		s.policyChanged(name, change)
	}
	return change
}

// SetConfig adds or replaces a ConfigMap named ConfigName, and reports whether that changes policy-controller's configuration.
// Those of other namespaces are remembered, since one of them is the configuration once the webhook's service is there.
func (s *State) SetConfig(config *corev1.ConfigMap) bool {
	data := ConfigData(config.Data)
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.configs[config.Namespace]; ok && maps.Equal(before, data) {
		return false
	}
	s.configs[config.Namespace] = data
	return s.configChanged(config.Namespace)
}

// RemoveConfig removes the ConfigMap of a namespace, and reports whether that changes policy-controller's configuration.
func (s *State) RemoveConfig(namespace string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.configs[namespace]; !known {
		return false
	}
	delete(s.configs, namespace)
	return s.configChanged(namespace)
}

// configChanged notes that the ConfigMap of a namespace changed, and reports whether it is policy-controller's.
func (s *State) configChanged(namespace string) bool {
	if namespace != s.configNamespace() {
		return false
	}
	s.changed()
	return true
}

// SetNamespace adds or replaces the labels of a namespace, and reports whether that is a change. A Cluster reads the current
// labels, so it stays valid, with what it has memorized about images.
func (s *State) SetNamespace(name string, labels map[string]string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.namespaces[name]; ok && maps.Equal(before, labels) {
		return false
	}
	s.namespaces[name] = labels
	s.namespaceChanged(name)
	return true
}

// RemoveNamespace removes a namespace, and reports whether that is a change.
func (s *State) RemoveNamespace(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := s.namespaces[name]
	delete(s.namespaces, name)
	if known {
		s.namespaceChanged(name)
	}
	return known
}

// set reports whether the value differs from the one before.
func set[T any](s *State, values map[string]T, key string, value T) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := values[key]; ok && equality.Semantic.DeepEqual(before, value) {
		return false
	}
	values[key] = value
	s.changed()
	return true
}

// remove reports whether there was a value.
func remove[T any](s *State, values map[string]T, key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, known := values[key]
	delete(values, key)
	if known {
		s.changed()
	}
	return known
}
