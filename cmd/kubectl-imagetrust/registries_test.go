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
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// registryCommands are the commands that ask a registry about app/signed, which trust.yaml accepts.
func registryCommands(f *fixture) map[string][]string {
	f.write("signed.yaml", deployment("signed", "REGISTRY/app/signed:v1"))
	flags := []string{"-f", "trust.yaml", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json"}
	return map[string][]string{
		"verify": append([]string{"verify", "REGISTRY/app/signed:v1"}, flags...),
		"plan":   append([]string{"plan", "--manifests", "signed.yaml"}, flags...),
		"pin":    append([]string{"pin", "--manifests", "signed.yaml"}, flags...),
	}
}

// TestRegistriesWithoutHead has registries that answer HEAD with an error, or without what a client of it needs: object storage,
// old versions of Harbor, Red Hat's registry, and proxies. All commands verify an image by its tag there.
func TestRegistriesWithoutHead(t *testing.T) {
	f := newFixture(t)
	commands := registryCommands(f)
	status := func(code int) func(http.ResponseWriter) { return func(w http.ResponseWriter) { w.WriteHeader(code) } }
	for what, head := range map[string]func(http.ResponseWriter){
		"400": status(400), "403": status(403), "404": status(404), "405": status(405), "501": status(501),
		"200 without a digest": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/vnd.docker.distribution.manifest.v2+json")
		},
		"200 without anything": status(200),
	} {
		answer := front(func(_ http.Handler, w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				head(w)
			}
			return r.Method == http.MethodHead
		})
		f.front.Store(&answer)
		for command, args := range commands {
			if got := f.run("", args...); got.code != exitOK {
				t.Errorf("%s, HEAD answers %s: exit code %d\n%s%s", command, what, got.code, got.stdout, got.stderr)
			}
		}
	}
}

// TestRegistriesThatRefuse has a registry refuse the signature's tag, or the list of what refers to an image.
func TestRegistriesThatRefuse(t *testing.T) {
	f := newFixture(t)
	f.write("unsigned.yaml", deployment("unsigned", "REGISTRY/app/unsigned:v1"))
	tests := map[string]struct {
		path   string
		status int
		code   int
		words  string
	}{
		"signature 403": {".sig", 403, exitUnknown, "which may need other credentials or not exist: if \"crane ls registry.golden/app/unsigned\" does not list it"},
		"signature 401": {".sig", 401, exitUnknown, "answers 401 Unauthorized for the tag sha256-"},
		"list 403":      {"/referrers/", 403, exitUnknown, "answers 403 Forbidden to the list of what refers to the image, and has no tag sha256-"},
		"list 401":      {"/referrers/", 401, exitUnknown, "answers 401 Unauthorized to the list of what refers to the image"},
		"list 405":      {"/referrers/", 405, exitUntrusted, "Unsigned"},
		"list 501":      {"/referrers/", 501, exitUntrusted, "Unsigned"},
	}
	for what, tc := range tests {
		answer := front(func(_ http.Handler, w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, tc.path) {
				return false
			}
			w.WriteHeader(tc.status)
			return true
		})
		f.front.Store(&answer)
		flags := []string{"-f", "trust.yaml", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json"}
		for command, args := range map[string][]string{
			"verify": {"verify", "REGISTRY/app/unsigned:v1"},
			"plan":   {"plan", "--manifests", "unsigned.yaml"},
			"pin":    {"pin", "--manifests", "unsigned.yaml"},
		} {
			got := f.run("", append(args, flags...)...)
			if got.code != tc.code || !strings.Contains(got.stdout+got.stderr, tc.words) {
				t.Errorf("%s, %s: exit code %d, want %d and %q\n%s%s", command, what, got.code, tc.code, tc.words, got.stdout, got.stderr)
			}
		}
	}
}

// TestBrokenCredentials has a Docker configuration that cannot be read. Public images are verified all the same, and where a
// registry wants credentials the file is named.
func TestBrokenCredentials(t *testing.T) {
	const secret = "hunter2"
	f := newFixture(t)
	commands := registryCommands(f)
	f.write("bin/docker-credential-fails", "#!/bin/sh\necho "+secret+"\necho "+secret+" >&2\nexit 1\n")
	f.must(os.Chmod("bin/docker-credential-fails", 0o755))
	bin, err := filepath.Abs("bin")
	f.must(err)
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("REGISTRY_AUTH_FILE", "config.json") // of podman: the home directory is another one in each run
	wantsCredentials := front(func(_ http.Handler, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	for what, tc := range map[string]struct{ config, problem string }{
		"store that is not installed": {`{"credsStore": "nowhere"}`, `the credential helper "docker-credential-nowhere" is not installed, or not in PATH`},
		"helper that is not installed": {`{"credHelpers": {"` + f.registry + `": "nowhere"}}`,
			`the credential helper "docker-credential-nowhere" is not installed, or not in PATH`},
		"store that fails": {`{"credsStore": "fails"}`, `the credential helper "docker-credential-fails" fails for "registry.golden/app/signed" with exit code 1`},
		"auth without colon": {`{"auths": {"` + f.registry + `": {"auth": "aHVudGVyMg=="}}}`,
			`the auth of "registry.golden" is not USER:PASSWORD in base64; log in again`},
		"no JSON": {"{\n  " + secret + "\n}", "it is not a Docker configuration in JSON (line 2)"},
	} {
		f.write("config.json", tc.config)
		for command, args := range commands {
			f.front.Store(nil)
			got := f.run("", args...)
			warned := strings.Count(got.stderr, "warning: config.json: "+tc.problem+"; ")
			if got.code != exitOK || warned != 1 || strings.Contains(got.stdout+got.stderr, secret) {
				t.Errorf("%s, %s: exit code %d, %d warnings\n%s%s", command, what, got.code, warned, got.stdout, got.stderr)
			}
			f.front.Store(&wantsCredentials)
			got = f.run("", args...)
			words := "answers 401 Unauthorized: the repository needs credentials, or does not exist; it was asked without credentials: config.json: " + tc.problem
			if got.code != exitUnknown || !strings.Contains(got.stdout+got.stderr, words) || strings.Contains(got.stdout+got.stderr, secret) {
				t.Errorf("%s, %s: exit code %d, want %d and %q\n%s%s", command, what, got.code, exitUnknown, words, got.stdout, got.stderr)
			}
		}
	}

	// What is broken for another registry is not told.
	f.front.Store(nil)
	f.write("config.json", `{"auths": {"other.example": {"auth": "!"}}, "credHelpers": {"third.example": "nowhere"}}`)
	for command, args := range commands {
		if got := f.run("", args...); got.code != exitOK || strings.Contains(got.stderr, "warning") {
			t.Errorf("%s: exit code %d\n%s%s", command, got.code, got.stdout, got.stderr)
		}
	}
}

// TestUncoveredImageOfPrivateRegistry: an image that no policy covers is not asked about, so that a registry that wants credentials
// does not make a plan of files undetermined.
func TestUncoveredImageOfPrivateRegistry(t *testing.T) {
	f := newFixture(t)
	private := front(func(_ http.Handler, w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/other/") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	f.front.Store(&private)
	f.write("both.yaml", deployment("signed", "REGISTRY/app/signed:v1")+"---\n"+deployment("other", "REGISTRY/other/image:v1"))
	flags := []string{"plan", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json", "--manifests", "both.yaml", "-f"}
	if got := f.run("", append(flags, "trust.yaml")...); got.code != exitOK || !strings.Contains(got.stdout, "1 not covered by any policy") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	// Where a policy covers it, it matters what the registry answers.
	f.write("all.yaml", f.trust("all", "Enforce", "**"))
	if got := f.run("", append(flags, "all.yaml")...); got.code != exitUnknown || !strings.Contains(got.stdout, "RegistryUnauthorized") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// TestInvalidNames gives names of images that are none to all commands that take some.
func TestInvalidNames(t *testing.T) {
	f := newFixture(t)
	f.write("all.yaml", strings.Replace(f.trust("all", "Enforce", "**"), "REGISTRY/**", "**", 1))
	hex := strings.Repeat("a", 64)
	for written, words := range map[string]string{
		"oci://ghcr.io/org/app:v1":              `write it without oci://: "ghcr.io/org/app:v1"`,
		"https://ghcr.io/org/app:v1":            `write it without https://: "ghcr.io/org/app:v1"`,
		"docker://nginx:v1":                     `write it without docker://: "nginx:v1"`,
		"docker-pullable://nginx@sha256:" + hex: `write it without docker-pullable://`,
		"containerd://ghcr.io/org/app":          `write it without containerd://`,
		"docker-archive:/tmp/image.tar":         `write it without docker-archive:/`,
		"ghcr.io/Smana/runlore:v1":              `a repository must be in lower case; write "ghcr.io/smana/runlore:v1"`,
		"ghcr.io/org/app:":                      `there is no tag behind the colon; write "ghcr.io/org/app"`,
		"ghcr.io/org/app:@sha256:" + hex:        `there is no tag between the colon and the @`,
		"ghcr.io/org/app:v1+meta":               `a tag cannot have +, and registries have _ instead; write "ghcr.io/org/app:v1_meta"`,
		"ghcr.io/x:v1":                          `has one character`,
		"ghcr.io/org/app@sha512:" + hex + hex:   `its digest is sha512, and admission takes only sha256`,
	} {
		f.write("named.yaml", fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: app}\nspec: {containers: [{name: app, image: %q}]}\n", written))
		flags := []string{"-f", "all.yaml", "--trusted-root", "trusted_root.json"}
		for command, tc := range map[string]struct {
			args  []string
			codes []int
		}{
			"verify": {[]string{"verify", written}, []int{exitUsage}},
			// Admission denies what it cannot read, and asks a registry that is named like a scheme.
			"plan": {[]string{"plan", "--manifests", "named.yaml"}, []int{exitUntrusted, exitUnknown}},
			"pin":  {[]string{"pin", "--manifests", "named.yaml"}, []int{exitUnknown}},
		} {
			got := f.run("", append(tc.args, flags...)...)
			known := false
			for _, code := range tc.codes {
				known = known || got.code == code
			}
			if !known || !strings.Contains(got.stdout+got.stderr, words) {
				t.Errorf("%s %s: exit code %d, want one of %v and %q\n%s%s", command, written, got.code, tc.codes, words, got.stdout, got.stderr)
			}
		}
	}
}
