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
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// signedPod is an object that plan allows and pin pins, and lint has nothing to say about.
const signedPod = "apiVersion: v1\nkind: Pod\nmetadata: {name: signed}\nspec: {containers: [{name: a, image: 'REGISTRY/app/signed:v1'}]}\n"

// readingTest is input in the current directory, which plan and pin read as manifests, and lint as trusts.
type readingTest struct {
	// files by their path; one that begins with "->" is a link.
	files map[string]string
	// path is what is read, instead of the directory "in".
	path  string
	stdin string
	flags []string
	// codes are those of plan, pin and lint.
	codes [3]int
}

// TestReading: what is read, what is skipped and what is an error, in each command that reads files.
func TestReading(t *testing.T) {
	f := newFixture(t)
	trust := f.trust("app", "Enforce", "app/*")
	good := signedPod + "---\n" + trust
	usage := [3]int{exitUsage, exitUsage, exitUsage}
	broken := "a: b: c\n"
	chart := map[string]string{
		"in/app/Chart.yaml": "apiVersion: v2\nname: app\n", "in/app/values.yaml": "image: x\n", "in/good.yaml": good,
		"in/app/templates/a.yaml": "apiVersion: v1\nkind: {{ .Values.kind }}\n", "in/app/templates/_helpers.tpl": "{{ define }}",
	}
	for name, tc := range map[string]readingTest{
		// Nothing to look at.
		"empty directory":               {files: map[string]string{"in/README.md": "x"}, codes: usage},
		"empty directory allowed":       {files: map[string]string{"in/README.md": "x"}, flags: []string{"--allow-empty"}},
		"empty input":                   {path: "-", codes: usage},
		"empty input allowed":           {path: "-", flags: []string{"--allow-empty"}},
		"comments only":                 {path: "-", stdin: "---\n# Source: chart/templates/a.yaml\n---\n", codes: usage},
		"an empty List":                 {path: "-", stdin: "apiVersion: v1\nkind: List\nitems: []\n", codes: usage},
		"one of two is empty":           {files: map[string]string{"in/good.yaml": good, "empty/x": ""}, flags: []string{"PATH", "empty"}, codes: usage},
		"values only":                   {files: map[string]string{"in/values.yaml": "a: 1\n"}, codes: usage},
		"a directory that is not there": {path: "nowhere", codes: usage},

		// Documents that are no objects.
		"a failed helm template": {path: "-", stdin: "Error: INSTALLATION FAILED\n", codes: usage},
		"text":                   {path: "-", stdin: good + "---\nfailed to render: no chart\n", codes: usage},
		"text in a directory":    {files: map[string]string{"in/a.yaml": "Not found\n", "in/good.yaml": good}, codes: usage},
		"scalars and lists":      {path: "-", stdin: good + "---\n3\n---\ntrue\n---\n- a\n---\n'x'\n", codes: usage},
		"a JSON array":           {path: "-", stdin: `[{"apiVersion":"v1","kind":"Pod"}]`, codes: usage},
		"no kind":                {path: "-", stdin: good + "---\napiVersion: v1\nmetadata: {name: a}\n", codes: usage},
		"values beside objects":  {files: map[string]string{"in/good.yaml": good + "---\na: 1\n"}, codes: usage},
		"values named":           {files: map[string]string{"values.yaml": "a: 1\n"}, path: "values.yaml", codes: usage},
		"a byte order mark":      {path: "-", stdin: good + "\uFEFF" + good, codes: usage},

		// Other files in a tree.
		"other files": {files: map[string]string{
			"in/good.yaml": good, "in/values.yaml": "a: 1\n", "in/patch.json": `[{"op": "remove", "path": "/spec"}]`, "in/kustomization.yaml": "resources: [good.yaml]\n",
			"in/.github/workflows/ci.yaml": "on: push\n", "in/.git/a.yaml": broken, "in/package.json": `{"name": "x"}`,
		}},
		"a chart":          {files: chart},
		"a linked tree":    {files: map[string]string{"in/good.yaml": good, "in/linked": "->../other", "other/a.yaml": broken}},
		"excluded":         {files: map[string]string{"in/good.yaml": good, "in/b/bad.yaml": broken, "in/c.yaml": broken}, flags: []string{"--exclude", "b", "--exclude", "in/c.yaml"}},
		"excluded nothing": {files: map[string]string{"in/good.yaml": good}, flags: []string{"--exclude", "**/tests/*.yaml"}},
		"excluded all":     {files: map[string]string{"in/good.yaml": good}, flags: []string{"--exclude", "**"}, codes: usage},
		"not a glob":       {files: map[string]string{"in/good.yaml": good}, flags: []string{"--exclude", "[a"}, codes: usage},

		// Broken files do not end the others.
		"broken files": {files: map[string]string{
			"in/a.yaml": broken, "in/b.yaml": "apiVersion: v1\nkind: {{ .Kind }}\n", "in/c.json": "{\"a\": 1", "in/dangling.yaml": "->nowhere.yaml", "in/good.yaml": good,
		}, codes: usage},
		"many broken files": {files: manyFiles(30, broken, good), codes: usage},

		// Keys that are given twice, and separators that became part of a value.
		"a key twice":      {path: "-", stdin: strings.Replace(good, "name: signed", "name: signed, name: signed", 1), codes: [3]int{0, 0, exitUntrusted}},
		"a glued document": {path: "-", stdin: "port: 50---\n" + good, codes: [3]int{0, 0, exitUntrusted}},

		// Mistakes that globs and regular expressions invite.
		"a glob without quotes": {path: "-", stdin: strings.Replace(trust, "images: ['REGISTRY/app/*']", "images:\n  - */karmada/*", 1), codes: usage},
		"a backslash":           {path: "-", stdin: trust + "  identityRegexp: \"github\\.com\"\n", codes: usage},
		"wrong indentation":     {path: "-", stdin: good + "   enforcement: Audit\n", codes: usage},
	} {
		t.Run(name, func(t *testing.T) {
			inTest := &fixture{t: t, registry: f.registry}
			inTest.write("trust.yaml", trust)
			for file, content := range tc.files {
				if target, link := strings.CutPrefix(content, "->"); link {
					inTest.must(os.MkdirAll(filepath.Dir(file), 0o750))
					inTest.must(os.Symlink(target, file))
					continue
				}
				inTest.write(file, content)
			}
			t.Cleanup(func() {
				for _, directory := range []string{"in", "other", "empty"} {
					inTest.must(os.RemoveAll(directory))
				}
			})
			var b strings.Builder
			for i, command := range []string{"plan", "pin", "lint"} {
				args := []string{command, "-f", "trust.yaml", "--manifests"}
				path := "--manifests"
				if command == "lint" {
					args, path = []string{command, "-f"}, "-f"
				}
				args = append(args, or(tc.path, "in"))
				for _, flag := range tc.flags {
					args = append(args, strings.ReplaceAll(flag, "PATH", path))
				}
				shown := quoted(args)
				if command != "lint" {
					args = append(args, "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
				}
				got := inTest.run(tc.stdin, args...)
				if got.code != tc.codes[i] {
					t.Errorf("%s: exit code %d, want %d", command, got.code, tc.codes[i])
				}
				fmt.Fprintf(&b, "$ kubectl imagetrust %s\n%s--- standard error\n%s--- exit code %d\n", shown, got.stdout, got.stderr, got.code)
			}
			compareGolden(t, "reading/"+name, b.String())
		})
	}
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

func manyFiles(n int, content, good string) map[string]string {
	files := map[string]string{"in/good.yaml": good}
	for i := range n {
		files[fmt.Sprintf("in/%02d.yaml", i)] = content
	}
	return files
}

// TestReadingTrusts: a plan or a verdict with a policy less would be wrong, so a broken file with trusts ends the command; all of
// them are reported.
func TestReadingTrusts(t *testing.T) {
	f := newFixture(t)
	f.write("signed.yaml", signedPod)
	f.write("trusts/a.yaml", "a: b: c\n")
	f.write("trusts/b.yaml", f.trust("app", "Enforce", "app/*")+"---\njust text\n")
	f.write("trusts/c.yaml", f.trust("typed", "3", "app/*", "signers: x"))
	f.write("trusts/d.yaml", "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\nmetadata:\n  name: labels\n  labels: [a]\nspec: {}\n")
	f.write("trusts/e.yaml", "apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: {name: typed}\nspec:\n  sigstoreKeys:\n    certificateAuthorities: x\n")
	f.write("trusts/f.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-policy-controller}\ndata:\n  no-match-policy: [a]\n")
	f.write("trusts/values.yaml", "a: 1\n")
	f.write("twice/a.yaml", f.trust("app", "Enforce", "other/*")+"---\n"+f.trust("app", "Enforce", "app/*"))
	f.write("twice/tests/bad.yaml", "a: b: c\n")
	f.write("nothing/values.yaml", "a: 1\n")
	f.write("only.yaml", signedPod)
	const image = "REGISTRY/app/signed:v1"
	for name, tc := range map[string]pluginTest{
		"plan":             {args: []string{"plan", "-f", "trusts", "--manifests", "signed.yaml"}, code: exitUsage},
		"plan against":     {args: []string{"plan", "-f", "trust.yaml", "--against", "trusts", "--manifests", "signed.yaml"}, code: exitUsage},
		"plan against pod": {args: []string{"plan", "-f", "trust.yaml", "--against", "only.yaml", "--manifests", "signed.yaml"}, code: exitUsage},
		"pin":              {args: []string{"pin", "-f", "trusts", "--manifests", "signed.yaml"}, code: exitUsage},
		"verify":           {args: []string{"verify", "-f", "trusts", image}, code: exitUsage},
		"render":           {args: []string{"render", "-f", "trusts"}, code: exitUsage, noRoot: true},
		"lint sarif":       {args: []string{"lint", "-f", "trusts", "-o", "sarif"}, code: exitUsage, noRoot: true},
		"render twice":     {args: []string{"render", "-f", "twice", "--exclude", "tests"}, code: exitUsage, noRoot: true},
		"verify twice":     {args: []string{"verify", "-f", "twice", "--exclude", "tests/**", "--exclude", "none", image}},
		"render nothing":   {args: []string{"render", "-f", "nothing"}, code: exitUsage, noRoot: true},
		"verify input":     {args: []string{"verify", "-f", "-", image}, code: exitUsage},
		"render no trust":  {args: []string{"render", "-f", "only.yaml"}, code: exitUsage, noRoot: true},
	} {
		t.Run(name, func(t *testing.T) {
			inTest := &fixture{t: t, registry: f.registry}
			args := tc.args
			if !tc.noRoot {
				args = append(args, "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
			}
			got := inTest.run(tc.stdin, args...)
			if got.code != tc.code {
				t.Errorf("exit code %d, want %d", got.code, tc.code)
			}
			golden(t, "reading/trusts "+name, strings.Split(strings.ReplaceAll(strings.Join(tc.args, "\x00"), "REGISTRY", registryPlaceholder), "\x00"), got)
		})
	}
}

// TestExpandedPatterns: a shell makes several arguments of a pattern, of which a flag takes the first one.
func TestExpandedPatterns(t *testing.T) {
	f := newFixture(t)
	for _, file := range []string{"deploy/a.yaml", "deploy/b.yaml", "deploy/noext"} {
		f.write(file, signedPod)
	}
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{"plan", "-f", "trust.yaml", "--manifests", "deploy/a.yaml", "deploy/b.yaml"}, "name the directory, as in --manifests deploy/, or repeat the flag"},
		{[]string{"pin", "-f", "trust.yaml", "--manifests", "deploy/a.yaml", "deploy/b.yaml"}, "name the directory, as in --manifests deploy/, or repeat the flag"},
		{[]string{"plan", "-f", "deploy/a.yaml", "deploy/b.yaml"}, "name the directory, as in -f deploy/, or repeat the flag"},
		{[]string{"lint", "-f", "deploy/a.yaml", "deploy/b.yaml"}, "name the directory, as in -f deploy/, or repeat the flag"},
		{[]string{"lint", "-f", "deploy/a.yaml", "deploy/noext"}, "name the directory, as in -f deploy/, or repeat the flag"},
		{[]string{"render", "-f", "a.yaml", "b.yaml"}, "name the directory, as in -f ./, or repeat the flag"},
		{[]string{"verify", "-f", "trust.yaml", "deploy/b.yaml"}, `"deploy/b.yaml" is a file, not an image: name a directory with -f, or repeat -f`},
		{[]string{"lint", "-f", "trust.yaml", "word"}, `unexpected argument "word": kubectl imagetrust lint takes flags only`},
	} {
		if got := f.run("", tc.args...); got.code != exitUsage || !strings.Contains(got.stderr, tc.want) || got.stdout != "" {
			t.Errorf("%q: exit code %d, %q, want %q", tc.args, got.code, got.stderr, tc.want)
		}
	}
}
