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
	"strings"
	"unicode"
)

var (
	// placeholderPattern matches what a template would replace.
	placeholderPattern = regexp.MustCompile(`\$?\{\{.*?\}\}|\$\{.*?\}|\$\(.*?\)|<[A-Za-z][^<>]*>|\bYOUR[_-][A-Z_-]+`)
	// expressionPattern matches what only a regular expression has: an anchor, an escape, a class, a group of alternatives, or a dot
	// that is repeated.
	expressionPattern = regexp.MustCompile(`^\^|\$$|^\(\?|\\|\.[*+]|\[[^\]]+\][+*?{]?|\([^()]*\|[^()]*\)`)
	// repeatedPattern matches a letter, digit or hyphen at the end of a ref that is repeated, or a slash.
	repeatedPattern = regexp.MustCompile(`@(?:.*[^\\])?([A-Za-z0-9-])\*[)$]*$|@.*(/)\*`)
	// wildcardPattern matches a slash or an @ that is repeated.
	wildcardPattern = regexp.MustCompile(`[/@]\*`)
)

// maxSuggested is the largest length of a text for which a whole replacement is suggested, in bytes.
const maxSuggested = 300

// notExact returns why no certificate can have an exact identity, and what to write instead. It is empty if one may. An address
// may have almost any character in front of the @, so that what is said of expressions is about URLs and the host of an address.
func notExact(identity string) string {
	strange := identity
	if !strings.Contains(identity, "://") {
		_, strange, _ = strings.Cut(identity, "@")
	}
	if problem := blank(identity); problem != "" {
		return problem
	}
	switch {
	case placeholderPattern.MatchString(identity):
		return fmt.Sprintf("has a placeholder that nothing replaces: %s%swrite the value instead of it",
			placeholderPattern.FindString(identity), deniedAll)
	case expressionPattern.MatchString(strange) || strings.HasPrefix(identity, "^"):
		return "is a regular expression, and identity is compared as it is" + deniedAll + "write " + suggestion(expressionFor(identity))
	case strings.Contains(identity, "*"):
		return `has a "*", and identity is compared as it is` + deniedAll + "write " + suggestion(expressionForGlob(identity))
	default:
		return ""
	}
}

// blank returns what is wrong with a value that has blanks around it or a control character, which YAML makes of a block or of
// an escape in double quotes.
func blank(value string) string {
	switch {
	case strings.TrimRight(value, "\r\n") != value:
		return "ends with a line break" + deniedAll + "write it in one line, or with |- or >- instead of | or >"
	case strings.TrimSpace(value) != value:
		return "begins or ends with a blank" + deniedAll + "remove the blank"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "has a control character" + deniedAll +
			`write it in one line, and without quotes or in single quotes: in double quotes \b, \t and the like mean control characters`
	default:
		return ""
	}
}

// notExactIssuer returns why no certificate can have an exact issuer, if its text says so.
func notExactIssuer(issuer string) string {
	if problem := blank(issuer); problem != "" {
		return problem
	}
	switch {
	case placeholderPattern.MatchString(issuer):
		return fmt.Sprintf("has a placeholder that nothing replaces: %s%swrite the value instead of it",
			placeholderPattern.FindString(issuer), deniedAll)
	case strings.ContainsAny(issuer, `*\^$[`):
		return "is an expression, and issuer is compared as it is" + deniedAll +
			"write the whole URL, such as " + gitHubActions + ", or a regular expression in issuerRegexp"
	default:
		return ""
	}
}

// notExpression returns what is wrong with the text of a regular expression.
func notExpression(expr string) string {
	if problem := blank(expr); problem != "" {
		return problem
	}
	if strings.Contains(expr, `\\.`) {
		return `has "\\.", which matches a backslash` + deniedAll + `write "\." for a dot: a backslash is doubled in double quotes only`
	}
	return ""
}

// suggestion returns the field that an expression belongs into, with the expression unless it is long or invalid.
func suggestion(expr string) string {
	if _, err := newLanguage(expr); err != nil || len(expr) > maxSuggested {
		return "a regular expression in identityRegexp"
	}
	return "identityRegexp: " + expr
}

// expressionFor returns a regular expression with a backslash before each dot that is between letters, unless there is one.
func expressionFor(expr string) string {
	if strings.Contains(expr, `\.`) {
		return expr
	}
	var b strings.Builder
	class := false
	for i := range len(expr) {
		switch expr[i] {
		case '[':
			class = true
		case ']':
			class = false
		case '.':
			if !class && (i+1 == len(expr) || !strings.ContainsRune("*+?{", rune(expr[i+1]))) {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(expr[i])
	}
	return b.String()
}

// expressionForGlob returns a regular expression for an identity with wildcards.
func expressionForGlob(glob string) string {
	path, ref, _ := strings.Cut(glob, "@")
	segments := func(text, wildcard string) string {
		text = regexp.QuoteMeta(text)
		text = strings.ReplaceAll(text, `\*\*`, ".+")
		return strings.ReplaceAll(text, `\*`, wildcard)
	}
	if ref == "" {
		return segments(path, "[^/@]+")
	}
	if ref == "*" {
		ref = "refs/tags/*"
	}
	return segments(path, "[^/@]+") + "@" + segments(ref, ".+")
}

// repeatedLetter returns what is wrong with an expression that repeats a letter of a ref as if the "*" was that of a glob.
func repeatedLetter(expr string) string {
	m := repeatedPattern.FindStringSubmatch(expr)
	if m == nil {
		return ""
	}
	letter := m[1] + m[2]
	return fmt.Sprintf(`ends with "%[1]s*", which matches nothing but %[1]q, any number of times: a regular expression is not a glob%[2]s`+
		`write "%[1]s.+"`, letter, deniedAll)
}

// whyNothing returns why an expression matches no identity of a form, if it is a glob, or matches a part of such an identity.
func whyNothing(expr, form string) string {
	if m := wildcardPattern.FindString(expr); m != "" {
		return fmt.Sprintf("%q matches nothing but %q, any number of times: a regular expression is not a glob, and [^/]+ matches a name; ",
			m, m[:1])
	}
	const more, whole = `(?s:.*)`, "the expression has to match the whole identity, unlike in cosign; "
	inner := "(?:" + strings.TrimSuffix(strings.TrimPrefix(expr, "^"), "$") + ")"
	if accepts(inner+more, form) || accepts(more+inner, form) || accepts(more+inner+more, form) {
		return "it matches a part of such identities only, and " + whole
	}
	return ""
}
