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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSummarise(t *testing.T) {
	tests := map[string]struct {
		events []string
		want   string
	}{
		"a package that passes": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: quiet\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"PASS\n"}`,
				`{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`,
				`{"Action":"pass","Package":"p"}`,
			},
			want: "ok  \tp\t0.1s\n",
		},
		"progress and figures, also of tests that pass": {
			events: []string{
				`{"Action":"output","Package":"p","Output":"▸ up\n"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: figure: steady_state_writes 0\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
			},
			want: "▸ up\nfigure: steady_state_writes 0\n",
		},
		"only what failed": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}`,
				`{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:1: bad\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"fail","Package":"p","Test":"TestB"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			},
			want: "    b_test.go:1: bad\nFAIL\tp\t0.1s\n",
		},
		"why a test was skipped": {
			events: []string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: no corpus\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestA"}`,
			},
			want: "    a_test.go:1: no corpus\n",
		},
		"a package without tests": {
			events: []string{
				`{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}`,
				`{"Action":"skip","Package":"p"}`,
			},
		},
		"what does not compile, and go itself": {
			events: []string{
				`{"Action":"build-output","ImportPath":"p","Output":"a.go:1: undefined: x\n"}`,
				`go: no such module`,
			},
			want: "a.go:1: undefined: x\ngo: no such module\n",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := summarise(strings.NewReader(strings.Join(tc.events, "\n")+"\n"), &out); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, out.String()); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}
