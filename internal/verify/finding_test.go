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

package verify

import (
	"context"
	"errors"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestIsolated checks that input on which cosign panics or hangs ends neither the process nor outlasts the context.
func TestIsolated(t *testing.T) {
	got := isolated(t.Context(), func() finding { panic("on this input") })
	if got.Verdict != v1alpha1.VerdictUnknown || got.Reason != v1alpha1.InternalErrorReason {
		t.Errorf("a panic: got %+v", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan struct{})
	defer close(stuck)
	got = isolated(ctx, func() finding {
		cancel()
		<-stuck
		return finding{Result: Result{Verdict: v1alpha1.VerdictVerified}}
	})
	if got.Verdict != v1alpha1.VerdictUnknown || got.Reason != v1alpha1.TimeoutReason {
		t.Errorf("an endless loop: got %+v", got)
	}
}

// TestRanks checks the order of findings: one that could not be examined has the highest rank.
func TestRanks(t *testing.T) {
	c := &claim{}
	order := []int{
		c.rejected(reject(v1alpha1.InvalidSignatureReason, "")).rank,
		c.rejected(reject(v1alpha1.UntrustedCertificateReason, "")).rank,
		c.rejected(reject(v1alpha1.LogProofInvalidReason, "")).rank,
		rankIdentity + nearNeither,
		rankIdentity + nearMiss,
		c.rejected(errors.New("not a rejection")).rank,
	}
	for i := range order[1:] {
		if order[i] >= order[i+1] {
			t.Errorf("ranks do not grow: %v", order)
		}
	}
}
