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

const (
	issuerField         = "spec.issuer"
	issuerRegexpField   = "spec.issuerRegexp"
	identityField       = "spec.identity"
	identityRegexpField = "spec.identityRegexp"

	// deniedAll is what follows from a signer that nobody is.
	deniedAll = ", so every image would be denied; "
)

// anyWorkflow matches the identities of workflows and pipelines of all hosts, with any text in place of the ref.
const (
	anyWorkflow  = `https://[^/@]+(?:/[^/@]+)+/?/[^@]+\.ya?ml@(?s:.*)`
	realWorkflow = `https://[^/@]+(?:/[^/@]+)+/?/[^@]+\.ya?ml@(?:` + gitHubRef + `|` + gitLabRef + `)`
	noWorkflow   = `[^@]*|[^@:]*@[^@/]*`
)

// impossibleSigner reports a signer that nobody can be: an issuer that no certificate has, or an identity that the issuer never
// issues. An issuer that warnings are about is not reported again.
func impossibleSigner(signer v1alpha1.TrustedSigner, warnings []warning) []Finding {
	issuer, findings := impossibleIssuer(signer, warnings)
	if problem := notExact(signer.Identity); problem != "" {
		return append(findings, Finding{RuleImpossibleIdentity, LevelWarning, identityField, problem})
	}
	if problem := notExpression(string(signer.IdentityRegexp)); problem != "" {
		return append(findings, Finding{RuleImpossibleIdentity, LevelWarning, identityRegexpField, problem})
	}
	kind, known := kindOf(issuer)
	switch {
	case expressionOf(signer) == "":
		return findings
	case known:
		return append(findings, impossibleIdentity(signer, kind, issuer)...)
	case len(findings) > 0:
		return append(findings, refFinding(signer)...)
	case signer.Issuer != "":
		return foreignIdentity(signer)
	default:
		return impossiblePair(signer)
	}
}

// impossibleIssuer reports an issuer that no certificate has, and returns the one that was probably meant; the one of the signer
// if there is nothing to report.
func impossibleIssuer(signer v1alpha1.TrustedSigner, warnings []warning) (string, []Finding) {
	field, written := issuerField, signer.Issuer
	if signer.IssuerRegexp != "" {
		field, written = issuerRegexpField, issuerOf(string(signer.IssuerRegexp))
	}
	if problem := notExactIssuer(signer.Issuer); problem != "" {
		return strings.TrimSpace(written), []Finding{{RuleImpossibleIssuer, LevelWarning, field, problem}}
	}
	if problem := notExpression(string(signer.IssuerRegexp)); problem != "" {
		return "", []Finding{{RuleImpossibleIssuer, LevelWarning, field, problem}}
	}
	if plain := plainAddress(written); strings.HasSuffix(plain, ".sigstore.dev") || strings.HasSuffix(plain, ".sigstore.dev/auth") {
		if signer.TrustRoot != nil {
			return written, nil
		}
		return "", []Finding{{RuleImpossibleIssuer, LevelWarning, field, fmt.Sprintf("%s is a service of Sigstore, and no certificate of the"+
			" public good instance has it as its issuer%swrite the provider with which one logs in there:"+
			" %s, %s or https://login.microsoftonline.com", written, deniedAll, gitHubLogin, googleAccounts)}}
	}
	meant, ok := meantIssuer(written)
	if !ok {
		return written, nil
	}
	if emails := expressionOf(signer); meant == gitHubActions && plainAddress(written) == "github.com" && accepts(emails, emailForm) {
		meant = gitHubLogin
	}
	if slices.ContainsFunc(warnings, func(w warning) bool { return w.id == issuerIsNotHTTPS }) {
		return meant, nil
	}
	subject := "no certificate has the issuer " + written
	if field == issuerRegexpField {
		subject = "matches an issuer such as " + written + ", which no certificate has, and no well-known one"
	}
	return meant, []Finding{{RuleImpossibleIssuer, LevelWarning, field, subject + deniedAll + "write issuer: " + meant}}
}

// issuerOf returns an issuer that a regular expression accepts, if it accepts none that is well known.
func issuerOf(expr string) string {
	accepted, err := newLanguage(expr)
	if err != nil {
		return ""
	}
	for _, kind := range issuerKinds() {
		if _, found := accepted.intersectExpr(kind.expr()); found != disjoint {
			return ""
		}
	}
	text, found := accepted.intersectExpr("https?://" + anyHost + anyPath)
	if found != common {
		return ""
	}
	return text
}

// impossiblePair reports an expression for the issuer that accepts none of the issuers of the identity.
func impossiblePair(signer v1alpha1.TrustedSigner) []Finding {
	accepted, err := newLanguage(string(signer.IssuerRegexp))
	if err != nil {
		return nil
	}
	var kinds []issuerKind
	for _, kind := range issuerKinds() {
		switch _, found := accepted.intersectExpr(kind.expr()); found {
		case common:
			kinds = append(kinds, kind)
		case undecided:
			return nil
		case disjoint:
		}
	}
	if kind, ok := kindOfIdentity(signer); ok && !slices.ContainsFunc(kinds, func(k issuerKind) bool { return k.form == kind.form }) {
		if signer.TrustRoot != nil && len(kinds) == 0 {
			return nil // an instance of one's own may have another issuer for them
		}
		return []Finding{{RuleImpossibleIssuer, LevelWarning, issuerRegexpField, fmt.Sprintf(
			"does not match %s, which issues such identities (%s)%swrite issuer: %s",
			kind.shown(), kind.name, deniedAll, kind.shown())}}
	}
	// An expression with alternatives, or for any host, has other issuers too.
	expr := string(signer.IssuerRegexp)
	if len(kinds) != 1 || strings.Contains(expr, "|") || accepts(expr, "https://"+otherHost+anyPath) {
		return refFinding(signer)
	}
	return impossibleIdentity(signer, kinds[0], kinds[0].shown())
}

// expressionOf returns a regular expression for the identities of a signer, and none if there are none.
func expressionOf(signer v1alpha1.TrustedSigner) string {
	if signer.Identity != "" {
		return regexp.QuoteMeta(signer.Identity)
	}
	return string(signer.IdentityRegexp)
}

func fieldOf(signer v1alpha1.TrustedSigner) string {
	if signer.Identity != "" {
		return identityField
	}
	return identityRegexpField
}

// kindOfIdentity returns the kind of issuers that alone issue the identities of a signer.
func kindOfIdentity(signer v1alpha1.TrustedSigner) (issuerKind, bool) {
	accepted, err := newLanguage(expressionOf(signer))
	if err != nil || expressionOf(signer) == "" {
		return issuerKind{}, false
	}
	// An expression that accepts any host, any address or a text without either may be about other issuers too.
	for _, other := range []string{"https://" + otherHost + anyPath + `(?:@.*)?`, emailForm, `[a-z0-9-]*`} {
		if _, found := accepted.intersectExpr(other); found != disjoint {
			return issuerKind{}, false
		}
	}
	var own []issuerKind
	for _, kind := range issuerKinds() {
		switch _, found := accepted.intersectExpr(kind.form); {
		case found == undecided, found == common && !kind.own:
			return issuerKind{}, false
		case found == common:
			own = append(own, kind)
		}
	}
	if len(own) != 1 {
		return issuerKind{}, false
	}
	return own[0], true
}

// accepts reports whether an expression accepts a text of another one.
func accepts(expr, other string) bool {
	accepted, err := newLanguage(expr)
	if err != nil || expr == "" {
		return false
	}
	_, found := accepted.intersectExpr(other)
	return found == common
}

// foreignIdentity reports an identity that only well-known issuers issue, and whose issuer is none of them.
func foreignIdentity(signer v1alpha1.TrustedSigner) []Finding {
	if kind, ok := kindOfIdentity(signer); ok && signer.TrustRoot == nil {
		return []Finding{{RuleImpossibleIssuer, LevelWarning, issuerField, fmt.Sprintf(
			"only %s issues such identities (%s)%swrite issuer: %s", kind.shown(), kind.name, deniedAll, kind.shown())}}
	}
	return refFinding(signer)
}

// impossibleIdentity reports an identity that its issuer, which is of a known kind, never issues.
func impossibleIdentity(signer v1alpha1.TrustedSigner, kind issuerKind, issuer string) []Finding {
	expr := expressionOf(signer)
	accepted, err := newLanguage(expr)
	if err != nil || kind.form == "" {
		return nil
	}
	if _, found := accepted.intersectExpr(kind.form); found != disjoint {
		if google := serviceAccount(signer, kind, issuer); google != "" {
			return []Finding{{RuleImpossibleIdentity, LevelWarning, fieldOf(signer), google}}
		}
		return refFinding(signer)
	}
	if kind.anyRef != "" {
		if _, found := accepted.intersectExpr(kind.anyRef); found == common {
			if finding := refFinding(signer); finding != nil {
				return finding
			}
		}
	}
	message := "issuer " + issuer + " never issues such an identity" + deniedAll
	if of, ok := kindOfIdentity(signer); ok && of.form != kind.form {
		message += "write issuer: " + of.shown() + " for an identity of " + of.name + ", or "
	} else if signer.Identity == "" {
		message += whyNothing(expr, kind.form)
	}
	message += "write for example " + kind.exampleOf(signer.Identity != "")
	return []Finding{{RuleImpossibleIdentity, LevelWarning, fieldOf(signer), message}}
}

// serviceAccount returns what is wrong with a service account of Google whose issuer is another one for addresses.
func serviceAccount(signer v1alpha1.TrustedSigner, kind issuerKind, issuer string) string {
	domain := strings.ReplaceAll(strings.TrimRight(expressionOf(signer), "$)"), `\`, "")
	if kind.form != emailForm || issuer == googleAccounts || !strings.HasSuffix(domain, "gserviceaccount.com") {
		return ""
	}
	return fmt.Sprintf("issuer %s never issues such an identity%swrite issuer: %s, which issues those of Google's service accounts",
		issuer, deniedAll, googleAccounts)
}

// refFinding reports an identity of a workflow or pipeline on any host with a ref that no repository has.
func refFinding(signer v1alpha1.TrustedSigner) []Finding {
	if signer.Identity != "" {
		_, ref, _ := strings.Cut(signer.Identity, "@")
		if !accepts(regexp.QuoteMeta(signer.Identity), anyWorkflow) {
			return nil
		}
		problem := refProblem(ref)
		if problem == "" {
			return nil
		}
		return []Finding{{RuleImpossibleIdentity, LevelWarning, identityField, problem}}
	}
	expr := string(signer.IdentityRegexp)
	accepted, err := newLanguage(expr)
	if expr == "" || err != nil {
		return nil
	}
	if repeated := repeatedLetter(expr); repeated != "" {
		return []Finding{{RuleImpossibleIdentity, LevelWarning, identityRegexpField, repeated}}
	}
	text, found := accepted.intersectExpr(anyWorkflow)
	if found != common {
		return nil
	}
	for _, possible := range []string{realWorkflow, noWorkflow} {
		if _, found := accepted.intersectExpr(possible); found != disjoint {
			return nil
		}
	}
	_, ref, _ := strings.Cut(text, "@")
	problem := refProblem(ref)
	if problem == "" {
		return nil
	}
	what, _, _ := strings.Cut(problem, deniedAll)
	return []Finding{{RuleImpossibleIdentity, LevelWarning, identityRegexpField, fmt.Sprintf(
		"matches no whole ref, such as refs/tags/v1.0.0; what it matches %s%swrite for example @refs/tags/v.+", what, deniedAll)}}
}
