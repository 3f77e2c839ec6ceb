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

package pool_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// verifier accepts all images but those named bad, and waits for the context where an image hangs.
type verifier struct{ verified atomic.Int64 }

func (v *verifier) Resolve(ctx context.Context, ref name.Reference) (name.Digest, *verify.Result) {
	if ref.Identifier() == "hangs" {
		<-ctx.Done()
		return name.Digest{}, &verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TimeoutReason}
	}
	return ref.Context().Digest("sha256:" + fmt.Sprintf("%064d", len(ref.Context().RepositoryStr()))), nil
}

func (v *verifier) Verify(_ context.Context, image name.Digest, _ *policy.Rule, _ *trustroot.Root) verify.Result {
	v.verified.Add(1)
	if image.Context().RepositoryStr() == "library/bad" {
		return verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.UnsignedReason}
	}
	return verify.Result{Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason}
}

func (v *verifier) Holds(context.Context, name.Digest, v1.Hash) (bool, *verify.Result) {
	return false, nil
}

func requests(t *testing.T, images ...string) []pool.Request {
	t.Helper()
	rule := policy.NewRule(policy.Signer{Issuer: "i", Subject: "s"}, policy.NewFormats(policy.SimpleSigning))
	out := make([]pool.Request, 0, len(images))
	for _, image := range images {
		ref, err := name.ParseReference(image)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pool.Request{Ref: ref, Rule: rule})
	}
	return out
}

func TestBatch(t *testing.T) {
	v := &verifier{}
	var images []string
	for i := range 50 {
		images = append(images, fmt.Sprintf("image%d", i%10)) // five times the same
	}
	images = append(images, "bad")
	last := 0
	batch := pool.NewBatch(t.Context(), v, 3, func(done, all int) {
		if done < last || all < len(images) {
			t.Errorf("%d of %d after %d", done, all, last)
		}
		last = done
	})
	defer batch.Close()
	answers, err := batch.Answers(t.Context(), requests(t, images...))
	if err != nil || last != len(images) {
		t.Fatalf("%d of %d: %v", last, len(images), err)
	}
	for i, answer := range answers {
		want := v1alpha1.VerdictVerified
		if images[i] == "bad" {
			want = v1alpha1.VerdictUntrusted
		}
		if answer.Result.Verdict != want {
			t.Errorf("%s: %+v", images[i], answer)
		}
	}
	const different = 11
	if got := v.verified.Load(); got != different {
		t.Errorf("%d verifications, want %d", got, different)
	}
	// A second call verifies only what is new.
	if _, err := batch.Answers(t.Context(), requests(t, "image1", "another")); err != nil || last != len(images)+2 {
		t.Errorf("%d of %d: %v", last, len(images)+2, err)
	}
	if got := v.verified.Load(); got != different+1 {
		t.Errorf("%d verifications after the second call, want %d", got, different+1)
	}
}

func TestBatchOfNothing(t *testing.T) {
	batch := pool.NewBatch(t.Context(), &verifier{}, 1, func(int, int) {})
	defer batch.Close()
	answers, err := batch.Answers(t.Context(), nil)
	if err != nil || len(answers) != 0 {
		t.Errorf("%v, %v", answers, err)
	}
}

func TestBatchEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	batch := pool.NewBatch(ctx, &verifier{}, 2, func(done, _ int) {
		if done == 1 {
			cancel()
		}
	})
	defer batch.Close()
	_, err := batch.Answers(ctx, requests(t, "good", "slow:hangs"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
