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

package plugin

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestPluginTrustRoots verifies with roots of trust from all sources.
func TestPluginTrustRoots(t *testing.T) {
	p := lab.NewPlugin(t)
	const good, private = "docker.io/plugin-material/good:v1", "docker.io/plugin-material/private:v1"
	lab.PushSignedImage(t, good, labtest.Release)
	own := labtest.NewSigstore(t)
	digest := lab.PushImage(t, private)
	lab.AttachSignatures(t, digest, labtest.NewSignature(t, own, digest, labtest.Release))
	root, err := own.TrustRoot("plugin-material")
	if err != nil {
		t.Fatal(err)
	}
	lab.Create(t, root)
	trusted, err := lab.Sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "trusted_root.json")
	if err := os.WriteFile(file, trusted, 0o600); err != nil {
		t.Fatal(err)
	}
	identity := []string{"--issuer", labtest.Release.Issuer, "--identity", labtest.Release.Subject}
	verify := func(image string, more ...string) labtest.Result {
		return p.Run(t, "", append(append([]string{"verify", image}, identity...), more...)...)
	}
	steps := []struct {
		what string
		got  labtest.Result
		code int
		err  string
	}{
		{"offline before anything was fetched", verify(good, append(p.SigstoreFlags, "--offline")...), 3, "no valid root of trust is cached"},
		{"TUF", verify(good, p.SigstoreFlags...), 0, ""},
		{"offline afterwards", verify(good, append(p.SigstoreFlags, "--offline")...), 0, ""},
		{"file", verify(good, "--trusted-root", file), 0, ""},
		{"file of another", verify(private, "--trusted-root", file), 1, ""},
		{"TrustRoot in the cluster", verify(private, "--trust-root", "plugin-material"), 0, ""},
		{"TrustRoot of another", verify(good, "--trust-root", "plugin-material"), 1, ""},
		{"no such TrustRoot", verify(good, "--trust-root", "nowhere"), 3, "reading TrustRoot nowhere"},
		{"two roots", verify(good, "--trusted-root", file, "--trust-root", "a"), 2, "remove one of them"},
		{"half a repository", verify(good, "--tuf-mirror", "http://localhost"), 2, "belong together"},
		{"no file", verify(good, "--trusted-root", "nowhere"), 2, "reading --trusted-root"},
	}
	for _, step := range steps {
		if step.got.Code != step.code || !strings.Contains(step.got.Stderr, step.err) {
			t.Errorf("%s: exit code %d, want %d and %q\n%s%s", step.what, step.got.Code, step.code, step.err, step.got.Stdout, step.got.Stderr)
		}
	}
}

// TestBundleUnderTrustRoot signs an image with a Sigstore bundle of a private Sigstore, which policy-controller cannot
// verify: the operator, plan and verify report that with one reason, and the webhook denies the image.
func TestBundleUnderTrustRoot(t *testing.T) {
	const image = "docker.io/bundle-root/app:v1"
	own := labtest.NewSigstore(t)
	digest := lab.PushImage(t, image)
	attachBundle(t, own, digest)
	root, err := own.TrustRoot("bundle-root")
	if err != nil {
		t.Fatal(err)
	}
	lab.Create(t, root)
	trust := labtest.NewTrust("bundle-root", "bundle-root")
	trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: root.GetName()}
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	namespace := lab.CreateNamespace(t, "bundle-root", map[string]string{"policy.sigstore.dev/include": "true"})
	deployment := prediction.Workload{Name: "app", Kind: "Deployment", Namespace: namespace, Images: []string{image}}.Object()
	deployment.SetGenerateName("")
	deployment.SetName("app")
	deployment.GetObjectKind().SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	p := lab.NewPlugin(t)
	trustFile, manifests := labtest.WriteObjects(t, trust), labtest.WriteObjects(t, deployment)

	// No policy covers the image yet, so that admission would deny the workload for another reason.
	lab.Create(t, trust)
	lab.SetEnforcement(t, trust, v1alpha1.EnforcementWarn)
	waitfor.NoError(t, func(ctx context.Context) error { return lab.Client.Create(ctx, deployment) })
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled,
		labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		func(got *v1alpha1.KarmadaImageTrust) string {
			if len(got.Status.Violations) != 1 || got.Status.Violations[0].Reason != v1alpha1.FormatNotAcceptedReason {
				return fmt.Sprintf("violations %+v", got.Status.Violations)
			}
			return ""
		})
	for what, step := range map[string]struct {
		got  labtest.Result
		code int
	}{
		"plan":   {p.Run(t, "", "plan", "-f", trustFile, "--manifests", manifests), 1},
		"verify": {p.Run(t, "", "verify", image, "-f", trustFile), 0},
	} {
		if step.got.Code != step.code || !strings.Contains(step.got.Stdout, v1alpha1.FormatNotAcceptedReason) ||
			strings.Contains(step.got.Stdout, v1alpha1.UnsignedReason) {
			t.Errorf("%s: exit code %d, want %d and %s\n%s%s", what, step.got.Code, step.code, v1alpha1.FormatNotAcceptedReason,
				step.got.Stdout, step.got.Stderr)
		}
	}

	lab.SetEnforcement(t, trust, v1alpha1.EnforcementEnforce)
	lab.WaitUntilDenied(t, image, "failed policy: bundle-root")
}

// attachBundle signs an image as the release workflow, and stores the signature as a Sigstore bundle.
func attachBundle(t *testing.T, by *sigstore.Sigstore, digest name.Digest) {
	t.Helper()
	envelope, err := by.NewEnvelope(t.Context(), digest, labtest.Release, policy.SignPredicate, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := envelope.Bundle()
	if err != nil {
		t.Fatal(err)
	}
	if err := sigstore.AttachBundle(t.Context(), digest, bundle, policy.SignPredicate, lab.RemoteOptions()...); err != nil {
		t.Fatal(err)
	}
}

// TestPluginCredentials verifies an image whose registry needs the credentials of docker login.
func TestPluginCredentials(t *testing.T) {
	p := lab.NewPlugin(t)
	const image = "registry.example/plugin-credentials/app:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	lab.Intercept(t, labtest.RepositoryOf(t, image), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "reader" || password != "correct-horse" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	args := append([]string{"verify", image, "--issuer", labtest.Release.Issuer, "--identity", labtest.Release.Subject}, p.SigstoreFlags...)
	if got := p.Run(t, "", args...); got.Code != 3 || !strings.Contains(got.Stdout, "RegistryUnauthorized") {
		t.Errorf("without credentials: exit code %d\n%s", got.Code, got.Stdout)
	}
	docker := t.TempDir()
	config := `{"auths":{"registry.example":{"username":"reader","password":"correct-horse"}}}`
	if err := os.WriteFile(filepath.Join(docker, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Env = append(p.Env, "DOCKER_CONFIG="+docker)
	if got := p.Run(t, "", args...); got.Code != 0 {
		t.Errorf("with credentials: exit code %d\n%s", got.Code, got.Stdout)
	}
}

// TestPluginWatch checks that status --watch prints a trust again when it changes, and ends on an interrupt.
func TestPluginWatch(t *testing.T) {
	p := lab.NewPlugin(t)
	const image = "docker.io/plugin-watch/image:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	watched := labtest.NewTrust("plugin-watch", "plugin-watch", image)
	lab.Create(t, watched)
	lab.WaitForTrust(t, watched.Name, labtest.Reconciled)

	cmd := exec.CommandContext(t.Context(), p.Path, "status", watched.Name, "--watch")
	cmd.Env = p.Env
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
		t.Fatalf("it ended before it printed %q: %v", words, lines.Err())
	}
	until("✓ plugin-watch  Enforce · 1/1 verified")
	labtest.Update(t, lab.Client, watched, func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Enforcement = v1alpha1.EnforcementWarn })
	until("plugin-watch  Warn · 1/1 verified")
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if lines.Scan() {
		t.Errorf("it continues after the interrupt: %s", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after the interrupt it ends with %v", err)
	}
}
