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
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// What one examination and all of them together may hold in memory. The limits of what parsing yields are in
// internal/bounds.
const (
	// maxFetched bounds the signatures and attestations that are fetched for one image, in bytes.
	maxFetched = 64 << 20
	// maxHeld bounds the large attestations that all examinations hold at the same time, in bytes. Those of at most maxPayload
	// do not count, so that signatures never wait for attestations.
	maxHeld = 8 << 20
	// maxProof bounds all of a Sigstore bundle except for its statement, in bytes. Real ones have less than 20 KiB.
	maxProof = 256 << 10
)

// hold waits until an attestation of a size may be held, until ctx ends. An examination holds one at a time, so that no two
// wait for each other. The caller must call release.
func (v *verification) hold(ctx context.Context, size int64) *finding {
	if v.fetched += max(size, 0); v.fetched > maxFetched {
		return &finding{Result: unknown(v1alpha1.RegistryResponseInvalidReason,
			fmt.Sprintf("the artifacts attached to the image have more than %d MiB, and no more are examined", maxFetched>>20)),
			rank: rankUnknown, stop: true}
	}
	if size <= maxPayload {
		return nil
	}
	if err := v.memory.Acquire(ctx, size); err != nil {
		return &finding{Result: unknown(v1alpha1.TimeoutReason,
			"the verification took too long: it waited for other large attestations"), rank: rankUnknown, stop: true}
	}
	v.held = size
	return nil
}

// release returns a function that gives back what is held, for when nothing refers to it any more.
func (v *verification) release() func() {
	held := v.held
	v.held = 0
	return func() {
		if held > 0 {
			v.memory.Release(held)
		}
	}
}

// tooMuch is the finding about content that would take too much memory to examine. It might have been accepted.
func tooMuch(what string, err error) *finding {
	return &finding{Result: unknown(v1alpha1.RegistryResponseInvalidReason, what+" is too large"+exceeded(err)), rank: rankUnknown}
}

// exceeded says which limit an error is about, to be appended to a message; it is empty if the error is about none.
func exceeded(err error) string {
	if limit, ok := errors.AsType[*bounds.Error](err); ok {
		return ": " + limit.Error()
	}
	return ""
}

// parseManifest parses the manifest of an image or an artifact. It is nil for what is no such manifest.
func parseManifest(stored registry.Manifest, what string) (*v1.Manifest, *finding) {
	if !stored.MediaType.IsImage() {
		return nil, nil
	}
	manifest := &v1.Manifest{}
	err := bounds.Unmarshal(stored.Content, bounds.Manifest(), manifest)
	switch {
	case exceeded(err) != "":
		return nil, tooMuch(what, err)
	case err != nil:
		return nil, nil
	}
	return manifest, nil
}
