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
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// The identities that sign images in tests.
var (
	release         = sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", strings.Repeat("c", 40))
	untrustedSigner = sigstore.GitHubWorkflow("karmada-io/karmada", "ci.yml", "refs/heads/master", strings.Repeat("d", 40))
)

// fixture is a directory with files for the plugin, and a registry in this process with images and signatures. Its
// repositories are app/signed, app/unsigned, app/foreign (signed by untrustedSigner), other/image, private/image (a bundle
// of another Sigstore instance), private/signed (by that instance) and down/image (the registry fails).
type fixture struct {
	t        *testing.T
	registry string
	// instance signs the images that trust.yaml accepts.
	instance *sigstore.Sigstore
	// asked is called for each request to the registry, unless it is nil.
	asked atomic.Pointer[func()]
	// front may answer requests instead of the registry, unless it is nil.
	front atomic.Pointer[front]
}

// front answers a request, or returns false.
type front func(content http.Handler, w http.ResponseWriter, r *http.Request) (answered bool)

// newFixture starts a registry and changes to a new directory with trusted_root.json and a trust in trust.yaml.
func newFixture(t *testing.T) *fixture {
	t.Helper()
	content := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))
	f := &fixture{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked := f.asked.Load(); asked != nil {
			(*asked)()
		}
		if answer := f.front.Load(); answer != nil && (*answer)(content, w, r) {
			return
		}
		if strings.Contains(r.URL.Path, "/down/") {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		content.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	f.registry = strings.TrimPrefix(server.URL, "http://")
	instance, private := f.sigstore(), f.sigstore()
	f.instance = instance
	t.Chdir(t.TempDir())

	f.sign(instance, f.push("app/signed"), release)
	f.push("app/unsigned")
	f.push("other/image")
	f.sign(instance, f.push("app/foreign"), untrustedSigner)
	f.signBundle(private, f.push("private/image"))
	f.sign(private, f.push("private/signed"), release)

	trusted, err := instance.TrustedRoot()
	f.must(err)
	f.write("trusted_root.json", string(trusted))
	root, err := private.TrustRoot("private")
	f.must(err)
	encoded, err := yaml.Marshal(root.Object)
	f.must(err)
	f.write("private.yaml", string(encoded)+"---\n"+f.trust("private", "Enforce", "private/*", "trustRoot: {name: private}"))
	key, _, err := ed25519.GenerateKey(rand.Reader)
	f.must(err)
	root, err = private.TrustRoot("private", sigstore.AlsoTrusting("tLogs", key))
	f.must(err)
	encoded, err = yaml.Marshal(root.Object)
	f.must(err)
	f.write("refused.yaml", string(encoded)+"---\n"+f.trust("private", "Enforce", "private/*", "trustRoot: {name: private}"))
	f.write("trust.yaml", f.trust("app", "Enforce", "app/*"))
	f.write("down.yaml", f.trust("down", "Warn", "down/*"))
	return f
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) sigstore() *sigstore.Sigstore {
	f.t.Helper()
	instance, err := sigstore.New()
	f.must(err)
	return instance
}

// image returns the reference of an image in the registry.
func (f *fixture) image(repository string) string { return f.registry + "/" + repository + ":v1" }

// push pushes an image with its repository as content, so that its digest is always the same.
func (f *fixture) push(repository string) name.Digest {
	f.t.Helper()
	digest, err := images.Push(f.t.Context(), f.image(repository), repository)
	f.must(err)
	return digest
}

// digest returns what the tag of a repository names.
func (f *fixture) digest(repository string) string {
	f.t.Helper()
	digest, err := crane.Digest(f.image(repository))
	f.must(err)
	return digest
}

func (f *fixture) sign(instance *sigstore.Sigstore, digest name.Digest, by sigstore.Identity) {
	f.t.Helper()
	f.must(instance.Sign(f.t.Context(), digest, by))
}

func (f *fixture) signBundle(instance *sigstore.Sigstore, digest name.Digest) {
	f.t.Helper()
	const predicate = "https://sigstore.dev/cosign/sign/v1"
	envelope, err := instance.NewEnvelope(f.t.Context(), digest, release, predicate, map[string]any{})
	f.must(err)
	bundle, err := envelope.Bundle()
	f.must(err)
	f.must(sigstore.AttachBundle(f.t.Context(), digest, bundle, predicate))
}

// write writes a file into the directory of the fixture, which is the current one. REGISTRY stands for the registry.
func (f *fixture) write(file, content string) {
	f.t.Helper()
	f.must(os.MkdirAll(filepath.Dir(file), 0o750))
	f.must(os.WriteFile(file, []byte(strings.ReplaceAll(content, "REGISTRY", f.registry)), 0o600))
}

// trust returns a KarmadaImageTrust for release and a glob, with more lines of its spec.
func (f *fixture) trust(name, enforcement, glob string, spec ...string) string {
	lines := append([]string{
		"apiVersion: trust.karmada.io/v1alpha1",
		"kind: KarmadaImageTrust",
		"metadata: {name: " + name + "}",
		"spec:",
		"  images: ['REGISTRY/" + glob + "']",
		"  issuer: " + release.Issuer,
		"  identity: " + release.Subject,
		"  enforcement: " + enforcement,
	}, indent(spec)...)
	return strings.Join(lines, "\n") + "\n"
}

func indent(lines []string) []string {
	indented := make([]string, 0, len(lines))
	for _, line := range lines {
		indented = append(indented, "  "+line)
	}
	return indented
}

// run runs the plugin with the local Sigstore as the default root of trust. In arguments and input, REGISTRY stands for
// the registry.
func (f *fixture) run(stdin string, args ...string) result {
	f.t.Helper()
	resolved := make([]string, 0, len(args))
	for _, arg := range args {
		resolved = append(resolved, strings.ReplaceAll(arg, "REGISTRY", f.registry))
	}
	got := runPlugin(f.t, strings.ReplaceAll(stdin, "REGISTRY", f.registry), resolved...)
	got.stdout, got.stderr = f.stable(got.stdout), f.stable(got.stderr)
	return got
}

// variable is output that differs from run to run, and what stands for it in golden files. The replacements have the
// same length wherever columns depend on it.
var variable = []struct {
	pattern     *regexp.Regexp
	replacement string
}{
	{regexp.MustCompile(`\b1[0-9]{9}\b`), "1234567890"}, // log indexes and Unix times
	{regexp.MustCompile(`\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z`), "2026-01-02T03:04:05Z"},
	{regexp.MustCompile(`[A-Za-z0-9+/]{80,}={0,2}`), "BASE64"}, // keys, certificates and signatures
	{regexp.MustCompile(`[A-Za-z0-9+/]{43}=`), "SHA256"},
	{regexp.MustCompile(`(logID"?: "?)[0-9a-f]{64}`), "${1}LOGID"},
	{regexp.MustCompile(`-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----`), "PUBLIC KEY"},
}

// registryPlaceholder is as long as 127.0.0.1 with a port of five digits.
const registryPlaceholder = "registry.golden"

// stable replaces output that differs from run to run.
func (f *fixture) stable(text string) string {
	text = strings.ReplaceAll(text, f.registry, registryPlaceholder)
	for _, v := range variable {
		text = v.pattern.ReplaceAllString(text, v.replacement)
	}
	return text
}

// pluginTest is a run of the plugin and the exit code that it must have.
type pluginTest struct {
	args  []string
	stdin string
	code  int
	// noRoot omits the flag for the root of trust.
	noRoot bool
}

// runGolden runs a command in a fixture and compares with golden files.
func (f *fixture) runGolden(command string, tests map[string]pluginTest) {
	f.t.Helper()
	for name, tc := range tests {
		f.t.Run(name, func(t *testing.T) {
			args := append([]string{command}, tc.args...)
			flags := []string{"--insecure-registry", "REGISTRY"}
			if !tc.noRoot {
				flags = append(flags, "--trusted-root", "trusted_root.json")
			}
			if command == "render" || command == "lint" {
				flags = nil
			}
			inTest := &fixture{t: t, registry: f.registry}
			got := inTest.run(tc.stdin, append(args, flags...)...)
			if got.code != tc.code {
				t.Errorf("exit code %d, want %d", got.code, tc.code)
			}
			golden(t, command+"/"+name, strings.Split(strings.ReplaceAll(strings.Join(args, "\x00"), "REGISTRY", registryPlaceholder), "\x00"), got)
		})
	}
}

// readFile returns the content of a file with what differs from run to run replaced.
func (f *fixture) readFile(file string) string {
	f.t.Helper()
	content, err := os.ReadFile(file)
	f.must(err)
	return f.stable(string(bytes.TrimSpace(content))) + "\n"
}
