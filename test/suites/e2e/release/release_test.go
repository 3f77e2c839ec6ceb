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

package release

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/hack/release/ociimage"
	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	trustName = "karmada-image-trust"
	namespace = "karmada-image-trust-system"
	mebibyte  = 1 << 20
)

// TestRelease publishes the release, and follows it to the cluster that runs it.
func TestRelease(t *testing.T) {
	t.Run("reproducible", testReproducible)
	publish(t)
	t.Run("verify", testVerify)
	t.Run("itself", testItself)
	t.Run("pin", testPin)
}

// testReproducible compares the images that were built in two directories, and looks at one.
func testReproducible(t *testing.T) {
	platform := v1.Platform{OS: "linux", Architecture: "amd64"}
	var digests []v1.Hash
	for _, dir := range []tree{built.dir, built.again} {
		found, err := dir.image(platform)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := found.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest)
	}
	reproducible := 0
	if digests[0] == digests[1] {
		reproducible = 1
	} else {
		t.Errorf("the image is %s in %s, and %s in %s", digests[0], built.dir, digests[1], built.again)
	}
	fmt.Printf("figure: image_reproducible %d\n", reproducible)
	first, err := os.ReadFile(built.dir.artefact("checksums.txt"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(built.again.artefact("checksums.txt"))
	if diff := cmp.Diff(string(first), string(second)); diff != "" || err != nil {
		t.Errorf("the artefacts differ: %v\n%s", err, diff)
	}

	found, err := built.dir.image(platform)
	if err != nil {
		t.Fatal(err)
	}
	config, err := found.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != ociimage.User || len(config.Config.Entrypoint) != 1 || config.Config.Entrypoint[0] != "/manager" {
		t.Errorf("the image runs %v as %q", config.Config.Entrypoint, config.Config.User)
	}
	const label = "org.opencontainers.image."
	for name, want := range map[string]string{
		"source": "https://github.com/" + project, "revision": labtest.Commit, "version": version, "licenses": "Apache-2.0",
	} {
		if got := config.Config.Labels[label+name]; got != want {
			t.Errorf("label %s: %q, want %q", name, got, want)
		}
	}
	index, err := ociimage.ReadLayout(filepath.Join(string(built.dir), "dist", "image"))
	if err != nil {
		t.Fatal(err)
	}
	images, err := ociimage.Images(index)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("figure: image_size_mib %.1f\n", float64(images[0].Size)/mebibyte)
}

// testVerify runs the commands by which RELEASE.md verifies a release, as they are and on artefacts that were changed.
func testVerify(t *testing.T) {
	user := newReader(t)
	blocks := documented(t, "Verify a release")
	for i, block := range blocks[:3] {
		if i > 0 {
			block = assignments(blocks[0]) + block
		}
		if printed, err := user.run(t, block); err != nil {
			t.Errorf("%v of\n%s\n%s", err, block, printed)
		}
	}
	for name, script := range map[string]string{
		"another tag":      strings.ReplaceAll(blocks[0], `tags/$VERSION"`, `tags/v9.8.8"`),
		"a changed file":   "echo >> " + archive + "\n" + assignments(blocks[0]) + blocks[1],
		"another workflow": strings.ReplaceAll(blocks[0], "release.yaml", "ci.yaml"),
	} {
		if printed, err := user.run(t, script); err == nil {
			t.Errorf("%s: verified\n%s", name, printed)
		}
	}
	if printed, err := user.run(t, program+" version"); err != nil || !strings.Contains(printed, version) {
		t.Errorf("the plugin prints %q, %v", printed, err)
	}
}

// assignments are the lines of a script that set variables.
func assignments(script string) string {
	var out strings.Builder
	for line := range strings.Lines(script) {
		if before, _, ok := strings.Cut(line, "="); ok && !strings.Contains(before, " ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// testItself installs the release, and has the operator verify the image of its own Deployment, by the sample as it is.
func testItself(t *testing.T) {
	user := newReader(t)
	must := func(script string) {
		t.Helper()
		if printed, err := user.run(t, script); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, printed)
		}
	}
	digest := publishedDigest(t)
	must(documented(t, "Verify a release")[3])
	t.Cleanup(func() { lab.Delete(t, &v1alpha1.KarmadaImageTrust{ObjectMeta: metav1.ObjectMeta{Name: trustName}}) })
	lab.WaitForTrust(t, trustName, labtest.Reconciled)
	// The policy is enforced from here on.
	lab.WaitUntilAllowed(t, image)
	must("kubectl apply --server-side --force-conflicts -f install.yaml")

	status := lab.WaitForTrust(t, trustName, labtest.Reconciled,
		labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason))
	verified := labtest.FindImage(status, image)
	if verified.Digest != digest.DigestStr() || verified.Workloads == nil || *verified.Workloads == 0 {
		t.Errorf("verified %s, which runs in no workload, want %s", verified.Digest, digest.DigestStr())
	}
	if diff := cmp.Diff(labtest.SignerOf(released()), verified.Signer); diff != "" {
		t.Errorf("the signer differs (-want +got):\n%s", diff)
	}
	deployment := waitfor.State(t, func(ctx context.Context) (*appsv1.Deployment, error) {
		out := &appsv1.Deployment{}
		return out, lab.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: trustName}, out)
	}, func(*appsv1.Deployment) string { return "" })
	waitfor.State(t, func(ctx context.Context) (*corev1.PodList, error) {
		out := &corev1.PodList{}
		return out, lab.Client.List(ctx, out, client.InNamespace(namespace), client.MatchingLabels(deployment.Spec.Selector.MatchLabels))
	}, func(pods *corev1.PodList) string {
		if len(pods.Items) == 0 || !strings.HasSuffix(pods.Items[0].Spec.Containers[0].Image, "@"+digest.DigestStr()) {
			return "no Pod with the image of the release was admitted"
		}
		return ""
	})
	testOthers(t)
}

// testOthers tries images in the same repository that are no releases.
func testOthers(t *testing.T) {
	t.Helper()
	lab.PushImage(t, repository+":rebuilt")
	lab.WaitUntilDenied(t, repository+":rebuilt", "failed policy: "+trustName)
	lab.PushSignedImage(t, repository+":main", workflow("refs/heads/main"))
	lab.WaitUntilDenied(t, repository+":main", "failed policy: "+trustName)
	lab.PushSignedImage(t, repository+":unattested", released())
	lab.WaitUntilDenied(t, repository+":unattested", "failed policy: "+trustName)
}

func publishedDigest(t *testing.T) name.Digest {
	t.Helper()
	index, err := ociimage.ReadLayout(filepath.Join(string(built.dir), "dist", "image"))
	if err != nil {
		t.Fatal(err)
	}
	hash, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := name.NewDigest(repository + "@" + hash.String())
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// testPin pins the manifests of an installation, which makes those of the release, and plans them.
func testPin(t *testing.T) {
	user := newReader(t)
	want, err := os.ReadFile(built.dir.artefact("install.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := render.Installation(root, render.Options{Image: image})
	if err != nil {
		t.Fatal(err)
	}
	tagged, err := rendered.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(tagged), publishedDigest(t).DigestStr()) {
		t.Fatal("the manifests name the digest before they are pinned")
	}
	if err := os.WriteFile(filepath.Join(user.dir, "tagged.yaml"), tagged, 0o600); err != nil {
		t.Fatal(err)
	}
	printed, err := user.run(t, "kubectl imagetrust pin -f config/samples/self.yaml --manifests tagged.yaml 2>/dev/null")
	if diff := cmp.Diff(string(want), printed); diff != "" || err != nil {
		t.Errorf("pin: %v, (-want +got):\n%s", err, diff)
	}
	printed, err = user.run(t, "kubectl imagetrust plan -f config/samples/self.yaml --manifests install.yaml")
	if err != nil {
		t.Errorf("plan: %v\n%s", err, printed)
	}
	printed, err = user.run(t, "sed 's/"+version+"@.*/rebuilt/' install.yaml | kubectl imagetrust plan -f config/samples/self.yaml --manifests -")
	if err == nil || !strings.Contains(printed, "1 of 1 workload would be denied") {
		t.Errorf("plan of an unsigned rebuild: %v\n%s", err, printed)
	}
}
