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
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ociremote "github.com/sigstore/cosign/v2/pkg/oci/remote"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// predicateAnnotation of an attestation names what it is about, so that others need not be fetched.
const predicateAnnotation = "predicateType"

// attachedTag is where cosign v2 stores signatures and attestations (sigstore/cosign, specs/SIGNATURE_SPEC.md).
func attachedTag(hash v1.Hash, c *claim) string {
	suffix := ociremote.SignatureTagSuffix
	if c.attestation != nil {
		suffix = ociremote.AttestationTagSuffix
	}
	return hash.Algorithm + "-" + hash.Hex + "." + suffix
}

// attached judges by what cosign v2 stores: layers of a manifest under a tag beside the image.
func (e *examination) attached(ctx context.Context, c *claim) (finding, bool) {
	if !c.formats.HasStorage(v1alpha1.SignatureFormatSimpleSigning) {
		return finding{}, true
	}
	tag := e.image.Context().Tag(attachedTag(e.hash, c))
	stored, err := e.registry.Manifest(ctx, tag)
	switch {
	case isNotFound(err):
		return finding{}, true
	case err != nil:
		return unreadable(err)
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(stored.Content))
	if err != nil || !stored.MediaType.IsImage() || manifest.SchemaVersion != 2 {
		return finding{Result: unknown(v1alpha1.RegistryResponseInvalidReason,
			fmt.Sprintf("what the registry has as %s is not a manifest of signatures", policy.DisplayName(tag))), rank: rankUnknown}, true
	}
	return c.first(len(manifest.Layers), func(i int) (finding, bool) { return e.layer(ctx, c, manifest.Layers[i]) })
}

// layer judges one signature or attestation, and tells whether it makes sense to go on with the next.
func (e *examination) layer(ctx context.Context, c *claim, layer v1.Descriptor) (finding, bool) {
	if annotated := layer.Annotations[predicateAnnotation]; c.attestation != nil && annotated != "" && annotated != c.predicateType {
		c.passOver(annotated)
		return finding{}, true
	}
	if c.attestation == nil && layer.Size > maxPayload {
		return c.refused(refuse(v1alpha1.InvalidSignatureReason, "its payload is too large")), true
	}
	payload, problem, goOn := e.blob(ctx, layer, c.limit())
	if problem.rank != 0 {
		return problem, goOn
	}
	read, err := readSignature(layer, payload, c)
	if err != nil {
		return c.refused(err), true
	}
	var attested []byte
	if c.attestation != nil {
		predicateType := ""
		if attested, predicateType, err = readEnvelope(payload); err != nil {
			return c.refused(err), true
		}
		if predicateType != c.predicateType {
			c.passOver(predicateType)
			return finding{}, true
		}
	}
	found := isolated(ctx, func() finding { return e.judgeAttached(ctx, c, read, attested) })
	return found, ctx.Err() == nil
}

// readEnvelope reads the statement in a DSSE envelope. The error is a *refusal.
func readEnvelope(content []byte) (attested []byte, predicateType string, err error) {
	envelope, err := parseEnvelope(content)
	if err != nil {
		return nil, "", refuse(v1alpha1.InvalidSignatureReason, "it is not an envelope of a statement")
	}
	if predicateType, err = policy.PredicateType(envelope); err != nil {
		return nil, "", refuse(v1alpha1.InvalidSignatureReason, "%v", err)
	}
	return envelope, predicateType, nil
}
