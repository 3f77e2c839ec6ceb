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

package labtest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// PushImage pushes an unsigned image whose digest no other test uses.
func (l *Lab) PushImage(t *testing.T, reference string) name.Digest {
	t.Helper()
	digest, err := l.Push(t.Context(), reference, t.Name()+" "+reference)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// PushSignedImage pushes an image whose digest no other test uses, signed by an identity of the
// Sigstore that the operator and policy-controller trust by default.
func (l *Lab) PushSignedImage(t *testing.T, reference string, id sigstore.Identity) name.Digest {
	t.Helper()
	digest, err := l.PushSigned(t.Context(), reference, t.Name()+" "+reference, id)
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// AttachSignatures stores signatures of an image under its .sig tag.
func (l *Lab) AttachSignatures(t *testing.T, digest name.Digest, signatures ...sigstore.Signature) {
	t.Helper()
	if err := sigstore.Attach(t.Context(), digest, signatures, l.RemoteOptions()...); err != nil {
		t.Fatal(err)
	}
}

// NewSigstore returns another Sigstore, which nothing trusts by default.
func NewSigstore(t *testing.T) *sigstore.Sigstore {
	t.Helper()
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// NewSignature signs a digest as an identity of a Sigstore, without storing the signature.
func NewSignature(t *testing.T, by *sigstore.Sigstore, digest name.Digest, id sigstore.Identity) sigstore.Signature {
	t.Helper()
	signature, err := by.NewSignature(t.Context(), digest, id)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// CreatePod creates a pod with an image in Namespace, and returns the image as admission left it.
func CreatePod(t *testing.T, c client.Client, image string) (string, error) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "pod-", Namespace: Namespace},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	err := c.Create(t.Context(), pod)
	return pod.Spec.Containers[0].Image, err
}

// WaitUntilAllowed waits until admission allows a pod with an image, and returns the image as admission
// left it. That takes a moment after the policy is Ready, since policy-controller reads policies from a ConfigMap.
func (l *Lab) WaitUntilAllowed(t *testing.T, image string) string {
	t.Helper()
	return l.waitForAdmission(t, image, func(err error) string {
		if err != nil {
			return err.Error()
		}
		return ""
	})
}

// WaitUntilDenied waits until admission denies a pod with an image, with a message that contains these words.
func (l *Lab) WaitUntilDenied(t *testing.T, image, words string) {
	t.Helper()
	l.waitForAdmission(t, image, func(err error) string { return CheckDenied(err, words) })
}

func (l *Lab) waitForAdmission(t *testing.T, image string, problem func(error) string) string {
	t.Helper()
	type attempt struct {
		image string
		err   error
	}
	last := waitfor.State(t, func(context.Context) (attempt, error) {
		image, err := CreatePod(t, l.Client, image)
		return attempt{image, err}, nil
	}, func(a attempt) string { return problem(a.err) })
	return last.image
}

// CheckDenied returns what is wrong if err is not policy-controller's denial with these words.
func CheckDenied(err error, words string) string {
	const denied = `admission webhook "policy.sigstore.dev" denied the request: `
	if err == nil {
		return "allowed, want it denied: " + words
	}
	if !strings.Contains(err.Error(), denied) || !strings.Contains(err.Error(), words) {
		return fmt.Sprintf("got %q, want %q and %q", err, denied, words)
	}
	return ""
}

// RepositoryOf returns an image's repository within its registry.
func RepositoryOf(t *testing.T, image string) string {
	t.Helper()
	reference, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	return reference.Context().RepositoryStr()
}
