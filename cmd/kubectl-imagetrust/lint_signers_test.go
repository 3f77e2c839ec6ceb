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
)

// lintTrust returns a trust with other lines in its spec: a field given replaces the usual one.
func lintTrust(lines ...string) string {
	fields := map[string]string{
		"images": "images: [ghcr.io/example/app]", "issuer": "issuer: " + release.Issuer, "identity": "identity: " + release.Subject,
	}
	for _, line := range lines {
		field, _, _ := strings.Cut(line, ":")
		delete(fields, strings.TrimSuffix(field, "Regexp"))
	}
	out := []string{"apiVersion: trust.karmada.io/v1alpha1", "kind: KarmadaImageTrust", "metadata: {name: signers}", "spec:", "  enforcement: Enforce"}
	for _, field := range []string{"images", "issuer", "identity"} {
		if line, ok := fields[field]; ok {
			lines = append(lines, line)
		}
	}
	return strings.Join(append(out, indent(lines)...), "\n") + "\n"
}

// lintCases runs lint on trusts from standard input. What it must print names the line of the field, which is the first one of the
// lines that are given.
func lintCases(t *testing.T, cases map[string]lintCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := runPlugin(t, lintTrust(tc.lines...), "lint", "-f", "-")
			code := exitUntrusted
			if len(tc.words) == 0 {
				code = exitOK
			}
			if got.code != code || got.stderr != "" {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, code, got.stdout, got.stderr)
			}
			for _, words := range tc.words {
				if !strings.Contains(got.stdout, words) {
					t.Errorf("lint does not print %q:\n%s", words, got.stdout)
				}
			}
		})
	}
}

type lintCase struct {
	lines []string
	// words must all be printed. Without any, nothing is wrong.
	words []string
}

// TestLintSignersThatNobodyIs has the kinds of identities and issuers that no certificate has, and what to write instead.
func TestLintSignersThatNobodyIs(t *testing.T) {
	const file = "https://github.com/karmada-io/karmada/.github/workflows/release.yml"
	const actions, google, login = "https://token.actions.githubusercontent.com", "https://accounts.google.com", "https://github.com/login/oauth"
	identity := func(written string, words ...string) lintCase {
		return lintCase{[]string{"identity: '" + written + "'"}, words}
	}
	expression := func(written string, words ...string) lintCase {
		return lintCase{[]string{"identityRegexp: '" + written + "'"}, words}
	}
	lintCases(t, map[string]lintCase{
		"possible":                   identity(file + "@refs/tags/v1.16.0"),
		"wildcard in a ref":          identity(file+"@refs/tags/v*", "standard input:6:", "identityRegexp: "),
		"wildcard for a ref":         identity(file+"@refs/tags/**", "standard input:6:", "identityRegexp: "),
		"wildcard in a workflow":     identity("https://github.com/karmada-io/karmada/.github/workflows/*@refs/tags/v1", "standard input:6:", "identityRegexp: "),
		"wildcard without a file":    identity("https://github.com/karmada-io/karmada/.github/workflows/*@refs/tags/*", "standard input:6:", "identityRegexp: "),
		"expression as a text":       identity(file+"@refs/tags/v.+", "standard input:6:", "identityRegexp: "),
		"classes as a text":          identity(file+`@refs/tags/v[0-9]+\.[0-9]+`, "standard input:6:", "identityRegexp"),
		"blank in a ref":             identity(file+"@refs/tags/v1 ", "standard input:6:", "remove the blank"),
		"blank within a ref":         identity(file+"@refs/tags/v 1", "standard input:6:", "has a blank"),
		"slash at the end of a ref":  identity(file+"@refs/tags/", "standard input:6:", "no such ref"),
		"expression that is a glob":  expression(`https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/*`, "standard input:6:", `write "/.+"`),
		"expression without a ref":   expression(`https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/`, "standard input:6:", "@refs/tags/v.+"),
		"workflow of Google":         {[]string{"issuer: " + google}, []string{"standard input:8:", actions, "name@example.com"}},
		"workflow of a login":        {[]string{"issuer: " + login}, []string{"standard input:8:", actions, "name@example.com"}},
		"address of a workflow":      identity("me@example.com", "standard input:6:", "@refs/tags/v1.0.0"),
		"issuer with a slash":        {[]string{"issuer: " + actions + "/"}, []string{"standard input:6:", actions}},
		"issuer without a scheme":    {[]string{"issuer: token.actions.githubusercontent.com"}, []string{"standard input:6:", "https://"}},
		"expression of an issuer":    {[]string{`issuerRegexp: '.*\.github\.com.*'`}, []string{"standard input:6:", "write issuer: " + actions}},
		"Google's with a slash":      {[]string{"issuer: " + google + "/", "identity: me@example.com"}, []string{"standard input:6:", google}},
		"expression for any version": expression(`https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v.*`),
		"the same with a plus":       expression(`https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v.+`),
	})
}

// TestLintGlobsThatMislead has globs whose first reading is not what they select.
func TestLintGlobsThatMislead(t *testing.T) {
	images := func(glob string, words ...string) lintCase {
		return lintCase{[]string{"images: ['" + glob + "']"}, words}
	}
	const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	lintCases(t, map[string]lintCase{
		"port of localhost":       images("localhost:5000", "standard input:6:", `write "localhost:5000/**"`),
		"port of a host":          images("mycluster.icp:8500", "standard input:6:", `write "mycluster.icp:8500/**"`),
		"tag":                     images("docker.io/karmada/scheduler:v1", "standard input:6:", `remove ":v1"`),
		"tag beside a digest":     images("docker.io/karmada/scheduler:v1"+digest, "standard input:6:", `remove ":v1" [`),
		"digest":                  images("docker.io/karmada/scheduler" + digest),
		"all of Docker Hub":       images("docker.io/*", "standard input:6:", "docker.io/library/*", `write "docker.io/**"`),
		"any registry":            images("*/karmada/*", "standard input:6:"),
		"host in upper case":      images("GHCR.io/karmada/app"),
		"repository in uppercase": images("ghcr.io/Karmada/*", "standard input:6:", `write "ghcr.io/karmada/*"`),
		"scheme":                  images("oci://ghcr.io/karmada/*", "standard input:6:", `remove "oci://"`),
		"host and port":           images("localhost:5000/karmada/*"),
	})
}
