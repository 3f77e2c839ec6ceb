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
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// maxListed is the largest number of images that a message lists.
const maxListed = 4

// broadImages reports globs that match unsigned images, or everything in a registry or organization unless warned reports
// that admission warns about the glob.
func broadImages(globs []v1alpha1.ImageGlob, warned func(v1alpha1.ImageGlob) bool) []Finding {
	var findings []Finding
	for i, glob := range globs {
		field := fmt.Sprintf("spec.images[%d]", i)
		if unsigned := matchedBy(glob, unsignedImages()); len(unsigned) > 0 {
			findings = append(findings, Finding{RuleUnsignedImages, LevelWarning, field, fmt.Sprintf(
				"%q matches images that are published without a signature: %s; list the signed repositories one by one",
				glob, text.List(unsigned, maxListed))})
			continue
		}
		if scope, ok := matchesAllOf(string(glob)); ok && !warned(glob) {
			findings = append(findings, Finding{RuleWideGlob, LevelNote, field, fmt.Sprintf(
				"%q matches every repository %s, including future ones: this identity must sign all of them, or they are denied",
				glob, scope)})
		}
	}
	return findings
}

// matchedBy returns the repositories that a glob matches.
func matchedBy(glob v1alpha1.ImageGlob, repositories []string) []string {
	compiled, err := compileGlob(glob)
	if err != nil {
		return nil
	}
	var matched []string
	for _, repository := range repositories {
		if compiled.MatchesName(anyDigest(repository)) {
			matched = append(matched, strings.Replace(repository, "index.docker.io/", "docker.io/", 1))
		}
	}
	return matched
}

// compileGlob returns a policy for one glob.
func compileGlob(glob v1alpha1.ImageGlob) (*policy.Policy, error) {
	// Compile requires an issuer and an identity, which do not affect the match.
	return policy.Compile(v1alpha1.KarmadaImageTrustSpec{
		Images: []v1alpha1.ImageGlob{glob}, Issuer: "https://example.com", Identity: "any",
	})
}

// matchesAllOf returns the scope in which a glob matches every repository, as a phrase that follows "every repository".
func matchesAllOf(glob string) (string, bool) {
	repository, _, _ := strings.Cut(glob, "@")
	parent, last := "", repository
	if i := strings.LastIndex(repository, "/"); i >= 0 {
		parent, last = repository[:i], repository[i+1:]
	}
	switch {
	case strings.Trim(last, "*") != "" || parent == "":
		return "", false // admission warns about a wildcard alone
	case strings.Contains(last, "**"):
		return "below " + parent, true
	default:
		return "directly below " + parent, true
	}
}

// unsignedImages returns repositories that contain no signed image, by their full names.
//
// The list is taken from the workflows of karmada-io/karmada v1.16.0 and karmada-io/dashboard. The former signs its eleven
// images on Docker Hub and nothing else; the latter signs nothing. The Helm chart karmada is pushed to the same organization
// as the images. The chart karmada-operator is pushed to the repository of the image karmada-operator, which is signed.
func unsignedImages() []string {
	return []string{
		"index.docker.io/karmada/karmada-dashboard-api",
		"index.docker.io/karmada/karmada-dashboard-web",
		"index.docker.io/karmada/kubernetes-dashboard-api",
		"index.docker.io/karmada/karmada",
		// The images in Huawei's registry are built separately (karmada v1.16.0 swr-released-image.yml).
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-agent",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-aggregated-apiserver",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-controller-manager",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-descheduler",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-interpreter-webhook-example",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-metrics-adapter",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-operator",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-scheduler",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-scheduler-estimator",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-search",
		"swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-webhook",
	}
}
