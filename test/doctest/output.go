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

package doctest

import (
	"regexp"
	"strings"
)

// varying is what differs from run to run: a page shows one example of it.
var varying = []struct {
	what    *regexp.Regexp
	pattern string
}{
	{regexp.MustCompile(`sha256:[0-9a-f]{4,64}…?`), `sha256:[0-9a-f]{64}`},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`},
	{regexp.MustCompile(`\b(\d+[smhd]){1,2}\b`), `(?:\d+[smhd]){1,2}`},
	{regexp.MustCompile(`…`), `(?s:.*)`},
	// Columns are as wide as what is in them.
	{regexp.MustCompile(` {2,}`), ` +`},
}

// Matches reports whether a command printed what a page shows. An ellipsis stands for anything.
func Matches(page, printed string) bool {
	var pattern strings.Builder
	pattern.WriteString("^")
	rest := strings.TrimSpace(page)
	for rest != "" {
		begin, end, replacement := len(rest), len(rest), ""
		for _, v := range varying {
			at := v.what.FindStringIndex(rest)
			if len(at) == 2 && (at[0] < begin || at[0] == begin && at[1] > end) {
				begin, end, replacement = at[0], at[1], v.pattern
			}
		}
		pattern.WriteString(regexp.QuoteMeta(rest[:begin]) + replacement)
		rest = rest[end:]
	}
	pattern.WriteString("$")
	return regexp.MustCompile(pattern.String()).MatchString(trimLines(printed))
}

// trimLines removes spaces at the ends of lines, where kubectl fills its last column.
func trimLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}
