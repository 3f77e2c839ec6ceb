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
	"strings"
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

// TestLintMistakes has mistakes that people make in files: globs that select nothing or less than they seem to, identities that
// nobody can have, and what YAML makes of stars and backslashes.
func TestLintMistakes(t *testing.T) {
	const (
		head    = "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\nmetadata: {name: app}\nspec:\n"
		images  = "  images: [docker.io/acme/app]\n"
		actions = "  issuer: https://token.actions.githubusercontent.com\n"
		signer  = "  identity: https://github.com/acme/app/.github/workflows/a.yml@refs/tags/v1.0.0\n"
		expr    = `https://github\.com/acme/app/\.github/workflows/a\.yml@refs/tags/`
	)
	tests := map[string]pluginTest{
		"globs that select nothing": {code: exitUntrusted, stdin: head + "  images:\n  - localhost:5000\n  - mycluster.icp:8500\n  - registry:5000\n" +
			"  - docker.io/a/b:v1@sha256:" + strings.Repeat("0", 64) + "\n  - https://ghcr.io/x\n  - oci://ghcr.io/x\n  - ghcr.io/Org/app\n" + actions + signer},
		"globs that select little":     {code: exitUntrusted, stdin: head + "  images: [docker.io/*, '*', ghcr.io/*, localhost:5000/*]\n" + actions + signer},
		"globs that select much":       {code: exitUntrusted, stdin: head + "  images: [docker.io/**, '**']\n" + actions + signer},
		"a glob in upper case":         {stdin: head + "  images: [GHCR.io/acme/app]\n" + actions + signer},
		"a star without quotes":        {code: exitUsage, stdin: head + "  images:\n  - **\n" + actions + signer},
		"a backslash in double quotes": {code: exitUsage, stdin: head + images + actions + `  identityRegexp: "` + expr + `v.+"` + "\n"},
		"a backslash that is doubled":  {code: exitUntrusted, stdin: head + images + actions + "  identityRegexp: '" + strings.ReplaceAll(expr, `\`, `\\`) + "v.+'\n"},
		"a block":                      {code: exitUntrusted, stdin: head + images + actions + "  identityRegexp: |\n    " + expr + "v.+\n"},
		"an expression that is broken": {code: exitUntrusted, stdin: head + images + actions + "  identityRegexp: '" + expr + "(v.+'\n"},
		"all releases by a star":       {stdin: head + images + actions + "  identityRegexp: " + expr + "v.*\n"},
		"all releases by a plus":       {stdin: head + images + actions + "  identityRegexp: " + expr + "v.+\n"},
		"any tag by a star":            {code: exitUntrusted, stdin: head + images + actions + "  identityRegexp: " + expr + ".*\n"},
		"any tag by a plus":            {code: exitUntrusted, stdin: head + images + actions + "  identityRegexp: " + expr + ".+\n"},
		"an identity with a star":      {code: exitUntrusted, stdin: head + images + actions + strings.Replace(signer, "v1.0.0", "v*", 1)},
		"an issuer with a slash":       {code: exitUntrusted, stdin: head + images + strings.Replace(actions, "com\n", "com/\n", 1) + signer},
		"an issuer without a scheme":   {code: exitUntrusted, stdin: head + images + strings.Replace(actions, "https://", "", 1) + signer},
		"signers that nobody can be": {code: exitUntrusted, stdin: head + images + "  signers:\n  - name: a\n    issuer: https://accounts.google.com\n  " + signer +
			"  - name: b\n  " + actions + "    identityRegexp: " + expr + "*\n"},
		"a short predicate type": {code: exitUntrusted, stdin: head + images + actions + signer + "  attestations:\n  - name: sbom\n    predicateType: spdxjson\n" +
			"  - name: provenance\n    predicateType: https://slsa.dev/provenance/v1.0\n"},
	}
	for name, tc := range tests {
		tc.args = []string{"-f", "-"}
		tests[name] = tc
	}
	(&fixture{t: t, registry: "registry.example"}).runGolden("lint", tests)
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
