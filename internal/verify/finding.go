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
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// finding is the outcome for one signature or attestation. The zero value is that of one that is not about the claim.
type finding struct {
	Result
	// rank orders findings other than Verified by how much they say about the image; zero if nothing.
	rank int
	// otherType is the type of the statement if it is not the claim's.
	otherType string
	// entry is the digest of the layer or manifest that the finding is about.
	entry v1.Hash
	// withoutStamp reports whether a bundle is accepted that would not be if a timestamp was required.
	withoutStamp bool
	// effect is the outcome of examineEffect; nil if there is none.
	effect *effect
	// stop reports whether there is no point in reading more, such as after a timeout.
	stop bool
}

// Ranks grow towards acceptance. What could not be examined has the highest one: it might have been accepted. What is in a format
// that is not supported comes next, since examining it again changes nothing.
const (
	rankInvalid     = 1
	rankCertificate = 2
	rankLog         = 3
	rankIdentity    = 10 // plus the nearness of the identity
	rankExpected    = 40 // by the declared identity, but not provably so
	rankCondition   = 50
	rankUnsupported = 90
	rankUnknown     = 100
)

// or returns the finding of the higher rank, f if they are equal.
func (f finding) or(other finding) finding {
	if other.rank > f.rank {
		return other
	}
	return f
}

// orAccepted returns the finding that is Verified in the earlier format, f if neither is.
func (f finding) orAccepted(other finding) finding {
	if other.Verdict == v1alpha1.VerdictVerified &&
		(f.Verdict != v1alpha1.VerdictVerified || policy.NewFormats(other.Format, f.Format)[0] != f.Format) {
		return other
	}
	return f
}

// isFinal reports whether a finding is Verified in the earliest format of the claim that is stored like this.
func (f finding) isFinal(c *claim) bool {
	return f.Verdict == v1alpha1.VerdictVerified && !c.formats.HasBefore(f.Format)
}

// rejection is the error about a signature or an attestation that is not accepted.
type rejection struct{ reason, message string }

func (r *rejection) Error() string { return r.message }

// reject returns a *rejection. Its message continues "the image has a signature, but …".
func reject(reason, format string, args ...any) error {
	return &rejection{reason: reason, message: fmt.Sprintf(format, args...)}
}

// rejected is the finding about a signature or an attestation that is not accepted; err is a *rejection.
func (c *claim) rejected(err error) finding {
	article := "a "
	if c.attestation != nil {
		article = "an "
	}
	var r *rejection
	if !errors.As(err, &r) {
		return finding{Result: unknown(v1alpha1.InternalErrorReason, article+c.kindName()+" could not be examined"), rank: rankUnknown}
	}
	message := "the image has " + article + c.kindName() + ", but " + r.message
	rank := rankInvalid
	switch r.reason {
	case v1alpha1.UnsupportedFormatReason:
		return finding{Result: unknown(r.reason, message), rank: rankUnsupported}
	case v1alpha1.UntrustedCertificateReason:
		rank = rankCertificate
	case v1alpha1.LogProofInvalidReason:
		rank = rankLog
	}
	return finding{Result: untrusted(r.reason, message), rank: rank}
}

// problem is rejected for methods that return a problem.
func (c *claim) problem(err error) *finding {
	return new(c.rejected(err))
}

// isolated runs verify in a goroutine, where hostile input can neither end the process nor outlast ctx.
func isolated(ctx context.Context, verify func() finding) finding {
	done := make(chan finding, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- finding{Result: panicked(ctx, r), rank: rankUnknown}
			}
		}()
		done <- verify()
	}()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
		return tookTooLong()
	}
}

// tookTooLong is the finding about what was not examined in time.
func tookTooLong() finding {
	return finding{Result: unknown(v1alpha1.TimeoutReason, "the verification took too long"), rank: rankUnknown}
}

// panicked logs a panic, and returns the Result of the verification that it ended.
func panicked(ctx context.Context, r any) Result {
	logr.FromContextOrDiscard(ctx).Error(fmt.Errorf("panic: %v", r), "Verification failed", "stack", string(debug.Stack()))
	return unknown(v1alpha1.InternalErrorReason, "the verification failed on content of the registry; see the log")
}
