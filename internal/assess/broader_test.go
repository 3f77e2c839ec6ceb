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
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// bothFormats answer for an image with a .sig and a bundle, of which the bundle is looked for first.
type bothFormats struct {
	passedOver bool
	rules      int // that were asked for
}

func (b *bothFormats) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	answers := make([]pool.Answer, 0, len(requests))
	for _, r := range requests {
		one := pool.Answer{Digest: hex("a"), Known: true, Fresh: true}
		if !r.ResolveOnly {
			b.rules++
			one.Result = verify.Result{Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason, Format: policy.SimpleSigning}
			if b.passedOver && r.Rule.Signature.Has(policy.Bundle) {
				one.Result.Format, one.Result.PassedOver = policy.Bundle, true
			}
			one.Result.Formats = policy.NewFormats(one.Result.Format)
		}
		answers = append(answers, one)
	}
	return answers, nil
}

// TestPassedOver: where a bundle is all that was looked for, whether admission accepts a .sig is a question of its own, unless it
// accepts the bundle too.
func TestPassedOver(t *testing.T) {
	for what, tc := range map[string]struct {
		passedOver, bundles bool
		rules               int
	}{
		"looked for in order":       {false, false, 1},
		"bundle first":              {true, false, 2},
		"bundle first and accepted": {true, true, 1},
	} {
		trust := newTrust(t, "", "docker.io/karmada/*")
		cluster := newCluster(admission.V014().Target(admission.Config{EnableOCI11: !tc.bundles}), trust)
		verdicts := &bothFormats{passedOver: tc.passedOver}
		var decision admission.Decision
		_, err := newEngine(verdicts, trust).Run(t.Context(), nil, func(judge admission.Judge) {
			decision = cluster.Examine(pod("docker.io/karmada/app:v1"), judge)
		})
		if err != nil || decision.Outcome != admission.Allowed || verdicts.rules != tc.rules {
			t.Errorf("%s: %s, %+v after questions by %d rules, want it allowed after %d; %v",
				what, decision.Outcome, decision.Findings, verdicts.rules, tc.rules, err)
		}
	}
}
