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

package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

// Images are the images that manifests name.
type Images struct {
	// names are repositories followed by a digest, as globs match them, and names that cannot be read as they are written.
	names []string
	// unknown counts the fields of which it is not known whether they name an image.
	unknown int
}

// NewImages returns the images of manifests, as they are written, and the number of the fields that were not looked at.
func NewImages(written []string, unknown int) *Images {
	images := &Images{unknown: unknown}
	for _, image := range written {
		if ref, err := name.ParseReference(image); err == nil {
			image = anyDigest(ref.Context().Name())
		}
		images.names = append(images.names, image)
	}
	slices.Sort(images.names)
	images.names = slices.Compact(images.names)
	return images
}

// anyDigest returns an image of a repository that each glob for the repository matches.
func anyDigest(repository string) string { return repository + "@sha256:" + strings.Repeat("0", 64) }

// Unused returns a finding for each glob of a trust that matches none of the images: it is probably misspelt, or left from an image
// that is no longer used. Globs that are not valid are left to Lint.
func (i *Images) Unused(object *unstructured.Unstructured) []Finding {
	trust := &v1alpha1.KarmadaImageTrust{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, trust); err != nil {
		return nil
	}
	var findings []Finding
	for at, glob := range trust.Spec.Images {
		// The digest of a glob selects an image that a tag may name.
		repository, _, _ := strings.Cut(string(glob), "@")
		compiled, err := compileGlob(v1alpha1.ImageGlob(repository))
		if err != nil || slices.ContainsFunc(i.names, compiled.MatchesName) {
			continue
		}
		message := fmt.Sprintf("%q matches no image in the manifests (%s): correct or remove it", glob,
			text.Count(len(i.names), "image name"))
		if i.unknown > 0 {
			message += fmt.Sprintf(", unless it is for one of %s that may name images and that plan lists", text.Count(i.unknown, "field"))
		}
		findings = append(findings, Finding{RuleUnusedGlob, LevelWarning, fmt.Sprintf("spec.images[%d]", at), message})
	}
	return findings
}
