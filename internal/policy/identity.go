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

package policy

import (
	"fmt"
	"regexp"
	"strings"
)

// Identity is who must have signed: exactly one of Issuer and IssuerRegexp and one of
// Subject and SubjectRegexp is set. The regexps are anchored already: cosign and
// policy-controller match unanchored (cosign v2.6.5 pkg/cosign/verify.go, CheckCertificatePolicy).
type Identity struct {
	Issuer        string
	IssuerRegexp  string
	Subject       string
	SubjectRegexp string
}

// What stands around a user's regexp in an Identity.
const (
	anchorBegin = "^(?:"
	anchorEnd   = ")$"
)

// Unanchored is a regexp of an Identity as the user wrote it.
func Unanchored(expr string) string {
	return strings.TrimSuffix(strings.TrimPrefix(expr, anchorBegin), anchorEnd)
}

// anchor makes a regexp match the whole value or nothing.
func anchor(expr string) (string, error) {
	// Alone first: "a)|(?:b" would compile once wrapped, and then match half of a value.
	if _, err := regexp.Compile(expr); err != nil {
		return "", fmt.Errorf("must be a regular expression in RE2 syntax: %w", err)
	}
	anchored := anchorBegin + expr + anchorEnd
	if _, err := regexp.Compile(anchored); err != nil {
		return "", fmt.Errorf("must be a regular expression in RE2 syntax that can be read as ^(?:REGEXP)$: %w", err)
	}
	return anchored, nil
}

// IssuerMatches tells whether the issuer alone is the wanted one.
func (i Identity) IssuerMatches(issuer string) bool {
	return matches(i.Issuer, i.IssuerRegexp, issuer)
}

// SubjectMatches tells whether the subject alone is the wanted one.
func (i Identity) SubjectMatches(subject string) bool {
	return matches(i.Subject, i.SubjectRegexp, subject)
}

// SubjectMatchesInPart tells whether an unanchored match would have accepted a subject that
// is not the wanted one.
func (i Identity) SubjectMatchesInPart(subject string) bool {
	if i.SubjectRegexp == "" || i.SubjectMatches(subject) {
		return false
	}
	re, err := regexp.Compile(Unanchored(i.SubjectRegexp))
	return err == nil && re.MatchString(subject)
}

func matches(exact, expr, value string) bool {
	if expr == "" {
		return exact == value
	}
	re, err := regexp.Compile(expr)
	return err == nil && re.MatchString(value)
}
