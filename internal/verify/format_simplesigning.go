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
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/certificate-transparency-go/x509util"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/oci"
	ociremote "github.com/sigstore/cosign/v2/pkg/oci/remote"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// predicateAnnotation of an attestation is its predicate type, so that others need not be fetched.
const predicateAnnotation = "predicateType"

// maxLayers is the number of signatures of an image that cosign and policy-controller accept (cosign v2.6.5
// pkg/oci/remote/signatures.go).
const maxLayers = 1000

// simpleSigningStorage is how cosign v2 stores signatures and attestations: as layers of a manifest under a tag that is
// made of the image's digest (sigstore/cosign, specs/SIGNATURE_SPEC.md).
type simpleSigningStorage struct{}

func (simpleSigningStorage) tag(v *verification, c *claim) string {
	suffix := ociremote.SignatureTagSuffix
	if c.attestation != nil {
		suffix = ociremote.AttestationTagSuffix
	}
	return v.hash.Algorithm + "-" + v.hash.Hex + "." + suffix
}

func (s simpleSigningStorage) missing(v *verification, c *claim) string {
	return fmt.Sprintf("%s has no tag %s", policy.DisplayName(v.image.Context()), s.tag(v, c))
}

func (s simpleSigningStorage) list(ctx context.Context, v *verification, c *claim) (entryList, *finding) {
	tag := v.image.Context().Tag(s.tag(v, c))
	stored, err := v.registry.Manifest(ctx, tag)
	switch {
	case isNotFound(err):
		return entryList{}, nil
	case err != nil:
		return entryList{}, c.forbiddenTag(fetchFailure(err), err, tag)
	}
	manifest, problem := parseManifest(stored, policy.DisplayName(tag))
	switch {
	case problem != nil:
		return entryList{}, problem
	case manifest == nil || manifest.SchemaVersion != 2:
		return entryList{}, &finding{Result: unknown(v1alpha1.RegistryResponseInvalidReason,
			fmt.Sprintf("the registry returns something else than a manifest of signatures for %s", policy.DisplayName(tag))), rank: rankUnknown}
	case len(manifest.Layers) > maxLayers:
		return entryList{}, new(c.tooMany(fmt.Sprintf("%s has %d %ss, more than the %d that cosign and policy-controller accept",
			policy.DisplayName(tag), len(manifest.Layers), c.kindName(), maxLayers)))
	}
	layers := manifest.Layers
	if c.attestation != nil {
		layers = slices.DeleteFunc(layers, func(layer v1.Descriptor) bool {
			annotated := layer.Annotations[predicateAnnotation]
			if annotated == "" || annotated == c.predicateType {
				return false
			}
			c.skip(annotated)
			return true
		})
	}
	return v.inOrder(ctx, c, layers), nil
}

// forbiddenTag says of a tag that the registry refuses to show that it may not exist. Registries answer the same for both, and
// nothing that is only hidden may count as missing.
func (c *claim) forbiddenTag(found *finding, err error, tag name.Tag) *finding {
	failure, ok := errors.AsType[*registry.Error](err)
	if !ok || failure.Kind != registry.Unauthorized || failure.Status() == "" {
		return found
	}
	repository := policy.DisplayName(tag.Context())
	found.Message = printable(fmt.Sprintf("%s answers %s for the tag %s of %s, which may need other credentials or not exist: "+
		"if %q does not list it, the image has no %s there%s",
		failure.Host, failure.Status(), tag.TagStr(), repository, "crane ls "+repository, c.kindName(), failure.WithoutCredentials()), maxMessage)
	return found
}

func (simpleSigningStorage) read(ctx context.Context, v *verification, c *claim, layer v1.Descriptor) ([]byte, *finding) {
	if c.attestation == nil && layer.Size > maxPayload {
		return nil, tooMuch("the payload of a signature", &bounds.Error{What: "bytes", Limit: maxPayload})
	}
	return v.blob(ctx, layer, c.maxSize())
}

func (simpleSigningStorage) parse(v *verification, c *claim, layer v1.Descriptor, payload []byte) (candidate, *finding) {
	if err := bounds.Envelope().JSON(payload); err != nil {
		return nil, tooMuch("the payload of a signature or the envelope of an attestation", err)
	}
	sig, err := readSignature(layer, payload, c)
	switch {
	case exceeded(err) != "":
		return nil, tooMuch("a signature", err)
	case err != nil:
		return nil, c.problem(supportedLayer(layer, err))
	}
	p := simpleSigning{
		verification: v, sig: sig, artefact: hashLayer(c, layer, payload), certificate: layer.Annotations[static.CertificateAnnotationKey],
		chain: layer.Annotations[static.ChainAnnotationKey],
	}
	p.cert, p.certErr = sig.Cert()
	if c.attestation != nil {
		attested, predicateType, err := readEnvelope(payload)
		switch {
		case exceeded(err) != "":
			return nil, tooMuch("the statement of an attestation", err)
		case err != nil:
			return nil, c.problem(supportedLayer(layer, err))
		}
		if predicateType != c.predicateType {
			return nil, &finding{otherType: predicateType}
		}
		p.attested = attested
	}
	if p.stored, err = v.timeProofOf(sig); err != nil {
		return nil, c.problem(err)
	}
	return p, nil
}

// timeProofOf returns the format of a signature. An entry of the transparency log proves the time if there is one. A
// timestamp is used only if the root of trust has a timestamp authority.
func (v *verification) timeProofOf(sig oci.Signature) (policy.Format, error) {
	entry, err := sig.Bundle()
	if err != nil {
		return "", reject(v1alpha1.LogProofInvalidReason, "its entry of the transparency log is malformed")
	}
	timestamp, err := sig.RFC3161Timestamp()
	if err != nil {
		return "", reject(v1alpha1.InvalidSignatureReason, "its timestamp is malformed")
	}
	if entry == nil && timestamp != nil && v.timestamps {
		return policy.Timestamped, nil
	}
	return policy.SimpleSigning, nil
}

// simpleSigning is a signature or attestation as cosign v2 stores it.
type simpleSigning struct {
	*verification
	sig    oci.Signature
	stored policy.Format
	// artefact is the hash of all that is read of the signature.
	artefact [sha256.Size]byte
	// certificate as it is stored, in PEM. Cert is nil if there is none, or if it cannot be parsed, which certErr says.
	certificate string
	cert        *x509.Certificate
	certErr     error
	// chain above the certificate as it is stored, in PEM.
	chain string
	// attested is the statement of an attestation, nil for a signature.
	attested []byte
}

func (p simpleSigning) format() policy.Format { return p.stored }

func (p simpleSigning) statement() []byte { return p.attested }

func (p simpleSigning) signer() *x509.Certificate { return p.cert }

func (p simpleSigning) read() (hash [sha256.Size]byte, optionalLog bool) { return p.artefact, false }

// verifySCTs verifies all signed certificate timestamps of the certificate. One is enough for cosign; policy-controller
// v0.14 requires all of them to be by logs of the root of trust, if that has any.
func (p simpleSigning) verifySCTs() error {
	if !p.ctLogs {
		return nil
	}
	if p.cert == nil {
		return errors.New("there is no certificate")
	}
	timestamps, err := x509util.ParseSCTsFromCertificate(p.cert.Raw)
	if err != nil {
		return err
	}
	chains, err := sigstoreverify.VerifyLeafCertificate(p.cert.NotBefore, withKnownNames(p.cert), p.material)
	if err != nil {
		return err
	}
	return sigstoreverify.VerifySignedCertificateTimestamp(chains, len(timestamps), p.material)
}

// verifyTimestamp verifies the RFC 3161 timestamp, and returns its time.
func (p simpleSigning) verifyTimestamp() (at time.Time, err error) {
	defer func() {
		// cosign v2.6.5 panics on a timestamp by an authority that the root of trust does not have.
		if r := recover(); r != nil {
			err = fmt.Errorf("verifying the timestamp: panic: %v", r)
		}
	}()
	timestamp, err := cosign.VerifyRFC3161Timestamp(p.sig, p.options())
	if err == nil && timestamp == nil {
		err = errors.New("there is no timestamp")
	}
	if err != nil {
		return time.Time{}, err
	}
	return timestamp.Time, nil
}
