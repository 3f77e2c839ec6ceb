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
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/test/gen"
)

// newSigners returns a trust in three signers: a, b and c.
func newSigners(t *testing.T) *policy.Policy {
	t.Helper()
	var signers []v1alpha1.TrustedSigner
	for _, name := range []string{"a", "b", "c"} {
		signers = append(signers, v1alpha1.TrustedSigner{
			Name: name, Issuer: "https://issuer", Identity: name, TrustRoot: &v1alpha1.TrustRootReference{Name: "root-" + name},
		})
	}
	trust, err := policy.Compile(gen.Spec(gen.WithImages("docker.io/karmada/*"), gen.WithSigners(signers...)))
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// TestMerge merges the answers by three signers, of which any suffices.
func TestMerge(t *testing.T) {
	const digest, other = "sha256:aa", "sha256:bb"
	at := func(minute int) time.Time { return time.Date(2026, 11, 26, 12, minute, 0, 0, time.UTC) }
	known := func(digest string, result verify.Result) pool.Answer {
		return pool.Answer{Digest: digest, Result: result, Known: true, Fresh: true}
	}
	verified := known(digest, verify.Result{
		Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason, Signer: &v1alpha1.Signer{Identity: "somebody"},
	})
	untrusted := func(reason, message string, nearness int) pool.Answer {
		return known(digest, verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: reason, Message: message, Nearness: nearness})
	}
	unsigned := untrusted(v1alpha1.UnsignedReason, "no signature", 0)
	far := untrusted(v1alpha1.IdentityMismatchReason, "signed by x", 10)
	near := untrusted(v1alpha1.IdentityMismatchReason, "signed by y", 13)
	unknown := func(reason string, last *pool.Answer, minute int) pool.Answer {
		answer := known(digest, verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: reason, Message: "it failed"})
		if last != nil {
			answer.Last, answer.LastTime = &last.Result, at(minute)
		}
		return answer
	}
	down := v1alpha1.RegistryUnreachableReason
	stale := verified
	stale.Digest, stale.Fresh = other, false

	type merged struct {
		Signer, Named string // of the verdict, and in the result
		Verdict       v1alpha1.Verdict
		Reason        string
		Message       string
		Known, Fresh  bool
		Last          v1alpha1.Verdict
		LastTime      time.Time
	}
	for name, tc := range map[string]struct {
		answers []pool.Answer
		want    merged
	}{
		"by the first":           {[]pool.Answer{verified, verified, near}, merged{"a", "a", v1alpha1.VerdictVerified, v1alpha1.SignedReason, "", true, true, "", time.Time{}}},
		"by the last":            {[]pool.Answer{unsigned, unknown(down, nil, 0), verified}, merged{"c", "c", v1alpha1.VerdictVerified, v1alpha1.SignedReason, "", true, true, "", time.Time{}}},
		"before the others":      {[]pool.Answer{pool.Pending(), verified, pool.Pending()}, merged{"b", "b", v1alpha1.VerdictVerified, v1alpha1.SignedReason, "", true, true, "", time.Time{}}},
		"by none":                {[]pool.Answer{far, near, unsigned}, merged{"b", "", v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason, "by signer b: signed by y; nor is it verified by a (IdentityMismatch), c (Unsigned)", true, true, "", time.Time{}}},
		"of all the same":        {[]pool.Answer{unsigned, unsigned, unsigned}, merged{"a", "", v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason, "no signature", true, true, "", time.Time{}}},
		"not known of one":       {[]pool.Answer{near, unknown(down, nil, 0), unsigned}, merged{"b", "", v1alpha1.VerdictUnknown, down, "by signer b: it failed", true, true, "", time.Time{}}},
		"pending":                {[]pool.Answer{near, pool.Pending(), unsigned}, merged{"b", "", v1alpha1.VerdictUnknown, v1alpha1.PendingReason, "not verified yet", false, false, "", time.Time{}}},
		"verified last":          {[]pool.Answer{unsigned, unknown(down, &verified, 5), unknown(down, &near, 7)}, merged{"b", "", v1alpha1.VerdictUnknown, down, "by signer b: it failed", true, true, v1alpha1.VerdictVerified, at(5)}},
		"untrusted last":         {[]pool.Answer{unsigned, unknown(down, &far, 5), unknown(down, &near, 7)}, merged{"b", "", v1alpha1.VerdictUnknown, down, "by signer b: it failed", true, true, v1alpha1.VerdictUntrusted, at(7)}},
		"not known last":         {[]pool.Answer{unknown(down, &near, 5), unknown(down, nil, 0), unsigned}, merged{"a", "", v1alpha1.VerdictUnknown, down, "by signer a: it failed", true, true, "", time.Time{}}},
		"about another digest":   {[]pool.Answer{verified, known(other, near.Result), unsigned}, merged{"", "", v1alpha1.VerdictUnknown, v1alpha1.TagMovedReason, "the tag was moved while the image was examined: verdicts are about sha256:aa and about sha256:bb", true, true, "", time.Time{}}},
		"about what is replaced": {[]pool.Answer{verified, stale, unsigned}, merged{"", "", v1alpha1.VerdictUnknown, v1alpha1.PendingReason, "not verified yet", false, false, "", time.Time{}}},
	} {
		t.Run(name, func(t *testing.T) {
			m := Merge(newSigners(t), tc.answers)
			got := merged{
				Signer: m.Signer, Verdict: m.Result.Verdict, Reason: m.Result.Reason, Message: m.Result.Message,
				Known: m.Known, Fresh: m.Fresh, LastTime: m.LastTime,
			}
			if m.Result.Signer != nil {
				got.Named = m.Result.Signer.Name
			}
			if m.Last != nil {
				got.Last = m.Last.Verdict
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("merged (-want +got):\n%s", diff)
			}
		})
	}
	if verified.Result.Signer.Name != "" {
		t.Error("the name of a signer is written into the verdict that trusts share")
	}
}

// TestMergeOne leaves the verdict of the only signer as it is.
func TestMergeOne(t *testing.T) {
	want := pool.Answer{
		Digest: "sha256:aa", Known: true, Result: verify.Result{Verdict: v1alpha1.VerdictUnknown, Reason: "Because", Message: "it is so"},
		Last: &verify.Result{Verdict: v1alpha1.VerdictUntrusted, Reason: "Once"}, LastTime: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC),
	}
	got := Merge(newTrust(t, "", "docker.io/karmada/*"), []pool.Answer{want})
	if diff := cmp.Diff(Merged{Answer: want}, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}
