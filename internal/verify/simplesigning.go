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

const (
	// maxSignatures is how many signatures of an image are examined, in the order they are stored.
	maxSignatures = 50
	// maxPayload is the largest payload that is fetched, in bytes; real ones have less than 1 KiB.
	maxPayload = 256 << 10
)

// simpleSigning judges by the signatures of cosign v2: layers of a manifest that is tagged
// sha256-<hex>.sig beside the image (sigstore/cosign, specs/SIGNATURE_SPEC.md).
func (e *examination) simpleSigning(ctx context.Context) Result {
	tag, err := ociremote.SignatureTag(e.image) // of a digest: no request
	if err != nil {
		return unknown(v1alpha1.InternalErrorReason, "the name of the signature's tag could not be formed")
	}
	stored, err := e.registry.Manifest(ctx, tag)
	switch {
	case isNotFound(err):
		return e.withoutSignature(ctx)
	case err != nil:
		return registryFailure(err)
	}
	manifest, err := v1.ParseManifest(bytes.NewReader(stored.Content))
	if err != nil || !stored.MediaType.IsImage() || manifest.SchemaVersion != 2 {
		return unknown(v1alpha1.RegistryAnswerInvalidReason,
			fmt.Sprintf("what the registry has as %s is not a manifest of signatures", policy.DisplayName(tag)))
	}
	if len(manifest.Layers) == 0 {
		return e.withoutSignature(ctx)
	}
	return e.firstMatch(ctx, manifest.Layers)
}

// firstMatch examines signatures until one is accepted. Otherwise it returns the finding that says most.
func (e *examination) firstMatch(ctx context.Context, layers []v1.Descriptor) Result {
	// The signatures of one image mostly share their payload.
	payloads := map[v1.Hash]fetched{}
	var telling finding
	for _, layer := range layers[:min(len(layers), maxSignatures)] {
		found, goOn := e.examine(ctx, layer, payloads)
		if found.Verdict == v1alpha1.VerdictVerified {
			return found.Result
		}
		if found.rank > telling.rank {
			telling = found
		}
		if !goOn {
			break
		}
	}
	if len(layers) > maxSignatures && telling.Verdict == v1alpha1.VerdictUntrusted {
		return untrusted(v1alpha1.TooManySignaturesReason,
			fmt.Sprintf("none of the first %d of %d signatures is accepted, and more are not examined; for example: %s",
				maxSignatures, len(layers), telling.Message))
	}
	return telling.Result
}

// fetched is a payload, or why there is none.
type fetched struct {
	content []byte
	err     error
}

// examine judges one signature, and tells whether it makes sense to go on with the next.
func (e *examination) examine(ctx context.Context, layer v1.Descriptor, payloads map[v1.Hash]fetched) (finding, bool) {
	if layer.Size > maxPayload {
		return malformed("its payload is too large"), true
	}
	payload, ok := payloads[layer.Digest]
	if !ok {
		payload.content, payload.err = e.registry.Blob(ctx, e.image.Context().Digest(layer.Digest.String()))
		payloads[layer.Digest] = payload
	}
	if isNotFound(payload.err) {
		missing := unknown(v1alpha1.RegistryAnswerInvalidReason, "the registry has a signature of the image, but not its payload")
		return finding{Result: missing, rank: rankUnknown}, true
	}
	if payload.err != nil {
		failure := registryFailure(payload.err)
		// What is wrong with one payload need not be wrong with the next; a registry that is down is down.
		return finding{Result: failure, rank: rankUnknown}, failure.Reason == v1alpha1.RegistryAnswerInvalidReason
	}
	signature, err := readSignature(layer, payload.content)
	if err != nil {
		return refused(err), true
	}
	found := isolated(ctx, func() finding { return e.judge(ctx, signature) })
	return found, ctx.Err() == nil
}

// withoutSignature judges an image beside which no signature is stored. That the registry
// has the image tells a missing signature from an image that is gone.
func (e *examination) withoutSignature(ctx context.Context) Result {
	stored, err := e.registry.Manifest(ctx, e.image)
	switch {
	case isNotFound(err):
		return imageNotFound(e.image)
	case err != nil:
		return registryFailure(err)
	}
	if stored.MediaType.IsImage() {
		manifest, err := v1.ParseManifest(bytes.NewReader(stored.Content))
		if err != nil {
			return unknown(v1alpha1.RegistryAnswerInvalidReason,
				fmt.Sprintf("what the registry has as %s is not a manifest", policy.DisplayName(e.image)))
		}
		if kind := manifest.Config.MediaType; kind != "" && !kind.IsConfig() {
			return untrusted(v1alpha1.NotAnImageReason, fmt.Sprintf(
				"this is not a container image but an artifact of type %s, and no signature is stored beside it", quoted(string(kind))))
		}
	}
	return untrusted(v1alpha1.UnsignedReason, fmt.Sprintf("no cosign signature is stored beside the image: %s has no tag %s",
		policy.DisplayName(e.image.Context()), signatureTag(e.hash)))
}

func signatureTag(hash v1.Hash) string {
	return hash.Algorithm + "-" + hash.Hex + "." + ociremote.SignatureTagSuffix
}
