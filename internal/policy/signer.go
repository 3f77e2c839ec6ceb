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

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// Signer is who must sign: an identity in a certificate. Exactly one of Issuer and IssuerRegexp and one of Subject and
// SubjectRegexp is set. The regexps are anchored, since cosign and policy-controller match unanchored (cosign v2.6.5
// pkg/cosign/verify.go, CheckCertificatePolicy). The zero value is nobody: IsComplete reports false.
//
// What depends on the kind of signer is in this file, and in the files of the same name in internal/verify and
// internal/admission.
type Signer struct {
	Issuer        string
	IssuerRegexp  string
	Subject       string
	SubjectRegexp string
}

// IsComplete reports whether the signer has an issuer and a subject. For cosign a missing one would match any.
func (s Signer) IsComplete() bool {
	return (s.Issuer != "") != (s.IssuerRegexp != "") && (s.Subject != "") != (s.SubjectRegexp != "")
}

// fields returns the fields of an authority that accepts the signer under a root of trust; trustRoot is the name of a
// TrustRoot, or empty for the default one. noCTLogs reports whether the TrustRoot has no certificate transparency log.
func (s Signer) fields(trustRoot string, noCTLogs bool) map[string]any {
	identity := map[string]any{}
	for key, value := range map[string]string{
		"issuer": s.Issuer, "issuerRegExp": s.IssuerRegexp,
		"subject": s.Subject, "subjectRegExp": s.SubjectRegexp,
	} {
		if value != "" {
			identity[key] = value
		}
	}
	keyless := map[string]any{"url": fulcioURL, "identities": []any{identity}}
	if trustRoot != "" {
		keyless["trustRootRef"] = trustRoot
		if noCTLogs {
			keyless["insecureIgnoreSCT"] = true
		}
	}
	return map[string]any{"keyless": keyless}
}

// compileSigner compiles the fields that declare a signer.
func compileSigner(root *field.Path, spec v1alpha1.TrustedSigner) (Signer, field.ErrorList) {
	var errs field.ErrorList
	if (spec.Issuer != "") == (spec.IssuerRegexp != "") {
		errs = append(errs, field.Required(root.Child("issuer"), "set exactly one of issuer and issuerRegexp"))
	}
	if (spec.Identity != "") == (spec.IdentityRegexp != "") {
		errs = append(errs, field.Required(root.Child("identity"), "set exactly one of identity and identityRegexp"))
	}
	signer := Signer{Issuer: spec.Issuer, Subject: spec.Identity}
	for _, r := range []struct {
		name string
		expr v1alpha1.Regexp
		into *string
	}{
		{"issuerRegexp", spec.IssuerRegexp, &signer.IssuerRegexp},
		{"identityRegexp", spec.IdentityRegexp, &signer.SubjectRegexp},
	} {
		if r.expr == "" {
			continue
		}
		anchored, err := anchor(string(r.expr))
		if err != nil {
			errs = append(errs, field.Invalid(root.Child(r.name), r.expr, err.Error()))
			continue
		}
		*r.into = anchored
	}
	return signer, errs
}

// anchorBegin and anchorEnd enclose a user's regexp in a Signer.
const (
	anchorBegin = "^(?:"
	anchorEnd   = ")$"
)

// Unanchored returns a regexp of a Signer as the user wrote it.
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

// Matcher compares issuers and subjects of certificates with a Signer. Its regular expressions are compiled once; one
// that does not compile matches nothing.
type Matcher struct {
	signer                        Signer
	issuer, subject               *regexp.Regexp
	subjectInPart, subjectAnyCase *regexp.Regexp
	workflow                      *regexp.Regexp
	workflowRef                   string
}

// NewMatcher returns a Matcher.
func NewMatcher(signer Signer) *Matcher {
	m := &Matcher{signer: signer, issuer: compileRegexp(signer.IssuerRegexp), subject: compileRegexp(signer.SubjectRegexp)}
	if signer.SubjectRegexp == "" {
		return m
	}
	expr := Unanchored(signer.SubjectRegexp)
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

// Signer returns the signer that is compared with.
func (m *Matcher) Signer() Signer { return m.signer }

// IssuerMatches reports whether the issuer, regardless of the subject, is accepted.
func (m *Matcher) IssuerMatches(issuer string) bool {
	return matches(m.signer.Issuer, m.signer.IssuerRegexp, m.issuer, issuer)
}

// SubjectMatches reports whether the subject, regardless of the issuer, is accepted.
func (m *Matcher) SubjectMatches(subject string) bool {
	return matches(m.signer.Subject, m.signer.SubjectRegexp, m.subject, subject)
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
