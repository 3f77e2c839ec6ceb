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

	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/manifests"
)

// Verdict is the result of verifying an image.
type Verdict struct {
	// Digest is the digest that was verified, such as sha256:5f70…. It is empty if the image is not verified.
	Digest string
	// Reason says why the image is not verified.
	Reason string
	// Renewal is the digest that replaces that of NAME:TAG@DIGEST: the tag names it now, and it is verified. It is empty if the
	// digest is to stay.
	Renewal string
	// Outdated says what the tag of NAME:TAG@DIGEST names instead of the digest; empty if it names the digest, or that is unknown.
	Outdated string
	// Uncompared says why it is unknown what the tag of NAME:TAG@DIGEST names; empty if it is known.
	Uncompared string
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
	// Renewed means that the digest was replaced by the one that the tag names now.
	Renewed Outcome = "Renewed"
	// PinnedOtherwise means that the image has another digest than its tag names. It is not changed, because the digest may
	// have been chosen on purpose.
	PinnedOtherwise Outcome = "PinnedOtherwise"
	// NotCompared means that the image has a verified digest, but that it is unknown what its tag names.
	NotCompared Outcome = "NotCompared"
	// NotRead means that the image's name cannot be read, such as one with a placeholder.
	NotRead Outcome = "NotRead"
	// NotVerified means that the image is not verified. It is not changed.
	NotVerified Outcome = "NotVerified"
	// NotEditable means that the image is verified, but its text cannot be edited safely.
	NotEditable Outcome = "NotEditable"
	// NotWritten means that the image is verified, but the file could not be written.
	NotWritten Outcome = "NotWritten"
	// Conflicting means that the image is verified, but kustomize would set its digest on other images too.
	Conflicting Outcome = "Conflicting"
)

// Image is the image of a container, and the result of pinning it.
type Image struct {
	manifests.Image

	Object *manifests.Object
	// Built is the image that is pinned: what kustomize makes of the image as it is written, or else that one.
	Built   string
	Outcome Outcome
	// Pinned is the image with its verified digest; empty if it has none.
	Pinned string
	// Message says why the image is not pinned to the verified digest; empty if it is.
	Message string
}

// Done reports whether the image is pinned to the verified digest.
func (i *Image) Done() bool { return i.Edited() || i.Outcome == AlreadyPinned }

// Edited reports whether a digest was added or replaced.
func (i *Image) Edited() bool { return i.Outcome == Pinned || i.Outcome == Renewed }

// IsPinned reports whether the image has a digest before it is pinned.
func (i *Image) IsPinned() bool { return strings.Contains(i.Built, "@") }

// digest returns the verified digest; empty if there is none.
func (i *Image) digest() string {
	_, digest, _ := strings.Cut(i.Pinned, "@")
	return digest
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// verifyImages verifies all images of a file. The outcome of those to pin is Pinned, although the file is not changed yet.
func verifyImages(file *manifests.File, overrides Overrides, verify Verify) ([]Image, error) {
	var images []Image
	for _, object := range file.Objects {
		for _, image := range object.Images() {
			one := Image{Image: image, Object: object, Built: overrides.Build(image.Container.Image)}
			if err := one.verify(verify); err != nil {
				return nil, err
			}
			images = append(images, one)
		}
	}
	return images, nil
}

func (i *Image) verify(verify Verify) error {
	written := i.Built
	if _, invalid := imagename.Parse(written); invalid != nil {
		i.Outcome, i.Message = NotRead, invalid.Error()
		return nil //nolint:nilerr // it is reported with the image
	}
	verdict := verify(written)
	bare, digest, pinned := strings.Cut(written, "@")
	i.Outcome = AlreadyPinned
	switch {
	case pinned && verdict.Renewal != "" && verdict.Renewal != digest:
		verdict.Digest, i.Outcome = verdict.Renewal, Renewed
	case verdict.Digest == "":
		i.Outcome, i.Message = NotVerified, verdict.Reason
		return nil
	case !pinned:
		i.Outcome = Pinned
	case digest != verdict.Digest:
		i.Outcome, i.Message = PinnedOtherwise, fmt.Sprintf("it is pinned to %s, but the verified digest is %s", digest, verdict.Digest)
		return nil
	case verdict.Outdated != "":
		i.Outcome, i.Message = PinnedOtherwise, verdict.Outdated
		return nil
	case verdict.Uncompared != "":
		i.Outcome, i.Message = NotCompared, verdict.Uncompared
		return nil
	}
	if !digestForm.MatchString(verdict.Digest) {
		return fmt.Errorf("the verified digest of %[2]s is %[1]q, want sha256: and 64 hexadecimal digits", verdict.Digest, written)
	}
	i.Pinned = bare + "@" + verdict.Digest
	if _, invalid := imagename.Parse(i.Pinned); invalid != nil {
		i.Outcome, i.Pinned, i.Message = NotEditable, "", "its name is too long to add a digest"
	}
	return nil
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
