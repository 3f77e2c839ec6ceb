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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestUnknownVersion decides by every version, and by all of them together: what is known of an unknown version is what all
// versions have in common.
func TestUnknownVersion(t *testing.T) {
	const attested = "{name: a, attestations: [{name: a, predicateType: 'https://a'}], keyless: {url: x, identities: [{issuer: i, subject: wrong}]}}"
	const byChance = "{name: g, signatureFormat: bundle, attestations: [{name: a, predicateType: 'https://a'}], " +
		"keyless: {url: x, identities: [{issuer: i, subject: by chance}]}}"
	for name, tc := range map[string]struct {
		authorities string
		config      Config
		want        []Outcome // v0.13, v0.14, v0.15, not known
		reason      string
	}{
		"signed":           {authorities: right, want: []Outcome{Allowed, Allowed, Allowed, Allowed}},
		"unsigned":         {authorities: wrong, want: []Outcome{Denied, Denied, Denied, Denied}, reason: v1alpha1.IdentityMismatchReason},
		"not known yet":    {authorities: unknown, want: []Outcome{Undetermined, Undetermined, Undetermined, Undetermined}, reason: "Any"},
		"attested wrongly": {authorities: attested, want: []Outcome{Denied, Denied, Denied, Denied}, reason: v1alpha1.IdentityMismatchReason},
		"attested wrongly, enable-oci11": {
			authorities: attested, config: Config{EnableOCI11: true},
			want: []Outcome{Denied, Undetermined, Undetermined, Undetermined}, reason: v1alpha1.IdentityMismatchReason,
		},
		"signed on another curve": {
			authorities: strings.Replace(right, "subject: right", "subject: other curve", 1),
			want:        []Outcome{Undetermined, Undetermined, Allowed, Undetermined}, reason: v1alpha1.PolicyNotEvaluatedReason,
		},
		"signed after an authority expired": {
			authorities: strings.Replace(right, "subject: right", "subject: expired authority", 1),
			want:        []Outcome{Allowed, Allowed, Undetermined, Undetermined}, reason: v1alpha1.PolicyNotEvaluatedReason,
		},
		"a bundle that the registry refuses to list": {
			authorities: strings.Replace(right, "subject: right", "subject: unlisted", 1),
			want:        []Outcome{Undetermined, Undetermined, Undetermined, Undetermined}, reason: v1alpha1.PolicyNotEvaluatedReason,
		},
		"a bundle that may be beside one of Rekor v2": {
			authorities: byChance, want: []Outcome{Allowed, Allowed, Undetermined, Undetermined}, reason: v1alpha1.PolicyNotEvaluatedReason,
		},
		"a bundle that may be beside one of Rekor v2, or a signature": {
			authorities: byChance + ", " + right, want: []Outcome{Allowed, Allowed, Allowed, Allowed},
		},
		"a signature beside bundles": {
			authorities: strings.Replace(right, "subject: right", "subject: by chance", 1), want: []Outcome{Allowed, Allowed, Allowed, Allowed},
		},
		"a bundle beside bundles of Rekor v1": {
			authorities: strings.Replace(byChance, "subject: by chance", "subject: right", 1), want: []Outcome{Allowed, Allowed, Allowed, Allowed},
		},
		"a key": {authorities: withKey, want: []Outcome{Undetermined, Undetermined, Undetermined, Undetermined}, reason: v1alpha1.PolicyNotEvaluatedReason},
	} {
		t.Run(name, func(t *testing.T) {
			decide := func(versions ...Behavior) Decision {
				c := newCluster(parsePolicyAs(t, "{images: [{glob: '**'}], authorities: ["+tc.authorities+"]}", versions...))
				c.Versions, c.Config = versions, tc.config
				return c.Decide(newPod("karmada/x:v1"), judgeBySubject(nil))
			}
			var got []Outcome
			for _, version := range Supported() {
				got = append(got, decide(version).Outcome)
			}
			all := decide(Supported()...)
			if diff := cmp.Diff(tc.want, append(got, all.Outcome)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if tc.reason == "" {
				return
			}
			if len(all.Findings) != 1 || tc.reason != "Any" && all.Findings[0].Reason != tc.reason {
				t.Errorf("got %+v, want one finding with reason %s", all.Findings, tc.reason)
			}
		})
	}
}

// TestVersionsDisagree has versions that give different answers, of which the finding names both.
func TestVersionsDisagree(t *testing.T) {
	older, newer := V014(), V015()
	for _, tc := range []struct {
		name    string
		results []byVersion
		want    evaluation
	}{
		{
			"accepted by one", []byVersion{
				{older.Version, evaluation{rejected, v1alpha1.FormatNotAcceptedReason, "a bundle"}}, {newer.Version, evaluation{result: accepted}},
			},
			evaluation{undetermined, v1alpha1.PolicyControllerVersionReason, "policy-controller v0.15 accepts the image, v0.14 does not " +
				"(FormatNotAccepted: a bundle), and it is not known which version is installed"},
		},
		{
			"open in one", []byVersion{
				{older.Version, evaluation{result: accepted}}, {newer.Version, evaluation{undetermined, v1alpha1.PendingReason, "wait"}},
			},
			evaluation{undetermined, v1alpha1.PendingReason, "wait (with policy-controller v0.15; it is not known which version is installed)"},
		},
		{
			"rejected by both", []byVersion{
				{older.Version, evaluation{rejected, v1alpha1.UnsignedReason, "a"}}, {newer.Version, evaluation{rejected, v1alpha1.UnsignedReason, "b"}},
			},
			evaluation{rejected, v1alpha1.UnsignedReason, "a"},
		},
	} {
		if got := agree(tc.results); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", tc.name, got, tc.want)
		}
	}
}

// TestSetVersions: the policies of a state are read as the versions that are set read them.
func TestSetVersions(t *testing.T) {
	ref, err := name.ParseReference("karmada/x:v1")
	if err != nil {
		t.Fatal(err)
	}
	s := newListedState(t)
	s.SetPolicy(policyObject(t, "{images: [{glob: '**'}], authorities: ["+right+"]}"))
	outcome := func() Outcome {
		cluster, err := s.Cluster()
		if err != nil {
			t.Fatal(err)
		}
		if len(cluster.Policies.Covering(WithDigest(ref), newPod())) != 1 {
			t.Fatal("the policy is gone")
		}
		cluster.Mutating = &Webhook{}
		return cluster.Examine(newPod("karmada/x:v1"), judgeBySubject(nil)).Outcome
	}
	if got := outcome(); got != Allowed {
		t.Errorf("v0.14: got %s, want Allowed", got)
	}
	if !s.SetVersions(nil) || s.SetVersions(nil) {
		t.Error("a change of versions is not reported once")
	}
	if got := outcome(); got != Undetermined {
		t.Errorf("no version that is supported: got %s, want Undetermined", got)
	}
	if s.SetVersions(Supported()); outcome() != Allowed {
		t.Errorf("all versions: got %s, want Allowed", outcome())
	}
	failed := policyObject(t, "{images: [{glob: '**'}], authorities: ["+right+"]}")
	failed.Object["status"] = map[string]any{
		"observedGeneration": int64(0), "conditions": []any{map[string]any{"type": "Ready", "status": "False"}},
	}
	if change := s.SetPolicy(failed); change.after != nil || change.before == nil {
		t.Errorf("a policy that failed is applied: %+v", change)
	}
	if s.SetVersions(nil); outcome() != Undetermined {
		t.Errorf("got %s", outcome())
	}
}

// TestCommonTarget: a policy that is rendered for an unknown version asks for no more than any of the versions verifies.
func TestCommonTarget(t *testing.T) {
	for _, config := range []Config{{}, {EnableOCI11: true}} {
		common := Supported().Target(config)
		for _, version := range Supported() {
			target := version.Target(config)
			have, all := target.Capabilities, common.Capabilities
			if common.AttestationsVerified && !target.AttestationsVerified || all.RekorV2 && !have.RekorV2 || all.Bundles && !have.Bundles {
				t.Errorf("%s verifies less than %+v", version.Version, common)
			}
		}
		if none := (Versions)(nil).Target(config); !cmp.Equal(none, common) {
			t.Errorf("without a version: %+v, want %+v", none, common)
		}
	}
	if got := Supported().String(); !strings.HasSuffix(got, "v0.14 or v0.15") {
		t.Errorf("the versions are %s", got)
	}
}
