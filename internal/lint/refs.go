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
)

var (
	commitPattern      = regexp.MustCompile(`^` + commitID + `$`)
	pullRequestPattern = regexp.MustCompile(`^refs/(pull/[0-9]+/(merge|head)|merge-requests/[0-9]+/[a-z]+)$`)
	branchOrTag        = regexp.MustCompile(`^refs/(heads|tags)/.`)
)

// refProblem returns why no workflow has an identity that ends with the ref, and what to write instead. It is empty if a workflow
// may have it.
func refProblem(ref string) string {
	switch {
	case ref == "":
		return `has no ref behind "@"` + deniedAll + `write for example @refs/tags/v1.0.0`
	case commitPattern.MatchString(ref), pullRequestPattern.MatchString(ref):
		return ""
	}
	if problem := gitProblem(ref); problem != "" {
		return fmt.Sprintf("ends with %q, and Git allows no such ref: %s%swrite for example @refs/tags/v1.0.0", "@"+ref, problem, deniedAll)
	}
	if branchOrTag.MatchString(ref) {
		return ""
	}
	return fmt.Sprintf("ends with %q, which is not a whole ref%swrite %s", "@"+ref, deniedAll, wholeRef(ref))
}

// gitProblem returns the rule of git-check-ref-format(1) that a ref violates.
func gitProblem(ref string) string {
	for _, r := range ref {
		switch {
		case r == ' ' || r == '\t':
			return "it has a blank"
		case r < ' ' || r == 0x7f:
			return "it has a control character"
		case strings.ContainsRune(`~^:?*[\`, r):
			return fmt.Sprintf("it has a %q", string(r))
		}
	}
	if strings.Contains(ref, "..") {
		return "it has two dots in a row"
	}
	if strings.Contains(ref, "@{") || ref == "@" {
		return `it has "@{", or is "@"`
	}
	for component := range strings.SplitSeq(ref, "/") {
		switch {
		case component == "":
			return "it begins or ends with a slash, or has two slashes in a row"
		case strings.HasPrefix(component, "."):
			return "a part of it begins with a dot"
		case strings.HasSuffix(component, ".lock"):
			return "a part of it ends with .lock"
		}
	}
	if strings.HasSuffix(ref, ".") {
		return "it ends with a dot"
	}
	return ""
}

var versionPattern = regexp.MustCompile(`^v?[0-9]+(\.|$)|^v[0-9x]`)

// wholeRef returns what was probably meant by a ref that is not one in full.
func wholeRef(ref string) string {
	const branch, tag = "@refs/heads/", "@refs/tags/"
	name := strings.TrimPrefix(ref, "refs/")
	kind, rest, _ := strings.Cut(name, "/")
	switch {
	case strings.HasPrefix(kind, "head") || kind == "branch" || kind == "branches":
		return branch + orName(rest, "BRANCH")
	case strings.HasPrefix(kind, "tag"):
		return tag + orName(rest, "v1.0.0")
	case strings.HasPrefix(ref, "refs/pull"):
		return "@refs/pull/NUMBER/merge"
	case versionPattern.MatchString(name):
		return tag + name
	case name == "main" || name == "master":
		return branch + name
	case name == "" || name == "refs":
		return tag + "v1.0.0"
	default:
		return branch + name + " for a branch, or " + tag + name + " for a tag"
	}
}

func orName(name, otherwise string) string {
	if name == "" {
		return otherwise
	}
	return name
}
