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

package assess

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// TestTargets lists what a policy may have to be rendered for, and has the first one accept the least.
func TestTargets(t *testing.T) {
	versions := admission.Versions{admission.V014()}
	none := map[string]policy.TrustRoot{}
	before := map[string]policy.TrustRoot{"private": {TransparencyLog: true, TimestampAuthority: true}}
	for name, tc := range map[string]struct {
		trustRoot string
		config    *admission.Config
		// before is what the policy in the cluster was rendered for; nil if there is none.
		before map[string]policy.TrustRoot
		want   []policy.Target
	}{
		"default root, configuration known": {
			config: &admission.Config{EnableOCI11: true}, want: []policy.Target{{TrustRoots: none}},
		},
		"default root": {want: []policy.Target{{TrustRoots: none}, {TrustRoots: none, AttestationsVerified: true}}},
		"TrustRoot not known": {
			trustRoot: "private", config: &admission.Config{},
			want: []policy.Target{{TrustRoots: none, AttestationsVerified: true}},
		},
		"TrustRoot not known any more": {
			trustRoot: "private", config: &admission.Config{}, before: before,
			want: []policy.Target{{TrustRoots: none, AttestationsVerified: true}, {TrustRoots: before, AttestationsVerified: true}},
		},
		"nothing known any more": {
			trustRoot: "private", before: before,
			want: []policy.Target{
				{TrustRoots: none}, {TrustRoots: none, AttestationsVerified: true},
				{TrustRoots: before}, {TrustRoots: before, AttestationsVerified: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			trust := newTrust(t, tc.trustRoot, "docker.io/karmada/*")
			for i := range tc.want {
				tc.want[i].Capabilities = admission.V014().Capabilities
			}
			var current *unstructured.Unstructured
			if tc.before != nil {
				current = trust.ClusterImagePolicy("x", policy.Target{Capabilities: admission.V014().Capabilities, TrustRoots: tc.before})
			}
			got := Targets(trust, Roots{}, versions, tc.config, current)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("targets (-want +got):\n%s", diff)
			}
			strictest := authorities(t, trust, got[0])
			for _, target := range got[1:] {
				if n := authorities(t, trust, target); n < strictest {
					t.Errorf("%+v has %d authorities, fewer than the %d of the first target", target, n, strictest)
				}
			}
		})
	}
}

// authorities counts the authorities of a rendered policy, of which any accepts an image.
func authorities(t *testing.T, trust *policy.Policy, target policy.Target) int {
	t.Helper()
	encoded, err := yaml.Marshal(trust.ClusterImagePolicy("x", target).Object)
	if err != nil {
		t.Fatal(err)
	}
	var rendered struct {
		Spec struct {
			Authorities []any
		}
	}
	if err := yaml.Unmarshal(encoded, &rendered); err != nil {
		t.Fatal(err)
	}
	return len(rendered.Spec.Authorities)
}

// TestTargetWithoutRoot assumes nothing of a root of trust that is not known.
func TestTargetWithoutRoot(t *testing.T) {
	base := admission.V014().Target(admission.Config{})
	for name, roots := range map[string]Roots{"none": nil, "default": {"": &trustroot.Root{}}, "not available": {"private": nil}} {
		if got := Target(base, roots); len(got.TrustRoots) > 0 || got.Capabilities != base.Capabilities {
			t.Errorf("%s: got %+v, want %+v", name, got, base)
		}
	}
}
