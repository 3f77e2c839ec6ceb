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

package fleet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/fleet"
)

const trust = `
apiVersion: trust.karmada.io/v1alpha1
kind: KarmadaImageTrust
metadata: {name: app, labels: {team: shop}}
spec:
  images: [registry.example.com/app/*]
  enforcement: Audit
`

// decode reads an object strictly.
func decode[T any](t *testing.T, written string) *T {
	t.Helper()
	into := new(T)
	if err := yaml.UnmarshalStrict([]byte(written), into); err != nil {
		t.Fatal(err)
	}
	return into
}

func object(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	return &unstructured.Unstructured{Object: *decode[map[string]any](t, trust)}
}

func propagation(t *testing.T, name, spec string) *policyv1alpha1.ClusterPropagationPolicy {
	t.Helper()
	return &policyv1alpha1.ClusterPropagationPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: *decode[policyv1alpha1.PropagationSpec](t, spec),
	}
}

func overrides(t *testing.T, name, spec string) *policyv1alpha1.ClusterOverridePolicy {
	t.Helper()
	return &policyv1alpha1.ClusterOverridePolicy{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: *decode[policyv1alpha1.OverrideSpec](t, spec),
	}
}

func member(name string, labels map[string]string) *clusterv1alpha1.Cluster {
	return &clusterv1alpha1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
}

// Selectors of the trust, as Karmada ranks them.
const (
	byKind  = "resourceSelectors: [{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust}]\n"
	byLabel = "resourceSelectors: [{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, labelSelector: {matchLabels: {team: shop}}}]\n"
	byName  = "resourceSelectors: [{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: app}]\n"
	another = "resourceSelectors: [{apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: other}]\n"
	version = "resourceSelectors: [{apiVersion: trust.karmada.io/v1, kind: KarmadaImageTrust}]\n"
)

func TestTargetPolicy(t *testing.T) {
	for name, tc := range map[string]struct {
		policies map[string]string
		want     string
	}{
		"none":             {},
		"another trust":    {policies: map[string]string{"a": another}},
		"another version":  {policies: map[string]string{"a": version}},
		"by kind":          {policies: map[string]string{"a": byKind}, want: "a"},
		"labels over kind": {policies: map[string]string{"a": byKind, "b": byLabel}, want: "b"},
		"name over labels": {policies: map[string]string{"a": byLabel, "b": byName}, want: "b"},
		"priority first":   {policies: map[string]string{"a": byName, "b": byKind + "priority: 1\n"}, want: "b"},
		"then the name":    {policies: map[string]string{"b": byName, "a": byName, "c": byName}, want: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			var policies fleet.Policies
			for name, spec := range tc.policies {
				policies.Propagation = append(policies.Propagation, propagation(t, name, spec))
			}
			if got := policies.Target(object(t)).Policy(); got != tc.want {
				t.Errorf("policy %q, want %q", got, tc.want)
			}
		})
	}
}

func TestTargetIncludes(t *testing.T) {
	clusters := []*clusterv1alpha1.Cluster{
		member("one", map[string]string{"rollout": "canary"}), member("three", nil), member("two", map[string]string{"rollout": "production"}),
	}
	for name, tc := range map[string]struct {
		placement    string
		want         string
		notEvaluated int
	}{
		"all":         {placement: "placement: {}\n", want: "one three two"},
		"names":       {placement: "placement: {clusterAffinity: {clusterNames: [two, one]}}\n", want: "one two"},
		"labels":      {placement: "placement: {clusterAffinity: {labelSelector: {matchLabels: {rollout: canary}}}}\n", want: "one"},
		"exclude":     {placement: "placement: {clusterAffinity: {exclude: [one]}}\n", want: "three two"},
		"constraints": {placement: "placement: {spreadConstraints: [{maxGroups: 1}]}\n", want: "one three two", notEvaluated: 1},
		"suspended":   {placement: "suspension: {dispatching: true}\n", want: "one three two", notEvaluated: 1},
		"any of several groups": {
			placement:    "placement: {clusterAffinities: [{affinityName: a, clusterNames: [one]}, {affinityName: b, clusterNames: [two]}]}\n",
			want:         "one two",
			notEvaluated: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			policies := fleet.Policies{Propagation: []*policyv1alpha1.ClusterPropagationPolicy{propagation(t, "a", byName+tc.placement)}}
			target := policies.Target(object(t))
			var got []string
			for _, cluster := range clusters {
				if target.Includes(cluster) {
					got = append(got, cluster.Name)
				}
			}
			if diff := cmp.Diff(strings.Fields(tc.want), got); diff != "" {
				t.Errorf("clusters (-want +got):\n%s", diff)
			}
			if fields := target.NotEvaluated(); len(fields) != tc.notEvaluated {
				t.Errorf("not evaluated: %v", fields)
			}
		})
	}
	if !(fleet.Target{}).Includes(clusters[0]) {
		t.Error("without a policy, a cluster is left out")
	}
}

func TestOverridden(t *testing.T) {
	const canary = "overrideRules: [{targetCluster: {labelSelector: {matchLabels: {rollout: canary}}}, overriders: {plaintext: "
	rule := func(selectors, operations string) string { return selectors + canary + operations + "}}]\n" }
	enforce := "[{path: /spec/enforcement, operator: replace, value: Enforce}]"
	for name, tc := range map[string]struct {
		policies map[string]string
		cluster  string // the label rollout of the cluster
		want     string // enforcement, images and policies
		err      string
	}{
		"none":            {cluster: "canary", want: "Audit registry.example.com/app/*"},
		"another cluster": {policies: map[string]string{"a": rule(byName, enforce)}, cluster: "production", want: "Audit registry.example.com/app/*"},
		"another trust":   {policies: map[string]string{"a": rule(another, enforce)}, cluster: "canary", want: "Audit registry.example.com/app/*"},
		"enforcement":     {policies: map[string]string{"a": rule(byName, enforce)}, cluster: "canary", want: "Enforce registry.example.com/app/* a"},
		"without selectors": {
			policies: map[string]string{"a": rule("", enforce)}, cluster: "canary", want: "Enforce registry.example.com/app/* a",
		},
		"images": {
			policies: map[string]string{"a": rule(byKind, "[{path: /spec/images, operator: replace, value: [mirror.example.com/app/*]}]")},
			cluster:  "canary", want: "Audit mirror.example.com/app/* a",
		},
		"the closest is the last": {
			policies: map[string]string{
				"a": rule(byName, "[{path: /spec/enforcement, operator: replace, value: Warn}]"), "b": rule(byKind, enforce),
			},
			cluster: "canary", want: "Warn registry.example.com/app/* b a",
		},
		"in the order of names": {
			policies: map[string]string{
				"b": rule(byName, "[{path: /spec/enforcement, operator: replace, value: Warn}]"), "a": rule(byName, enforce),
			},
			cluster: "canary", want: "Warn registry.example.com/app/* a b",
		},
		"the deprecated form": {
			policies: map[string]string{"a": byName + "targetCluster: {clusterNames: [one]}\noverriders: {plaintext: " + enforce + "}\n"},
			cluster:  "canary", want: "Enforce registry.example.com/app/* a",
		},
		"labels do not matter": {
			policies: map[string]string{"a": byName + "overrideRules: [{overriders: {labelsOverrider: [{operator: add, value: {a: b}}]}}]\n"},
			cluster:  "canary", want: "Audit registry.example.com/app/* a",
		},
		"nothing to replace": {
			policies: map[string]string{"a": rule(byName, "[{path: /spec/issuerRegexp, operator: replace, value: a}]")},
			cluster:  "canary", err: "ClusterOverridePolicy a: ",
		},
		"fields": {
			policies: map[string]string{"a": byName + "overrideRules: [{overriders: {fieldOverrider: [{fieldPath: /spec/issuer}]}}]\n"},
			cluster:  "canary", err: "ClusterOverridePolicy a: fieldOverrider is not evaluated",
		},
		"images of workloads": {
			policies: map[string]string{"a": byName +
				"overrideRules: [{overriders: {imageOverrider: [{predicate: {path: /spec/images/0}, component: Registry, operator: replace, value: a}]}}]\n"},
			cluster: "canary", err: "ClusterOverridePolicy a: imageOverrider is not evaluated",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var policies fleet.Policies
			for name, spec := range tc.policies {
				policies.Overrides = append(policies.Overrides, overrides(t, name, spec))
			}
			given := object(t)
			got, names, err := policies.Overridden(given, member("one", map[string]string{"rollout": tc.cluster}))
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("error %v, want %q", err, tc.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			enforcement, _, _ := unstructured.NestedString(got.Object, "spec", "enforcement")
			images, _, _ := unstructured.NestedStringSlice(got.Object, "spec", "images")
			if diff := cmp.Diff(strings.Fields(tc.want), append(append([]string{enforcement}, images...), names...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(object(t), given); diff != "" {
				t.Errorf("the given object was changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPoliciesWith(t *testing.T) {
	current := fleet.Policies{Propagation: []*policyv1alpha1.ClusterPropagationPolicy{propagation(t, "a", another), propagation(t, "b", another)}}
	got := current.With(fleet.Policies{Propagation: []*policyv1alpha1.ClusterPropagationPolicy{propagation(t, "b", byName)}})
	if policy := got.Target(object(t)).Policy(); policy != "b" || len(got.Propagation) != 2 {
		t.Errorf("policy %q of %d", policy, len(got.Propagation))
	}
}
