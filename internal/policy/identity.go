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

// Identity is the expected signer. Exactly one of Issuer and IssuerRegexp and one of Subject and SubjectRegexp is set. The
// regexps are anchored, since cosign and policy-controller match unanchored (cosign v2.6.5 pkg/cosign/verify.go,
// CheckCertificatePolicy).
type Identity struct {
	Issuer        string
	IssuerRegexp  string
	Subject       string
	SubjectRegexp string
}

// anchorBegin and anchorEnd enclose a user's regexp in an Identity.
const (
	anchorBegin = "^(?:"
	anchorEnd   = ")$"
)

// Unanchored returns a regexp of an Identity as the user wrote it.
func Unanchored(expr string) string {
	return strings.TrimSuffix(strings.TrimPrefix(expr, anchorBegin), anchorEnd)
}

// anchor makes a regexp match the whole value or nothing.
func anchor(expr string) (string, error) {
	// The regexp must compile alone: "a)|(?:b" compiles only with the anchors, and then matches a part of a value.
	if _, err := regexp.Compile(expr); err != nil {
		return "", fmt.Errorf("must be a regular expression in RE2 syntax: %w", err)
	}
	anchored := anchorBegin + expr + anchorEnd
	if _, err := regexp.Compile(anchored); err != nil {
		return "", fmt.Errorf("must be a regular expression in RE2 syntax that can be read as ^(?:REGEXP)$: %w", err)
	}
	return anchored, nil
}

// Matcher compares issuers and subjects of certificates with an Identity. Its regular expressions are compiled once; one
// that does not compile matches nothing.
type Matcher struct {
	identity                      Identity
	issuer, subject               *regexp.Regexp
	subjectInPart, subjectAnyCase *regexp.Regexp
	workflow                      *regexp.Regexp
	workflowRef                   string
}

// NewMatcher returns a Matcher.
func NewMatcher(identity Identity) *Matcher {
	m := &Matcher{identity: identity, issuer: compileRegexp(identity.IssuerRegexp), subject: compileRegexp(identity.SubjectRegexp)}
	if identity.SubjectRegexp == "" {
		return m
	}
	expr := Unanchored(identity.SubjectRegexp)
	m.subjectInPart = compileRegexp(expr)
	m.subjectAnyCase = compileRegexp("(?i)" + anchorBegin + expr + anchorEnd)
	if i := strings.LastIndex(expr, refSeparator); i >= 0 {
		m.workflow = compileRegexp(anchorBegin + strings.TrimPrefix(expr[:i], "^") + anchorEnd)
		m.workflowRef = expr[i+len(refSeparator):]
	}
	return m
}

// refSeparator separates the workflow from the Git ref in the subject of a GitHub Actions certificate.
const refSeparator = "@refs/"

func compileRegexp(expr string) *regexp.Regexp {
	if expr == "" {
		return nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil
	}
	return re
}

// Identity returns the identity that is compared with.
func (m *Matcher) Identity() Identity { return m.identity }

// IssuerMatches reports whether the issuer, regardless of the subject, is accepted.
func (m *Matcher) IssuerMatches(issuer string) bool {
	return matches(m.identity.Issuer, m.identity.IssuerRegexp, m.issuer, issuer)
}

// SubjectMatches reports whether the subject, regardless of the issuer, is accepted.
func (m *Matcher) SubjectMatches(subject string) bool {
	return matches(m.identity.Subject, m.identity.SubjectRegexp, m.subject, subject)
}

// SubjectMatchesInPart reports whether the regexp matches a part of a subject that is not accepted.
func (m *Matcher) SubjectMatchesInPart(subject string) bool {
	return m.subjectInPart != nil && !m.SubjectMatches(subject) && m.subjectInPart.MatchString(subject)
}

// SubjectMatchesAnyCase reports whether the regexp matches a subject if upper and lower case are ignored.
func (m *Matcher) SubjectMatchesAnyCase(subject string) bool {
	return m.subjectAnyCase != nil && m.subjectAnyCase.MatchString(subject)
}

// WorkflowMatches reports whether the part of the regexp before the Git ref matches the workflow of a GitHub Actions
// certificate. It returns the Git ref of the certificate and the part of the regexp for it, both without "refs/". It is
// false if the regexp has no such parts.
func (m *Matcher) WorkflowMatches(subject string) (ref, expr string, ok bool) {
	i := strings.LastIndex(subject, refSeparator)
	if i < 0 || m.workflow == nil || !m.workflow.MatchString(subject[:i]) {
		return "", "", false
	}
	return subject[i+len(refSeparator):], m.workflowRef, true
}

func matches(exact, expr string, re *regexp.Regexp, value string) bool {
	if expr == "" {
		return exact == value
	}
	return re != nil && re.MatchString(value)
}
