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
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v2/pkg/cosign"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const (
	verified  = v1alpha1.VerdictVerified
	untrusted = v1alpha1.VerdictUntrusted
	unknown   = v1alpha1.VerdictUnknown
)

func TestVerify(t *testing.T) {
	foreign := newSigstore(t)
	regexp := like(t, `https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v1\.16\..*`)
	by := func(repository, file, ref string) sigstore.Identity {
		return sigstore.GitHubWorkflow(repository, file, ref, commit)
	}
	with := func(id sigstore.Identity, change func(*sigstore.Identity)) sigstore.Identity {
		change(&id)
		return id
	}

	tests := map[string]struct {
		signatures func(b *bench, digest name.Digest) []sigstore.Signature
		want       *policy.Rule // nil wants release exactly
		verdict    v1alpha1.Verdict
		reason     string
		message    string // a part of it
		signer     string // the identity seen
	}{
		"good": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, release)}
			},
			verdict: verified, reason: "Signed", message: "signed by https://github.com/karmada-io/karmada/", signer: release.Subject,
		},
		"good by regexp": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, release)}
			},
			want: regexp, verdict: verified, reason: "Signed", signer: release.Subject,
		},
		"good behind bad ones": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				unlogged := sign(t, b.sigstore, release, payloadOf(t, d))
				return []sigstore.Signature{unlogged, b.good(d, by("evil/karmada", "release.yml", "refs/tags/v1.16.0")), b.good(d, release)}
			},
			verdict: verified, reason: "Signed", signer: release.Subject,
		},
		"unsigned": {
			verdict: untrusted, reason: "Unsigned", message: "the image has no signature: ",
		},
		"other repository": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, by("evil/karmada", "release.yml", "refs/tags/v1.16.0"))}
			},
			verdict: untrusted, reason: "IdentityMismatch", message: "(issuer ok); expected https://github.com/karmada-io/",
			signer: "https://github.com/evil/karmada/.github/workflows/release.yml@refs/tags/v1.16.0",
		},
		"other ref": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, by("karmada-io/karmada", "release.yml", "refs/heads/master"))}
			},
			want: regexp, verdict: untrusted, reason: "IdentityMismatch", message: "this is a build of branch master",
			signer: "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/heads/master",
		},
		"other issuer": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, with(release, func(id *sigstore.Identity) { id.Issuer = "https://evil.example" }))}
			},
			verdict: untrusted, reason: "IdentityMismatch", message: "(identity ok), but by issuer https://evil.example",
			signer: release.Subject,
		},
		"other issuer and other identity": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, sigstore.Identity{Issuer: "https://accounts.google.com", Subject: "someone@example.com"})}
			},
			verdict: untrusted, reason: "IdentityMismatch", message: "of issuer https://accounts.google.com", signer: "someone@example.com",
		},
		"look-alike that contains the expected identity": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, with(release, func(id *sigstore.Identity) {
					id.Subject = "https://evil.example/?" + id.Subject + "-evil"
				}))}
			},
			verdict: untrusted, reason: "IdentityMismatch", message: "only contains the expected identity",
			signer: "https://evil.example/?" + release.Subject + "-evil",
		},
		"look-alike that contains what the regexp wants": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(d, with(release, func(id *sigstore.Identity) { id.Subject = "https://evil.example/?" + id.Subject }))}
			},
			want: regexp, verdict: untrusted, reason: "IdentityMismatch", message: "only in part",
			signer: "https://evil.example/?" + release.Subject,
		},
		"the nearest of several": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{
					sign(t, foreign, release, payloadOf(t, d)),
					b.good(d, sigstore.Identity{Issuer: "https://accounts.google.com", Subject: "someone@example.com"}),
					b.good(d, by("karmada-io/karmada", "release.yml", "refs/heads/master")),
					b.good(d, by("evil/karmada", "release.yml", "refs/tags/v1.16.0")),
				}
			},
			verdict: untrusted, reason: "IdentityMismatch", message: "this is a build of branch master, not of tag v1.16.0",
			signer: "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/heads/master",
		},
		"by somebody else, and not logged by the expected": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{
					b.good(d, by("karmada-io/karmada", "release.yml", "refs/heads/master")),
					sign(t, b.sigstore, release, payloadOf(t, d)),
				}
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "no entry of the transparency log",
		},
		"payload tampered with": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := b.good(d, release)
				s.Payload = []byte(strings.Replace(string(s.Payload), `"optional":null`, `"optional":{}`, 1))
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "InvalidSignature", message: "one of them was changed",
		},
		"signature tampered with": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := b.good(d, release)
				raw, err := base64.StdEncoding.DecodeString(s.Base64)
				if err != nil {
					t.Fatal(err)
				}
				raw[len(raw)-1] ^= 1
				s.Base64 = base64.StdEncoding.EncodeToString(raw)
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "InvalidSignature", message: "one of them was changed",
		},
		"signature of another image": {
			signatures: func(b *bench, _ name.Digest) []sigstore.Signature {
				return []sigstore.Signature{b.good(b.push("karmada/other", "another image"), release)}
			},
			verdict: untrusted, reason: "InvalidSignature", message: "a signature of another image, sha256:",
		},
		"no log entry": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				return []sigstore.Signature{sign(t, b.sigstore, release, payloadOf(t, d))}
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "no entry of the transparency log",
		},
		"log entry of another signature": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := sign(t, b.sigstore, release, payloadOf(t, d))
				s.Bundle = b.good(d, release).Bundle
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "about another signature",
		},
		"log entry by another log": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := sign(t, b.sigstore, release, payloadOf(t, d))
				s.Bundle = logged(t, foreign, s, time.Now())
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "a transparency log that the root of trust does not have",
		},
		"log entry with another time": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := b.good(d, release)
				s.Bundle.Payload.IntegratedTime++
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "or was not made by the log",
		},
		"logged after the certificate had expired": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := sign(t, b.sigstore, release, payloadOf(t, d), sigstore.At(time.Now().Add(-time.Hour)))
				s.Bundle = logged(t, b.sigstore, s, time.Now())
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "UntrustedCertificate", message: "but the signature was logged at",
		},
		"logged before the certificate was valid": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := sign(t, b.sigstore, release, payloadOf(t, d))
				s.Bundle = logged(t, b.sigstore, s, time.Now().Add(-time.Hour))
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "UntrustedCertificate", message: "its certificate was valid from",
		},
		"certificate without a timestamp": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := sign(t, b.sigstore, release, payloadOf(t, d), sigstore.LoggedBy())
				s.Bundle = logged(t, b.sigstore, s, time.Now())
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "UntrustedCertificate", message: "has no timestamp of a certificate transparency log",
		},
		"certificate with a foreign timestamp": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := sign(t, b.sigstore, release, payloadOf(t, d), sigstore.LoggedBy(foreign))
				s.Bundle = logged(t, b.sigstore, s, time.Now())
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "UntrustedCertificate", message: "no valid timestamp",
		},
		"certificate by a self-made authority": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := sign(t, foreign, release, payloadOf(t, d), sigstore.LoggedBy(b.sigstore))
				s.Bundle = logged(t, b.sigstore, s, time.Now())
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "UntrustedCertificate", message: "not by a certificate authority of the root of trust",
		},
		"made with a key": {
			signatures: func(b *bench, d name.Digest) []sigstore.Signature {
				s := b.good(d, release)
				s.Certificate, s.Chain = nil, nil
				return []sigstore.Signature{s}
			},
			verdict: untrusted, reason: "UntrustedCertificate", message: "made with a key",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			digest := b.push("karmada/app", "app")
			if test.signatures != nil {
				b.attach(digest, test.signatures(b, digest)...)
			}
			want := exactly(t, release)
			if test.want != nil {
				want = test.want
			}
			got := mustBe(t.Context(), t, newCosign(time.Minute), digest, want, b.root, test.verdict, test.reason)
			if !strings.Contains(got.Message, test.message) {
				t.Errorf("got message %q, want it to contain %q", got.Message, test.message)
			}
			seen := ""
			if got.Signer != nil {
				seen = got.Signer.Identity
			}
			if seen != test.signer {
				t.Errorf("got signer %q, want %q", seen, test.signer)
			}
			if accepted := acceptedByCosign(t, digest, want.Signer, b.root); accepted != (got.Verdict == verified) {
				t.Errorf("got %s, but cosign verify accepts it: %t", got.Verdict, accepted)
			}
			again := newCosign(time.Minute).Verify(t.Context(), digest, want, b.root)
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("the same image, verified again (-first +second):\n%s", diff)
			}
		})
	}
}

// acceptedByCosign is the verdict of `cosign verify` itself, offline.
func acceptedByCosign(t *testing.T, image name.Digest, want policy.Signer, trust *trustroot.Root) bool {
	t.Helper()
	_, _, err := cosign.VerifyImageSignatures(t.Context(), image, &cosign.CheckOpts{
		ClaimVerifier:   cosign.SimpleClaimVerifier,
		TrustedMaterial: trust.Material,
		Offline:         true,
		Identities: []cosign.Identity{{
			Issuer: want.Issuer, IssuerRegExp: want.IssuerRegexp,
			Subject: want.Subject, SubjectRegExp: want.SubjectRegexp,
		}},
	})
	return err == nil
}

func TestVerifySigner(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	signature := b.good(digest, release)
	b.attach(digest, signature)
	got := newCosign(time.Minute).Verify(t.Context(), digest, exactly(t, release), b.root)
	want := &v1alpha1.Signer{
		Issuer: release.Issuer, Identity: release.Subject,
		SourceRepository: "karmada-io/karmada", SourceRef: "refs/tags/v1.16.0", SourceCommit: commit,
		WorkflowName: "release.yml", WorkflowTrigger: "release",
	}
	if diff := cmp.Diff(want, got.Signer); diff != "" {
		t.Errorf("signer (-want +got):\n%s", diff)
	}
	if got.LogIndex != signature.Bundle.Payload.LogIndex || got.IntegratedTime.Unix() != signature.Bundle.Payload.IntegratedTime {
		t.Errorf("got log entry %d of %s, want %d of %d", got.LogIndex, got.IntegratedTime,
			signature.Bundle.Payload.LogIndex, signature.Bundle.Payload.IntegratedTime)
	}
}
