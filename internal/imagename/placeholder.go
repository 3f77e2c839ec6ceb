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

package imagename

import (
	"regexp"
	"strings"
)

// bracket encloses a placeholder.
type bracket struct{ opens, closes string }

// brackets are those of the languages of templates that write manifests, the longer ones first.
func brackets() []bracket {
	return []bracket{
		{"${{", "}}"}, // GitHub Actions, Azure Pipelines
		{"${", "}"},   // a shell, envsubst, Flux, OpenShift templates
		{"$((", "))"},
		{"$(", ")"},  // Tekton, Azure Pipelines, kustomize
		{"{{", "}}"}, // Helm, Go templates, Jinja, Argo
		{"{%", "%}"}, // Jinja
		{"#{", "}"},  // Azure Pipelines, Octopus Deploy
		{"<%", "%>"}, // ERB
		{"[[", "]]"},
		{"((", "))"}, // Concourse, Cloud Foundry
		{"{", "}"},
		{"<", ">"},
	}
}

// word is a placeholder without brackets: @PROJECT@, %VERSION%, __IMAGE__ and $VAR anywhere, and REPLACE_ME as a whole part.
var word = regexp.MustCompile(`@[A-Za-z_][A-Za-z0-9_.-]*@|%[A-Za-z_][A-Za-z0-9_.]*%|__[A-Z0-9]+(?:_[A-Z0-9]+)*__|` +
	`\$[A-Za-z_][A-Za-z0-9_]*|\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b`)

// koScheme begins the name of a Go package that ko builds an image of.
const koScheme = "ko://"

// placeholder returns the first part of a text that a tool is meant to replace; empty if there is none.
func placeholder(text string) string {
	if strings.HasPrefix(text, koScheme) {
		return text
	}
	first, found := len(text), ""
	for _, b := range brackets() {
		start := strings.Index(text, b.opens)
		if start < 0 || start >= first {
			continue
		}
		if end := closing(text[start:], b.opens, b.closes); end > 0 {
			first, found = start, text[start:start+end]
		}
	}
	if found != "" {
		return found
	}
	return word.FindString(text)
}

// closing returns the end of a placeholder at the beginning of a text, 0 if it has none. Placeholders can contain others:
// ${TAG:-${DEFAULT}}.
func closing(text, opens, closes string) int {
	depth := 0
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], closes):
			i += len(closes)
			if depth--; depth <= 0 {
				return i
			}
		case strings.HasPrefix(text[i:], opens):
			i += len(opens)
			depth++
		case len(opens) > 1 && len(closes) == 1 && text[i] == opens[len(opens)-1]:
			// ${A:-{b}}: a bracket of the same kind.
			i++
			depth++
		default:
			i++
		}
	}
	return 0
}

func placeholderProblem(found string) string {
	if strings.HasPrefix(found, koScheme) {
		return "it names a Go package, which ko replaces with the image that it builds; use what ko resolve prints"
	}
	hint := "use what the tool that replaces it prints"
	switch {
	case strings.HasPrefix(found, "{{"):
		hint = "use what that tool prints, such as helm template"
	case strings.HasPrefix(found, "$(params."), strings.HasPrefix(found, "$(inputs."), strings.HasPrefix(found, "$(workspaces."),
		strings.HasPrefix(found, "$(context."), strings.HasPrefix(found, "$(tasks."), strings.HasPrefix(found, "$(tt.params."):
		return quote(found) + " is replaced when the task runs, and only then it is known which image that is"
	}
	return "a tool is meant to replace the placeholder " + quote(found) + "; " + hint
}
