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

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// maxNamed bounds how many images a message names.
const maxNamed = 4

// broadImages are globs that select what nobody signs, or whatever is in a place.
func broadImages(globs []v1alpha1.ImageGlob, warned []Finding) []Finding {
	var findings []Finding
	for i, glob := range globs {
		field := fmt.Sprintf("spec.images[%d]", i)
		if unsigned := selects(glob, unsignedImages()); len(unsigned) > 0 {
			findings = append(findings, Finding{RuleUnsignedImages, LevelWarning, field, fmt.Sprintf(
				"%q selects what is published unsigned, so that no identity fits it: %s; name the repositories that are signed, one by one",
				glob, enumerate(unsigned))})
			continue
		}
		// Admission warns of whole registries.
		if place, ok := wholePlace(string(glob)); ok && !slices.ContainsFunc(warned, func(w Finding) bool {
			return w.Field == "spec.images" && strings.Contains(w.Message, fmt.Sprintf("%q", glob))
		}) {
			findings = append(findings, Finding{RuleWideGlob, LevelNote, field, fmt.Sprintf(
				"%q selects every repository %s, also those that come later: each has to be signed by this identity, or is refused",
				glob, place)})
		}
	}
	return findings
}

// selects returns which repositories a glob selects.
func selects(glob v1alpha1.ImageGlob, repositories []string) []string {
	// Whoever signs does not matter to a glob.
	alone, err := policy.Compile(v1alpha1.KarmadaImageTrustSpec{
		Images: []v1alpha1.ImageGlob{glob}, Issuer: "https://example.com", Identity: "anybody",
	})
	if err != nil {
		return nil
	}
	var selected []string
	for _, repository := range repositories {
		if alone.MatchesName(repository + "@sha256:" + strings.Repeat("0", 64)) {
			selected = append(selected, strings.Replace(repository, "index.docker.io/", "docker.io/", 1))
		}
	}
	return selected
}

// wholePlace says of what a glob selects everything.
func wholePlace(glob string) (string, bool) {
	repository, _, _ := strings.Cut(glob, "@")
	place, last := "", repository
	if i := strings.LastIndex(repository, "/"); i >= 0 {
		place, last = repository[:i], repository[i+1:]
	}
	switch {
	case strings.Trim(last, "*") != "":
		return "", false
	case place == "":
		return "of Docker Hub's official images", true
	case strings.Contains(last, "**"):
		return "below " + place, true
	default:
		return "directly below " + place, true
	}
}

// enumerate the first few of some images.
func enumerate(images []string) string {
	if len(images) <= maxNamed {
		return strings.Join(images, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(images[:maxNamed], ", "), len(images)-maxNamed)
}
