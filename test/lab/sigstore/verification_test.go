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

package sigstore_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci/static"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// bench is what a case of TestVerification works with. Its methods end the
// test on an error.
type bench struct {
	t      *testing.T
	s      *sigstore.Sigstore
	digest name.Digest
}

func (b bench) payload(digest name.Digest) []byte {
	b.t.Helper()
	payload, err := sigstore.Payload(digest)
	if err != nil {
		b.t.Fatal(err)
	}
	return payload
}

func (b bench) sign(payload []byte, opts ...sigstore.IssueOption) sigstore.Signature {
	b.t.Helper()
	signer, err := b.s.Issue(release, opts...)
	if err != nil {
		b.t.Fatal(err)
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		b.t.Fatal(err)
	}
	return signature
}

func (b bench) log(signature sigstore.Signature, at time.Time) *bundle.RekorBundle {
	b.t.Helper()
	entry, err := b.s.Log(b.t.Context(), signature, at)
	if err != nil {
		b.t.Fatal(err)
	}
	return entry
}

// good is a signature that verifies, made from the given parts.
func (b bench) good(payload []byte, opts ...sigstore.IssueOption) sigstore.Signature {
	b.t.Helper()
	signature := b.sign(payload, opts...)
	signature.Bundle = b.log(signature, time.Now())
	return signature
}

// TestVerification proves with cosign that a signature is good, and that each
// defect is rejected, for its own reason.
func TestVerification(t *testing.T) {
	other := newSigstore(t)
	tests := map[string]struct {
		signatures func(b bench) []sigstore.Signature
		identity   sigstore.Identity // release if empty
		want       string            // of cosign's error; empty: accepted
	}{
		"good": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.payload(b.digest))}
			},
		},
		"past certificate, logged while it was valid": {
			signatures: func(b bench) []sigstore.Signature {
				past := time.Now().Add(-time.Hour)
				signature := b.sign(b.payload(b.digest), sigstore.At(past))
				signature.Bundle = b.log(signature, past.Add(time.Minute))
				return []sigstore.Signature{signature}
			},
		},
		"other docker-reference": { // a claim that cosign does not compare
			signatures: func(b bench) []sigstore.Signature {
				elsewhere := b.digest.Registry.Repo("elsewhere").Digest(b.digest.DigestStr())
				return []sigstore.Signature{b.good(b.payload(elsewhere))}
			},
		},
		"one good after many bad": {
			signatures: func(b bench) []sigstore.Signature {
				var signatures []sigstore.Signature
				for range 9 {
					signatures = append(signatures, b.sign(b.payload(b.digest)))
				}
				return append(signatures, b.good(b.payload(b.digest)))
			},
		},
		"timestamps of two CT logs, one unknown": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.payload(b.digest), sigstore.LoggedBy(other, b.s))}
			},
		},
		"no signature": {
			signatures: func(bench) []sigstore.Signature { return nil },
			want:       "no signatures found",
		},
		"other identity": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.payload(b.digest))}
			},
			identity: sigstore.Identity{Issuer: release.Issuer, Subject: release.Subject + ".1"},
			want:     "none of the expected identities matched",
		},
		"other issuer": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.payload(b.digest))}
			},
			identity: sigstore.Identity{Issuer: "https://issuer.test", Subject: release.Subject},
			want:     "none of the expected identities matched",
		},
		"self-made root": {
			signatures: func(b bench) []sigstore.Signature {
				b.s = other
				return []sigstore.Signature{b.good(b.payload(b.digest))}
			},
			want: "rekor log public key not found",
		},
		"self-made root, logged": {
			signatures: func(b bench) []sigstore.Signature {
				foreign := bench{t: b.t, s: other}
				signature := foreign.sign(b.payload(b.digest))
				signature.Bundle = b.log(signature, time.Now())
				return []sigstore.Signature{signature}
			},
			want: "leaf certificate verification failed",
		},
		"other digest": {
			signatures: func(b bench) []sigstore.Signature {
				digest := b.digest.Context().Digest("sha256:" + strings.Repeat("0", 64))
				return []sigstore.Signature{b.good(b.payload(digest))}
			},
			want: "invalid or missing digest in claim",
		},
		"tampered payload": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.good(b.payload(b.digest))
				signature.Payload = append(signature.Payload, '\n')
				return []sigstore.Signature{signature}
			},
			want: "matching bundle to payload",
		},
		"tampered signature": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.good(b.payload(b.digest))
				raw, err := base64.StdEncoding.DecodeString(signature.Base64)
				if err != nil {
					b.t.Fatal(err)
				}
				raw[len(raw)-1] ^= 1
				signature.Base64 = base64.StdEncoding.EncodeToString(raw)
				return []sigstore.Signature{signature}
			},
			want: "signature in bundle does not match signature being verified",
		},
		"signature by another key": {
			signatures: func(b bench) []sigstore.Signature {
				signature, by := b.good(b.payload(b.digest)), b.good(b.payload(b.digest))
				signature.Base64, signature.Bundle = by.Base64, by.Bundle
				return []sigstore.Signature{signature}
			},
			want: "comparing public key PEMs",
		},
		"entry of another signature": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.good(b.payload(b.digest))
				signature.Bundle = b.good(b.payload(b.digest)).Bundle
				return []sigstore.Signature{signature}
			},
			want: "signature in bundle does not match signature being verified",
		},
		"entry of another log": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.sign(b.payload(b.digest))
				signature.Bundle = bench{t: b.t, s: other}.log(signature, time.Now())
				return []sigstore.Signature{signature}
			},
			want: "rekor log public key not found",
		},
		"moved integrated time": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.good(b.payload(b.digest))
				signature.Bundle.Payload.IntegratedTime++
				return []sigstore.Signature{signature}
			},
			want: "unable to verify SET",
		},
		"logged before the certificate": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.sign(b.payload(b.digest))
				signature.Bundle = b.log(signature, time.Now().Add(-time.Hour))
				return []sigstore.Signature{signature}
			},
			want: "certificate was issued after",
		},
		"logged after the certificate": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.payload(b.digest), sigstore.At(time.Now().Add(-time.Hour)))}
			},
			want: "certificate expired before",
		},
		"not logged": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.sign(b.payload(b.digest))}
			},
			want: "offline verification failed",
		},
		"no certificate": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.sign(b.payload(b.digest))
				signature.Bundle = b.log(signature, time.Now())
				signature.Certificate = nil
				return []sigstore.Signature{signature}
			},
			want: "empty key",
		},
		"no certificate timestamp": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.payload(b.digest), sigstore.LoggedBy())}
			},
			want: "certificate does not include required embedded SCT",
		},
		"timestamp of an unknown CT log": {
			signatures: func(b bench) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.payload(b.digest), sigstore.LoggedBy(other))}
			},
			want: "only able to verify 0 SCT entries",
		},
		"unreadable bundle annotation": {
			signatures: func(b bench) []sigstore.Signature {
				signature := b.good(b.payload(b.digest))
				signature.Annotations = map[string]string{static.BundleAnnotationKey: "{"}
				return []sigstore.Signature{signature}
			},
			want: "unmarshaling bundle",
		},
	}
	for title, tc := range tests {
		t.Run(title, func(t *testing.T) {
			b := bench{t: t, s: newSigstore(t), digest: pushImage(t, title)}
			trusting := b.s
			if signatures := tc.signatures(b); signatures != nil {
				if err := sigstore.Attach(t.Context(), b.digest, signatures); err != nil {
					t.Fatal(err)
				}
			}
			identity := tc.identity
			if identity == (sigstore.Identity{}) {
				identity = release
			}
			verified, _, err := cosign.VerifyImageSignatures(t.Context(), b.digest, checkOpts(t, trusting, identity))
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("rejected: %v", err)
			case tc.want == "" && len(verified) != 1:
				t.Errorf("%d signatures verified, want 1", len(verified))
			case tc.want != "" && err == nil:
				t.Errorf("accepted, want %q", tc.want)
			case tc.want != "" && !strings.Contains(err.Error(), tc.want):
				t.Errorf("rejected with %q, want %q", err, tc.want)
			}
		})
	}
}
