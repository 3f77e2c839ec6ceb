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

package verify_test

import (
	"crypto/elliptic"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// rootWithout is the root of trust of an instance in a TrustRoot with a timestamp authority, without some kinds of logs.
func rootWithout(t *testing.T, s *sigstore.Sigstore, logs ...string) *trustroot.Root {
	t.Helper()
	object, err := s.TrustRoot("private", sigstore.WithTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range logs {
		unstructured.RemoveNestedField(object.Object, "spec", "sigstoreKeys", kind)
	}
	root, err := trustroot.FromTrustRoot(object)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// stamped is a statement about an image with a timestamp and no entry of the transparency log. Without an instance that logs its
// certificate that has no timestamp of a certificate transparency log.
func (b *bench) stamped(digest name.Digest, id sigstore.Identity, at time.Time, logs ...*sigstore.Sigstore) sigstore.Envelope {
	b.t.Helper()
	signer, err := b.sigstore.Issue(id, sigstore.LoggedBy(logs...))
	if err != nil {
		b.t.Fatal(err)
	}
	statement, err := sigstore.Statement(sigstore.SLSAPredicate, map[string]any{"builder": "test"}, digest)
	if err != nil {
		b.t.Fatal(err)
	}
	envelope, err := signer.SignStatement(statement)
	if err != nil {
		b.t.Fatal(err)
	}
	if envelope.Timestamp, err = b.sigstore.Timestamp(envelope.Signature, at); err != nil {
		b.t.Fatal(err)
	}
	return envelope
}

// TestVerifyWithoutLogs verifies attestations as GitHub's own instance makes them, by a root of trust that has a timestamp
// authority and no logs, and by roots that have them.
func TestVerifyWithoutLogs(t *testing.T) {
	b, foreign := newBenchWith(t, true), newSigstore(t)
	stampedBy := func(s *sigstore.Sigstore, envelope sigstore.Envelope) sigstore.Envelope {
		var err error
		if envelope.Timestamp, err = s.Timestamp(envelope.Signature, time.Now()); err != nil {
			t.Fatal(err)
		}
		return envelope
	}
	logged := func(by *sigstore.Sigstore, envelope sigstore.Envelope) sigstore.Envelope {
		if err := by.LogStatement(t.Context(), &envelope, time.Now()); err != nil {
			t.Fatal(err)
		}
		return envelope
	}
	good := func(d name.Digest) sigstore.Envelope { return b.stamped(d, release, time.Now()) }
	bare := rootWithout(t, b.sigstore, "tLogs", "ctLogs")
	for what, test := range map[string]struct {
		root    *trustroot.Root // nil for bare
		store   func(d name.Digest) sigstore.Envelope
		legacy  bool // stored under cosign v2's tag
		verdict v1alpha1.Verdict
		reason  string
		message string
	}{
		"good":                   {store: good, verdict: verified, reason: "Attested", message: "provenance attested by https://github.com/karmada-io/"},
		"good, under the tag":    {store: good, legacy: true, verdict: verified, reason: "Attested", message: "provenance attested by https://github.com/karmada-io/"},
		"logged by another":      {store: func(d name.Digest) sigstore.Envelope { return logged(foreign, good(d)) }, verdict: verified, reason: "Attested", message: "provenance attested by https://github.com/karmada-io/"},
		"in a certificate log":   {store: func(d name.Digest) sigstore.Envelope { return b.stamped(d, release, time.Now(), foreign) }, verdict: verified, reason: "Attested", message: "provenance attested by https://github.com/karmada-io/"},
		"of the other authority": {store: func(d name.Digest) sigstore.Envelope { return stampedBy(foreign, good(d)) }, verdict: untrusted, reason: "LogProofInvalid", message: "its timestamp is not by"},
		"too late":               {store: func(d name.Digest) sigstore.Envelope { return b.stamped(d, release, time.Now().Add(time.Hour)) }, verdict: untrusted, reason: "UntrustedCertificate", message: "timestamped at"},
		"no timestamp": {
			store: func(d name.Digest) sigstore.Envelope {
				envelope := logged(b.sigstore, good(d))
				envelope.Timestamp = nil
				return envelope
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "no RFC 3161 timestamp",
		},
		"another identity": {
			store: func(d name.Digest) sigstore.Envelope {
				return b.stamped(d, sigstore.GitHubWorkflow("evil/karmada", "release.yml", "refs/tags/v1.16.0", commit), time.Now())
			},
			verdict: untrusted, reason: "IdentityMismatch", message: "evil/karmada",
		},
		"certificate log required": {
			root: rootWithout(t, b.sigstore, "tLogs"), store: good,
			verdict: untrusted, reason: "UntrustedCertificate", message: "no timestamp of a certificate transparency log",
		},
		"certificate log required and there": {
			root: rootWithout(t, b.sigstore, "tLogs"), store: func(d name.Digest) sigstore.Envelope { return b.stamped(d, release, time.Now(), b.sigstore) },
			verdict: verified, reason: "Attested", message: "provenance attested by https://github.com/karmada-io/",
		},
		"entry of the other log": {
			root: rootWithout(t, b.sigstore, "ctLogs"), store: func(d name.Digest) sigstore.Envelope { return logged(foreign, good(d)) },
			verdict: untrusted, reason: "LogProofInvalid", message: "transparency log that the root of trust does not have",
		},
		"log without a certificate log": {
			root: rootWithout(t, b.sigstore, "ctLogs"), store: func(d name.Digest) sigstore.Envelope { return logged(b.sigstore, good(d)) },
			verdict: verified, reason: "Attested", message: "provenance attested by https://github.com/karmada-io/",
		},
	} {
		t.Run(what, func(t *testing.T) {
			if test.root == nil {
				test.root = bare
			}
			digest := b.push("acme/app", what)
			envelope := test.store(digest)
			if test.legacy {
				// cosign v2 stamps the whole envelope.
				content, err := envelope.JSON()
				if err == nil {
					envelope.Timestamp, err = b.sigstore.Timestamp(content, time.Now())
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := sigstore.AttachAttestations(t.Context(), digest, []sigstore.Envelope{envelope}); err != nil {
					t.Fatal(err)
				}
			} else {
				b.bundle(digest, envelope)
			}
			rule := policy.NewRule(policy.Signer{Issuer: release.Issuer, Subject: release.Subject}, nil, policy.Attestation{
				Name: "provenance", PredicateType: sigstore.SLSAPredicate,
				Formats: policy.NewFormats(policy.SimpleSigning, policy.Timestamped, policy.Bundle, policy.TimestampedBundle),
			})
			got := mustBe(t.Context(), t, newCosign(time.Minute), digest, rule, test.root, test.verdict, test.reason)
			if !strings.Contains(got.Message, test.message) {
				t.Errorf("got message %q, want one with %q", got.Message, test.message)
			}
		})
	}
}

// TestOtherCurve tells bundles whose key is on another curve than P-256 from others.
func TestOtherCurve(t *testing.T) {
	b := newBenchWith(t, true)
	root := rootWithout(t, b.sigstore, "tLogs", "ctLogs")
	rule := policy.NewRule(policy.Signer{Issuer: release.Issuer, Subject: release.Subject}, nil, policy.Attestation{
		Name: "provenance", PredicateType: sigstore.SLSAPredicate, Formats: policy.NewFormats(policy.TimestampedBundle),
	})
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		name := curve.Params().Name
		digest := b.push("acme/app", name)
		signer, err := b.sigstore.Issue(release, sigstore.LoggedBy(), sigstore.WithCurve(curve))
		if err != nil {
			t.Fatal(err)
		}
		statement, err := sigstore.Statement(sigstore.SLSAPredicate, map[string]any{}, digest)
		if err != nil {
			t.Fatal(err)
		}
		envelope, err := signer.SignStatement(statement)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.sigstore.StampStatement(&envelope, time.Now()); err != nil {
			t.Fatal(err)
		}
		b.bundle(digest, envelope)
		got := mustBe(t.Context(), t, newCosign(time.Minute), digest, rule, root, verified, v1alpha1.AttestedReason)
		if want := curve != elliptic.P256(); got.OtherCurve != want {
			t.Errorf("%s: other curve %t, want %t", name, got.OtherCurve, want)
		}
	}
}

// TestExpiredAuthority tells signatures that were made after a certificate authority expired, while their certificates were valid.
// cosign accepts them, and sigstore-go does not accept such bundles.
func TestExpiredAuthority(t *testing.T) {
	until := time.Now().Add(-time.Hour)
	expired, err := sigstore.NewExpired(until)
	if err != nil {
		t.Fatal(err)
	}
	b := newBenchWith(t, true)
	b.sigstore, b.root = expired, rootOf(t, expired)
	for name, tc := range map[string]struct {
		logged time.Time
		want   bool
	}{
		"before it expired": {until.Add(-time.Minute), false},
		"after it expired":  {until.Add(time.Minute), true},
	} {
		t.Run(name, func(t *testing.T) {
			issued := sigstore.At(until.Add(-5 * time.Minute))
			tagged := b.push("acme/tag", name)
			payload, err := sigstore.Payload(tagged)
			if err != nil {
				t.Fatal(err)
			}
			signature := sign(t, expired, release, payload, issued)
			signature.Bundle = logged(t, expired, signature, tc.logged)
			b.attach(tagged, signature)
			got := newCosign(time.Minute).Verify(t.Context(), tagged, exactly(t, release), b.root)
			if got.Verdict != verified || got.ExpiredAuthority != tc.want {
				t.Errorf("tag: %s %s, expired authority %t, want %t", got.Reason, got.Message, got.ExpiredAuthority, tc.want)
			}
		})
	}
}
