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
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	cosigntypes "github.com/sigstore/cosign/v2/pkg/types"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// reasonOf is the reason of a rejection, or the text of another error.
func reasonOf(err error) string {
	if r, ok := errors.AsType[*rejection](err); ok {
		return r.reason
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

const (
	notSupported = v1alpha1.UnsupportedFormatReason
	isMalformed  = v1alpha1.InvalidSignatureReason
)

// TestSupportedBundles tells bundles of versions that do not exist yet from bundles that break the rules of theirs.
func TestSupportedBundles(t *testing.T) {
	s := newMutationSuite(t)
	envelope, err := s.instance.NewEnvelope(t.Context(), s.image, s.id, policy.SignPredicate, map[string]any{})
	s.must(err)
	good := string(s.bundle(&envelope))
	const kind = `application/vnd.dev.sigstore.bundle`
	for content, want := range map[string]string{
		good:                                     "",
		`{"mediaType":"` + kind + `.v0.9+json"}`: notSupported,
		`{"mediaType":"` + kind + `.v1.0+json","signedThing":{"a":[1]}}`:    notSupported,
		`{"mediaType":"` + kind + `+json;version=0.9"}`:                     notSupported,
		`{"mediaType":"` + kind + `.v0.3+cbor"}`:                            notSupported,
		`{"mediaType":"` + sigstore.BundleMediaType + `","newField":{}}`:    notSupported,
		`{"mediaType":"` + sigstore.BundleMediaType + `","dsseEnvelope":7}`: isMalformed,
		`{"mediaType":"` + sigstore.BundleMediaType + `"}`:                  isMalformed,
		`{"mediaType":"application/json"}`:                                  isMalformed,
		`{"mediaType":7}`:                                                   isMalformed,
		`{}`:                                                                isMalformed,
		`{`:                                                                 isMalformed,
		`[]`:                                                                isMalformed,
	} {
		if _, err := parseBundle([]byte(content)); reasonOf(err) != want {
			t.Errorf("%.120s: got %q (%v), want %q", content, reasonOf(err), err, want)
		}
	}
}

// TestSupportedEntries has kinds of log entries: the known ones are read, and text of another form is malformed.
func TestSupportedEntries(t *testing.T) {
	for kind, want := range map[entryKind]string{
		{Kind: "hashedrekord", APIVersion: "0.0.1"}: "",
		{Kind: "hashedrekord", APIVersion: "0.0.2"}: "",
		{Kind: "intoto", APIVersion: "0.0.2"}:       "",
		{Kind: "dsse", APIVersion: "0.0.2"}:         notSupported,
		{Kind: "hashedrekord", APIVersion: "0.0.3"}: notSupported,
		{Kind: "pqrekord", APIVersion: "1.0.0"}:     notSupported,
		{Kind: "hashedrekord", APIVersion: "x"}:     "", // malformed, which is for others to say
		{Kind: "\x1b[2J", APIVersion: "0.0.1"}:      "",
		{Kind: "hashedrekord"}:                      "",
		{}:                                          "",
	} {
		if got := reasonOf(kind.supported()); got != want {
			t.Errorf("%+v: got %q, want %q", kind, got, want)
		}
	}
}

// TestSupportedStatements has envelopes and statements of types that do not exist yet.
func TestSupportedStatements(t *testing.T) {
	envelope := func(payloadType, statement string) []byte {
		s := `{"payloadType":"` + payloadType + `","payload":"` + statement + `","signatures":[]}`
		return []byte(s)
	}
	for what, test := range map[string]struct {
		content []byte
		want    string
	}{
		"a statement":            {envelope(cosigntypes.IntotoPayloadType, "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJwcmVkaWNhdGVUeXBlIjoiYSJ9"), ""},
		"a newer statement":      {envelope(cosigntypes.IntotoPayloadType, "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjkifQ=="), notSupported},
		"no predicate type":      {envelope(cosigntypes.IntotoPayloadType, "eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEifQ=="), isMalformed},
		"a statement not JSON":   {envelope(cosigntypes.IntotoPayloadType, "ew=="), isMalformed},
		"a statement not base64": {envelope(cosigntypes.IntotoPayloadType, "%"), isMalformed},
		"another payload":        {envelope("application/vnd.example+json", "e30="), notSupported},
		"no payload type":        {envelope("", "e30="), isMalformed},
		"no envelope":            {[]byte("{"), isMalformed},
	} {
		if _, _, err := readEnvelope(test.content); reasonOf(err) != test.want {
			t.Errorf("%s: got %q (%v), want %q", what, reasonOf(err), err, test.want)
		}
	}
}

func TestSupportedLayers(t *testing.T) {
	malformed := reject(v1alpha1.InvalidSignatureReason, "it is malformed")
	for kind, want := range map[types.MediaType]string{
		cosigntypes.SimpleSigningMediaType: isMalformed,
		cosigntypes.DssePayloadType:        isMalformed,
		types.OCILayer:                     isMalformed,
		"":                                 isMalformed,
		"application/vnd.dev.cosign.postquantum.v1+json": notSupported,
	} {
		if got := reasonOf(supportedLayer(v1.Descriptor{MediaType: kind}, malformed)); got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
}

// TestSupportedKeys has certificates with keys that signatures can be verified by, and with others.
func TestSupportedKeys(t *testing.T) {
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	load := func(key crypto.PublicKey) (signature.Verifier, error) { return signature.LoadDefaultVerifier(key) }
	for what, test := range map[string]struct {
		key  crypto.PublicKey
		want string
	}{
		"P-256":      {newKeyOn(t, elliptic.P256()), ""},
		"P-384":      {newKeyOn(t, elliptic.P384()), ""},
		"Ed25519":    {edwards, ""},
		"P-224":      {newKeyOn(t, elliptic.P224()), notSupported},
		"nobody's":   {nil, notSupported},
		"RSA, short": {&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}, notSupported},
	} {
		if got := reasonOf(supportedKey(&x509.Certificate{PublicKey: test.key}, load)); got != test.want {
			t.Errorf("%s: got %q, want %q", what, got, test.want)
		}
	}
	for _, garbage := range [][]byte{nil, {}, []byte("garbage"), {0x30, 0x80}, {0x30, 0x03, 0x30, 0x01, 0x00}} {
		if got := reasonOf(malformedCertificate(garbage)); got != v1alpha1.UntrustedCertificateReason {
			t.Errorf("%x: got %q, want it malformed", garbage, got)
		}
	}
}

func newKeyOn(t *testing.T, curve elliptic.Curve) crypto.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}
