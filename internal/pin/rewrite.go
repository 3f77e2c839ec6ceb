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

package pin

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// ErrUnfaithful is returned if the edited text would differ from the file in anything but the pinned images. The cause
// is a bug of this package or of a parser.
var ErrUnfaithful = errors.New("pinning would change more than the images")

// Result is the result of pinning a file.
type Result struct {
	// Name is the name of the file.
	Name string
	// HasObjects reports whether the file has any object. One that has none may be a kustomization.yaml.
	HasObjects bool
	// Content is the content with the digests. If no image was pinned, it is the content of the file itself.
	Content []byte
	// Images are the images of all containers in the file.
	Images []Image
}

// Changed reports whether a digest was added or replaced.
func (r *Result) Changed() bool {
	return slices.ContainsFunc(r.Images, func(i Image) bool { return i.Edited() })
}

// Rewrite adds the digest to each image that is verified, as NAME:TAG@DIGEST, replaces digests that are to be renewed, and changes
// no other byte. It reads the result again, and returns ErrUnfaithful if it differs from the file in anything but these images.
// Errors have the name of the file.
func Rewrite(file *manifests.File, verify Verify) (*Result, error) {
	images, err := verifyImages(file, nil, memoize(verify))
	if err != nil {
		return nil, fmt.Errorf("pinning images of %s: %w", file.Name, err)
	}
	result := &Result{Name: file.Name, HasObjects: len(file.Objects) > 0, Content: file.Content, Images: images}
	edits := map[int]edit{}
	intended := map[manifests.Address]any{}
	for i := range images {
		image := &images[i]
		if !image.Edited() {
			continue
		}
		one, reason := image.edit(file.Content)
		if reason != "" {
			image.Outcome, image.Message = NotEditable, reason
			continue
		}
		edits[one.from] = one
		intended[image.Address] = image.Pinned
	}
	if len(edits) == 0 {
		return result, nil
	}
	result.Content = apply(file.Content, edits)
	if err := check(file, result.Content, intended); err != nil {
		return nil, fmt.Errorf("pinning images of %s: %w", file.Name, err)
	}
	return result, nil
}

// edit replaces a part of a text.
type edit struct {
	// from and to are offsets in bytes.
	from, to int
	with     string
}

// edit returns how an image gets its digest, or the reason why that is not possible. Only a digest is inserted or replaced, so that
// escapes in the text are kept.
func (i *Image) edit(content []byte) (one edit, notEditable string) {
	if i.NotEditable != "" {
		return edit{}, i.NotEditable
	}
	bare, digest, pinned := strings.Cut(i.Container.Image, "@")
	if !pinned {
		return edit{from: i.End, to: i.End, with: i.Pinned[len(bare):]}, ""
	}
	from := i.End - len(digest)
	if from < i.Start || string(content[from:i.End]) != digest {
		return edit{}, "its digest is not written as plain text; write it as plain text on the line of its key"
	}
	return edit{from: from, to: i.End, with: i.digest()}, ""
}

// apply edits a content. Edits by the offset they begin at must not overlap.
func apply(content []byte, edits map[int]edit) []byte {
	var b bytes.Buffer
	from := 0
	for _, at := range slices.Sorted(maps.Keys(edits)) {
		b.Write(content[from:at])
		b.WriteString(edits[at].with)
		from = edits[at].to
	}
	b.Write(content[from:])
	return b.Bytes()
}

// check reads the new content and compares it with the file.
func check(before *manifests.File, content []byte, intended map[manifests.Address]any) error {
	after, err := manifests.Read(before.Name, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnfaithful, err)
	}
	differences, err := manifests.Diff(before, after)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnfaithful, err)
	}
	for _, d := range differences {
		if value, ok := intended[d.Address]; !ok || value != d.After {
			return fmt.Errorf("%w: %s in document %d", ErrUnfaithful, d.Address.Path, d.Address.Document+1)
		}
	}
	if len(differences) != len(intended) {
		return fmt.Errorf("%w: %d fields changed, want %d", ErrUnfaithful, len(differences), len(intended))
	}
	return nil
}
