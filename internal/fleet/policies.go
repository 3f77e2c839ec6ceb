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

package fleet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	jsonpatch "github.com/evanphx/json-patch/v5"
	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// Policies are the policies of a Karmada control plane that decide which clusters get a trust, and with which spec.
type Policies struct {
	Propagation []*policyv1alpha1.ClusterPropagationPolicy
	Overrides   []*policyv1alpha1.ClusterOverridePolicy
}

// With returns the policies after others have been applied: one of the same name is replaced.
func (p Policies) With(others Policies) Policies {
	return Policies{Propagation: replaced(p.Propagation, others.Propagation), Overrides: replaced(p.Overrides, others.Overrides)}
}

func replaced[T metav1.Object](current, others []T) []T {
	byName := make(map[string]T, len(current)+len(others))
	for _, one := range slices.Concat(current, others) {
		byName[one.GetName()] = one
	}
	all := make([]T, 0, len(byName))
	for _, one := range byName {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b T) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return all
}

// Target says to which clusters a trust is propagated. The zero value is that of a trust that no policy selects.
type Target struct {
	policy *policyv1alpha1.ClusterPropagationPolicy
}

// Target returns the clusters that the policies propagate a new object to. If several policies select it, the one that Karmada's
// detector prefers counts: by spec.priority, then by how closely it selects the object, then by name. The detector keeps to a
// policy that it has chosen earlier, which is not considered.
func (p Policies) Target(object *unstructured.Unstructured) Target {
	var best Target
	closest := selectsNothing
	for _, policy := range p.Propagation {
		how := closeness(object, policy.Spec.ResourceSelectors)
		if how == selectsNothing || policy.DeletionTimestamp != nil {
			continue
		}
		if best.policy == nil || cmp.Or(
			cmp.Compare(policy.ExplicitPriority(), best.policy.ExplicitPriority()), cmp.Compare(how, closest),
			cmp.Compare(best.policy.Name, policy.Name),
		) > 0 {
			best.policy, closest = policy, how
		}
	}
	return best
}

// Policy returns the name of the ClusterPropagationPolicy, or nothing if none selects the object.
func (t Target) Policy() string {
	if t.policy == nil {
		return ""
	}
	return t.policy.Name
}

// Includes reports whether the trust may be propagated to a cluster. Without a policy, every cluster is included. What
// NotEvaluated returns could only leave clusters out.
func (t Target) Includes(cluster *clusterv1alpha1.Cluster) bool {
	if t.policy == nil {
		return true
	}
	placement := &t.policy.Spec.Placement
	if placement.ClusterAffinity != nil || len(placement.ClusterAffinities) == 0 {
		return Selects(placement, "", cluster)
	}
	return slices.ContainsFunc(placement.ClusterAffinities, func(term policyv1alpha1.ClusterAffinityTerm) bool {
		return Selects(placement, term.AffinityName, cluster)
	})
}

// NotEvaluated returns the fields of the policy by which Karmada may leave out clusters, or delay them, and which Includes does
// not look at.
func (t Target) NotEvaluated() []string {
	if t.policy == nil {
		return nil
	}
	var fields []string
	spec := &t.policy.Spec
	if len(spec.Placement.ClusterAffinities) > 1 {
		fields = append(fields, "spec.placement.clusterAffinities (which of the groups Karmada chooses)")
	}
	if len(spec.Placement.SpreadConstraints) > 0 {
		fields = append(fields, "spec.placement.spreadConstraints")
	}
	if spec.Suspension != nil {
		fields = append(fields, "spec.suspension")
	}
	return fields
}

// Overridden returns the object that a cluster gets, and the names of the ClusterOverridePolicies that apply to it there, in
// their order. It is the object itself if there are none. The error says which policy cannot be evaluated or applied.
func (p Policies) Overridden(
	object *unstructured.Unstructured, cluster *clusterv1alpha1.Cluster,
) (*unstructured.Unstructured, []string, error) {
	result := object
	var names []string
	for _, policy := range p.overridesOf(object) {
		for _, rule := range overrideRules(&policy.Spec) {
			if rule.TargetCluster != nil && !matches(rule.TargetCluster, cluster) {
				continue
			}
			changed, err := override(result, &rule.Overriders)
			if err != nil {
				return nil, nil, fmt.Errorf("ClusterOverridePolicy %s: %w", policy.Name, err)
			}
			if result = changed; !slices.Contains(names, policy.Name) {
				names = append(names, policy.Name)
			}
		}
	}
	return result, names, nil
}

// overridesOf returns the override policies that select an object in the order in which Karmada applies them: the closest last,
// then by name (getOverridersFromOverridePolicies in its package pkg/util/overridemanager).
func (p Policies) overridesOf(object *unstructured.Unstructured) []*policyv1alpha1.ClusterOverridePolicy {
	how := func(policy *policyv1alpha1.ClusterOverridePolicy) selectorMatch {
		if len(policy.Spec.ResourceSelectors) == 0 {
			return selectsAll
		}
		return closeness(object, policy.Spec.ResourceSelectors)
	}
	selected := slices.DeleteFunc(slices.Clone(p.Overrides), func(policy *policyv1alpha1.ClusterOverridePolicy) bool {
		return how(policy) == selectsNothing
	})
	slices.SortFunc(selected, func(a, b *policyv1alpha1.ClusterOverridePolicy) int {
		return cmp.Or(cmp.Compare(how(a), how(b)), cmp.Compare(a.Name, b.Name))
	})
	return selected
}

// overrideRules returns the rules of a policy, which may be in the form that Karmada deprecated.
func overrideRules(spec *policyv1alpha1.OverrideSpec) []policyv1alpha1.RuleWithCluster {
	if len(spec.OverrideRules) > 0 {
		return spec.OverrideRules
	}
	//nolint:staticcheck // Karmada still applies the deprecated fields
	return []policyv1alpha1.RuleWithCluster{{TargetCluster: spec.TargetCluster, Overriders: spec.Overriders}}
}

// override applies overriders as Karmada does. Those for labels and annotations do not change the spec of a trust, and those for
// commands and arguments are about workloads only.
func override(object *unstructured.Unstructured, overriders *policyv1alpha1.Overriders) (*unstructured.Unstructured, error) {
	for i := range overriders.ImageOverrider {
		if overriders.ImageOverrider[i].Predicate != nil {
			return nil, fmt.Errorf("imageOverrider is not evaluated: use plaintext")
		}
	}
	if len(overriders.FieldOverrider) > 0 {
		return nil, fmt.Errorf("fieldOverrider is not evaluated: use plaintext")
	}
	if len(overriders.Plaintext) == 0 {
		return object, nil
	}
	type operation struct {
		Op    policyv1alpha1.OverriderOperator `json:"op"`
		Path  string                           `json:"path"`
		Value any                              `json:"value,omitempty"`
	}
	operations := make([]operation, 0, len(overriders.Plaintext))
	for _, one := range overriders.Plaintext {
		operations = append(operations, operation{Op: one.Operator, Path: one.Path, Value: one.Value})
	}
	encoded, err := json.Marshal(operations)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(encoded)
	if err != nil {
		return nil, err
	}
	before, err := object.MarshalJSON()
	if err != nil {
		return nil, err
	}
	after, err := patch.Apply(before)
	if err != nil {
		return nil, err
	}
	changed := &unstructured.Unstructured{}
	if err := changed.UnmarshalJSON(after); err != nil {
		return nil, err
	}
	return changed, nil
}

// selectorMatch is how closely a selector selects an object.
type selectorMatch int

const (
	selectsNothing selectorMatch = iota
	selectsAll
	selectsByLabels
	selectsByName
)

// closeness returns the closest match of the selectors, as Karmada does (ResourceMatchSelectorsPriority in its package pkg/util).
func closeness(object *unstructured.Unstructured, selectors []policyv1alpha1.ResourceSelector) selectorMatch {
	closest := selectsNothing
	for i := range selectors {
		closest = max(closest, matchOf(object, &selectors[i]))
	}
	return closest
}

func matchOf(object *unstructured.Unstructured, s *policyv1alpha1.ResourceSelector) selectorMatch {
	switch {
	case s.APIVersion != object.GetAPIVersion(), s.Kind != object.GetKind(), s.Namespace != "" && s.Namespace != object.GetNamespace():
		return selectsNothing
	case s.Name == object.GetName():
		return selectsByName
	case s.Name != "":
		return selectsNothing
	case s.LabelSelector == nil:
		return selectsAll
	}
	selector, err := metav1.LabelSelectorAsSelector(s.LabelSelector)
	if err != nil || !selector.Matches(labels.Set(object.GetLabels())) {
		return selectsNothing
	}
	return selectsByLabels
}
