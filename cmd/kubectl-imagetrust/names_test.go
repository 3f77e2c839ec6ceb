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
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/internal/lint"
)

const (
	trustHead  = "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\n"
	trustSpec  = "spec:\n  images: [docker.io/acme/app]\n  issuer: https://token.actions.githubusercontent.com\n  enforcement: Enforce\n"
	acme       = `  identityRegexp: https://github\.com/acme/app/\.github/workflows/release\.yml@refs/tags/v.+` + "\n"
	mallory    = `  identityRegexp: https://github\.com/mallory/app/\.github/workflows/release\.yml@refs/tags/v.+` + "\n"
	acmeTrust  = trustHead + "metadata:\n  name: app\n" + trustSpec + acme
	otherTrust = trustHead + "metadata:\n  name: app\n" + trustSpec + mallory
	acmeRoot   = "apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata:\n  name: acme\nspec:\n  remote:\n" +
		"    mirror: https://tuf.example.com\n    root: e30=\n"
)

// TestNamesAndKeysTwice has trusts and TrustRoots of one name, in one file and in several, keys that are given twice, and separators
// that separate nothing. lint makes errors of all of them, and render prints no two policies of one name.
func TestNamesAndKeysTwice(t *testing.T) {
	f := newFixture(t)
	f.write("acme.yaml", acmeTrust)
	f.write("mallory.yaml", otherTrust)
	f.write("renamed.yaml", strings.Replace(otherTrust, "name: app", "name: other", 1))
	f.write("both.yaml", acmeTrust+"---\n"+otherTrust)
	f.write("roots.yaml", acmeRoot+"---\n"+acmeRoot+"---\n"+acmeTrust+"  trustRoot: {name: acme}\n")
	f.write("key.yaml", acmeTrust+mallory)
	f.write("object.yaml", acmeTrust+"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  a: b\n  a: c\n")
	f.write("glued.yaml", strings.TrimSuffix(acmeTrust, "\n")+"---\n"+strings.Replace(otherTrust, "name: app", "name: other", 1))
	f.write("policies.yaml", "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: mine}\nspec:\n"+
		"  images: [{glob: docker.io/x/*}]\n  authorities: [{static: {action: pass}}]\n---\n"+acmeTrust+"---\n"+
		"apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: mine}\nspec:\n"+
		"  images: [{glob: docker.io/y/*}]\n  authorities: [{static: {action: fail}}]\n")
	f.runGolden("lint", map[string]pluginTest{
		"names in two files":     {args: []string{"-f", "acme.yaml", "-f", "mallory.yaml"}, code: exitUntrusted},
		"names in one file":      {args: []string{"-f", "both.yaml"}, code: exitUntrusted},
		"names on input":         {args: []string{"-f", "acme.yaml", "-f", "-"}, stdin: otherTrust, code: exitUntrusted},
		"names of TrustRoots":    {args: []string{"-f", "roots.yaml"}, code: exitUntrusted},
		"one file twice":         {args: []string{"-f", "acme.yaml", "-f", "./acme.yaml"}},
		"other names":            {args: []string{"-f", "acme.yaml", "-f", "renamed.yaml"}},
		"key given twice":        {args: []string{"-f", "key.yaml"}, code: exitUntrusted},
		"key given twice json":   {args: []string{"-f", "key.yaml", "-o", "json"}, code: exitUntrusted},
		"key of another object":  {args: []string{"-f", "object.yaml"}, code: exitUntrusted},
		"a separator in a value": {args: []string{"-f", "glued.yaml"}, code: exitUntrusted},
	})
	f.runGolden("render", map[string]pluginTest{
		"names in two files":     {args: []string{"-f", "acme.yaml", "-f", "mallory.yaml"}, code: exitUsage},
		"names in one file":      {args: []string{"-f", "both.yaml"}, code: exitUsage},
		"names of TrustRoots":    {args: []string{"-f", "roots.yaml"}, code: exitUsage},
		"one file twice":         {args: []string{"-f", "acme.yaml", "-f", "./acme.yaml"}},
		"key given twice":        {args: []string{"-f", "key.yaml"}},
		"a separator in a value": {args: []string{"-f", "glued.yaml"}},
	})
	f.write("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: main, image: example.com/other:v1}]}\n")
	f.runGolden("plan", map[string]pluginTest{
		"trust names twice":      {args: []string{"-f", "acme.yaml", "-f", "mallory.yaml", "--manifests", "pod.yaml"}},
		"policy names twice":     {args: []string{"-f", "policies.yaml", "--manifests", "pod.yaml"}},
		"trust with a key twice": {args: []string{"-f", "key.yaml", "--manifests", "pod.yaml"}},
		"trust names in the old": {args: []string{"-f", "acme.yaml", "--against", "both.yaml", "--manifests", "pod.yaml"}},
	})
	f.runGolden("pin", map[string]pluginTest{
		"trust names twice": {args: []string{"-f", "acme.yaml", "-f", "mallory.yaml", "--manifests", "pod.yaml"}},
	})
}

// TestLastOfAName verifies that the last trust of a name is the one that counts, as in a cluster.
func TestLastOfAName(t *testing.T) {
	f := newFixture(t)
	other := strings.Replace(f.trust("app", "Enforce", "app/*"), release.Subject, "somebody@example.com", 1)
	f.write("strict.yaml", f.trust("app", "Enforce", "app/*"))
	f.write("wrong.yaml", other)
	for _, tc := range []struct {
		files []string
		code  int
	}{{[]string{"strict.yaml"}, exitOK}, {[]string{"wrong.yaml", "strict.yaml"}, exitOK}, {[]string{"strict.yaml", "wrong.yaml"}, exitUntrusted}} {
		args := []string{"verify", f.image("app/signed"), "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json"}
		for _, file := range tc.files {
			args = append(args, "-f", file)
		}
		got := f.run("", args...)
		warned := strings.Contains(got.stderr, "there is another KarmadaImageTrust app, at "+tc.files[0]+":3;")
		if got.code != tc.code || warned != (len(tc.files) == 2) {
			t.Errorf("%s: exit code %d, want %d\n%s%s", tc.files, got.code, tc.code, got.stdout, got.stderr)
		}
	}
}

// TestLintTextSARIF verifies that SARIF has the place of a key that is given twice, and a rule for it.
func TestLintTextSARIF(t *testing.T) {
	got := runPlugin(t, acmeTrust+mallory, "lint", "-f", "-", "-o", "sarif")
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID, Level string
				RuleIndex     int
				Locations     []struct {
					PhysicalLocation struct{ Region struct{ StartLine int } }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &log); err != nil || got.code != exitUntrusted || len(log.Runs[0].Results) != 1 {
		t.Fatalf("exit code %d, %v\n%s", got.code, err, got.stdout)
	}
	result := log.Runs[0].Results[0]
	line := strings.Count(acmeTrust, "\n") + 1
	if result.RuleID != string(lint.RuleRepeatedKey) || result.Level != "error" || result.Locations[0].PhysicalLocation.Region.StartLine != line ||
		log.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
		t.Errorf("got %+v, want an error of the rule for keys in line %d", result, line)
	}
}
