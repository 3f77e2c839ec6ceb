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
	"regexp"
	"slices"
	"strings"
)

// parts of a text that an expression accepts, of those that others describe.
func (l *language) parts(into *regexp.Regexp, described ...string) ([]string, bool) {
	for _, expr := range described {
		if text, found := l.meetExpr(expr); found == common {
			if m := into.FindStringSubmatch(text); m != nil {
				return m[1:], true
			}
		}
	}
	return nil, false
}

// meetExpr is meet for an expression of ours.
func (l *language) meetExpr(expr string) (string, answer) {
	other, err := newLanguage(expr)
	if err != nil {
		return "", unsure
	}
	return l.meet(other)
}

// hit is a probe that was accepted.
type hit struct {
	probe
	example string
}

// try returns the probes that are accepted and about which nothing has been said.
func (l *language) try(probes []probe, said []aspect) []hit {
	var hits []hit
	for _, p := range probes {
		if slices.Contains(said, p.aspect) {
			continue
		}
		for _, expr := range p.others {
			if example, found := l.meetExpr(expr); found == common {
				hits = append(hits, hit{p, example})
				break
			}
		}
	}
	return hits
}

// maxExample bounds what is quoted, in bytes.
const maxExample = 200

// short cuts an example that nobody would read to its end.
func short(example string) string {
	if len(example) <= maxExample {
		return example
	}
	return strings.ToValidUTF8(example[:maxExample], "") + "…"
}
