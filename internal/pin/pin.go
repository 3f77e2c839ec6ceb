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

// Package pin writes the digests of verified images into manifests, and changes no other byte. It knows no client, no
// file and no network: the caller verifies the images.
package pin

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// Verdict is the result of verifying an image.
type Verdict struct {
	// Digest is the digest that was verified, such as sha256:5f70…. It is empty if the image is not verified.
	Digest string
	// Reason says why the image is not verified.
	Reason string
}

// Verify returns the verdict on an image, as it is written in a manifest. It is called once for each image.
type Verify func(image string) Verdict

// Outcome is the result of pinning the image of a container.
type Outcome string

const (
	// Pinned means that the digest was added.
	Pinned Outcome = "Pinned"
	// AlreadyPinned means that the image has the verified digest already.
	AlreadyPinned Outcome = "AlreadyPinned"
	// PinnedOtherwise means that the image has another digest than the verified one. It is not changed, because the digest
	// was chosen on purpose.
	PinnedOtherwise Outcome = "PinnedOtherwise"
	// NotVerified means that the image is not verified. It is not changed.
	NotVerified Outcome = "NotVerified"
	// NotEditable means that the image is verified, but its text cannot be edited safely.
	NotEditable Outcome = "NotEditable"
	// Conflicting means that the image is verified, but kustomize would set its digest on other images too.
	Conflicting Outcome = "Conflicting"
)

// Image is the image of a container, and the result of pinning it.
type Image struct {
	manifests.Image

	Object  *manifests.Object
	Outcome Outcome
	// Pinned is the image with its verified digest; empty if it has none.
	Pinned string
	// Message says why the image is not pinned to the verified digest; empty if it is.
	Message string
}

// Done reports whether the image is pinned to the verified digest.
func (i *Image) Done() bool { return i.Outcome == Pinned || i.Outcome == AlreadyPinned }

// digest returns the verified digest; empty if there is none.
func (i *Image) digest() string {
	_, digest, _ := strings.Cut(i.Pinned, "@")
	return digest
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// verifyImages verifies all images of a file. The outcome of those to pin is Pinned, although the file is not changed yet.
func verifyImages(file *manifests.File, verify Verify) ([]Image, error) {
	var images []Image
	for _, object := range file.Objects {
		for _, image := range object.Images() {
			one := Image{Image: image, Object: object}
			if err := one.verify(verify); err != nil {
				return nil, err
			}
			images = append(images, one)
		}
	}
	return images, nil
}

func (i *Image) verify(verify Verify) error {
	if !isReference(i.Container.Image) {
		i.Outcome, i.Message = NotVerified, fmt.Sprintf("%q is not an image reference", i.Container.Image)
		return nil
	}
	verdict := verify(i.Container.Image)
	if verdict.Digest == "" {
		i.Outcome, i.Message = NotVerified, verdict.Reason
		return nil
	}
	if !digestForm.MatchString(verdict.Digest) {
		return fmt.Errorf("the verified digest of %[2]s is %[1]q, want sha256: and 64 hexadecimal digits", verdict.Digest, i.Container.Image)
	}
	bare, digest, pinned := strings.Cut(i.Container.Image, "@")
	i.Pinned = bare + "@" + verdict.Digest
	switch {
	case !isReference(i.Pinned):
		i.Outcome, i.Pinned = NotEditable, ""
		i.Message = "its name is too long to add a digest"
	case !pinned:
		i.Outcome = Pinned
	case digest == verdict.Digest:
		i.Outcome = AlreadyPinned
	default:
		i.Outcome, i.Pinned = PinnedOtherwise, ""
		i.Message = fmt.Sprintf("it is pinned to %s, but the verified digest is %s", digest, verdict.Digest)
	}
	return nil
}

// isReference reports whether this is an image reference. A placeholder that a script replaces is not.
func isReference(image string) bool {
	_, err := name.ParseReference(image)
	return err == nil
}

// memoize returns a function that calls verify once for each image.
func memoize(verify Verify) Verify {
	known := map[string]Verdict{}
	return func(image string) Verdict {
		verdict, ok := known[image]
		if !ok {
			verdict = verify(image)
			known[image] = verdict
		}
		return verdict
	}
}
