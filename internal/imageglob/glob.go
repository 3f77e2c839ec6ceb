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

// Package imageglob matches names of images with the globs of ClusterImagePolicies, one by one and many at a time. What matches
// is what policy-controller's pkg/apis/glob says. It has no client, no clock and no network access.
package imageglob

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sigstore/policy-controller/pkg/apis/glob"
)

// Glob is a compiled pattern. Its zero value matches nothing but the empty name.
type Glob struct {
	pattern string
	// literal is all of the pattern, or what is in front of the wildcard at its end.
	literal string
	// rest is what may follow the literal. It is decided without a regular expression for most patterns, which are names or
	// prefixes, because one takes kilobytes.
	rest rest
	// re is that of policy-controller, for the patterns of another form.
	re *regexp.Regexp
}

// rest is what may follow a literal.
type rest uint8

const (
	nothing    rest = iota
	part            // what "*" matches: anything without "/"
	anything        // what "**" matches: anything without a line break
	expression      // a regular expression decides on the whole name
)

// Compile compiles a pattern as policy-controller does, which takes "*" and "*/*" for patterns of Docker Hub.
func Compile(written string) (Glob, error) {
	g := Glob{pattern: expand(written)}
	at := strings.IndexByte(g.pattern, '*')
	if at < 0 {
		at = len(g.pattern)
	}
	g.literal = g.pattern[:at]
	switch g.pattern[at:] {
	case "":
		g.rest = nothing
	case "*":
		g.rest = part
	case "**":
		g.rest = anything
	default:
		g.rest = expression
	}
	if g.rest == expression {
		re, err := glob.Compile(written)
		if err != nil {
			return Glob{}, err
		}
		g.re = re
	} else if !valid(written) {
		return Glob{}, fmt.Errorf("invalid glob %q", written)
	}
	return g, nil
}

// expand returns the pattern that policy-controller compiles instead of one.
func expand(written string) string {
	switch written {
	case "*":
		return glob.ResolvedDockerhubHost + glob.DockerhubPublicRepository + "*"
	case "*/*":
		return glob.ResolvedDockerhubHost + "*/*"
	default:
		return written
	}
}

// valid reports whether a pattern has the characters of globs only.
func valid(written string) bool {
	return written != "" && !strings.ContainsFunc(written, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		default:
			return !strings.ContainsRune("-_:/*.@", r)
		}
	})
}

// Match reports whether the glob matches a whole name.
func (g *Glob) Match(name string) bool {
	if g.rest == expression {
		return g.re.MatchString(name)
	}
	rest, ok := strings.CutPrefix(name, g.literal)
	switch {
	case !ok:
		return false
	case g.rest == part:
		return strings.IndexByte(rest, '/') < 0
	case g.rest == anything:
		return strings.IndexByte(rest, '\n') < 0
	default:
		return rest == ""
	}
}

// maxFiled bounds the part of a glob that a Set files it under, and with it how far the Set looks from each position of a name.
const maxFiled = 128

// parts returns the literal parts of the glob: a name that it matches begins with first, and contains the others.
func (g *Glob) parts() (first string, others []string) {
	first, rest, _ := strings.Cut(g.pattern, "*")
	for part := range strings.SplitSeq(rest, "*") {
		if part != "" && !slices.Contains(others, bounded(part)) {
			others = append(others, bounded(part))
		}
	}
	return bounded(first), others
}

func bounded(part string) string { return part[:min(len(part), maxFiled)] }
