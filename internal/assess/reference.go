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

package assess

import (
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/policy"
)

// Reference is an image's name as it is written in a workload.
type Reference struct {
	// Reference is nil for a name that cannot be read.
	name.Reference

	// Tag that is written, alone or next to a digest; nil where none is.
	Tag *name.Tag

	written string
	// problem says why the name cannot be read; empty if it can.
	problem string
}

// String is how the status shows the image: by its tag where one is written, since the digest has a field of its own. A name
// that cannot be read is shown as it is written.
func (r Reference) String() string {
	if r.Reference == nil {
		return r.written
	}
	repository := policy.DisplayName(r.Context())
	if r.Tag != nil {
		return repository + ":" + r.Tag.TagStr()
	}
	return repository + "@" + r.Identifier()
}

// references parses the names of images, each once, and keeps those that a trust selects.
type references struct {
	trust  *policy.Policy
	parsed map[string]*Reference
	wholes map[string][]string
}

func newReferences(trust *policy.Policy) *references {
	return &references{trust: trust, parsed: map[string]*Reference{}, wholes: map[string][]string{}}
}

// wholesOf returns the names with a digest by which policies match an image, each once: as admission.WholeName reads what is written,
// and as the status does, which is not by the same rules.
func (r *references) wholesOf(written string) []string {
	found, known := r.wholes[written]
	if known {
		return found
	}
	if whole := admission.WholeName(written); whole != "" {
		found = append(found, whole)
	}
	if ref, err := imagename.Parse(written); err == nil {
		if whole := admission.WithDigest(ref).Name(); !slices.Contains(found, whole) {
			found = append(found, whole)
		}
	}
	r.wholes[written] = found
	return found
}

// parse returns nil for an image that the trust does not select.
func (r *references) parse(written string) *Reference {
	if image, ok := r.parsed[written]; ok {
		return image
	}
	r.parsed[written] = nil
	if !r.trust.MatchesName(written) {
		return nil
	}
	image := &Reference{written: written}
	ref, err := imagename.Parse(written)
	if err != nil {
		image.problem = err.Error()
		r.parsed[written] = image
		return image
	}
	image.Reference = ref
	if tag, ok := ref.(name.Tag); ok {
		image.Tag = &tag
	} else if tag, ok := imagename.TagNextToDigest(written); ok {
		image.Tag = &tag
	}
	r.parsed[written] = image
	return image
}
