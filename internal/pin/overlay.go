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
	"fmt"
	"regexp"
	"slices"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// Override is an entry of the images field in a kustomization.yaml.
type Override struct {
	Name, NewName, NewTag, TagSuffix, Digest string

	// File and Line are where the entry is.
	File string
	Line int

	at      manifests.Address
	pattern *regexp.Regexp
}

// Overrides are the entries of the images fields in a file, in the order in which kustomize applies them.
type Overrides []Override

// ReadOverrides returns the entries in a file. It has none if it is no input of kustomize.
func ReadOverrides(file *manifests.File) Overrides {
	var all Overrides
	for document, value := range file.Documents() {
		fields, _ := value.(map[string]any)
		entries, _ := fields["images"].([]any)
		for i, entry := range entries {
			fields, _ := entry.(map[string]any)
			text := func(key string) string {
				value, _ := fields[key].(string)
				return value
			}
			one := Override{
				Name: text("name"), NewName: text("newName"), NewTag: text("newTag"), TagSuffix: text("tagSuffix"), Digest: text("digest"),
				File: file.Name, at: manifests.Address{Document: document, Path: fmt.Sprintf("images[%d]", i)},
			}
			one.Line = file.Line(one.at)
			// kustomize takes the name for a regular expression: see IsImageMatched in its sources.
			pattern, err := regexp.Compile("^" + one.Name + "(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$")
			if err != nil || one.Name == "" {
				continue
			}
			one.pattern = pattern
			all = append(all, one)
		}
	}
	return all
}

// apply returns what kustomize makes of an image: see imageTagUpdater in its sources.
func (o *Override) apply(image string) string {
	name, tag, digest := splitAll(image)
	if o.NewName != "" {
		name = o.NewName
	}
	switch {
	case o.NewTag != "":
		tag, digest = o.NewTag, o.Digest
	case o.Digest != "":
		tag, digest = "", o.Digest
	case o.TagSuffix != "":
		tag, digest = tag+o.TagSuffix, ""
	}
	if tag != "" {
		name += ":" + tag
	}
	if digest != "" {
		name += "@" + digest
	}
	return name
}

// suffixes reports whether the entry appends a suffix to a tag.
func (o *Override) suffixes() bool { return o.TagSuffix != "" && o.NewTag == "" && o.Digest == "" }

// build returns what kustomize makes of an image with all entries, and the last of the entries that are about it; -1 if none is.
func (o Overrides) build(image string) (built string, last int) {
	last = -1
	for i := range o {
		if o[i].pattern.MatchString(image) {
			image, last = o[i].apply(image), i
		}
	}
	return image, last
}

// Build returns what kustomize makes of an image.
func (o Overrides) Build(image string) string {
	built, _ := o.build(image)
	return built
}

// Undoing returns the entries because of which kustomize does not build a pinned image as it is pinned here, each once.
func (o Overrides) Undoing(images []*Image) []Override {
	var undoing []Override
	for _, one := range o {
		if slices.ContainsFunc(images, func(i *Image) bool {
			return i.Done() && one.pattern.MatchString(i.Pinned) && one.apply(i.Pinned) != i.Pinned && !one.keeps(i)
		}) {
			undoing = append(undoing, one)
		}
	}
	return undoing
}

// Effect is a clause about what the entry does to a pinned image.
func (o *Override) Effect() string {
	switch {
	case (o.NewTag != "" || o.TagSuffix != "") && o.Digest == "":
		return "kustomize changes the tag of " + o.Name + " here, and removes the digest that is pinned: use --kustomization " + o.File
	case o.NewName != "":
		return "kustomize changes the name of " + o.Name + " here, to an image that is not the verified one: use --kustomization " + o.File
	default:
		return "kustomize changes the digest of " + o.Name + " here: use --kustomization " + o.File
	}
}

// keeps reports whether an entry only sets the digest that is pinned.
func (o *Override) keeps(i *Image) bool {
	return o.NewName == "" && o.Digest == i.digest()
}
