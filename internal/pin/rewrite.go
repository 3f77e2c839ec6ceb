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

	"github.com/karmada-io/image-trust/internal/manifests"
)

// ErrUnfaithful is in the chain of the error where edited text would say something else than meant. It tells of a
// mistake in this package or in a parser.
var ErrUnfaithful = errors.New("editing it would change more than images")

// Result of pinning a file.
type Result struct {
	Name string
	// Content with the digests. It is the file's own where nothing was pinned.
	Content []byte
	// Images in the file, each container's.
	Images []Image
}

// Changed tells whether anything was pinned that was not before.
func (r *Result) Changed() bool {
	return slices.ContainsFunc(r.Images, func(i Image) bool { return i.Outcome == Pinned })
}

// Rewrite adds the digest to each image that is verified, as NAME:TAG@DIGEST. All else stays as it is, byte for byte.
// The result is read again, and is an error where it differs in anything but these images.
func Rewrite(file *manifests.File, judge Judge) (*Result, error) {
	images, err := examine(file, once(judge))
	if err != nil {
		return nil, fmt.Errorf("pinning images of %s: %w", file.Name, err)
	}
	result := &Result{Name: file.Name, Content: file.Content, Images: images}
	additions := map[int]string{}
	meant := map[manifests.Address]any{}
	for i := range images {
		image := &images[i]
		if image.Outcome != Pinned {
			continue
		}
		if image.Fixed != "" {
			image.Outcome, image.Message = NotEditable, image.Fixed
			continue
		}
		// The digest is all that is missing, so that even escapes in the text stay.
		additions[image.End] = image.Pinned[len(image.Container.Image):]
		meant[image.Address] = image.Pinned
	}
	if len(additions) == 0 {
		return result, nil
	}
	result.Content = add(file.Content, additions)
	if err := check(file, result.Content, meant); err != nil {
		return nil, fmt.Errorf("pinning images of %s: %w", file.Name, err)
	}
	return result, nil
}

// add puts texts in at offsets.
func add(content []byte, additions map[int]string) []byte {
	var b bytes.Buffer
	from := 0
	for _, at := range slices.Sorted(maps.Keys(additions)) {
		b.Write(content[from:at])
		b.WriteString(additions[at])
		from = at
	}
	b.Write(content[from:])
	return b.Bytes()
}

// check reads the new content, and compares it with the old.
func check(before *manifests.File, content []byte, meant map[manifests.Address]any) error {
	after, err := manifests.Read(before.Name, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnfaithful, err)
	}
	differences, err := manifests.Diff(before, after)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnfaithful, err)
	}
	for _, d := range differences {
		if value, ok := meant[d.Address]; !ok || value != d.After {
			return fmt.Errorf("%w: %s in document %d", ErrUnfaithful, d.Address.Path, d.Address.Document+1)
		}
	}
	if len(differences) != len(meant) {
		return fmt.Errorf("%w: %d fields instead of %d", ErrUnfaithful, len(differences), len(meant))
	}
	return nil
}
