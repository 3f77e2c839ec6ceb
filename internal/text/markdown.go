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

package text

import "strings"

// Code returns text as a code span of Markdown, in which nothing is a link, a mention or markup: what others wrote stays what it is
// in the summary of a CI system. A bar is escaped, because it ends the cell of a table even there. Empty text stays empty.
func Code(s string) string {
	s = strings.TrimSpace(Printable(s))
	if s == "" {
		return ""
	}
	longest, run := 0, 0
	for _, r := range s {
		if r == '`' {
			run++
		} else {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	s = strings.ReplaceAll(s, "|", `\|`)
	if longest > 0 {
		// A space keeps a backtick at an end of the text from the fence; readers leave it out.
		return fence + " " + s + " " + fence
	}
	return fence + s + fence
}
