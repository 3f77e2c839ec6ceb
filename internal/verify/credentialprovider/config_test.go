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

package credentialprovider

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes a file into a directory, and returns its path.
func write(t *testing.T, mode os.FileMode, content string, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

const header = "apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\n"

// TestConfig: what kubelet rejects, and what cannot work here, is an error with the file and the field.
func TestConfig(t *testing.T) {
	one := func(fields string) string {
		return header + "providers:\n- name: good\n  apiVersion: credentialprovider.kubelet.k8s.io/v1\n  defaultCacheDuration: 1m\n" + fields
	}
	const images = "  matchImages: [registry.example]\n"
	named := func(name string) string {
		return header + "providers:\n- apiVersion: credentialprovider.kubelet.k8s.io/v1\n  defaultCacheDuration: 1m\n" + images + "  name: " + name
	}
	for what, tc := range map[string]struct{ config, problem string }{
		"good":             {one(images), ""},
		"JSON":             {`{"apiVersion": "kubelet.config.k8s.io/v1", "kind": "CredentialProviderConfig", "providers": [{"name": "good", "matchImages": ["*.example"], "defaultCacheDuration": "0s", "apiVersion": "credentialprovider.kubelet.k8s.io/v1"}]}`, ""},
		"whole":            {one(images + "  args: [get-credentials]\n  env: [{name: AWS_PROFILE, value: x}]\n"), ""},
		"empty":            {"", "it is not a CredentialProviderConfig of kubelet.config.k8s.io/v1: set apiVersion and kind"},
		"no kind":          {"apiVersion: kubelet.config.k8s.io/v1\n", "it is not a CredentialProviderConfig"},
		"another kind":     {"apiVersion: v1\nkind: ConfigMap\n", "it is not a CredentialProviderConfig"},
		"another version":  {strings.Replace(one(images), "io/v1\n", "io/v1alpha1\n", 1), "it is not a CredentialProviderConfig"},
		"no YAML":          {"apiVersion: [\n", "yaml: "},
		"no providers":     {header, "providers: Required value: name at least one provider"},
		"many providers":   {header + "providers:\n" + strings.Repeat("- {}\n", 33), "providers: Too many: 33: must have at most 32 items"},
		"unknown field":    {one(images + "  matchImage: [x]\n"), `unknown field "providers[0].matchImage"`},
		"wrong type":       {one("  matchImages: registry.example\n"), "providers.matchImages"},
		"key twice":        {one(images + images), `key "matchImages" already set`},
		"elements":         {one("  matchImages: [" + strings.Repeat("x,", 5000) + "]\n"), "it has more than 2000 elements"},
		"large":            {strings.Repeat("#", maxConfig+1), " is larger than 1 MiB, the limit"},
		"no name":          {named(`""`), `providers[0].name: Invalid value: "": it must be the name of a file`},
		"path":             {named("../good"), `providers[0].name: Invalid value: "../good": it must be the name of a file, without path separators and spaces`},
		"parent":           {named(".."), `providers[0].name: Invalid value: "..": it must be`},
		"backslash":        {named(`a\b`), `providers[0].name: `},
		"space":            {named("good x"), `providers[0].name: `},
		"control":          {named(`"a\u001bb"`), `providers[0].name: `},
		"missing":          {named("missing"), `providers[0].name: Invalid value: "missing": it is not a program in `},
		"no program":       {named("readme"), `providers[0].name: Invalid value: "readme": it is not a program in `},
		"twice":            {one(images) + strings.TrimPrefix(one(images), header+"providers:\n"), `providers[1].name: Duplicate value: "good"`},
		"version of one":   {strings.Replace(one(images), "credentialprovider.kubelet.k8s.io/v1", "credentialprovider.kubelet.k8s.io/v1beta1", 1), `providers[0].apiVersion: Unsupported value: "credentialprovider.kubelet.k8s.io/v1beta1": supported values: "credentialprovider.kubelet.k8s.io/v1"`},
		"no images":        {one(""), "providers[0].matchImages: Required value"},
		"image":            {one("  matchImages: [a.example, 'b.example:port:x']\n"), `providers[0].matchImages[1]: Invalid value: "b.example:port:x": it must be a registry`},
		"glob":             {one("  matchImages: ['[a.example']\n"), `providers[0].matchImages[0]: Invalid value`},
		"scheme":           {one("  matchImages: ['user@a.example']\n"), `providers[0].matchImages[0]: Invalid value`},
		"no duration":      {strings.Replace(one(images), "  defaultCacheDuration: 1m\n", "", 1), "providers[0].defaultCacheDuration: Required value"},
		"duration":         {strings.Replace(one(images), "1m", "-1m", 1), `providers[0].defaultCacheDuration: Invalid value: "-1m0s": it must not be negative`},
		"no duration text": {strings.Replace(one(images), "1m", "soon", 1), "duration"},
		"variable":         {one(images + "  env: [{name: 'A=B', value: hunter2}]\n"), `providers[0].env[0].name: Invalid value: "A=B"`},
		"token":            {one(images + "  tokenAttributes: {serviceAccountTokenAudience: x, cacheType: Token, requireServiceAccount: true}\n"), "providers[0].tokenAttributes: Forbidden: tokens of the ServiceAccounts of workloads exist on their nodes only"},
	} {
		t.Run(what, func(t *testing.T) {
			directory := t.TempDir()
			write(t, 0o700, "#!/bin/sh\n", directory, "good")
			write(t, 0o600, "text", directory, "readme")
			file := write(t, 0o600, tc.config, directory, "config.yaml")
			_, err := New(file, directory)
			switch {
			case tc.problem == "" && err != nil:
				t.Errorf("got %v", err)
			case tc.problem == "":
			case err == nil || !strings.HasPrefix(err.Error(), file) || !strings.Contains(err.Error(), tc.problem) || strings.Contains(err.Error(), "hunter2"):
				t.Errorf("got %v, want %q of the file", err, tc.problem)
			}
		})
	}
	if _, err := New(filepath.Join(t.TempDir(), "missing"), t.TempDir()); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a missing file: %v", err)
	}
}

// TestMatch has the rules and the examples of kubelet's API (matchImages of kubelet.config.k8s.io/v1).
func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern, image string
		want           bool
	}{
		// The examples.
		{"123456789.dkr.ecr.us-east-1.amazonaws.com", "123456789.dkr.ecr.us-east-1.amazonaws.com/app", true},
		{"*.azurecr.io", "mine.azurecr.io/app", true},
		{"gcr.io", "gcr.io/project/app", true},
		{"*.*.registry.io", "a.b.registry.io/app", true},
		{"registry.io:8080/path", "registry.io:8080/path/app", true},
		// Globs as parts of the host, and as parts of these.
		{"*.k8s.io", "registry.k8s.io/pause", true},
		{"k8s.*.io", "k8s.gcr.io/pause", true},
		{"k8s.*", "k8s.io/pause", true},
		{"app*.k8s.io", "app1.k8s.io/x", true},
		{"app*.k8s.io", "1app.k8s.io/x", false},
		// Each glob matches a single part.
		{"*.io", "registry.k8s.io/pause", false},
		{"*.registry.io", "a.b.registry.io/app", false},
		{"*", "registry.io/app", false},
		{"*", "localhost/app", true},
		// The same number of parts, each of which matches.
		{"registry.io", "registry.io.evil.example/app", false},
		{"*.azurecr.io", "azurecr.io/app", false},
		{"*.azurecr.io", "mine.azurecr.io.evil.example/app", false},
		{"*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-central-1.amazonaws.com/app", true},
		{"*.dkr.ecr.*.amazonaws.com", "1.dkr.ecr.eu-central-1.amazonaws.com.cn/app", false},
		// The port, in both directions.
		{"registry.io:8080", "registry.io/app", false},
		{"registry.io", "registry.io:8080/app", false},
		{"registry.io:8080", "registry.io:8081/app", false},
		{"registry.io:*", "registry.io:8080/app", false},
		// The path is a prefix, without globs.
		{"registry.io/team", "registry.io/team/app", true},
		{"registry.io/team", "registry.io/teams/app", true},
		{"registry.io/team", "registry.io/other/app", false},
		{"registry.io/*", "registry.io/team", false},
		{"registry.io/", "registry.io/team", true},
	} {
		pattern, err := parsePattern(tc.pattern)
		if err != nil {
			if tc.want {
				t.Errorf("%s: %v", tc.pattern, err)
			}
			continue
		}
		image, err := parsePattern(tc.image)
		if err != nil {
			t.Fatal(err)
		}
		if got := pattern.matches(image); got != tc.want {
			t.Errorf("%s matches %s: %t, want %t", tc.pattern, tc.image, got, tc.want)
		}
	}
}
