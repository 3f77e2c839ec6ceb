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

package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sigstore/cosign/v2/pkg/cosign"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// identities returns the identities that cosign accepts for a signer.
func identities(signer policy.Signer) []cosign.Identity {
	return []cosign.Identity{{
		Issuer:        signer.Issuer,
		IssuerRegExp:  signer.IssuerRegexp,
		Subject:       signer.Subject,
		SubjectRegExp: signer.SubjectRegexp,
	}}
}

// identified names a signer in a message.
func identified(signer *v1alpha1.Signer) string {
	return fmt.Sprintf("%s (issuer %s)", quoted(signer.Identity), quoted(signer.Issuer))
}

// Nearness of a valid signature by another identity to the expected one.
const (
	nearNeither = iota
	nearIssuer
	nearSubject
	nearMiss
)

// nearestSubject picks, of the subjects that a certificate names, the one that a message is about.
func nearestSubject(expected *policy.Matcher, subjects []string) string {
	for _, near := range []func(string) bool{
		expected.SubjectMatches,
		func(s string) bool { return explainSubject(expected, s) != "" },
		func(string) bool { return true },
	} {
		if i := slices.IndexFunc(subjects, near); i >= 0 {
			return subjects[i]
		}
	}
	return ""
}

// explainMismatch says how the signer differs from the expected identity, and how near it is.
func explainMismatch(expected *policy.Matcher, issuer, subject string) (message string, near int) {
	by := "signed by " + quoted(subject)
	issuerOK, subjectOK := expected.IssuerMatches(issuer), expected.SubjectMatches(subject)
	switch {
	case subjectOK && issuerOK:
		// Only possible if a certificate has several subjects that cosign and this package order differently.
		return by + fmt.Sprintf(" (issuer %s), which is not accepted", quoted(issuer)), nearNeither
	case subjectOK:
		return by + fmt.Sprintf(" (identity ok), but by issuer %s; %s", quoted(issuer), expectedIssuer(expected)), nearSubject
	case issuerOK:
		if hint := explainSubject(expected, subject); hint != "" {
			return by + " (issuer ok): " + hint, nearMiss
		}
		return by + " (issuer ok); " + expectedSubject(expected), nearIssuer
	default:
		return by + fmt.Sprintf(" of issuer %s; %s; %s", quoted(issuer), expectedSubject(expected), expectedIssuer(expected)), nearNeither
	}
}

// explainSubject says how a subject differs from the expected one if the difference is small; otherwise it is empty.
func explainSubject(expected *policy.Matcher, subject string) string {
	exact := expected.Signer().Subject
	if exact == "" {
		return explainRegexp(expected, subject)
	}
	workflow, ref, _ := strings.Cut(subject, "@refs/")
	exactWorkflow, exactRef, _ := strings.Cut(exact, "@refs/")
	switch {
	case strings.EqualFold(subject, exact):
		return "it differs from the expected identity in upper and lower case"
	case strings.Contains(subject, exact):
		return "it only contains the expected identity " + quoted(exact)
	case ref != "" && exactRef != "" && workflow == exactWorkflow:
		return fmt.Sprintf("the workflow is the expected one, but this is a build of %s, not of %s", describeRef(ref), describeRef(exactRef))
	case repositoryOf(subject) != "" && repositoryOf(subject) == repositoryOf(exact):
		return "the repository is the expected one, but not the workflow; expected " + quoted(exact)
	default:
		return ""
	}
}

func explainRegexp(expected *policy.Matcher, subject string) string {
	if expected.SubjectMatchesInPart(subject) {
		return "the identity matches identityRegexp only in part; the regexp must match the whole of it"
	}
	if expected.SubjectMatchesAnyCase(subject) {
		return "it differs from what identityRegexp matches in upper and lower case"
	}
	if ref, expr, ok := expected.WorkflowMatches(subject); ok {
		return fmt.Sprintf("the workflow is an expected one, but this is a build of %s; identityRegexp requires a ref like refs/%s",
			describeRef(ref), quoted(expr))
	}
	return ""
}

// describeRef describes a Git ref, given without its leading refs/.
func describeRef(ref string) string {
	kind, rest, _ := strings.Cut(ref, "/")
	switch kind {
	case "heads":
		return "branch " + quoted(rest)
	case "tags":
		return "tag " + quoted(rest)
	case "pull":
		number, _, _ := strings.Cut(rest, "/")
		return "pull request " + quoted(number)
	default:
		return "refs/" + quoted(ref)
	}
}

// repositoryOf is the part of a GitHub Actions subject that names the repository; empty for other subjects.
func repositoryOf(subject string) string {
	repository, _, ok := strings.Cut(subject, "/.github/workflows/")
	if !ok {
		return ""
	}
	return repository
}

func expectedSubject(expected *policy.Matcher) string {
	if expr := expected.Signer().SubjectRegexp; expr != "" {
		return "identityRegexp requires " + quoted(policy.Unanchored(expr))
	}
	return "expected " + quoted(expected.Signer().Subject)
}

func expectedIssuer(expected *policy.Matcher) string {
	if expr := expected.Signer().IssuerRegexp; expr != "" {
		return "issuerRegexp requires " + quoted(policy.Unanchored(expr))
	}
	return "expected issuer " + quoted(expected.Signer().Issuer)
}
