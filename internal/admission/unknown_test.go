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
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// TestZeroValuesAreUnknown: nothing that was not set says that an object is allowed.
func TestZeroValuesAreUnknown(t *testing.T) {
	var decision Decision
	if decision.Outcome != Undetermined || decision.Interception != InterceptionUnknown {
		t.Errorf("the zero Decision is %s and %s", decision.Outcome, decision.Interception)
	}
	if (Finding{}).Effect != EffectUndetermined {
		t.Errorf("the zero Finding is %s", Finding{}.Effect)
	}
	if (evaluation{}).result != undetermined {
		t.Errorf("the zero evaluation has result %d", evaluation{}.result)
	}
	if target := (Behavior{}).Target(Config{EnableOCI11: true}); target.AttestationsVerified {
		t.Error("an unknown version verifies attestations in spite of enable-oci11")
	}
}

// TestUnknownClusterDecidesNothing takes a cluster in which a pod is allowed, and blanks all that decisions depend on.
func TestUnknownClusterDecidesNothing(t *testing.T) {
	object := newPod("karmada/x:v1")
	for name, tc := range map[string]struct {
		blank func(*Cluster)
		want  Outcome
	}{
		"known":        {func(*Cluster) {}, Allowed},
		"all":          {func(c *Cluster) { *c = Cluster{} }, Undetermined},
		"all but name": {func(c *Cluster) { *c = Cluster{Versions: Versions{V014()}} }, Undetermined},
		"behavior":     {func(c *Cluster) { c.Versions = Versions{{}} }, Undetermined},
		"policies":     {func(c *Cluster) { c.Policies = nil }, Undetermined},
		"namespaces":   {func(c *Cluster) { c.Namespace = nil }, Undetermined},
		"mutating":     {func(c *Cluster) { c.Mutating = nil }, Denied},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(parsePolicy(t, "{images: [{glob: '**'}], authorities: ["+right+"]}"))
			tc.blank(c)
			if got := c.Decide(object, judgeBySubject(nil)); got.Outcome != tc.want {
				t.Errorf("Decide returns %s %s, want %s", got.Outcome, summary(got), tc.want)
			}
			if tc.want != Undetermined {
				return
			}
			if got := c.Examine(object, judgeBySubject(nil)); got.Outcome != Undetermined || len(got.Findings) == 0 {
				t.Errorf("Examine returns %s, want Undetermined with a reason", summary(got))
			}
			if got := c.Interception(object); got != InterceptionUnknown {
				t.Errorf("Interception returns %s, want InterceptionUnknown", got)
			}
			if c.SameDecision(object, object) {
				t.Error("SameDecision returns true")
			}
			if got := c.Decide(Object{Version: "v1", Kind: "Pod"}, judgeBySubject(nil)); got.Outcome != Undetermined {
				t.Errorf("without containers: Decide returns %s, want Undetermined", got.Outcome)
			}
		})
	}
}

// TestBehaviors: each behavior of a version changes a decision.
func TestBehaviors(t *testing.T) {
	const bundle = "{name: a, signatureFormat: bundle, keyless: {url: x, identities: [{issuer: i, subject: right}]}}"
	const trustRootBundle = "{name: a, signatureFormat: bundle, ctlog: {url: x, trustRootRef: r}, " +
		"attestations: [{name: a, predicateType: 'https://a'}], keyless: {url: x, trustRootRef: r, identities: [{issuer: i, subject: right}]}}"
	const attested = "{name: a, attestations: [{name: a, predicateType: 'https://a'}], keyless: {url: x, identities: [{issuer: i, subject: wrong}]}}"
	const online = "{name: a, ctlog: {url: x}, keyless: {url: x, identities: [{issuer: i, subject: wrong}]}}"
	for name, tc := range map[string]struct {
		authorities string
		config      Config
		change      func(*Behavior)
		v014, want  Outcome
	}{
		"bundles as signatures":     {bundle, Config{}, func(b *Behavior) { b.SignatureBundles = true }, Undetermined, Allowed},
		"bundles by a TrustRoot":    {trustRootBundle, Config{}, func(b *Behavior) { b.TrustRootBundles = true }, Undetermined, Allowed},
		"enable-oci11":              {attested, Config{EnableOCI11: true}, func(b *Behavior) { b.VerifiesOCI11Attestations = true }, Undetermined, Denied},
		"no authorities":            {"", Config{}, func(b *Behavior) { b.AllowsWithoutAuthorities = false }, Allowed, Undetermined},
		"search of the log":         {online, Config{}, func(b *Behavior) { b.SearchesLog = false }, Undetermined, Denied},
		"a version that is unknown": {right, Config{}, func(b *Behavior) { *b = Behavior{} }, Allowed, Undetermined},
	} {
		t.Run(name, func(t *testing.T) {
			decide := func(behavior Behavior) Outcome {
				p := parsePolicyAs(t, "{images: [{glob: '**'}], authorities: ["+tc.authorities+"]}", behavior)
				c := newCluster(p)
				c.Versions, c.Config = Versions{behavior}, tc.config
				return c.Decide(newPod("karmada/x:v1"), judgeBySubject(nil)).Outcome
			}
			changed := V014()
			tc.change(&changed)
			if got := decide(V014()); got != tc.v014 {
				t.Errorf("v0.14: got %s, want %s", got, tc.v014)
			}
			if got := decide(changed); got != tc.want {
				t.Errorf("changed: got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestResolvesEveryTag(t *testing.T) {
	c := newCluster()
	c.Config.NoMatch = NoMatchAllow
	if got := c.Decide(newPod("nginx:v1"), judgeBySubject(nil)).Outcome; got != Allowed {
		t.Errorf("an uncovered tag: got %s, want Allowed", got)
	}
	c.Versions[0].ResolvesEveryTag = false
	if got := c.Decide(newPod("nginx:v1"), judgeBySubject(nil)).Outcome; got != Undetermined {
		t.Errorf("an uncovered tag that may not be resolved: got %s, want Undetermined", got)
	}
}

func TestOutcomeText(t *testing.T) {
	for _, outcome := range []Outcome{Undetermined, Allowed, Denied} {
		encoded, err := json.Marshal(outcome)
		if err != nil || strings.Trim(string(encoded), `"`) != outcome.String() {
			t.Fatalf("%s is encoded as %s, error %v", outcome, encoded, err)
		}
		var decoded Outcome
		if err := json.Unmarshal(encoded, &decoded); err != nil || decoded != outcome {
			t.Errorf("%s is decoded as %s, error %v", encoded, decoded, err)
		}
	}
	if err := json.Unmarshal([]byte(`"Refused"`), new(Outcome)); err == nil {
		t.Error("no error for an unknown outcome")
	}
}

// TestRegoPolicy: the policy in Rego is evaluated only if it is about the authorities of the policy, all of them.
func TestRegoPolicy(t *testing.T) {
	const authorities = "{name: signer, keyless: {url: x, identities: [{issuer: i, subject: right}]}}," +
		"{name: attestation.a, attestations: [{name: a, predicateType: 'https://a'}], keyless: {url: x, identities: [{issuer: i, subject: right}]}}"
	got := map[string]Outcome{}
	for name, names := range map[string][]string{
		"all": {"signer", "attestation.a"}, "some": {"signer"}, "others": {"signer", "attestation.b"}, "reordered": {"attestation.a", "signer"},
	} {
		rego, err := json.Marshal(policy.RegoPolicy{Authorities: names}.String())
		if err != nil {
			t.Fatal(err)
		}
		p := parsePolicy(t, "{images: [{glob: '**'}], authorities: ["+authorities+"], policy: {type: rego, data: "+string(rego)+"}}")
		got[name] = newCluster(p).Decide(newPod("karmada/x:v1"), judgeBySubject(nil)).Outcome
	}
	want := map[string]Outcome{"all": Allowed, "some": Undetermined, "others": Undetermined, "reordered": Undetermined}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// TestRegoPolicyOfSigners: of several signers one has to be the signer of everything.
func TestRegoPolicyOfSigners(t *testing.T) {
	authority := func(name, subject, attestation string) string {
		if attestation != "" {
			attestation = "attestations: [{name: a, predicateType: 'https://a'}], "
		}
		return "{name: " + name + ", " + attestation + "keyless: {url: x, identities: [{issuer: i, subject: " + subject + "}]}}"
	}
	names := []string{"one/signer", "one/attestation.a", "two/signer", "two/attestation.a"}
	rego, err := json.Marshal(policy.RegoPolicy{Authorities: names}.String())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]Outcome{}
	for name, subjects := range map[string][4]string{
		"the first":         {"right", "right", "wrong", "wrong"},
		"the second":        {"wrong", "wrong", "right", "right"},
		"both":              {"right", "right", "right", "right"},
		"none":              {"wrong", "wrong", "wrong", "wrong"},
		"not of one signer": {"right", "wrong", "wrong", "right"},
	} {
		var authorities []string
		for i, subject := range subjects {
			attestation := ""
			if i%2 == 1 {
				attestation = "a"
			}
			authorities = append(authorities, authority(names[i], subject, attestation))
		}
		p := parsePolicy(t, "{images: [{glob: '**'}], authorities: ["+strings.Join(authorities, ",")+"], policy: {type: rego, data: "+string(rego)+"}}")
		got[name] = newCluster(p).Decide(newPod("karmada/x:v1"), judgeBySubject(nil)).Outcome
	}
	// A signer of which the groups have different subjects is no rule.
	want := map[string]Outcome{
		"the first": Allowed, "the second": Allowed, "both": Allowed, "none": Denied, "not of one signer": Undetermined,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

// TestVerdictOnAnotherDigest gives a verdict on another digest than the one that the tag names. It decides nothing, whatever it is.
func TestVerdictOnAnotherDigest(t *testing.T) {
	resolved, other := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	cluster := newCluster(parsePolicy(t, "{images: [{glob: '**'}], authorities: ["+right+"]}"))
	for _, verdict := range []v1alpha1.Verdict{v1alpha1.VerdictVerified, v1alpha1.VerdictUntrusted} {
		for _, digest := range []string{other, ""} {
			decision := cluster.Decide(newPod("karmada/x:v1"), func(q Question) Answer {
				if q.ResolveOnly {
					return Answer{Digest: resolved}
				}
				return Answer{Digest: digest, Verdict: verdict, Reason: "Any"}
			})
			if decision.Outcome != Undetermined || len(decision.Findings) != 1 || decision.Findings[0].Reason != v1alpha1.TagMovedReason {
				t.Errorf("%s about %q: %+v, want it undetermined", verdict, digest, decision)
			}
		}
	}
}
