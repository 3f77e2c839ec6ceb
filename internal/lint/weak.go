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
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// weaknesses are what lets more in than is meant, or nothing at all, beyond what admission has warned of.
func weaknesses(spec v1alpha1.KarmadaImageTrustSpec, warned []Finding) []Finding {
	return slices.Concat(
		looseIdentity(string(spec.IdentityRegexp), said(warned, "spec.identityRegexp")),
		impossibleIdentity(spec),
		looseIssuer(string(spec.IssuerRegexp), said(warned, "spec.issuerRegexp")),
		broadImages(spec.Images, warned),
		notEnforced(spec.Enforcement),
	)
}

// said is which aspects of a regular expression admission has warned of already, by the words of config/admission.
func said(warned []Finding, field string) []aspect {
	var aspects []aspect
	for _, w := range warned {
		if w.Field != field {
			continue
		}
		for _, known := range []struct {
			words   string
			aspects []aspect
		}{
			{"matches everything", []aspect{ofHost, ofDots, ofOwner, ofRepository, ofWorkflow, ofPullRequests, ofBranches}},
			{"begins with", []aspect{ofHost, ofDots, ofOwner, ofRepository}},
			{"any repository, workflow, branch and pull request", []aspect{ofOwner, ofRepository, ofWorkflow, ofPullRequests, ofBranches}},
			{"any workflow, branch and pull request", []aspect{ofWorkflow, ofPullRequests, ofBranches}},
			{"any issuer that begins like this", []aspect{ofHost, ofOwner}},
			{`"." stands for any character`, []aspect{ofDots}},
		} {
			if strings.Contains(w.Message, known.words) {
				aspects = append(aspects, known.aspects...)
			}
		}
	}
	return aspects
}

// notEnforced says what a trust does not do.
func notEnforced(enforcement v1alpha1.Enforcement) []Finding {
	const field = "spec.enforcement"
	switch enforcement {
	case v1alpha1.EnforcementAudit:
		return []Finding{{RuleNotEnforced, LevelNote, field,
			"Audit only reports: admission is not asked to look at these images; write Enforce once the status is good"}}
	case v1alpha1.EnforcementWarn:
		return []Finding{{RuleNotEnforced, LevelNote, field,
			"Warn admits what fails the trust, with a warning; write Enforce once the status is good"}}
	default:
		return nil
	}
}
