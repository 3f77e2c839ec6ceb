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
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/options"
	simplesigning "github.com/sigstore/sigstore/pkg/signature/payload"
)

// prospect says how likely a stored signature or attestation is to fulfil a claim, by what its manifest says about it: nothing
// else is fetched. The smaller, the sooner it is examined.
type prospect int

const (
	// prospectExpected is by an expected identity, and of the very payload that cosign signs for the image.
	prospectExpected prospect = iota
	// prospectMatching is by an expected identity, and fits the digest of its payload. Anybody can find a digest that a signature
	// fits, but not the payload that has it.
	prospectMatching
	// prospectOpen is by an expected identity. Only its content can tell whether it is signed.
	prospectOpen
	// prospectUnsupported has a certificate of a kind that is not supported. It may be what fulfils the claim.
	prospectUnsupported

	// The following ones are not accepted, whatever their payload is: cosign requires what they lack.

	// prospectOther is by another identity, prospectMismatch does not fit the digest of its payload.
	prospectOther
	prospectMismatch
	// prospectForeign has a certificate that is not by a certificate authority of the root of trust.
	prospectForeign
	// prospectNone has no certificate that can be read.
	prospectNone
)

// isCandidate reports whether an entry may fulfil the claim.
func (p prospect) isCandidate() bool { return p <= prospectUnsupported }

// inOrder sorts the layers of a manifest of cosign v2 by their prospects, and otherwise by how near their identity is to the
// expected one. It reads the certificates in the annotations.
func (v *verification) inOrder(ctx context.Context, c *claim, layers []v1.Descriptor) entryList {
	type ranked struct {
		layer v1.Descriptor
		prospect
		near int
	}
	expected := v.expectedPayloads()
	known := map[string]certificateFacts{} // by the text of the certificate
	sorted := make([]ranked, 0, len(layers))
	candidates := 0
	for _, layer := range layers {
		one := ranked{layer: layer, prospect: prospectOpen}
		if len(layers) > 1 && ctx.Err() == nil {
			text := layer.Annotations[static.CertificateAnnotationKey]
			if _, ok := known[text]; !ok {
				known[text] = v.certify(text)
			}
			one.prospect, one.near = known[text].prospect, known[text].near
			if c.attestation == nil {
				one.prospect = known[text].refine(layer, expected)
			}
		}
		if one.isCandidate() {
			candidates++
		}
		sorted = append(sorted, one)
	}
	slices.SortStableFunc(sorted, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.prospect, b.prospect), cmp.Compare(b.near, a.near))
	})
	listed := entryList{entries: make([]v1.Descriptor, 0, len(sorted)), candidates: candidates}
	for _, one := range sorted {
		listed.entries = append(listed.entries, one.layer)
	}
	return listed
}

// certificateFacts are what a certificate says about all signatures that it is stored with.
type certificateFacts struct {
	prospect
	near int
	key  crypto.PublicKey
}

// certify reads the certificate of a signature as cosign does (cosign v2.6.5 pkg/cosign/verify.go,
// ValidateAndUnpackCertWithIntermediates). What makes its parser fail in an unexpected way is left to the examination.
func (v *verification) certify(text string) (found certificateFacts) {
	defer func() {
		if recover() != nil {
			found = certificateFacts{prospect: prospectOpen}
		}
	}()
	if len(text) > maxAnnotation {
		return certificateFacts{prospect: prospectNone}
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return certificateFacts{prospect: prospectNone}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil && isUnsupported(malformedCertificate(block.Bytes)) {
		return certificateFacts{prospect: prospectUnsupported}
	}
	if err != nil {
		return certificateFacts{prospect: prospectNone}
	}
	if cert.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return certificateFacts{prospect: prospectUnsupported}
	}
	if _, err := sigstoreverify.VerifyLeafCertificate(cert.NotBefore, withKnownNames(cert), v.material); err != nil {
		return certificateFacts{prospect: prospectForeign}
	}
	matcher, issuer := v.rule.Matcher(), (&cosign.CertExtensions{Cert: cert}).GetIssuer()
	subjects := cryptoutils.GetSubjectAlternateNames(cert)
	if matcher.IssuerMatches(issuer) && slices.ContainsFunc(subjects, matcher.SubjectMatches) {
		return certificateFacts{prospect: prospectOpen, key: cert.PublicKey}
	}
	_, near := explainMismatch(matcher, issuer, nearestSubject(matcher, subjects))
	return certificateFacts{prospect: prospectOther, near: near, key: cert.PublicKey}
}

// refine compares a signature with the digest of its payload, which is the hash that is signed. That is not a verification: see
// options.WithDigest.
func (c certificateFacts) refine(layer v1.Descriptor, expected []v1.Hash) prospect {
	key, ok := c.key.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() || layer.Digest.Algorithm != "sha256" {
		return c.prospect // another hash may be signed
	}
	fits := false
	hash, err := hex.DecodeString(layer.Digest.Hex)
	if verifier, loadErr := signature.LoadVerifier(key, crypto.SHA256); loadErr == nil && err == nil {
		raw, err := base64.StdEncoding.DecodeString(layer.Annotations[static.SignatureAnnotationKey])
		fits = err == nil && verifier.VerifySignature(bytes.NewReader(raw), nil, options.WithDigest(hash)) == nil
	}
	switch {
	case !fits:
		return max(c.prospect, prospectMismatch)
	case c.prospect != prospectOpen:
		return c.prospect
	case slices.Contains(expected, layer.Digest):
		return prospectExpected
	default:
		return prospectMatching
	}
}

// expectedPayloads are the digests of the payloads that cosign signs for the image, without annotations of a user.
func (v *verification) expectedPayloads() []v1.Hash {
	var expected []v1.Hash
	for _, annotations := range []map[string]any{nil, {}} {
		payload, err := simplesigning.Cosign{Image: v.image, Annotations: annotations}.MarshalJSON()
		if err != nil {
			continue
		}
		if hash, _, err := v1.SHA256(bytes.NewReader(payload)); err == nil {
			expected = append(expected, hash)
		}
	}
	return expected
}
