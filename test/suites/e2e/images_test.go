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
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// push pushes an image that differs from all others.
func push(t *testing.T, reference string) name.Digest {
	t.Helper()
	digest, err := shared.Push(t.Context(), reference, t.Name()+" "+reference)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// pushSigned pushes an image that differs from all others, signed by an identity of the Sigstore that both
// sides trust by default.
func pushSigned(t *testing.T, reference string, id sigstore.Identity) name.Digest {
	t.Helper()
	digest, err := shared.PushSigned(t.Context(), reference, t.Name()+" "+reference, id)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func attach(t *testing.T, digest name.Digest, signatures ...sigstore.Signature) {
	t.Helper()
	if err := sigstore.Attach(t.Context(), digest, signatures, shared.RemoteOptions()...); err != nil {
		t.Fatal(err)
	}
}

func newSigstore(t *testing.T) *sigstore.Sigstore {
	t.Helper()
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// runPod creates a pod, which is what admission is about, and returns its image as it was admitted.
func runPod(t *testing.T, c client.Client, image string) (string, error) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "pod-", Namespace: namespace},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	err := c.Create(t.Context(), pod)
	return pod.Spec.Containers[0].Image, err
}

// admitted waits until admission lets an image in, which it does a moment after the policy is Ready, as
// policy-controller learns of it from a ConfigMap; and returns the image as it was admitted.
func admitted(t *testing.T, image string) string {
	t.Helper()
	return outcome(t, image, func(err error) string {
		if err != nil {
			return err.Error()
		}
		return ""
	})
}

// refused waits until admission refuses an image with a message that holds some words.
func refused(t *testing.T, image, words string) {
	t.Helper()
	outcome(t, image, func(err error) string { return isRefused(err, words) })
}

func outcome(t *testing.T, image string, problem func(error) string) string {
	t.Helper()
	type attempt struct {
		image string
		err   error
	}
	last := eventually(t, func(context.Context) (attempt, error) {
		image, err := runPod(t, shared.Client, image)
		return attempt{image, err}, nil
	}, func(a attempt) string { return problem(a.err) })
	return last.image
}

// isRefused says what is wrong if a pod was not refused by policy-controller with some words.
func isRefused(err error, words string) string {
	const denied = `admission webhook "policy.sigstore.dev" denied the request: `
	if err == nil {
		return "admitted, want it refused: " + words
	}
	if !strings.Contains(err.Error(), denied) || !strings.Contains(err.Error(), words) {
		return fmt.Sprintf("got %q, want %q and %q", err, denied, words)
	}
	return ""
}

// repositoryOf is an image's repository within its registry.
func repositoryOf(t *testing.T, image string) string {
	t.Helper()
	reference, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	return reference.Context().RepositoryStr()
}

// middlewares stand between all clients and the registry, each before one repository.
type middlewares struct{ byRepository sync.Map }

// insert puts a middleware before a repository until the test ends, or until the function returned is called.
func (m *middlewares) insert(t *testing.T, repository string, middleware func(http.Handler) http.Handler) (takeOut func()) {
	t.Helper()
	takeOut = func() { m.byRepository.Delete(repository) }
	m.byRepository.Store(repository, middleware)
	t.Cleanup(takeOut)
	return takeOut
}

func (m *middlewares) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/v2/")
		for _, separator := range []string{"/manifests/", "/blobs/"} {
			repository, _, ok := strings.Cut(path, separator)
			if middleware, found := m.byRepository.Load(repository); ok && found {
				middleware.(func(http.Handler) http.Handler)(next).ServeHTTP(w, r) //nolint:forcetypeassert // insert stores nothing else
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
