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

package text_test

import (
	"testing"

	"github.com/karmada-io/image-trust/internal/text"
)

func TestTruncate(t *testing.T) {
	for name, tc := range map[string]struct {
		in    string
		limit int
		want  string
	}{
		"fits":                        {"abc", 3, "abc"},
		"too long":                    {"abcdef", 5, "ab…"},
		"at a character's end":        {"aéééé", 7, "aé…"},
		"inside of a character":       {"aéééé", 6, "aé…"},
		"no room for the ellipsis":    {"abcdef", 2, ""},
		"room for the ellipsis alone": {"abcdef", 3, "…"},
		"empty":                       {"", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := text.Truncate(tc.in, tc.limit); got != tc.want || len(got) > tc.limit {
				t.Errorf("Truncate(%q, %d) = %q, want %q", tc.in, tc.limit, got, tc.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 images", 1: "1 image", 2: "2 images"} {
		if got := text.Count(n, "image"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestList(t *testing.T) {
	items := []string{"a", "b", "c"}
	for limit, want := range map[int]string{1: "a and 2 more", 2: "a, b and 1 more", 3: "a, b, c", 9: "a, b, c"} {
		if got := text.List(items, limit); got != want {
			t.Errorf("List(%d) = %q, want %q", limit, got, want)
		}
	}
}
