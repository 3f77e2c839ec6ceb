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
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
)

// TestTargets lists what a policy may have to be rendered for, and has the first one accept the least.
func TestTargets(t *testing.T) {
	versions := admission.Versions{admission.V014()}
	for name, tc := range map[string]struct {
		trustRoot string
		config    *admission.Config
		want      []policy.Target
	}{
		"default root, configuration known": {
			config: &admission.Config{EnableOCI11: true}, want: []policy.Target{{TransparencyLog: true}},
		},
		"default root": {want: []policy.Target{{TransparencyLog: true}, {TransparencyLog: true, AttestationsVerified: true}}},
		"TrustRoot not known": {
			trustRoot: "private", config: &admission.Config{},
			want: []policy.Target{
				{TransparencyLog: true, AttestationsVerified: true},
				{TransparencyLog: true, TimestampAuthority: true, AttestationsVerified: true},
				{TimestampAuthority: true, AttestationsVerified: true},
				{TransparencyLog: true, NoCTLogs: true, AttestationsVerified: true},
				{TransparencyLog: true, TimestampAuthority: true, NoCTLogs: true, AttestationsVerified: true},
				{TimestampAuthority: true, NoCTLogs: true, AttestationsVerified: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			trust := newTrust(t, tc.trustRoot, "docker.io/karmada/*")
			for i := range tc.want {
				tc.want[i].Capabilities = admission.V014().Capabilities
			}
			got := Targets(trust, nil, versions, tc.config)
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
	base := admission.DefaultBehavior().Target(admission.Config{})
	if got := Target(base, nil); got != base {
		t.Errorf("got %+v, want %+v", got, base)
	}
}
