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
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// fuzzed returns a verification of an image, and the identity that may sign it.
func fuzzed(f *testing.F) (*verification, *sigstore.Sigstore, name.Digest, sigstore.Identity) {
	f.Helper()
	s, err := sigstore.New()
	if err != nil {
		f.Fatal(err)
	}
	encoded, err := s.TrustedRoot()
	if err != nil {
		f.Fatal(err)
	}
	root, err := trustroot.FromJSON(encoded)
	if err != nil {
		f.Fatal(err)
	}
	image, err := name.NewDigest("registry.example/karmada/app@sha256:" + strings.Repeat("a", 64))
	if err != nil {
		f.Fatal(err)
	}
	hash, err := v1.NewHash(image.DigestStr())
	if err != nil {
		f.Fatal(err)
	}
	id := sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", "c")
	forms := policy.NewFormats(policy.SimpleSigning, policy.Timestamped, policy.Bundle, policy.RekorV2Bundle, policy.TimestampedBundle)
	rule := policy.NewRule(policy.Signer{Issuer: id.Issuer, Subject: id.Subject}, forms,
		policy.Attestation{Name: "provenance", PredicateType: sigstore.SLSAPredicate, Formats: forms})
	return &verification{
		image: image, hash: hash, rule: rule, material: root.Material, timestamps: root.Timestamps(), logs: root.Logs(), ctLogs: root.CTLogs(),
	}, s, image, id
}

// sane checks what every finding fulfils: nothing panicked, and all of it is printable.
func sane(t *testing.T, found finding) {
	t.Helper()
	if found.Reason == v1alpha1.InternalErrorReason {
		t.Errorf("the verification failed: %s", found.Message)
	}
	if len(found.Message) > maxMessage || !utf8.ValidString(found.Message) {
		t.Errorf("a message that cannot be shown: %q", found.Message)
	}
}

// FuzzSimpleSigning feeds a stored signature or attestation: its payload and its annotations.
func FuzzSimpleSigning(f *testing.F) {
	v, s, image, id := fuzzed(f)
	good, err := s.NewSignature(f.Context(), image, id)
	if err != nil {
		f.Fatal(err)
	}
	entry, err := json.Marshal(good.Bundle)
	if err != nil {
		f.Fatal(err)
	}
	if err := s.Stamp(&good, v.material.RekorLogs()[good.Bundle.Payload.LogID].ValidityPeriodStart); err != nil {
		f.Fatal(err)
	}
	stamp, err := json.Marshal(map[string][]byte{"SignedRFC3161Timestamp": good.Timestamp})
	if err != nil {
		f.Fatal(err)
	}
	envelope, err := s.NewEnvelope(f.Context(), image, id, sigstore.SLSAPredicate, map[string]any{})
	if err != nil {
		f.Fatal(err)
	}
	attested, err := envelope.JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(false, good.Payload, good.Base64, string(good.Certificate), string(good.Chain), string(entry), "")
	f.Add(false, good.Payload, good.Base64, string(good.Certificate), string(good.Chain), "", string(stamp))
	f.Add(true, attested, "", string(good.Certificate), string(good.Chain), string(entry), "")
	f.Add(false, []byte("{}"), "", "", "", `{"Payload":{"body":"e30="}}`, `{}`)
	f.Fuzz(func(t *testing.T, attestation bool, payload []byte, signature, certificate, chain, entry, stamp string) {
		claims := v.claims()
		c := &claims[0]
		if attestation {
			c = &claims[1]
		}
		layer := v1.Descriptor{Size: int64(len(payload)), Annotations: map[string]string{
			static.SignatureAnnotationKey: signature, static.CertificateAnnotationKey: certificate, static.ChainAnnotationKey: chain,
			static.BundleAnnotationKey: entry, static.RFC3161TimestampAnnotationKey: stamp,
		}}
		sane(t, v.verifyContent(t.Context(), simpleSigningStorage{}, c, layer, payload, func() {}))
	})
}

// FuzzBundle feeds a bundle.
func FuzzBundle(f *testing.F) {
	v, s, image, id := fuzzed(f)
	add := func(envelope sigstore.Envelope) {
		made, err := envelope.Bundle()
		if err != nil {
			f.Fatal(err)
		}
		encoded, err := protojson.Marshal(made)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded)
	}
	for _, predicateType := range []string{policy.SignPredicate, sigstore.SLSAPredicate} {
		envelope, err := s.NewEnvelope(f.Context(), image, id, predicateType, map[string]any{})
		if err != nil {
			f.Fatal(err)
		}
		for _, logged := range []bool{true, false} {
			if !logged {
				envelope.Entry = nil
				if envelope.Timestamp, err = s.Timestamp(envelope.Signature, envelope.Signer.Certificate.NotBefore); err != nil {
					f.Fatal(err)
				}
			}
			add(envelope)
		}
		for _, kind := range []sigstore.EntryKind{sigstore.HashedRekordEntry, sigstore.DSSEEntry} {
			entered, err := s.NewRekorV2Envelope(image, id, predicateType, map[string]any{}, kind)
			if err != nil {
				f.Fatal(err)
			}
			add(entered)
		}
	}
	message, err := s.MessageBundle(f.Context(), []byte("{}"), id)
	if err != nil {
		f.Fatal(err)
	}
	encoded, err := protojson.Marshal(message)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add([]byte(`{"mediaType":"` + sigstore.BundleMediaType + `","dsseEnvelope":{},"verificationMaterial":{"tlogEntries":[{}]}}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, c := range v.claims() {
			sane(t, v.verifyContent(t.Context(), bundleStorage{}, &c, v1.Descriptor{}, content, func() {}))
		}
	})
}

// FuzzExplain feeds the names in a certificate, which anybody can choose.
func FuzzExplain(f *testing.F) {
	f.Add("https://token.actions.githubusercontent.com", "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/heads/master",
		`https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v1\.[0-9]+`)
	f.Add("", "someone@example.com", "(?i)a|b")
	f.Add("i", "@refs/", "@refs/")
	f.Fuzz(func(t *testing.T, issuer, subject, expr string) {
		for _, wanted := range []policy.Signer{
			{Issuer: issuer, Subject: expr}, {IssuerRegexp: "^(?:" + expr + ")$", SubjectRegexp: "^(?:" + expr + ")$"},
		} {
			message, _ := explainMismatch(policy.NewMatcher(wanted), issuer, subject)
			if shown := printable(message, maxMessage); len(shown) > maxMessage || !utf8.ValidString(shown) {
				t.Errorf("a message that cannot be shown: %q", shown)
			}
		}
	})
}
