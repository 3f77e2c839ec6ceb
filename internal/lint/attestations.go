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
	"regexp"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// knownPredicateTypes returns predicate types that are common in attestations of images, the most common first.
func knownPredicateTypes() []string {
	return []string{
		"https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2", "https://slsa.dev/provenance/v0.1",
		"https://spdx.dev/Document", "https://spdx.dev/Document/v2.3", "https://cyclonedx.org/bom", "https://openvex.dev/ns",
		"https://slsa.dev/verification_summary/v1", "https://slsa.dev/verification_summary/v0.2",
		"https://in-toto.io/Link/v1", "https://in-toto.io/attestation/vulns", "https://in-toto.io/attestation/vulns/v0.1",
		"https://in-toto.io/attestation/vulns/v0.2", "https://in-toto.io/attestation/release/v0.1",
		"https://in-toto.io/attestation/release/v0.2", "https://in-toto.io/attestation/test-result/v0.1",
		"https://in-toto.io/attestation/scai/attribute-report/v0.2", "https://in-toto.io/attestation/scai/v0.3",
		"https://cosign.sigstore.dev/attestation/v1", "https://cosign.sigstore.dev/attestation/vuln/v1",
	}
}

// typeVersionPattern matches the version at the end of a predicate type.
var typeVersionPattern = regexp.MustCompile(`/v?[0-9][0-9.]*$`)

// misspeltTypes reports predicate types that are almost those of common attestations, and the types of other parts of a statement.
func misspeltTypes(attestations []v1alpha1.Attestation) []Finding {
	var findings []Finding
	for i, attestation := range attestations {
		if message := misspeltType(attestation.PredicateType); message != "" {
			findings = append(findings, Finding{RuleUnknownPredicateType, LevelWarning,
				fmt.Sprintf("spec.attestations[%d].predicateType", i), message})
		}
	}
	return findings
}

func misspeltType(predicateType string) string {
	if slices.Contains(knownPredicateTypes(), predicateType) {
		return ""
	}
	plain := plainType(predicateType)
	if strings.HasPrefix(plain, "in-toto.io/statement/") {
		return "is the type of the statement, which all attestations have" + deniedAll +
			"write the type of its predicate, such as https://slsa.dev/provenance/v1"
	}
	for _, known := range knownPredicateTypes() {
		other := plainType(known)
		if plain == other || plain == other+".0" || plain == withoutVersion(other) ||
			withoutVersion(plain) == other && strings.HasPrefix(known, "https://cyclonedx.org/") {
			return almost(predicateType, known)
		}
	}
	for _, known := range knownPredicateTypes() {
		// Another version may be one that is not known here.
		if other := plainType(known); withoutVersion(plain) != withoutVersion(other) && distance(plain, other) <= 2 {
			return almost(predicateType, known)
		}
	}
	return ""
}

func almost(predicateType, known string) string {
	return fmt.Sprintf("%q is almost the type of common attestations, and types are compared as they are; write %s if that is meant",
		predicateType, known)
}

// plainType returns a predicate type in lower case, without the scheme and a slash or number sign at its end.
func plainType(predicateType string) string {
	plain := strings.ToLower(predicateType)
	if _, rest, ok := strings.Cut(plain, "://"); ok {
		plain = rest
	}
	return strings.TrimRight(strings.TrimPrefix(plain, "www."), "/#")
}

func withoutVersion(plain string) string { return typeVersionPattern.ReplaceAllString(plain, "") }
