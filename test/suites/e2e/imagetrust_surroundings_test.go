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

package e2e

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestPluginMaterial judges by roots of trust from all places.
func TestPluginMaterial(t *testing.T) {
	p := newPlugin(t)
	const good, private = "docker.io/plugin-material/good:v1", "docker.io/plugin-material/private:v1"
	pushSigned(t, good, release)
	own := newSigstore(t)
	digest := push(t, private)
	attach(t, digest, newSignature(t, own, digest, release))
	root, err := own.TrustRoot("plugin-material")
	if err != nil {
		t.Fatal(err)
	}
	create(t, root)
	trusted, err := shared.Sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "trusted_root.json")
	if err := os.WriteFile(file, trusted, 0o600); err != nil {
		t.Fatal(err)
	}
	identity := []string{"--issuer", release.Issuer, "--identity", release.Subject}
	verify := func(image string, more ...string) ran {
		return p.run(t, "", append(append([]string{"verify", image}, identity...), more...)...)
	}
	steps := []struct {
		what string
		got  ran
		code int
		err  string
	}{
		{"offline before anything was fetched", verify(good, append(p.sigstore, "--offline")...), 3, "no valid root of trust has been kept"},
		{"TUF", verify(good, p.sigstore...), 0, ""},
		{"offline afterwards", verify(good, append(p.sigstore, "--offline")...), 0, ""},
		{"file", verify(good, "--trusted-root", file), 0, ""},
		{"file of another", verify(private, "--trusted-root", file), 1, ""},
		{"TrustRoot in the cluster", verify(private, "--trust-root", "plugin-material"), 0, ""},
		{"TrustRoot of another", verify(good, "--trust-root", "plugin-material"), 1, ""},
		{"no such TrustRoot", verify(good, "--trust-root", "nowhere"), 3, "reading TrustRoot nowhere"},
		{"two roots", verify(good, "--trusted-root", file, "--trust-root", "a"), 2, "drop one"},
		{"half a repository", verify(good, "--tuf-mirror", "http://localhost"), 2, "belong together"},
		{"no file", verify(good, "--trusted-root", "nowhere"), 2, "reading --trusted-root"},
	}
	for _, step := range steps {
		if step.got.code != step.code || !strings.Contains(step.got.stderr, step.err) {
			t.Errorf("%s: exit code %d, want %d and %q\n%s%s", step.what, step.got.code, step.code, step.err, step.got.stdout, step.got.stderr)
		}
	}
}

// TestPluginCredentials reads a registry with the credentials of docker login.
func TestPluginCredentials(t *testing.T) {
	p := newPlugin(t)
	const image = "registry.example/plugin-credentials/app:v1"
	pushSigned(t, image, release)
	registry.insert(t, repositoryOf(t, image), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "reader" || password != "correct-horse" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	args := append([]string{"verify", image, "--issuer", release.Issuer, "--identity", release.Subject}, p.sigstore...)
	if got := p.run(t, "", args...); got.code != 3 || !strings.Contains(got.stdout, "RegistryUnauthorized") {
		t.Errorf("without credentials: exit code %d\n%s", got.code, got.stdout)
	}
	docker := t.TempDir()
	config := `{"auths":{"registry.example":{"username":"reader","password":"correct-horse"}}}`
	if err := os.WriteFile(filepath.Join(docker, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = append(p.env, "DOCKER_CONFIG="+docker)
	if got := p.run(t, "", args...); got.code != 0 {
		t.Errorf("with credentials: exit code %d\n%s", got.code, got.stdout)
	}
}

// TestPluginWatch shows a trust again when it changes, and ends when it is told to.
func TestPluginWatch(t *testing.T) {
	p := newPlugin(t)
	const image = "docker.io/plugin-watch/image:v1"
	pushSigned(t, image, release)
	watched := newTrust("plugin-watch", "plugin-watch", image)
	create(t, watched)
	becomes(t, watched.Name, settled)

	cmd := exec.CommandContext(t.Context(), p.path, "status", watched.Name, "--watch")
	cmd.Env = p.env
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	until := func(words string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), words) {
				return
			}
		}
		t.Fatalf("it ended before it said %q: %v", words, lines.Err())
	}
	until("✓ plugin-watch  Enforce · 1/1 verified")
	change(t, watched, func(trust *trust) { trust.Spec.Enforcement = v1alpha1.EnforcementWarn })
	until("plugin-watch  Warn · 1/1 verified")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if lines.Scan() {
		t.Errorf("it goes on: %s", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it was interrupted, and ends with %v", err)
	}
}
