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
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	// bundleType begins the media type of a Sigstore bundle, whatever its version (sigstore/protobuf-specs).
	bundleType = "application/vnd.dev.sigstore.bundle"
	// bundlePredicate is the annotation by which cosign says what a bundle's statement is about.
	bundlePredicate = "dev.sigstore.bundle.predicateType"
)

// referring judges by what refers to the image: Sigstore bundles, a manifest each.
func (e *examination) referring(ctx context.Context, c *claim) (finding, bool) {
	if !c.formats.HasStorage(v1alpha1.SignatureFormatBundle) {
		return finding{}, true
	}
	if e.referrers == nil {
		listed, err := e.registry.Referrers(ctx, e.image)
		e.referrers = &listing{Referrers: listed, err: err}
	}
	if e.referrers.err != nil {
		return unreadable(e.referrers.err)
	}
	var candidates []v1.Descriptor
	for _, manifest := range e.referrers.Manifests {
		if c.mayMake(manifest) {
			candidates = append(candidates, manifest)
		}
	}
	found, goOn := c.first(len(candidates), func(i int) (finding, bool) { return e.referrer(ctx, c, candidates[i]) })
	if found.rank == 0 && found.Verdict != v1alpha1.VerdictVerified && e.referrers.More {
		found = finding{Result: untrusted(v1alpha1.TooManySignaturesReason, "so much refers to the image that the registry "+
			"does not list it at once, and there is no "+c.noun()+" in its first list"), rank: rankInvalid}
	}
	return found, goOn
}

// mayMake tells whether a manifest may be a bundle that makes the claim. A registry gives the type of the configuration
// where none is named, and bundles have an empty one.
func (c *claim) mayMake(manifest v1.Descriptor) bool {
	kind := manifest.ArtifactType
	if !strings.HasPrefix(kind, bundleType) &&
		!slices.Contains([]string{"", "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json"}, kind) {
		return false
	}
	switch predicateType := manifest.Annotations[bundlePredicate]; predicateType {
	case "", c.predicateType:
		return true
	case policy.SignPredicate:
		// cosign v2.6.5 says so of attestations, too, when it has a signing config.
		return true
	default:
		c.passOver(predicateType)
		return false
	}
}

// referrer judges one manifest that refers to the image, and tells whether it makes sense to go on with the next.
func (e *examination) referrer(ctx context.Context, c *claim, descriptor v1.Descriptor) (finding, bool) {
	stored, err := e.registry.ManifestByDigest(ctx, e.image.Context().Digest(descriptor.Digest.String()))
	if err != nil {
		return unreadable(err)
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(stored.Content))
	if err != nil || !stored.MediaType.IsImage() {
		return finding{}, true // not a bundle
	}
	// Like cosign's: one layer, the bundle (cosign v2.6.5 pkg/oci/remote, Bundle).
	if len(manifest.Layers) != 1 || !strings.HasPrefix(string(manifest.Layers[0].MediaType), bundleType) {
		return finding{}, true
	}
	content, problem, goOn := e.blob(ctx, manifest.Layers[0], maxAttestation)
	if problem.rank != 0 {
		return problem, goOn
	}
	found := isolated(ctx, func() finding { return e.judgeBundle(ctx, c, content) })
	return found, ctx.Err() == nil
}

// judgeBundle decides on one bundle.
func (e *examination) judgeBundle(ctx context.Context, c *claim, content []byte) finding {
	read := &bundle.Bundle{}
	if err := read.UnmarshalJSON(content); err != nil {
		return c.refused(refuse(v1alpha1.InvalidSignatureReason, "its bundle is malformed"))
	}
	envelope := read.GetDsseEnvelope()
	switch {
	case envelope == nil && c.attestation != nil:
		return finding{} // the signature of a message attests nothing
	case envelope == nil:
		return c.refused(refuse(v1alpha1.InvalidSignatureReason, "its bundle signs the image's manifest as a message, "+
			"which neither cosign v2 nor policy-controller accepts; sign it with cosign"))
	case envelope.GetPayloadType() != types.IntotoPayloadType:
		return c.refused(refuse(v1alpha1.InvalidSignatureReason, "its bundle has no in-toto statement"))
	}
	predicateType, err := policy.PredicateType(envelope.GetPayload())
	if err != nil {
		return c.refused(refuse(v1alpha1.InvalidSignatureReason, "%v", err))
	}
	if predicateType != c.predicateType {
		c.passOver(predicateType)
		return finding{}
	}
	format := e.formOfBundle(read)
	if !c.formats.Has(format) {
		return c.refused(refuse(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log with a time"))
	}
	return e.decide(c, bundleProof{examination: e, ctx: ctx, bundle: read, format: format}, envelope.GetPayload())
}

// formOfBundle tells what is to prove the time of a bundle: the entry of the log, where that says a time.
func (e *examination) formOfBundle(b *bundle.Bundle) policy.Format {
	timed := slices.ContainsFunc(b.GetVerificationMaterial().GetTlogEntries(), func(entry logEntry) bool {
		return entry.GetIntegratedTime() > 0 && entry.GetInclusionPromise() != nil
	})
	stamps := b.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()
	if !timed && len(stamps) > 0 && e.timestamps {
		return policy.TimestampedBundle
	}
	return policy.Bundle
}

// bundleProof is a signature or attestation in a Sigstore bundle.
type bundleProof struct {
	*examination
	ctx    context.Context //nolint:containedctx // cosign's functions take one each, and a proof lives as long as its judgement
	bundle *bundle.Bundle
	format policy.Format
}

func (p bundleProof) check(identities []cosign.Identity) error {
	_, err := p.verify(identities)
	return err
}

func (p bundleProof) verify(identities []cosign.Identity) (*sigstoreverify.VerificationResult, error) {
	if identities == nil {
		// Unlike for signatures of its own form, cosign wants an identity for a bundle.
		identities = []cosign.Identity{{IssuerRegExp: "(?s).*", SubjectRegExp: "(?s).*"}}
	}
	opts := p.options(identities)
	if p.format == policy.TimestampedBundle {
		opts.UseSignedTimestamps = true
		// Where there is an entry, it is verified too: only its time is taken from the timestamp.
		opts.IgnoreTlog = len(p.bundle.GetVerificationMaterial().GetTlogEntries()) == 0
	}
	digest, err := hex.DecodeString(p.hash.Hex)
	if err != nil {
		return nil, err
	}
	return cosign.VerifyNewBundle(p.ctx, opts, sigstoreverify.WithArtifactDigest(p.hash.Algorithm, digest), p.bundle)
}

func (p bundleProof) sound() (facts, error) {
	result, err := p.verify(nil)
	if err != nil {
		return facts{}, err
	}
	content, err := p.bundle.VerificationContent()
	if err != nil {
		return facts{}, err
	}
	if len(result.VerifiedTimestamps) == 0 {
		return facts{}, errors.New("an accepted bundle has no time")
	}
	known := facts{
		certificate: content.Certificate(), logIndex: -1, time: result.VerifiedTimestamps[0].Timestamp, format: p.format,
		payload: p.bundle.GetDsseEnvelope().GetPayload(), bundle: p.bundle,
	}
	for _, entry := range p.bundle.GetVerificationMaterial().GetTlogEntries() {
		if _, ok := p.material.RekorLogs()[hex.EncodeToString(entry.GetLogId().GetKeyId())]; ok {
			known.logIndex = entry.GetLogIndex()
			break
		}
	}
	return known, nil
}

// diagnose goes from the maker to the act: certificate, signature, log, time.
func (p bundleProof) diagnose() error {
	content, err := p.bundle.VerificationContent()
	if err != nil {
		return refuse(v1alpha1.UntrustedCertificateReason, "its certificate is malformed")
	}
	cert := content.Certificate()
	if err := p.diagnoseCertificate(cert); err != nil {
		return err
	}
	signed, err := p.bundle.SignatureContent()
	if err != nil {
		return refuse(v1alpha1.InvalidSignatureReason, "its signature is malformed")
	}
	if err := sigstoreverify.VerifySignature(signed, content, p.material); err != nil {
		return refuse(v1alpha1.InvalidSignatureReason, "its signature does not fit its statement: one of them was changed")
	}
	if other := p.otherSubject(); other != "" {
		return refuse(v1alpha1.InvalidSignatureReason, "it is about another image, %s", other)
	}
	entries := p.bundle.GetVerificationMaterial().GetTlogEntries()
	if len(entries) == 0 && p.format == policy.Bundle {
		return refuse(v1alpha1.LogProofInvalidReason, "it has no entry of the transparency log")
	}
	if len(entries) > 0 && !slices.ContainsFunc(entries, func(entry logEntry) bool {
		_, known := p.material.RekorLogs()[hex.EncodeToString(entry.GetLogId().GetKeyId())]
		return known
	}) {
		return refuse(v1alpha1.LogProofInvalidReason, "its entry is of a transparency log that the root of trust does not have")
	}
	return p.diagnoseLog(cert)
}

// otherSubject names the image that the statement is about; empty if it is the right one.
func (p bundleProof) otherSubject() string {
	var about struct {
		Subject []struct {
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
	}
	if err := json.Unmarshal(p.bundle.GetDsseEnvelope().GetPayload(), &about); err != nil || len(about.Subject) == 0 {
		return "which it does not name"
	}
	other := ""
	for _, subject := range about.Subject {
		if digest := subject.Digest[p.hash.Algorithm]; digest == p.hash.Hex {
			return ""
		} else if other == "" {
			other = fmt.Sprintf("%s:%s", p.hash.Algorithm, quoted(digest))
		}
	}
	return other
}
