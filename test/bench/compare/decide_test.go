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

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDecide judges what benchstat printed of recorded runs.
func TestDecide(t *testing.T) {
	for file, tc := range map[string]struct {
		want  []string
		worse []bool
	}{
		"same.csv": {},
		"changed.csv": {
			want: []string{
				"example.com/a: X/slower-2: +96 % sec/op (p=0.000 n=10)",
				"example.com/a: X/faster-2: -31 % sec/op (p=0.000 n=10)",
				"example.com/a: X/bytes-2: +25 % B/op (p=0.000 n=10)",
				"example.com/a: X/first-2: more than nothing: allocs/op (p=0.000 n=10)",
				"example.com/b: Y-2: +50 % allocs/op (p=0.000 n=10)",
			},
			worse: []bool{true, false, true, true, true},
		},
	} {
		t.Run(file, func(t *testing.T) {
			recorded, err := os.Open(filepath.Join("testdata", file))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = recorded.Close() }()
			changes, err := decide(recorded)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			var worse []bool
			for _, c := range changes {
				got, worse = append(got, c.String()), append(worse, c.worse())
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.worse, worse); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDecideNothing has nothing to compare, which must not pass.
func TestDecideNothing(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"benchmarks of one": "pkg: a\n,base,,head,,,\n,sec/op,CI,sec/op,CI,vs base,P\nGone-2,1.04e-07,1%\nNew-2,,,2.04e-07,1%\n",
		"other units":       "pkg: a\n,base,,head,,,\n,pods/op,CI,pods/op,CI,vs base,P\nX-2,1,0%,9,0%,+800.00%,p=0.000 n=10\n",
		"no number":         "pkg: a\n,base,,head,,,\n,sec/op,CI,sec/op,CI,vs base,P\nX-2,1,0%,9,0%,lots,p=0.000 n=10\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := decide(strings.NewReader(text)); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}
