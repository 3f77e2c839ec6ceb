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
	"regexp"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/policy"
)

type identity = policy.Identity

// How near a sound signature by somebody else is to the wanted identity.
const (
	nearNeither = iota
	nearIssuer
	nearSubject
	nearMiss
)

// nearestSubject picks, of the subjects that a certificate names, the one to speak of.
func nearestSubject(wanted identity, subjects []string) string {
	for _, near := range []func(string) bool{
		wanted.SubjectMatches,
		func(s string) bool { return explainSubject(wanted, s) != "" },
		func(string) bool { return true },
	} {
		if i := slices.IndexFunc(subjects, near); i >= 0 {
			return subjects[i]
		}
	}
	return ""
}

// explainMismatch says what is not as wanted about who signed, and how near it is.
func explainMismatch(wanted identity, issuer, subject string) (message string, near int) {
	by := "signed by " + quoted(subject)
	issuerOK, subjectOK := wanted.IssuerMatches(issuer), wanted.SubjectMatches(subject)
	switch {
	case subjectOK && issuerOK:
		// Possible only with several names of which none fits cosign's eyes and ours alike.
		return by + fmt.Sprintf(" (issuer %s), which is not accepted", quoted(issuer)), nearNeither
	case subjectOK:
		return by + fmt.Sprintf(" (identity ok), but vouched for by issuer %s; %s", quoted(issuer), wantedIssuer(wanted)), nearSubject
	case issuerOK:
		if hint := explainSubject(wanted, subject); hint != "" {
			return by + " (issuer ok): " + hint, nearMiss
		}
		return by + " (issuer ok); " + wantedSubject(wanted), nearIssuer
	default:
		return by + fmt.Sprintf(" of issuer %s; %s; %s", quoted(issuer), wantedSubject(wanted), wantedIssuer(wanted)), nearNeither
	}
}

// explainSubject says how a subject that is not the wanted one misses it by little; empty if it does not.
func explainSubject(wanted identity, subject string) string {
	if wanted.SubjectRegexp != "" {
		return explainRegexp(wanted, subject)
	}
	workflow, ref, _ := strings.Cut(subject, "@refs/")
	wantedWorkflow, wantedRef, _ := strings.Cut(wanted.Subject, "@refs/")
	switch {
	case strings.EqualFold(subject, wanted.Subject):
		return "it differs from the wanted identity in upper and lower case"
	case strings.Contains(subject, wanted.Subject):
		return "it only contains the wanted identity " + quoted(wanted.Subject)
	case ref != "" && wantedRef != "" && workflow == wantedWorkflow:
		return fmt.Sprintf("the workflow is the wanted one, but this is a build of %s, not of %s", describeRef(ref), describeRef(wantedRef))
	case repositoryOf(subject) != "" && repositoryOf(subject) == repositoryOf(wanted.Subject):
		return "the repository is the wanted one, but not the workflow; wanted is " + quoted(wanted.Subject)
	default:
		return ""
	}
}

func explainRegexp(wanted identity, subject string) string {
	if wanted.SubjectMatchesInPart(subject) {
		return "the identity matches identityRegexp only in part; the regexp must match the whole of it"
	}
	expr := policy.Unanchored(wanted.SubjectRegexp)
	if matches("(?i)^(?:"+expr+")$", subject) {
		return "it differs from what identityRegexp wants in upper and lower case"
	}
	// An expression for a workflow and one for a ref, when the @ between them stands in no group.
	workflow, ref, ok := cutLast(subject, "@refs/")
	exprWorkflow, exprRef, exprOK := cutLast(expr, "@refs/")
	if ok && exprOK && matches("^(?:"+strings.TrimPrefix(exprWorkflow, "^")+")$", workflow) {
		return fmt.Sprintf("the workflow is a wanted one, but this is a build of %s; identityRegexp wants a ref like refs/%s",
			describeRef(ref), quoted(exprRef))
	}
	return ""
}

func matches(expr, s string) bool {
	re, err := regexp.Compile(expr)
	return err == nil && re.MatchString(s)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// describeRef names a Git ref, given without its leading refs/, in words.
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

// repositoryOf is the part of a workflow's identity that names its repository.
func repositoryOf(subject string) string {
	repository, _, ok := strings.Cut(subject, "/.github/workflows/")
	if !ok {
		return ""
	}
	return repository
}

func wantedSubject(wanted identity) string {
	if wanted.SubjectRegexp != "" {
		return "identityRegexp wants " + quoted(policy.Unanchored(wanted.SubjectRegexp))
	}
	return "wanted is " + quoted(wanted.Subject)
}

func wantedIssuer(wanted identity) string {
	if wanted.IssuerRegexp != "" {
		return "issuerRegexp wants " + quoted(policy.Unanchored(wanted.IssuerRegexp))
	}
	return "the wanted issuer is " + quoted(wanted.Issuer)
}

// quoted is a part of a message, cut so that the rest has room.
func quoted(s string) string { return bounded(s, maxQuoted) }
