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

package harness

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// TestAdmission has the real webhook admit images of Docker Hub's name that are
// in the local registry only.
func TestAdmission(t *testing.T) { testAdmission(t, "default") }

// testAdmission uses a policy and images of its own for each version of policy-controller.
func testAdmission(t *testing.T, version string) {
	t.Helper()
	c := newClient(t, shared.Config())
	namespace := createNamespace(t, c)
	// A first part with a dot would be a registry's host.
	organisation := "trusted-" + strings.ReplaceAll(version, ".", "-")
	trusted := organisation + "/image:v1"
	createPassingPolicy(t, c, "index.docker.io/"+organisation+"/*")
	digest := push(t, "docker.io/"+trusted)
	push(t, "docker.io/unmatched/image:v1")
	newPod := func(image string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{GenerateName: "pod-", Namespace: namespace}, Spec: podSpec(image)}
	}
	// The webhook learns of a policy a moment after the API server.
	waitfor.True(t, "the policy is enforced", func(ctx context.Context) (bool, error) {
		return c.Create(ctx, newPod("docker.io/"+trusted), client.DryRunAll) == nil, nil
	})

	tests := map[string]struct {
		image      string
		wantImage  string
		wantDenied string
	}{
		"a tag of a trusted repository is pinned": {
			image:     "docker.io/" + trusted,
			wantImage: "index.docker.io/" + trusted + "@" + digest,
		},
		"a host-less name means Docker Hub": {
			image:     trusted,
			wantImage: "index.docker.io/" + trusted + "@" + digest,
		},
		"no policy matches": {
			image:      "docker.io/unmatched/image:v1",
			wantDenied: `admission webhook "policy.sigstore.dev" denied the request: validation failed: no matching policies: spec.containers[0].image`,
		},
	}
	for testName, test := range tests {
		t.Run(testName, func(t *testing.T) {
			pod := newPod(test.image)
			err := c.Create(t.Context(), pod)
			switch {
			case test.wantDenied == "" && err != nil:
				t.Errorf("rejected: %v", err)
			case test.wantDenied == "" && pod.Spec.Containers[0].Image != test.wantImage:
				t.Errorf("image %s, want %s", pod.Spec.Containers[0].Image, test.wantImage)
			case test.wantDenied != "" && (err == nil || !strings.Contains(err.Error(), test.wantDenied)):
				t.Errorf("got %v, want %s", err, test.wantDenied)
			}
		})
	}
}

// TestPolicyControllerRestart has admission fail while policy-controller is down.
func TestPolicyControllerRestart(t *testing.T) {
	c := newClient(t, shared.Config())
	namespace := createNamespace(t, c)
	if err := shared.PolicyController.Stop(); err != nil {
		t.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "pod", Namespace: namespace}, Spec: podSpec("restart.invalid/image:v1")}
	if err := c.Create(t.Context(), pod.DeepCopy()); err == nil || !strings.Contains(err.Error(), "failed calling webhook") {
		t.Errorf("without policy-controller: got %v, want failed calling webhook", err)
	}
	if err := shared.StartPolicyController(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Create(t.Context(), pod); err == nil || !strings.Contains(err.Error(), "denied the request") {
		t.Errorf("with policy-controller again: got %v, want a denial", err)
	}
}

// createNamespace makes a namespace that opts in, and returns its name.
func createNamespace(t *testing.T, c client.Client) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "opted-in-", Labels: map[string]string{"policy.sigstore.dev/include": "true"},
	}}
	if err := c.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	// Pods need it; it is made a moment after the namespace.
	account := &corev1.ServiceAccount{}
	waitfor.True(t, "the namespace has a ServiceAccount", func(ctx context.Context) (bool, error) {
		err := c.Get(ctx, client.ObjectKey{Namespace: namespace.Name, Name: "default"}, account)
		return err == nil, client.IgnoreNotFound(err)
	})
	return namespace.Name
}

func createPassingPolicy(t *testing.T, c client.Client, glob string) {
	t.Helper()
	policy := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy.sigstore.dev/v1alpha1",
		"kind":       "ClusterImagePolicy",
		"metadata":   map[string]any{"generateName": "passing-"},
		"spec": map[string]any{
			"images":      []any{map[string]any{"glob": glob}},
			"authorities": []any{map[string]any{"static": map[string]any{"action": "pass"}}},
		},
	}}
	if err := c.Create(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
}

// push puts a new image into the local registry, and returns its digest.
func push(t *testing.T, image string) string {
	t.Helper()
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	content, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, content, remote.WithTransport(shared.Registry.Transport()), remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	digest, err := content.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
