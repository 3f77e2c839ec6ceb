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
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Kustomization is a kustomization.yaml that pins images.
type Kustomization struct {
	// Content is a Component, or the content of the file that was edited; nil if there is no image to pin.
	Content []byte
	// Images are the images of all containers in all files.
	Images []Image
	// Changed reports whether the file was edited.
	Changed bool
}

// header explains how kustomize uses the entries: see api/filters/imagetag in its sources, and
// https://github.com/kubernetes-sigs/kustomize/issues/5664.
const header = `# A component of a kustomization. If an entry has newTag and digest, kustomize writes NAME:TAG@DIGEST,
# and older versions write NAME@DIGEST; either way the digest is pulled. An entry applies to every tag of its name:
# pin again if the tag in a manifest changes. The images field of a kustomization applies after its components.
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
`

// Kustomize returns a Component that pins the images, for users who do not want to edit the files. kustomize supports one digest
// for each name. If the images of a name are not all verified with the same digest, none of them is pinned. Errors have the name
// of the file.
func Kustomize(files []*manifests.File, verify Verify) (*Kustomization, error) {
	k, entries, err := entriesFor(files, nil, verify)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		k.Content = append([]byte(header+"images:\n"), render(entries, "")...)
	}
	return k, nil
}

// entriesFor verifies the images that kustomize builds with the overrides, and returns the entries that pin them, by name.
func entriesFor(files []*manifests.File, overrides Overrides, verify Verify) (*Kustomization, []entry, error) {
	verify = memoize(verify)
	k := &Kustomization{}
	for _, file := range files {
		images, err := verifyImages(file, overrides, verify)
		if err != nil {
			return nil, nil, fmt.Errorf("pinning images of %s: %w", file.Name, err)
		}
		k.Images = append(k.Images, images...)
	}
	type key struct {
		name     string
		override int
	}
	byKey := map[key][]*Image{}
	for i := range k.Images {
		image := &k.Images[i]
		if !reachable(&image.Image) {
			if image.Edited() {
				image.Outcome, image.Message = NotEditable, fmt.Sprintf("kustomize does not look for images in %s: pin the file with "+
					"--in-place, or name the field with --image-fields and in the configurations of the kustomization", image.Path)
			}
			continue
		}
		name, _ := split(image.Built)
		_, override := overrides.build(image.Container.Image)
		if override >= 0 {
			name = "" // the name of the entry may be a pattern
		}
		byKey[key{name, override}] = append(byKey[key{name, override}], image)
	}
	var entries []entry
	for key, images := range byKey {
		if e, ok := entryFor(key.name, images); ok {
			e.override = key.override
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.override, b.override), cmp.Compare(a.name, b.name))
	})
	return k, entries, nil
}

// reachable reports whether kustomize looks for images in a field: it does in lists of these names, wherever they are, and in the
// fields that a user names in the configuration of its transformer.
func reachable(image *manifests.Image) bool {
	return image.Origin == manifests.OfUser || image.Field == workload.Volumes || ofContainers.MatchString(image.Path)
}

var ofContainers = regexp.MustCompile(`(^|\.)(initContainers|containers)\[[0-9]+\]\.image$`)

// entry is an entry of the images field.
type entry struct {
	name, newTag, digest string
	// override is the position of the entry that is edited; -1 for a new one.
	override int
}

// entryFor returns the entry for a name. It reports false if the entry would pin an image that is not verified with the
// same digest, and sets the outcome of the images that are verified to Conflicting.
func entryFor(name string, images []*Image) (entry, bool) {
	_, newTag := split(images[0].Built)
	e := entry{name: name, newTag: newTag, digest: images[0].digest()}
	conflicts := map[*Image]*Image{}
	for _, image := range images {
		if _, tag := split(image.Built); tag != e.newTag {
			e.newTag = ""
		}
		other := slices.IndexFunc(images, func(o *Image) bool { return !o.Done() || o.digest() != image.digest() })
		if other >= 0 {
			conflicts[image] = images[other]
		}
	}
	for image, other := range conflicts {
		if image.Edited() {
			image.Outcome = Conflicting
			image.Message = fmt.Sprintf("kustomize supports one digest for each name, and %s in %s %s is not verified with this one",
				other.Built, other.Object.GetKind(), other.Object.GetName())
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

// splitAll returns the parts of an image as kustomize does.
func splitAll(image string) (name, tag, digest string) {
	name, tag = split(image)
	_, digest, _ = strings.Cut(image, "@")
	return name, tag, digest
}

// fields of the entry, in their order.
func (e *entry) fields() [][2]string {
	fields := [][2]string{{"name", e.name}}
	if e.newTag != "" {
		fields = append(fields, [2]string{"newTag", e.newTag})
	}
	return append(fields, [2]string{"digest", e.digest})
}

// render returns entries as items of a list in YAML.
func render(entries []entry, indent string) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		before := "- "
		for _, field := range e.fields() {
			fmt.Fprintf(&b, "%s%s%s: %s\n", indent, before, field[0], scalar(field[1]))
			before = "  "
		}
	}
	return b.Bytes()
}

// scalar returns a text as YAML, with quotes if it needs some, as a tag such as 1.20 does.
func scalar(value string) string {
	encoded, err := yaml.Marshal(value)
	if err != nil {
		return strconv.Quote(value)
	}
	return strings.TrimSuffix(string(encoded), "\n")
}
