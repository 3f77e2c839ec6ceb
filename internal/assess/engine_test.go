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
	stdcmp "cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/gen"
)

// fakeVerdicts resolves each tag to the digest a, and verifies images by the formats that they are signed in.
type fakeVerdicts struct {
	// signed is the format of each signature, by the image's name or its repository; an image without one is unsigned.
	signed map[string]policy.Format
	// pending images have not been attempted.
	pending map[string]bool
	err     error
	// calls lists the requests of each call, as "IMAGE" or "IMAGE FORMATS".
	calls [][]string
}

func (f *fakeVerdicts) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	var call []string
	answers := make([]pool.Answer, 0, len(requests))
	for _, r := range requests {
		description := r.Ref.String()
		if !r.ResolveOnly {
			description += fmt.Sprint(" ", r.Rule.Signature)
		}
		call = append(call, description)
		answers = append(answers, f.answer(r))
	}
	f.calls = append(f.calls, call)
	return answers, f.err
}

func (f *fakeVerdicts) answer(r pool.Request) pool.Answer {
	if f.pending[r.Ref.String()] {
		return pool.Pending()
	}
	answer := pool.Answer{Digest: hex("a"), Known: true, Fresh: true}
	format := stdcmp.Or(f.signed[r.Ref.String()], f.signed[r.Ref.Context().Name()])
	switch {
	case r.ResolveOnly:
	case format != "" && r.Rule.Signature.Has(format):
		answer.Result = verify.Result{
			Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason, Format: format, Formats: policy.NewFormats(format),
		}
	default:
		answer.Result = verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason}
	}
	return answer
}

func parse(t *testing.T, image string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func newTrust(t *testing.T, trustRoot string, images ...v1alpha1.ImageGlob) *policy.Policy {
	t.Helper()
	modifiers := []gen.Modifier{gen.WithImages(images...), gen.WithIssuer("https://issuer"), gen.WithIdentity("someone")}
	if trustRoot != "" {
		modifiers = append(modifiers, gen.WithTrustRoot(trustRoot))
	}
	trust, err := policy.Compile(gen.Spec(modifiers...))
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func newEngine(verdicts Verdicts, trusts ...*policy.Policy) *Engine {
	return &Engine{
		Verdicts: verdicts, Trusts: trusts, Version: "v0.14",
		Root: func(context.Context, string) (*trustroot.Root, error) { return nil, nil },
	}
}

// newCluster enforces trusts, and opts in all namespaces.
func newCluster(target policy.Target, trusts ...*policy.Policy) *admission.Cluster {
	behavior := admission.V014()
	behavior.Capabilities = target.Capabilities
	var policies []*admission.Policy
	for i, trust := range trusts {
		policies = append(policies, admission.ParsePolicy(trust.Enforced().ClusterImagePolicy(fmt.Sprint("trust-", i), target), behavior))
	}
	return &admission.Cluster{
		Policies: admission.NewPolicies(policies...), Config: admission.Config{NoMatch: admission.NoMatchDeny},
		Versions:  admission.Versions{admission.V014()},
		Namespace: func(string) (map[string]string, bool) { return nil, true },
		TrustRoot: func(string) admission.TrustRootUse { return admission.TrustRootUse{Usability: admission.Usable} },
	}
}

func pod(images ...string) admission.Object {
	object := admission.Object{Version: "v1", Kind: "Pod", Namespace: "default"}
	for _, image := range images {
		object.Containers = append(object.Containers, admission.Container{Field: "containers", Name: "main", Image: image})
	}
	return object
}

// TestRunAsksWhatArisesFromAnswers has a policy on a single digest, which covers a tag only once the tag is resolved.
func TestRunAsksWhatArisesFromAnswers(t *testing.T) {
	const image, repository = "docker.io/karmada/app:v1", "index.docker.io/karmada/app"
	trust := newTrust(t, "", v1alpha1.ImageGlob("docker.io/karmada/app@"+hex("a")))
	cluster := newCluster(admission.V014().Target(admission.Config{}), trust)
	verdicts := &fakeVerdicts{signed: map[string]policy.Format{repository: policy.SimpleSigning}}
	var decision admission.Decision
	run := func() *Result {
		t.Helper()
		result, err := newEngine(verdicts, trust).Run(t.Context(), nil, func(judge admission.Judge) {
			decision = cluster.Examine(pod(image), judge)
		})
		if err != nil {
			t.Fatal(err)
		}
		return result
	}

	result := run()
	if decision.Outcome != admission.Allowed || len(decision.Uncovered) > 0 || result.Pending() {
		t.Errorf("got %+v, pending %t; want it allowed and covered", decision, result.Pending())
	}
	want := [][]string{{image}, {repository + "@" + hex("a") + " [SimpleSigning Bundle RekorV2Bundle]"}}
	if diff := cmp.Diff(want, verdicts.calls); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if got := len(result.Requests()); got != 2 {
		t.Errorf("%d requests in all, want 2", got)
	}

	// A pending answer gives rise to no question; the next run continues.
	verdicts.pending, verdicts.calls = map[string]bool{image: true}, nil
	if result := run(); decision.Outcome != admission.Undetermined || !result.Pending() || len(verdicts.calls) != 1 {
		t.Errorf("got %+v after %d calls, pending %t; want it undetermined after one", decision, len(verdicts.calls), result.Pending())
	}
}

// TestFormatNotAccepted gives an image that is signed in a format that admission does not verify one reason, whatever formats
// the policy has left.
func TestFormatNotAccepted(t *testing.T) {
	const image = "docker.io/karmada/app:v1"
	behavior := admission.V014()
	newer := behavior
	newer.RekorV2 = true
	logged := policy.Target{Capabilities: behavior.Capabilities, AttestationsVerified: true, TrustRoots: map[string]policy.TrustRoot{"private": {TransparencyLog: true}}}
	timestamped := policy.Target{Capabilities: behavior.Capabilities, AttestationsVerified: true, TrustRoots: map[string]policy.TrustRoot{"private": {TimestampAuthority: true}}}
	for name, tc := range map[string]struct {
		trustRoot string
		target    policy.Target
		signed    policy.Format
		want      string // REASON: MESSAGE, empty for allowed
	}{
		"signature under a TrustRoot": {trustRoot: "private", target: logged, signed: policy.SimpleSigning},
		"bundle under a TrustRoot": {
			trustRoot: "private", target: logged, signed: policy.Bundle,
			want: "FormatNotAccepted: it is signed or attested with a Sigstore bundle, which policy-controller v0.14 cannot verify with a TrustRoot",
		},
		"unsigned under a TrustRoot":                {trustRoot: "private", target: logged, want: "Unsigned: "},
		"timestamp under a TrustRoot without a log": {trustRoot: "private", target: timestamped, signed: policy.Timestamped},
		"bundle under a TrustRoot without a log": {
			trustRoot: "private", target: timestamped, signed: policy.TimestampedBundle,
			want: "FormatNotAccepted: it is signed or attested with a Sigstore bundle, which policy-controller v0.14 cannot verify with a TrustRoot",
		},
		"log entry under a TrustRoot without a log": {
			trustRoot: "private", target: timestamped, signed: policy.SimpleSigning,
			want: "FormatNotAccepted: the time of its signature is proved in a way that the policy does not accept",
		},
		"unsigned under a TrustRoot without a log": {trustRoot: "private", target: timestamped, want: "Unsigned: "},
		"bundle under the default root":            {target: behavior.Target(admission.Config{}), signed: policy.Bundle},
		"bundle with an entry of Rekor v2": {
			target: behavior.Target(admission.Config{}), signed: policy.RekorV2Bundle,
			want: "FormatNotAccepted: it is signed or attested with a Sigstore bundle whose log entry is of Rekor v2, " +
				"which policy-controller verifies from v0.15 on",
		},
		"bundle with an entry of Rekor v2, which the version verifies": {target: newer.Target(admission.Config{}), signed: policy.RekorV2Bundle},
		"bundle with enable-oci11": {
			target: behavior.Target(admission.Config{EnableOCI11: true}), signed: policy.Bundle,
			want: "FormatNotAccepted: it is signed or attested with a Sigstore bundle, which the policy does not accept",
		},
	} {
		t.Run(name, func(t *testing.T) {
			trust := newTrust(t, tc.trustRoot, "docker.io/karmada/*")
			cluster := newCluster(tc.target, trust)
			verdicts := &fakeVerdicts{signed: map[string]policy.Format{"index.docker.io/karmada/app": tc.signed}}
			var decision admission.Decision
			_, err := newEngine(verdicts, trust).Run(t.Context(), nil, func(judge admission.Judge) {
				decision = cluster.Examine(pod(image), judge)
			})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, finding := range decision.Findings {
				got += finding.Reason + ": " + finding.Message
			}
			if got != tc.want || (decision.Outcome == admission.Allowed) != (tc.want == "") {
				t.Errorf("%s, %s, want %s", decision.Outcome, got, tc.want)
			}
		})
	}
}

// TestRunKeepsTheLastVerdict decides by the last verdict while an image cannot be verified.
func TestRunKeepsTheLastVerdict(t *testing.T) {
	ref := parse(t, "docker.io/karmada/app:v1")
	unknown := verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TimeoutReason}
	unsupported := verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.UnsupportedFormatReason}
	verified := verify.Result{Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason, OtherCurve: true, AnyOrder: true, ExpiredAuthority: true, Unlisted: true}
	for name, tc := range map[string]struct {
		answer pool.Answer
		want   v1alpha1.Verdict
	}{
		"first attempt failed": {pool.Answer{Known: true, Result: unknown}, v1alpha1.VerdictUnknown},
		"verified before":      {pool.Answer{Known: true, Result: unknown, Last: &verified}, v1alpha1.VerdictVerified},
		"replaced since":       {pool.Answer{Known: true, Result: unsupported, Last: &verified}, v1alpha1.VerdictUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			trust := newTrust(t, "", "docker.io/karmada/*")
			question := admission.Question{Ref: ref, Rule: trust.Signers[0].Rule}
			result, err := newEngine(fixedVerdict(tc.answer), trust).Run(t.Context(), nil, func(judge admission.Judge) { judge(question) })
			if err != nil {
				t.Fatal(err)
			}
			got, _ := result.find(question)
			if got.Verdict != tc.want {
				t.Errorf("got %s, want %s", got.Verdict, tc.want)
			}
			if known := tc.want == v1alpha1.VerdictVerified; got.OtherCurve != known || got.AnyOrder != known || got.ExpiredAuthority != known || got.Unlisted != known {
				t.Errorf("other curve %t, any order %t, expired authority %t, unlisted %t, want %t", got.OtherCurve, got.AnyOrder, got.ExpiredAuthority,
					got.Unlisted, known)
			}
		})
	}
}

// fixedVerdict is the answer to all requests.
type fixedVerdict pool.Answer

func (f fixedVerdict) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	return slices.Repeat([]pool.Answer{pool.Answer(f)}, len(requests)), nil
}

// TestRequestsComeFirst answers the caller's requests in their order, and does not repeat them for a decision.
func TestRequestsComeFirst(t *testing.T) {
	trust := newTrust(t, "", "docker.io/karmada/*")
	var requests []pool.Request
	for _, image := range []string{"docker.io/karmada/app:v2", "docker.io/karmada/app:v1"} {
		requests = append(requests, pool.Request{Ref: parse(t, image), Rule: trust.Signers[0].Rule})
	}
	cluster := newCluster(admission.V014().Target(admission.Config{}), trust)
	verdicts := &fakeVerdicts{signed: map[string]policy.Format{"docker.io/karmada/app:v1": policy.Bundle}}
	result, err := newEngine(verdicts, trust).Run(t.Context(), requests, func(judge admission.Judge) {
		cluster.Examine(pod("docker.io/karmada/app:v1", "docker.io/karmada/app:v2"), judge)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []v1alpha1.Verdict{v1alpha1.VerdictUntrusted, v1alpha1.VerdictVerified}
	var got []v1alpha1.Verdict
	for _, answer := range result.Answers() {
		got = append(got, answer.Result.Verdict)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if len(verdicts.calls) != 1 || len(result.Requests()) != 2 {
		t.Errorf("requests %v, want only those of the caller", verdicts.calls)
	}
}

// TestRunEnds has questions without end, a failing source of verdicts and a missing root of trust.
func TestRunEnds(t *testing.T) {
	trust := newTrust(t, "", "docker.io/karmada/*")
	endless := func(asked map[string]bool) func(admission.Judge) {
		return func(judge admission.Judge) {
			for tag := range maps.Clone(asked) {
				judge(admission.Question{Ref: parse(t, "docker.io/karmada/app:"+tag), Rule: trust.Signers[0].Rule})
			}
			asked[fmt.Sprint("v", len(asked))] = true
		}
	}
	result, err := newEngine(&fakeVerdicts{}, trust).Run(t.Context(), nil, endless(map[string]bool{"v0": true}))
	if err != nil || !result.Pending() || len(result.Requests()) != maxRounds {
		t.Errorf("%v; %d requests; want %d and something pending", err, len(result.Requests()), maxRounds)
	}

	failure := errors.New("failure")
	if _, err := newEngine(&fakeVerdicts{err: failure}, trust).Run(t.Context(), nil, endless(map[string]bool{"v0": true})); !errors.Is(err, failure) {
		t.Errorf("got %v, want the error of the verdicts", err)
	}
	engine := newEngine(&fakeVerdicts{}, trust)
	engine.Root = func(context.Context, string) (*trustroot.Root, error) { return nil, failure }
	if _, err := engine.Run(t.Context(), nil, endless(map[string]bool{"v0": true})); !errors.Is(err, failure) {
		t.Errorf("got %v, want the error of the root of trust", err)
	}
}

// TestZeroResultKnowsNothing has the zero values say that nothing is known.
func TestZeroResultKnowsNothing(t *testing.T) {
	question := admission.Question{Ref: parse(t, "docker.io/karmada/app:v1"), Rule: newTrust(t, "", "docker.io/karmada/*").Signers[0].Rule}
	if got, _ := (&Result{}).find(question); got.Verdict != v1alpha1.VerdictUnknown || got.Reason != v1alpha1.PendingReason {
		t.Errorf("got %+v, want it to be Unknown and Pending", got)
	}
}

// TestQuestionWithoutRule checks that a question that asks for nothing is not taken for one about a tag: its request has no
// rule, for which the verifier answers Unknown.
func TestQuestionWithoutRule(t *testing.T) {
	trust := newTrust(t, "", "docker.io/karmada/*")
	result := &Result{knowledge: newKnowledge([]*policy.Policy{trust}, "")}
	empty := admission.Question{Ref: parse(t, "docker.io/karmada/app:v1")}
	requests := result.requestsFor([]admission.Question{empty})
	if len(requests) != 1 || requests[0].ResolveOnly || requests[0].Rule != nil {
		t.Fatalf("requests %+v", requests)
	}
	result.add(pool.Request{Ref: empty.Ref, ResolveOnly: true})
	result.learn(result.asked[0], pool.Answer{Digest: hex("a"), Known: true})
	if got, _ := result.find(empty); got.Verdict != v1alpha1.VerdictUnknown || got.Digest != "" {
		t.Errorf("got %+v, want Unknown", got)
	}
}
