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
	"encoding/hex"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"

	"github.com/karmada-io/image-trust/internal/policy"
)

const (
	// bundleType begins the media type of a Sigstore bundle of any version (sigstore/protobuf-specs).
	bundleType = "application/vnd.dev.sigstore.bundle"
	// bundlePredicate is the annotation in which cosign stores the predicate type of a bundle's statement.
	bundlePredicate = "dev.sigstore.bundle.predicateType"
	// signatureReferrer is the artifact type of a .sig that refers to the image instead of having a tag, as cosign stores it with
	// --registry-referrers-mode=oci-1-1 (cosign v2.6.5 internal/pkg/oci/remote, ArtifactType).
	signatureReferrer = "application/vnd.dev.cosign.artifact.sig.v1+json"
)

// bundleStorage is how Sigstore bundles are stored: each is the only layer of a manifest that refers to the image.
type bundleStorage struct{}

func (bundleStorage) missing(*verification, *claim) string {
	return "no Sigstore bundle with a signature refers to the image"
}

// list cannot order bundles by their certificates, which are inside: it can only leave out those whose annotation names another
// predicate.
func (bundleStorage) list(ctx context.Context, v *verification, c *claim) (entryList, *finding) {
	if v.referrers == nil || v.referrers.assumed {
		listed, err := v.registry.Referrers(ctx, v.image)
		v.referrers = &listing{Referrers: listed, err: err}
		v.rememberList()
	}
	return v.bundles(c)
}

// bundles returns the bundles in the list of referrers that may fulfil a claim.
func (v *verification) bundles(c *claim) (entryList, *finding) {
	if v.referrers.err != nil {
		return entryList{}, fetchFailure(v.referrers.err)
	}
	var entries []v1.Descriptor
	for _, manifest := range v.referrers.Manifests {
		if c.mayBeBundle(manifest) {
			entries = append(entries, manifest)
		}
	}
	list := entryList{entries: entries, candidates: len(entries), more: v.referrers.More}
	if v.referrers.Hidden != nil {
		list.hidden = fetchFailure(v.referrers.Hidden)
	}
	return list, nil
}

// mayBeBundle reports whether a manifest may be a bundle that fulfils the claim. A registry lists the type of the
// configuration of a manifest without an artifact type, and that of a bundle is empty.
func (c *claim) mayBeBundle(manifest v1.Descriptor) bool {
	kind := manifest.ArtifactType
	if kind == signatureReferrer {
		return c.attestation == nil // to name it
	}
	if !strings.HasPrefix(kind, bundleType) &&
		!slices.Contains([]string{"", "application/vnd.oci.empty.v1+json", "application/vnd.oci.image.config.v1+json"}, kind) {
		return false
	}
	switch predicateType := manifest.Annotations[bundlePredicate]; predicateType {
	case "", c.predicateType:
		return true
	case policy.SignPredicate:
		// cosign v2.6.5 annotates attestations like this, too, if it has a signing config.
		return true
	default:
		c.skip(predicateType)
		return false
	}
}

func (bundleStorage) read(ctx context.Context, v *verification, c *claim, entry v1.Descriptor) ([]byte, *finding) {
	if entry.ArtifactType == signatureReferrer {
		return nil, c.problem(unsupported("it is a .sig that is stored as a referrer (--registry-referrers-mode=oci-1-1), " +
			"which policy-controller does not read by default; sign it without this option"))
	}
	manifest, problem := v.referrer(ctx, entry)
	if problem != nil {
		return nil, problem
	}
	layer, ok := bundleLayer(manifest)
	if !ok {
		return nil, &finding{} // not a bundle
	}
	return v.blob(ctx, layer, maxAttestation)
}

// referrer fetches the manifest of an artifact that is attached to the image. It is nil for what is no such manifest.
func (v *verification) referrer(ctx context.Context, entry v1.Descriptor) (*v1.Manifest, *finding) {
	stored, err := v.registry.ManifestByDigest(ctx, v.image.Context().Digest(entry.Digest.String()))
	if err != nil {
		return nil, fetchFailure(err)
	}
	return parseManifest(stored, "the manifest of an attached artifact")
}

// bundleLayer returns the layer of a manifest, which may be nil, that is a bundle. Like for cosign, it is the only one (cosign
// v2.6.5 pkg/oci/remote, Bundle).
func bundleLayer(manifest *v1.Manifest) (v1.Descriptor, bool) {
	if manifest == nil || len(manifest.Layers) != 1 || !strings.HasPrefix(string(manifest.Layers[0].MediaType), bundleType) {
		return v1.Descriptor{}, false
	}
	return manifest.Layers[0], true
}

func (bundleStorage) parse(v *verification, c *claim, _ v1.Descriptor, content []byte) (candidate, *finding) {
	read, err := parseBundle(content)
	switch {
	case exceeded(err) != "":
		return nil, tooMuch("a Sigstore bundle", err)
	case err != nil:
		return nil, c.problem(err)
	}
	envelope := read.GetDsseEnvelope()
	if envelope == nil {
		if c.attestation != nil {
			return nil, &finding{} // the signature of a message is not an attestation
		}
		return nil, c.problem(unsupported("its bundle signs the image's manifest as a message, " +
			"which neither cosign v2 nor policy-controller accepts; sign it with cosign"))
	}
	predicateType, err := predicateTypeOf(envelope.GetPayload())
	if err != nil {
		return nil, c.problem(err)
	}
	if predicateType != c.predicateType {
		return nil, &finding{otherType: predicateType}
	}
	return sigstoreBundle{
		verification: v, bundle: read, parsed: &parsedBundle{Bundle: read}, artefact: hashParts("bundle", content),
		stored: v.formatOfBundle(read, c.formats), optionalLog: v.logIsOptional(c.formats),
	}, nil
}

// formatOfBundle returns the format of a bundle. An entry of the transparency log with a time that the log signed proves the time.
// A timestamp is used only if there is no such entry, or if it is all that is accepted, and if the root of trust has a timestamp
// authority. Like cosign v3, a bundle is one of Rekor v2 if no entry has a time (cosign v3.1.3 pkg/cosign/verify_bundle.go,
// rekorV2Bundle).
func (v *verification) formatOfBundle(b *bundle.Bundle, accepted policy.Formats) policy.Format {
	entries := b.GetVerificationMaterial().GetTlogEntries()
	timed := slices.ContainsFunc(entries, hasTime)
	proved := slices.ContainsFunc(entries, hasSignedTime)
	stamped := v.timestamps && len(b.GetVerificationMaterial().GetTimestampVerificationData().GetRfc3161Timestamps()) > 0
	switch {
	case !stamped, proved && v.logs && accepted.Has(policy.Bundle):
		return policy.Bundle
	case len(entries) > 0 && !timed:
		return policy.RekorV2Bundle
	case len(entries) > 0 && !accepted.Has(policy.TimestampedBundle):
		return policy.Bundle
	default:
		return policy.TimestampedBundle
	}
}

func hasTime(entry logEntry) bool { return entry.GetIntegratedTime() != 0 }

// hasSignedTime reports whether an entry has a time and what the log signs together with it.
func hasSignedTime(entry logEntry) bool { return hasTime(entry) && entry.GetInclusionPromise() != nil }

// logIsOptional reports whether a timestamp may replace the transparency log: the root of trust has no log, and bundles with a
// timestamp only are accepted.
func (v *verification) logIsOptional(accepted policy.Formats) bool {
	return !v.logs && accepted.Has(policy.TimestampedBundle)
}

// sigstoreBundle is a signature or attestation in a Sigstore bundle.
type sigstoreBundle struct {
	*verification
	bundle *bundle.Bundle
	// parsed is the same bundle.
	parsed *parsedBundle
	// artefact is the hash of the bundle.
	artefact [sha256.Size]byte
	stored   policy.Format
	// optionalLog is that of logIsOptional.
	optionalLog bool
}

func (p sigstoreBundle) format() policy.Format { return p.stored }

func (p sigstoreBundle) statement() []byte { return p.bundle.GetDsseEnvelope().GetPayload() }

func (p sigstoreBundle) read() (hash [sha256.Size]byte, optionalLog bool) {
	return p.artefact, p.optionalLog
}

// ignoresLog reports whether the bundle needs no proof by a transparency log. If there is an entry of a log, it is verified too,
// unless the root of trust has no logs; only its time is not used.
func (p sigstoreBundle) ignoresLog() bool {
	return p.optionalLog || len(p.entries()) == 0 && !p.stored.Logged()
}

// entries of transparency logs in the bundle.
func (p sigstoreBundle) entries() []logEntry {
	return p.bundle.GetVerificationMaterial().GetTlogEntries()
}

// isKnown reports whether an entry is of a transparency log of the root of trust.
func (p sigstoreBundle) isKnown(entry logEntry) bool {
	_, known := p.material.RekorLogs()[logID(entry)]
	return known
}

// logID is the identifier of an entry's log, in hexadecimal.
func logID(entry logEntry) string { return hex.EncodeToString(entry.GetLogId().GetKeyId()) }
