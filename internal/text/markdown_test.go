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

import (
	"strings"
	"testing"
)

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		" ":                      "",
		"a/b:v1":                 "`a/b:v1`",
		"a|b":                    "`a\\|b`",
		"`":                      "`` ` ``",
		"a``b":                   "``` a``b ```",
		"a\n| # b":               "`a?\\| # b`",
		"[x](javascript:y) @all": "`[x](javascript:y) @all`",
		"<img src=x>":            "`<img src=x>`",
	} {
		if got := Code(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
		if got := Code(in); strings.Contains(got, "\n") {
			t.Errorf("%q: %q has a line end", in, got)
		}
	}
}
