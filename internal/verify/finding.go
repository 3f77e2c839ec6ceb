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
	"fmt"
	"runtime/debug"

	"github.com/go-logr/logr"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// finding is what one signature or attestation leads to. Its rank is zero where that is nothing at all.
type finding struct {
	Result
	// rank tells, among findings other than Verified, which says most about the image.
	rank int
}

// Ranks grow towards acceptance. What could not be examined outranks them all: it might have been accepted.
const (
	rankInvalid     = 1
	rankCertificate = 2
	rankLog         = 3
	rankIdentity    = 10 // plus how near it is
	rankCondition   = 50
	rankUnknown     = 100
)

// or is the finding of two that says more. What came first counts among equals.
func (f finding) or(other finding) finding {
	if other.rank > f.rank {
		return other
	}
	return f
}

// noun is what makes the claim, in messages.
func (c *claim) noun() string {
	if c.attestation == nil {
		return "signature"
	}
	return "attestation"
}

// refused is the finding about a refused signature or attestation; err is a *refusal.
func (c *claim) refused(err error) finding {
	var r *refusal
	if !errors.As(err, &r) {
		return finding{Result: unknown(v1alpha1.InternalErrorReason, "a "+c.noun()+" could not be examined"), rank: rankUnknown}
	}
	rank := rankInvalid
	switch r.reason {
	case v1alpha1.UntrustedCertificateReason:
		rank = rankCertificate
	case v1alpha1.LogProofInvalidReason:
		rank = rankLog
	}
	article := "a "
	if c.attestation != nil {
		article = "an "
	}
	return finding{Result: untrusted(r.reason, article+c.noun()+" is stored beside the image, but "+r.message), rank: rank}
}

// isolated runs judge where it can neither end the process nor outlast ctx: its input is hostile.
func isolated(ctx context.Context, judge func() finding) finding {
	done := make(chan finding, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- finding{Result: panicked(ctx, r), rank: rankUnknown}
			}
		}()
		done <- judge()
	}()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
		return finding{Result: unknown(v1alpha1.TimeoutReason, "the examination took too long"), rank: rankUnknown}
	}
}

// panicked is the Result of an examination that failed on its input.
func panicked(ctx context.Context, r any) Result {
	logr.FromContextOrDiscard(ctx).Error(fmt.Errorf("panic: %v", r), "Examining an image", "stack", string(debug.Stack()))
	return unknown(v1alpha1.InternalErrorReason, "the examination failed on what the registry stores; see the log")
}
