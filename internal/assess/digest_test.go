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
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/test/gen"
)

// movingTag names another digest whenever it is resolved: first a, then b, and so on. Each rule accepts some digests.
type movingTag struct {
	accepts  map[string][]string // digests by subject
	resolved int
	asked    []string
}

func (m *movingTag) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	answers := make([]pool.Answer, 0, len(requests))
	for _, r := range requests {
		m.asked = append(m.asked, r.Ref.Name())
		answer := pool.Answer{Digest: r.Ref.Identifier(), Known: true, Fresh: true}
		if _, tagged := r.Ref.(name.Tag); tagged {
			answer.Digest = hex("abcdef"[m.resolved : m.resolved+1])
			m.resolved++
		}
		answer.Result = verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason}
		for _, digest := range m.accepts[r.Rule.Signer.Subject] {
			if digest == answer.Digest {
				answer.Result = verify.Result{Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason}
			}
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

func signedBy(t *testing.T, subject string) *policy.Policy {
	t.Helper()
	trust, err := policy.Compile(gen.Spec(gen.WithImages("docker.io/karmada/*"), gen.WithIssuer("https://issuer"), gen.WithIdentity(subject)))
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// TestTagThatMoves has two trusts on one tag, which is moved between two examinations. No digest passes both unless both accept
// the same one, and where verdicts are about different digests nothing is decided.
func TestTagThatMoves(t *testing.T) {
	const image, digest = "index.docker.io/karmada/app:v1", "index.docker.io/karmada/app@"
	one, two := signedBy(t, "one"), signedBy(t, "two")
	cluster := newCluster(admission.V014().Target(admission.Config{}), one, two)
	byTag := []pool.Request{{Ref: parse(t, image), Rule: one.Signers[0].Rule}, {Ref: parse(t, image), Rule: two.Signers[0].Rule}}
	a, b := []string{hex("a")}, []string{hex("b")}
	for name, tc := range map[string]struct {
		requests []pool.Request
		accepts  map[string][]string
		outcome  admission.Outcome
		reason   string // of the first finding, empty if there is none
		asked    []string
	}{
		"both examined the tag": {
			requests: byTag, accepts: map[string][]string{"one": a, "two": b},
			outcome: admission.Undetermined, reason: v1alpha1.TagMovedReason, asked: []string{image, image},
		},
		"neither digest is accepted": {
			requests: byTag,
			outcome:  admission.Undetermined, reason: v1alpha1.TagMovedReason, asked: []string{image, image},
		},
		"one examined the tag": {
			requests: byTag[:1], accepts: map[string][]string{"one": a, "two": b},
			outcome: admission.Denied, reason: v1alpha1.UnsignedReason, asked: []string{image, digest + hex("a")},
		},
		"none examined the tag": {
			accepts: map[string][]string{"one": a, "two": b},
			outcome: admission.Denied, reason: v1alpha1.UnsignedReason, asked: []string{image, digest + hex("a")},
		},
		"both accept the digest": {
			accepts: map[string][]string{"one": a, "two": a},
			outcome: admission.Allowed, asked: []string{image, digest + hex("a")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			verdicts := &movingTag{accepts: tc.accepts}
			var decision admission.Decision
			result, err := newEngine(verdicts, one, two).Run(t.Context(), tc.requests, func(judge admission.Judge) {
				decision = cluster.Examine(pod(image), judge)
			})
			if err != nil || result.Pending() {
				t.Fatalf("%v, pending %t", err, result.Pending())
			}
			if diff := cmp.Diff(tc.asked, verdicts.asked); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			reason, message := "", ""
			if len(decision.Findings) > 0 {
				reason, message = decision.Findings[0].Reason, decision.Findings[0].Message
			}
			if decision.Outcome != tc.outcome || reason != tc.reason {
				t.Errorf("%s, %s (%s), want %s, %s", decision.Outcome, reason, message, tc.outcome, tc.reason)
			}
			if reason == v1alpha1.TagMovedReason && !strings.Contains(message, "the tag was moved") {
				t.Errorf("the message does not say that the tag was moved: %s", message)
			}
		})
	}
}

// TestUnresolvedTag has a tag that cannot be resolved. Each question gets the reason, and the tag is asked for once.
func TestUnresolvedTag(t *testing.T) {
	one, two := signedBy(t, "one"), signedBy(t, "two")
	cluster := newCluster(admission.V014().Target(admission.Config{}), one, two)
	failure := pool.Answer{Known: true, Result: verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.ImageNotFoundReason}}
	var decision admission.Decision
	result, err := newEngine(fixedVerdict(failure), one, two).Run(t.Context(), nil, func(judge admission.Judge) {
		decision = cluster.Examine(pod("docker.io/karmada/app:v1"), judge)
	})
	if err != nil || result.Pending() || len(result.Requests()) != 1 || decision.Outcome != admission.Undetermined {
		t.Fatalf("%v, pending %t, %d requests, %s; want one request and nothing decided",
			err, result.Pending(), len(result.Requests()), decision.Outcome)
	}
	for _, finding := range decision.Findings {
		if finding.Reason != v1alpha1.ImageNotFoundReason {
			t.Errorf("got %s (%s), want the reason why the tag is not resolved", finding.Reason, finding.Message)
		}
	}
}
