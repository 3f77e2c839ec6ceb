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

// Package pin writes the digests of verified images into manifests, and changes not a byte beside them. It knows no
// client, no file and no network: who says which images are verified is the caller.
package pin

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// Verdict on an image.
type Verdict struct {
	// Digest that was verified, such as sha256:5f70…; empty where the image is not verified.
	Digest string
	// Reason why it is not.
	Reason string
}

// Judge says whether an image, as somebody wrote it, is verified. It is asked once for each.
type Judge func(image string) Verdict

// Outcome of pinning one image of one container.
type Outcome string

const (
	// Pinned by now.
	Pinned Outcome = "Pinned"
	// AlreadyPinned to the same digest.
	AlreadyPinned Outcome = "AlreadyPinned"
	// PinnedOtherwise is pinned to another digest than was verified, and left alone: somebody chose it.
	PinnedOtherwise Outcome = "PinnedOtherwise"
	// NotVerified images are left alone.
	NotVerified Outcome = "NotVerified"
	// NotEditable is verified, but cannot be edited safely where it is written.
	NotEditable Outcome = "NotEditable"
	// Conflicting is verified, but kustomize would give the same digest to images that must not have it.
	Conflicting Outcome = "Conflicting"
)

// Image of a container, and what became of it.
type Image struct {
	manifests.Image

	Object  *manifests.Object
	Outcome Outcome
	// Pinned is the image with its verified digest; empty where there is none.
	Pinned string
	// Message says why the image is not pinned.
	Message string
}

// Done tells whether the image is pinned to what was verified.
func (i *Image) Done() bool { return i.Outcome == Pinned || i.Outcome == AlreadyPinned }

// digest that was verified; empty where there is none.
func (i *Image) digest() string {
	_, digest, _ := strings.Cut(i.Pinned, "@")
	return digest
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// examine asks the judge about all images of a file. Those to be pinned are Pinned, although nothing is done yet.
func examine(file *manifests.File, judge Judge) ([]Image, error) {
	var images []Image
	for _, object := range file.Objects {
		for _, image := range object.Images() {
			one := Image{Image: image, Object: object}
			if err := one.examine(judge); err != nil {
				return nil, err
			}
			images = append(images, one)
		}
	}
	return images, nil
}

func (i *Image) examine(judge Judge) error {
	if !named(i.Container.Image) {
		i.Outcome, i.Message = NotVerified, fmt.Sprintf("%q is not an image's name", i.Container.Image)
		return nil
	}
	verdict := judge(i.Container.Image)
	if verdict.Digest == "" {
		i.Outcome, i.Message = NotVerified, verdict.Reason
		return nil
	}
	if !digestForm.MatchString(verdict.Digest) {
		return fmt.Errorf("%q, the verified digest of %s, is none that an image can be pinned to", verdict.Digest, i.Container.Image)
	}
	bare, digest, pinned := strings.Cut(i.Container.Image, "@")
	i.Pinned = bare + "@" + verdict.Digest
	switch {
	case !named(i.Pinned):
		i.Outcome, i.Pinned = NotEditable, ""
		i.Message = "its name is too long for a digest"
	case !pinned:
		i.Outcome = Pinned
	case digest == verdict.Digest:
		i.Outcome = AlreadyPinned
	default:
		i.Outcome, i.Pinned = PinnedOtherwise, ""
		i.Message = fmt.Sprintf("it is pinned to %s, while %s is verified", digest, verdict.Digest)
	}
	return nil
}

// named tells whether this is an image's name, rather than what a script will replace.
func named(image string) bool {
	_, err := name.ParseReference(image)
	return err == nil
}

// once has the judge asked once for each image.
func once(judge Judge) Judge {
	known := map[string]Verdict{}
	return func(image string) Verdict {
		verdict, ok := known[image]
		if !ok {
			verdict = judge(image)
			known[image] = verdict
		}
		return verdict
	}
}
