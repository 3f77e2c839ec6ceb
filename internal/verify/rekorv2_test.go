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
	"bytes"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/proto"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// rekorV2 is a signature of a digest with an entry of Rekor v2 and a timestamp.
func (b *bench) rekorV2(digest name.Digest, id sigstore.Identity, kind sigstore.EntryKind) sigstore.Envelope {
	b.t.Helper()
	envelope, err := b.sigstore.NewRekorV2Envelope(digest, id, sigstore.SignPredicate, map[string]any{}, kind)
	if err != nil {
		b.t.Fatal(err)
	}
	return envelope
}

// attachBundle stores a bundle that was changed.
func (b *bench) attachBundle(digest name.Digest, envelope sigstore.Envelope, change func(*protobundle.Bundle)) {
	b.t.Helper()
	made, err := envelope.Bundle()
	if err != nil {
		b.t.Fatal(err)
	}
	change(made)
	if err := sigstore.AttachBundle(b.t.Context(), digest, made, sigstore.SignPredicate); err != nil {
		b.t.Fatal(err)
	}
}

// workflow is the identity of a release workflow of a repository.
func workflow(repository, ref string) sigstore.Identity {
	return sigstore.GitHubWorkflow(repository, "release.yml", ref, commit)
}

// objectRoot is a root of trust in a TrustRoot object.
func objectRoot(t *testing.T, s *sigstore.Sigstore, opts ...sigstore.TrustRootOption) *trustroot.Root {
	t.Helper()
	object, err := s.TrustRoot("private", opts...)
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.FromTrustRoot(object)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// underTrustRoot is the rule for a signer by a TrustRoot.
func underTrustRoot(t *testing.T, id sigstore.Identity) *policy.Rule {
	t.Helper()
	return ruleOf(t, v1alpha1.KarmadaImageTrustSpec{Issuer: id.Issuer, Identity: id.Subject, TrustRoot: &v1alpha1.TrustRootReference{Name: "private"}})
}

// TestVerifyRekorV2 verifies bundles whose log entry has no time, by the default root of trust and by TrustRoots. Both the
// timestamp and the log have to prove them.
func TestVerifyRekorV2(t *testing.T) {
	b, foreign := newBenchWith(t, true), newSigstore(t)
	withoutTime, err := b.sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	noTimestamps, err := trustroot.FromJSON(without(t, withoutTime, "timestampAuthorities"))
	if err != nil {
		t.Fatal(err)
	}
	private := underTrustRoot(t, release)
	logEntry := func(change func(*protobundle.Bundle)) func(name.Digest) {
		return func(d name.Digest) { b.attachBundle(d, b.rekorV2(d, release, sigstore.HashedRekordEntry), change) }
	}
	for what, test := range map[string]struct {
		rule    *policy.Rule    // by default for the default root
		root    *trustroot.Root // by default that of the instance
		store   func(name.Digest)
		verdict v1alpha1.Verdict
		reason  string
		message string
		format  policy.Format
	}{
		"good":                       {verdict: verified, reason: "Signed", format: policy.RekorV2Bundle},
		"by a TrustRoot, Ed25519":    {rule: private, root: objectRoot(t, b.sigstore, sigstore.WithTimestamps(), sigstore.WithRekorV2()), verdict: verified, reason: "Signed", format: policy.RekorV2Bundle},
		"by a TrustRoot with no log": {rule: private, root: rootWithout(t, b.sigstore, "tLogs"), verdict: verified, reason: "Signed", format: policy.RekorV2Bundle},
		"by a TrustRoot, ECDSA": {
			rule: private, root: objectRoot(t, b.sigstore, sigstore.WithTimestamps(), sigstore.WithECDSALog()),
			store: func(d name.Digest) {
				envelope := b.rekorV2(d, release, sigstore.HashedRekordEntry)
				if err := b.sigstore.ECDSARekorV2.LogStatement(&envelope, sigstore.HashedRekordEntry); err != nil {
					t.Error(err)
				}
				b.bundle(d, envelope)
			},
			verdict: verified, reason: "Signed", format: policy.RekorV2Bundle,
		},
		"by a TrustRoot without this log": {
			rule: private, root: objectRoot(t, b.sigstore, sigstore.WithTimestamps()),
			verdict: untrusted, reason: "LogProofInvalid", message: "a transparency log that the root of trust does not have",
		},
		"default root without timestamps": {
			root: noTimestamps, verdict: untrusted, reason: "LogProofInvalid", message: "the root of trust has no timestamp authority",
		},
		"by another identity": {
			store: func(d name.Digest) {
				b.bundle(d, b.rekorV2(d, workflow("evil/karmada", "refs/tags/v1.16.0"), sigstore.HashedRekordEntry))
			},
			verdict: untrusted, reason: "IdentityMismatch", format: policy.RekorV2Bundle,
		},
		"timestamp but no entry": {
			store:   logEntry(func(p *protobundle.Bundle) { p.VerificationMaterial.TlogEntries = nil }),
			verdict: untrusted, reason: "LogProofInvalid", message: "it has no entry of the transparency log",
		},
		"entry but no timestamp": {
			store:   logEntry(func(p *protobundle.Bundle) { p.VerificationMaterial.TimestampVerificationData = nil }),
			verdict: untrusted, reason: "LogProofInvalid", message: "there is no RFC 3161 timestamp",
		},
		"time that nobody signed": {
			store: logEntry(func(p *protobundle.Bundle) {
				p.VerificationMaterial.TimestampVerificationData = nil
				p.VerificationMaterial.TlogEntries[0].IntegratedTime = time.Now().Unix()
			}),
			verdict: untrusted, reason: "LogProofInvalid", message: "no time that the log signed",
		},
		"timestamp and time that nobody signed": {
			store: logEntry(func(p *protobundle.Bundle) {
				p.VerificationMaterial.TlogEntries[0].IntegratedTime = time.Now().Unix()
			}),
			verdict: untrusted, reason: "LogProofInvalid", message: "no time that the log signed",
		},
		"timestamp of another authority": {
			store: func(d name.Digest) {
				envelope := b.rekorV2(d, release, sigstore.HashedRekordEntry)
				if err := foreign.StampStatement(&envelope, time.Now()); err != nil {
					t.Error(err)
				}
				b.bundle(d, envelope)
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "its timestamp is not by a timestamp authority",
		},
		"timestamp of another time": {
			store: func(d name.Digest) {
				envelope := b.rekorV2(d, release, sigstore.HashedRekordEntry)
				if err := b.sigstore.StampStatement(&envelope, time.Now().Add(-time.Hour)); err != nil {
					t.Error(err)
				}
				b.bundle(d, envelope)
			},
			verdict: untrusted, reason: "UntrustedCertificate", message: "but the signature was timestamped at",
		},
		"entry of another log": {
			store: func(d name.Digest) {
				envelope := b.rekorV2(d, release, sigstore.HashedRekordEntry)
				if err := foreign.RekorV2.LogStatement(&envelope, sigstore.HashedRekordEntry); err != nil {
					t.Error(err)
				}
				b.bundle(d, envelope)
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "a transparency log that the root of trust does not have",
		},
		"entry of another log in the name of this one": {
			store: func(d name.Digest) {
				envelope := b.rekorV2(d, release, sigstore.HashedRekordEntry)
				if err := foreign.RekorV2.LogStatement(&envelope, sigstore.HashedRekordEntry); err != nil {
					t.Error(err)
				}
				envelope.TileEntry.LogId.KeyId = b.sigstore.RekorV2.ID
				b.bundle(d, envelope)
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "the log did not sign the checkpoint",
		},
		"entry of another signature": {
			store: func(d name.Digest) {
				envelope := b.rekorV2(d, release, sigstore.HashedRekordEntry)
				envelope.TileEntry = b.rekorV2(d, release, sigstore.HashedRekordEntry).TileEntry
				b.bundle(d, envelope)
			},
			verdict: untrusted, reason: "LogProofInvalid", message: "the entry is of another one",
		},
		"place in the log changed": {
			store:   logEntry(func(p *protobundle.Bundle) { p.VerificationMaterial.TlogEntries[0].LogIndex++ }),
			verdict: untrusted, reason: "LogProofInvalid", message: "does not prove that it has the signature",
		},
		"no proof": {
			store:   logEntry(func(p *protobundle.Bundle) { p.VerificationMaterial.TlogEntries[0].InclusionProof = nil }),
			verdict: untrusted, reason: "InvalidSignature", message: "malformed",
		},
		"about another image": {
			store: func(d name.Digest) {
				b.bundle(d, b.rekorV2(b.push("karmada/other", "other"), release, sigstore.HashedRekordEntry))
			},
			verdict: untrusted, reason: "InvalidSignature", message: "another image",
		},
	} {
		t.Run(what, func(t *testing.T) {
			digest := b.push("karmada/app", what)
			if test.store != nil {
				test.store(digest)
			} else {
				b.bundle(digest, b.rekorV2(digest, release, sigstore.HashedRekordEntry))
			}
			if test.root == nil {
				test.root = b.root
			}
			if test.rule == nil {
				test.rule = exactly(t, release)
			}
			got := mustBe(t.Context(), t, newCosign(time.Minute), digest, test.rule, test.root, test.verdict, test.reason)
			if !strings.Contains(got.Message, test.message) {
				t.Errorf("got message %q, want one with %q", got.Message, test.message)
			}
			if got.Format != test.format || got.Verdict == verified && time.Since(got.IntegratedTime).Abs() > time.Hour {
				t.Errorf("got format %q and time %s, want %q", got.Format, got.IntegratedTime, test.format)
			}
		})
	}
}

// without returns JSON without a field.
func without(t *testing.T, content []byte, field string) []byte {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(content, &object); err != nil {
		t.Fatal(err)
	}
	delete(object, field)
	encoded, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestVerifyRekorV2Beside has a signature in a Rekor v2 log beside others. The status names the format that most versions of
// policy-controller verify, in whatever order the registry lists them.
func TestVerifyRekorV2Beside(t *testing.T) {
	b := newBenchWith(t, true)
	foreign := workflow("evil/karmada", "refs/tags/v1.16.0")
	for what, test := range map[string]struct {
		store  func(name.Digest)
		format policy.Format
	}{
		"one of Rekor v1 stored before": {format: policy.Bundle, store: func(d name.Digest) {
			b.bundle(d, b.envelope(d, release, sigstore.SignPredicate))
			b.bundle(d, b.rekorV2(d, release, sigstore.HashedRekordEntry))
		}},
		"one of Rekor v1 stored later": {format: policy.Bundle, store: func(d name.Digest) {
			b.bundle(d, b.rekorV2(d, release, sigstore.HashedRekordEntry))
			b.bundle(d, b.envelope(d, release, sigstore.SignPredicate))
		}},
		"one that is not supported": {format: policy.RekorV2Bundle, store: func(d name.Digest) {
			b.bundle(d, b.rekorV2(d, release, sigstore.DSSEEntry))
			b.bundle(d, b.rekorV2(d, release, sigstore.HashedRekordEntry))
			b.bundle(d, b.rekorV2(d, release, sigstore.DSSEEntry))
		}},
		"one of Rekor v1 by somebody else": {format: policy.RekorV2Bundle, store: func(d name.Digest) {
			b.bundle(d, b.envelope(d, foreign, sigstore.SignPredicate))
			b.bundle(d, b.rekorV2(d, release, sigstore.HashedRekordEntry))
		}},
		"one of cosign v2 by somebody else": {format: policy.RekorV2Bundle, store: func(d name.Digest) {
			b.attach(d, b.good(d, foreign))
			b.bundle(d, b.rekorV2(d, release, sigstore.HashedRekordEntry))
		}},
	} {
		t.Run(what, func(t *testing.T) {
			digest := b.push("karmada/beside", what)
			test.store(digest)
			got := mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, verified, "Signed")
			if got.Format != test.format {
				t.Errorf("got format %s, want %s", got.Format, test.format)
			}
		})
	}
}

// TestVerifyUnsupported has signatures in formats that are not supported: what they are worth is unknown, whatever stands beside.
func TestVerifyUnsupported(t *testing.T) {
	b := newBenchWith(t, true)
	foreign := workflow("evil/karmada", "refs/tags/v1.16.0")
	changed := func(change func(*protobundle.Bundle)) func(name.Digest) {
		return func(d name.Digest) { b.attachBundle(d, b.envelope(d, release, sigstore.SignPredicate), change) }
	}
	body := func(from, to string) func(name.Digest) {
		return changed(func(p *protobundle.Bundle) {
			entry := p.VerificationMaterial.TlogEntries[0]
			entry.CanonicalizedBody = []byte(strings.Replace(string(entry.CanonicalizedBody), from, to, 1))
		})
	}
	for what, test := range map[string]struct {
		store   func(name.Digest)
		message string
	}{
		"dsse in Rekor v2": {func(d name.Digest) { b.bundle(d, b.rekorV2(d, release, sigstore.DSSEEntry)) }, "sign again with cosign 3.1.0"},
		"newer version":    {body(`"apiVersion":"0.0.1"`, `"apiVersion":"0.0.9"`), "of the kind dsse of version 0.0.9"},
		"unknown kind":     {body(`"kind":"dsse"`, `"kind":"foo"`), "of the kind foo of version 0.0.1"},
		"kind that only the bundle names": {changed(func(p *protobundle.Bundle) {
			entry := p.VerificationMaterial.TlogEntries[0]
			entry.CanonicalizedBody = []byte("{}")
			entry.KindVersion.Kind, entry.KindVersion.Version = "foo", "1.0.0"
		}), "of the kind foo of version 1.0.0"},
		"newer bundle": {changed(func(p *protobundle.Bundle) {
			p.MediaType = "application/vnd.dev.sigstore.bundle.v0.9+json"
		}), "bundle.v0.9+json, which is not supported"},
		"other payload": {changed(func(p *protobundle.Bundle) {
			p.GetDsseEnvelope().PayloadType = "application/vnd.example+json"
		}), "a payload of the type application/vnd.example+json"},
		"cosign v2, entry of a newer version": {func(d name.Digest) {
			signature := b.good(d, release)
			text, _ := signature.Bundle.Payload.Body.(string)
			plain, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				t.Fatal(err)
			}
			signature.Bundle.Payload.Body = base64.StdEncoding.EncodeToString(
				[]byte(strings.Replace(string(plain), `"apiVersion":"0.0.1"`, `"apiVersion":"0.0.9"`, 1)))
			b.attach(d, signature)
		}, "of the kind hashedrekord of version 0.0.9"},
		"key that nobody knows": {changed(func(p *protobundle.Bundle) {
			signer, err := b.sigstore.Issue(release, sigstore.WithUnknownKey())
			if err != nil {
				t.Fatal(err)
			}
			p.VerificationMaterial.GetCertificate().RawBytes = signer.Certificate.Raw
		}), "not supported"},
		"cosign v2, stored as a referrer": {func(d name.Digest) {
			if err := sigstore.AttachAsReferrer(t.Context(), d, b.good(d, release)); err != nil {
				t.Fatal(err)
			}
		}, "stored as a referrer"},
		"cosign v2, curve that nobody knows": {func(d name.Digest) {
			signature := b.good(d, release)
			signature.Annotations = map[string]string{static.CertificateAnnotationKey: otherCurve(t, signature.Certificate)}
			b.attach(d, signature)
		}, "on an elliptic curve that is not supported"},
	} {
		t.Run(what, func(t *testing.T) {
			c := newCosign(time.Minute)
			alone := b.push("karmada/alone", what)
			test.store(alone)
			got := mustBe(t.Context(), t, c, alone, exactly(t, release), b.root, unknown, "UnsupportedFormat")
			if !strings.Contains(got.Message, test.message) {
				t.Errorf("got message %q, want one with %q", got.Message, test.message)
			}
			beside := b.push("karmada/beside-untrusted", what)
			b.bundle(beside, b.envelope(beside, foreign, sigstore.SignPredicate))
			test.store(beside)
			mustBe(t.Context(), t, c, beside, exactly(t, release), b.root, unknown, "UnsupportedFormat")
			good := b.push("karmada/beside-good", what)
			test.store(good)
			b.bundle(good, b.envelope(good, release, sigstore.SignPredicate))
			mustBe(t.Context(), t, c, good, exactly(t, release), b.root, verified, "Signed")
		})
	}
}

// TestVerifyLogIndex has an entry in the name of the log that does not verify beside one that does: the place in the log is that of
// the latter.
func TestVerifyLogIndex(t *testing.T) {
	b := newBenchWith(t, true)
	digest := b.push("karmada/app", "app")
	envelope := b.envelope(digest, release, sigstore.SignPredicate)
	b.attachBundle(digest, envelope, func(p *protobundle.Bundle) {
		forged, ok := proto.Clone(p.VerificationMaterial.TlogEntries[0]).(*protorekor.TransparencyLogEntry)
		if !ok {
			t.Fatal("a clone of another type")
		}
		forged.LogIndex, forged.InclusionPromise.SignedEntryTimestamp = 1_000_000, []byte("forged")
		p.VerificationMaterial.TlogEntries = append([]*protorekor.TransparencyLogEntry{forged}, p.VerificationMaterial.TlogEntries...)
	})
	got := mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, verified, "Signed")
	if got.LogIndex != *envelope.Entry.LogIndex {
		t.Errorf("got log index %d, want %d", got.LogIndex, *envelope.Entry.LogIndex)
	}
}

// TestVerifyNearestOverFormats has a valid signature of cosign v2 by somebody else beside a bundle by the declared identity that
// lacks the proof of its time.
func TestVerifyNearestOverFormats(t *testing.T) {
	b := newBenchWith(t, true)
	digest := b.push("karmada/app", "app")
	b.attach(digest, b.good(digest, workflow("karmada-io/karmada", "refs/heads/master")))
	envelope := b.rekorV2(digest, release, sigstore.HashedRekordEntry)
	envelope.Timestamp = nil
	b.bundle(digest, envelope)
	mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, untrusted, "LogProofInvalid")
}

// otherCurve is a certificate in PEM whose key is on a curve that does not exist.
func otherCurve(t *testing.T, certificate []byte) string {
	t.Helper()
	block, _ := pem.Decode(certificate)
	p256 := []byte{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07}
	made := bytes.Replace(block.Bytes, p256, append(p256[:len(p256)-1:len(p256)-1], 0x7f), 1)
	if bytes.Equal(made, block.Bytes) {
		t.Fatal("the certificate has no key on P-256")
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: made}))
}
