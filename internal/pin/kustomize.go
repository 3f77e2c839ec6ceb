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
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// Kustomization is the images field of a kustomization.yaml.
type Kustomization struct {
	// Content is the field as YAML; nil if there is no image to pin.
	Content []byte
	// Images are the images of all containers in all files.
	Images []Image
}

// header explains how kustomize uses the entries: see api/filters/imagetag in its sources, and
// https://github.com/kubernetes-sigs/kustomize/issues/5664.
const header = `# The images field of a kustomization.yaml. If an entry has newTag and digest, kustomize writes NAME:TAG@DIGEST,
# and older versions write NAME@DIGEST; either way the digest is pulled. An entry applies to every tag of its name:
# pin again if the tag in a manifest changes.
`

// Kustomize returns the images field of a kustomization.yaml, for users who do not want to edit the files. kustomize
// supports one digest for each name. If the images of a name are not all verified with the same digest, none of them is
// pinned. Errors have the name of the file.
func Kustomize(files []*manifests.File, verify Verify) (*Kustomization, error) {
	verify = memoize(verify)
	k := &Kustomization{}
	for _, file := range files {
		images, err := verifyImages(file, verify)
		if err != nil {
			return nil, fmt.Errorf("pinning images of %s: %w", file.Name, err)
		}
		k.Images = append(k.Images, images...)
	}
	byName := map[string][]*Image{}
	for i := range k.Images {
		name, _ := split(k.Images[i].Container.Image)
		byName[name] = append(byName[name], &k.Images[i])
	}
	var entries []entry
	for name, images := range byName {
		if e, ok := entryFor(name, images); ok {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
	var err error
	k.Content, err = render(entries)
	return k, err
}

// entry is an entry of the images field.
type entry struct{ name, newTag, digest string }

// entryFor returns the entry for a name. It reports false if the entry would pin an image that is not verified with the
// same digest, and sets the outcome of the images that are verified to Conflicting.
func entryFor(name string, images []*Image) (entry, bool) {
	_, newTag := split(images[0].Container.Image)
	e := entry{name: name, newTag: newTag, digest: images[0].digest()}
	conflicts := map[*Image]*Image{}
	for _, image := range images {
		if _, tag := split(image.Container.Image); tag != e.newTag {
			e.newTag = ""
		}
		other := slices.IndexFunc(images, func(o *Image) bool { return !o.Done() || o.digest() != image.digest() })
		if other >= 0 {
			conflicts[image] = images[other]
		}
	}
	for image, other := range conflicts {
		if image.Outcome == Pinned {
			image.Outcome = Conflicting
			image.Message = fmt.Sprintf("kustomize supports one digest for each name, and %s in %s %s is not verified with this one",
				other.Container.Image, other.Object.GetKind(), other.Object.GetName())
		}
	}
	return e, len(conflicts) == 0
}

// split returns the name and the tag of an image as kustomize does, which also accepts invalid images.
func split(image string) (name, tag string) {
	image, _, _ = strings.Cut(image, "@")
	slash := max(0, strings.Index(image, "/"))
	if colon := strings.Index(image[slash:], ":"); colon >= 0 {
		return image[:slash+colon], image[slash+colon+1:]
	}
	return image, ""
}

func render(entries []entry) ([]byte, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	b.WriteString(header + "images:\n")
	for _, e := range entries {
		before := "- "
		for _, field := range [][2]string{{"name", e.name}, {"newTag", e.newTag}, {"digest", e.digest}} {
			if field[1] == "" {
				continue
			}
			value, err := yaml.Marshal(field[1]) // quotes a tag such as 1.20
			if err != nil {
				return nil, fmt.Errorf("writing %s: %w", field[1], err)
			}
			fmt.Fprintf(&b, "%s%s: %s", before, field[0], value)
			before = "  "
		}
	}
	return b.Bytes(), nil
}
