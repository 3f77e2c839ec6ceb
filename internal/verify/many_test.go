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
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/cryptoutils"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// crowd is how many signatures cosign and policy-controller accept.
const crowd = 1000

var evil = sigstore.GitHubWorkflow("evil/karmada", "release.yml", "refs/tags/v1.16.0", commit)

// crowded makes layers of signatures of one image.
type crowded struct {
	*bench
	image name.Digest
	good  sigstore.Signature
}

func newCrowded(t *testing.T, b *bench, content string) *crowded {
	t.Helper()
	image := b.push("karmada/app", content)
	return &crowded{bench: b, image: image, good: b.good(image, release)}
}

// layer stores the payload of a signature, if there is one, and describes it as cosign does.
func (c *crowded) layer(signature sigstore.Signature) v1.Descriptor {
	c.t.Helper()
	digest := digestOf(c.t, signature.Payload)
	c.upload(http.MethodPost, fmt.Sprintf("/v2/%s/blobs/uploads/?digest=%s", c.image.RepositoryStr(), digest), "application/octet-stream", signature.Payload)
	annotations := map[string]string{
		static.SignatureAnnotationKey:   signature.Base64,
		static.CertificateAnnotationKey: string(signature.Certificate),
	}
	if signature.Bundle != nil {
		encoded, err := json.Marshal(signature.Bundle)
		if err != nil {
			c.t.Fatal(err)
		}
		annotations[static.BundleAnnotationKey] = string(encoded)
	}
	return v1.Descriptor{
		MediaType: "application/vnd.dev.cosign.simplesigning.v1+json", Size: int64(len(signature.Payload)), Digest: digest,
		Annotations: annotations,
	}
}

// store stores the layers as the signatures of the image, or as what the suffix says.
func (c *crowded) store(suffix string, layers []v1.Descriptor) {
	c.t.Helper()
	encoded, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Layers: layers,
		Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Digest: digestOf(c.t, nil)},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	tag := strings.Replace(c.image.DigestStr(), ":", "-", 1) + suffix
	c.upload(http.MethodPut, fmt.Sprintf("/v2/%s/manifests/%s", c.image.RepositoryStr(), tag), string(types.OCIManifestSchema1), encoded)
}

// padded is a payload with the same content and another digest.
func padded(payload []byte, i int) []byte {
	return slices.Concat(payload, bytes.Repeat([]byte(" "), 1+i))
}

// forge makes a signature by a key whose private part is unknown, of a digest for which there is no payload: with u and v, the point
// uG + vQ has the coordinate r, and s = r/v fits the digest ru/v.
func forge(t *testing.T, key *ecdsa.PublicKey) (signature string, digest v1.Hash) {
	t.Helper()
	curve := elliptic.P256()
	order := curve.Params().N
	u, err := rand.Int(rand.Reader, order)
	if err != nil {
		t.Fatal(err)
	}
	const v = 7
	gx, gy := curve.ScalarBaseMult(u.Bytes())           //nolint:staticcheck // nobody else computes with points
	qx, qy := curve.ScalarMult(key.X, key.Y, []byte{v}) //nolint:staticcheck // the same
	r, _ := curve.Add(gx, gy, qx, qy)                   //nolint:staticcheck // the same
	r.Mod(r, order)
	s := new(big.Int).ModInverse(big.NewInt(v), order)
	s.Mod(s.Mul(s, r), order)
	hash := new(big.Int).Mul(s, u)
	hash.Mod(hash, order)
	raw, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	digest = v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", hash)}
	if !ecdsa.VerifyASN1(key, hash.FillBytes(make([]byte, 32)), raw) {
		t.Fatal("the forged signature does not fit its digest")
	}
	return base64.StdEncoding.EncodeToString(raw), digest
}

// TestVerifyCrowd verifies an image with as many signatures as cosign accepts, of which the last one is valid, or none. None of the
// others hides it, and they cost no requests.
func TestVerifyCrowd(t *testing.T) {
	b := newBench(t)
	strangers := newSigstore(t)
	signedBy := func(by *sigstore.Sigstore, id sigstore.Identity) func(*testing.T, *crowded, int) v1.Descriptor {
		signer, err := by.Issue(id)
		if err != nil {
			t.Fatal(err)
		}
		return func(t *testing.T, c *crowded, i int) v1.Descriptor {
			t.Helper()
			signature, err := signer.Sign(padded(c.good.Payload, i))
			if err != nil {
				t.Fatal(err)
			}
			return c.layer(signature)
		}
	}
	kinds := map[string]struct {
		// junk makes one of the signatures that are not valid.
		junk func(t *testing.T, c *crowded, i int) v1.Descriptor
		// verdict and reason without a valid one.
		verdict v1alpha1.Verdict
		reason  string
		// requests is the greatest number of requests without a valid one.
		requests int
	}{
		"by another identity": {signedBy(b.sigstore, evil), untrusted, "LogProofInvalid", 8},
		"by another root":     {signedBy(strangers, release), untrusted, "UntrustedCertificate", 8},
		"without certificates": {func(_ *testing.T, c *crowded, i int) v1.Descriptor {
			return c.layer(sigstore.Signature{Payload: padded(c.good.Payload, i), Base64: c.good.Base64})
		}, untrusted, "UntrustedCertificate", 8},
		"with unreadable certificates": {func(_ *testing.T, c *crowded, i int) v1.Descriptor {
			return c.layer(sigstore.Signature{
				Payload: padded(c.good.Payload, i), Base64: c.good.Base64,
				Certificate: fmt.Appendf(nil, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n%d", i),
			})
		}, untrusted, "UntrustedCertificate", 8},
		"with the certificate of the valid one": {func(_ *testing.T, c *crowded, i int) v1.Descriptor {
			junk := c.good
			junk.Payload, junk.Bundle = padded(c.good.Payload, i), nil
			return c.layer(junk)
		}, untrusted, "InvalidSignature", 8},
		"forged with the certificate of the valid one": {func(t *testing.T, c *crowded, _ int) v1.Descriptor {
			t.Helper()
			junk := c.good
			junk.Bundle = nil
			layer := c.layer(junk)
			certificate, err := certificateOf(c.good)
			if err != nil {
				t.Fatal(err)
			}
			key, ok := certificate.PublicKey.(*ecdsa.PublicKey)
			if !ok {
				t.Fatalf("the key is a %T", certificate.PublicKey)
			}
			layer.Annotations[static.SignatureAnnotationKey], layer.Digest = forge(t, key)
			return layer
		}, unknown, "RegistryResponseInvalid", 60},
		"that are the valid one without its log entry": {func(_ *testing.T, c *crowded, i int) v1.Descriptor {
			junk := c.good
			junk.Bundle = nil
			layer := c.layer(junk)
			layer.Annotations["number"] = fmt.Sprint(i)
			return layer
		}, unknown, "TooManySignatures", 8},
	}
	most := 0
	for what, kind := range kinds {
		t.Run(what, func(t *testing.T) {
			for _, valid := range []bool{true, false} {
				c := newCrowded(t, b, fmt.Sprint(what, valid))
				layers := make([]v1.Descriptor, 0, crowd)
				for i := range crowd - 1 {
					layers = append(layers, kind.junk(t, c, i))
				}
				verdict, reason, requests := kind.verdict, kind.reason, kind.requests
				if valid {
					layers = append(layers, c.layer(c.good))
					verdict, reason, requests = verified, "Signed", 3
				}
				c.store(".sig", layers)
				began := time.Now()
				seen := b.record(c.image, func() {
					mustBe(t.Context(), t, newCosign(time.Minute), c.image, exactly(t, release), b.root, verdict, reason)
				})
				t.Logf("valid: %t: %d requests, %s", valid, len(seen), time.Since(began).Round(time.Millisecond))
				if len(seen) > requests {
					t.Errorf("valid: %t: %d requests, want at most %d: %q", valid, len(seen), requests, seen)
				}
				if requests <= 8 {
					most = max(most, len(seen))
				}
			}
		})
	}
	fmt.Printf("figure: requests_1000_signatures %d\n", most)
}

// TestVerifyTooMany has more stored for an image than is examined: what was not looked at might be what is required.
func TestVerifyTooMany(t *testing.T) {
	b := newBenchWith(t, true)
	check := func(t *testing.T, image name.Digest, rule *policy.Rule, message string) {
		t.Helper()
		got := mustBe(t.Context(), t, newCosign(time.Minute), image, rule, b.root, unknown, "TooManySignatures")
		if !strings.Contains(got.Message, message) {
			t.Errorf("the message is %q, want it to contain %q", got.Message, message)
		}
	}
	t.Run("signatures", func(t *testing.T) {
		c := newCrowded(t, b, t.Name())
		c.store(".sig", slices.Repeat([]v1.Descriptor{c.layer(sigstore.Signature{Payload: c.good.Payload})}, crowd+1))
		check(t, c.image, exactly(t, release), "has 1001 signatures, more than the 1000 that cosign and policy-controller accept")
	})
	t.Run("bundles", func(t *testing.T) {
		image := b.push("karmada/app", t.Name())
		for range 51 {
			b.bundle(image, b.envelope(image, evil, sigstore.SignPredicate))
		}
		check(t, image, exactly(t, release), "of 51 signatures the first 50 were examined in full, and none is accepted; for example: signed by")
	})
	t.Run("pages of referrers", func(t *testing.T) {
		image := b.push("karmada/app", t.Name())
		b.bundle(image, b.envelope(image, evil, sigstore.SignPredicate))
		b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if stageOf(r, image) == "referrers" {
				w.Header().Set("Link", `</next>; rel="next"`)
			}
			return false
		})
		defer b.intercept(nil)
		check(t, image, exactly(t, release), "more referrers than the registry returns in one page")
	})
}

// TestVerifyNearestFirst checks that of many signatures by other identities the nearest one is explained, and that attestations of
// others neither hide one nor are fetched.
func TestVerifyNearestFirst(t *testing.T) {
	b := newBench(t)
	image := b.push("karmada/app", "nearest")
	branch := sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/heads/master", commit)
	var signatures []sigstore.Signature
	var attestations []sigstore.Envelope
	for range 20 {
		signatures = append(signatures, b.good(image, evil))
		attestations = append(attestations, b.envelope(image, evil, sigstore.SLSAPredicate))
	}
	b.attach(image, append(signatures, b.good(image, branch))...)
	got := mustBe(t.Context(), t, newCosign(time.Minute), image, exactly(t, release), b.root, untrusted, "IdentityMismatch")
	if want := "none of 21 signatures is accepted; for example: signed by"; !strings.HasPrefix(got.Message, want) ||
		!strings.Contains(got.Message, "this is a build of branch") {
		t.Errorf("the message is %q, want it to begin with %q and to be about the branch", got.Message, want)
	}

	if err := sigstore.AttachAttestations(t.Context(), image, append(attestations, b.envelope(image, release, sigstore.SLSAPredicate))); err != nil {
		t.Fatal(err)
	}
	signer := exactly(t, release)
	attested := policy.NewRule(signer.Signer, nil, policy.Attestation{
		Name: "provenance", PredicateType: sigstore.SLSAPredicate, Formats: policy.NewFormats(policy.SimpleSigning),
	})
	seen := b.record(image, func() {
		mustBe(t.Context(), t, newCosign(time.Minute), image, attested, b.root, verified, "Attested")
	})
	if len(seen) > 3 {
		t.Errorf("an attestation behind 20 others costs %d requests, want 3: %q", len(seen), seen)
	}
}

func certificateOf(signature sigstore.Signature) (*x509.Certificate, error) {
	certificates, err := cryptoutils.UnmarshalCertificatesFromPEM(signature.Certificate)
	if err != nil || len(certificates) == 0 {
		return nil, fmt.Errorf("the signature has no certificate: %w", err)
	}
	return certificates[0], nil
}

func digestOf(t *testing.T, content []byte) v1.Hash {
	t.Helper()
	hash, _, err := v1.SHA256(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return hash
}
