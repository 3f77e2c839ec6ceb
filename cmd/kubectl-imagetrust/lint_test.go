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
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLint covers the formats and the exit codes of lint. The rules are tested with the linter.
func TestLint(t *testing.T) {
	for name, tc := range map[string]struct {
		args  []string
		stdin string
		code  int
	}{
		"good":              {args: []string{"-f", "testdata/lint/good.yaml"}},
		"good json":         {args: []string{"-f", "testdata/lint/good.yaml", "-o", "json"}},
		"weak":              {args: []string{"-f", "testdata/lint/weak.yaml"}, code: exitUntrusted},
		"invalid":           {args: []string{"-f", "testdata/lint/invalid.yaml"}, code: exitUntrusted},
		"json":              {args: []string{"-f", "testdata/lint", "-o", "json"}, code: exitUntrusted},
		"yaml":              {args: []string{"-f", "testdata/lint/weak.yaml", "-o", "yaml"}, code: exitUntrusted},
		"jsonpath":          {args: []string{"-f", "testdata/lint/weak.yaml", "-o", `jsonpath={range [*]}{.file}:{.line} {.rule}{"\n"}{end}`}, code: exitUntrusted},
		"bad jsonpath":      {args: []string{"-f", "testdata/lint/weak.yaml", "-o", "jsonpath={"}, code: exitUsage},
		"standard input":    {args: []string{"-f", "-"}, stdin: "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\n", code: exitUntrusted},
		"no file":           {code: exitUsage},
		"missing file":      {args: []string{"-f", "nowhere.yaml"}, code: exitUsage},
		"not YAML":          {args: []string{"-f", "-"}, stdin: "{", code: exitUsage},
		"no trust":          {args: []string{"-f", "-"}, stdin: "apiVersion: v1\nkind: Pod\n", code: exitUsage},
		"input twice":       {args: []string{"-f", "-", "-f", "-"}, code: exitUsage},
		"unknown format":    {args: []string{"-f", "testdata/lint/good.yaml", "-o", "wide"}, code: exitUsage},
		"needless argument": {args: []string{"testdata/lint/good.yaml"}, code: exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"lint"}, tc.args...)
			got := runPlugin(t, tc.stdin, args...)
			if got.code != tc.code {
				t.Errorf("exit code %d, want %d", got.code, tc.code)
			}
			golden(t, "lint/"+name, args, got)
		})
	}
}

// TestLintTrustRoot has TrustRoots beside the trusts that name them.
func TestLintTrustRoot(t *testing.T) {
	f := newFixture(t)
	f.write("public.yaml", "apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: {name: public}\nspec:\n  remote:\n"+
		"    mirror: https://tuf-repo-cdn.sigstore.dev\n    root: e30=\n    targets: files\n")
	f.runGolden("lint", map[string]pluginTest{
		"trust root":        {args: []string{"-f", "private.yaml"}},
		"refused root":      {args: []string{"-f", "refused.yaml"}, code: exitUntrusted},
		"refused root json": {args: []string{"-f", "refused.yaml", "-o", "json"}, code: exitUntrusted},
		"remote root":       {args: []string{"-f", "public.yaml"}, code: exitUntrusted},
	})
}

// TestLintSARIF checks what is not up to the linter: the results and their positions.
func TestLintSARIF(t *testing.T) {
	got := runPlugin(t, "", "lint", "-f", "testdata/lint/weak.yaml", "-o", "sarif")
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID    string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &log); err != nil || got.code != exitUntrusted {
		t.Fatalf("exit code %d, %v\n%s", got.code, err, got.stdout)
	}
	var results []string
	for _, r := range log.Runs[0].Results {
		at := r.Locations[0].PhysicalLocation
		results = append(results, fmt.Sprintf("%s:%d %s", at.ArtifactLocation.URI, at.Region.StartLine, r.RuleID))
	}
	want := []string{"testdata/lint/weak.yaml:10 admission-warning"}
	if diff := cmp.Diff(want, results); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}
