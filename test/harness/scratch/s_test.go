package scratch

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/harness"
	"github.com/karmada-io/image-trust/test/sigstore"
)

func Test(t *testing.T) {
	s, err := sigstore.New()
	if err != nil { t.Fatal(err) }
	dir := t.TempDir()
	if err := s.WriteTUFRepository(dir); err != nil { t.Fatal(err) }
	h, err := harness.Start(t.Context(), harness.Options{ControllerManager: true, Registry: true, PolicyController: true, TUFDir: dir, Progress: os.Stderr, Beside: []string{"local Sigstore"}})
	if err != nil { t.Fatal(err) }
	defer h.Stop()
	c, _ := client.New(h.Config(), client.Options{})
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "x", Labels: map[string]string{"policy.sigstore.dev/include": "true"}}}
	c.Create(t.Context(), ns)
	p := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy.sigstore.dev/v1alpha1", "kind": "ClusterImagePolicy", "metadata": map[string]any{"name": "x"},
		"spec": map[string]any{
			"images":      []any{map[string]any{"glob": "index.docker.io/karmada/*"}},
			"authorities": []any{map[string]any{"keyless": map[string]any{"url": "https://fulcio.sigstore.dev", "identities": []any{map[string]any{"issuer": "https://issuer.example", "subjectRegExp": "^https://github.com/a/b.*$"}}}}},
		}}}
	if err := c.Create(t.Context(), p); err != nil { t.Fatal(err) }
	digests := map[string]string{}
	for _, n := range []string{"signed", "unsigned"} {
		ref, _ := name.ParseReference("docker.io/karmada/" + n + ":v1")
		img, _ := random.Image(64, 1)
		if err := remote.Write(ref, img, remote.WithTransport(h.Registry.Transport())); err != nil { t.Fatal(err) }
		d, _ := img.Digest()
		digests[n] = d.String()
		if n == "signed" {
			if err := s.Sign(context.Background(), ref.Context().Digest(d.String()), sigstore.Identity{Issuer: "https://issuer.example", Subject: "https://github.com/a/b/.github/workflows/r.yml@refs/tags/v1"}, remote.WithTransport(h.Registry.Transport())); err != nil { t.Fatal(err) }
		}
	}
	time.Sleep(2 * time.Second)
	for n := range digests {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: n, Namespace: "x"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "m", Image: "karmada/" + n + ":v1"}}}}
		b := time.Now()
		err := c.Create(t.Context(), pod)
		fmt.Println(n, time.Since(b), err, pod.Spec.Containers[0].Image, strings.Contains(fmt.Sprint(err), "denied"))
	}
}
