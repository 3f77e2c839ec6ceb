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
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sigstore/policy-controller/pkg/tuf"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/fileserver"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestPrivateRoot has a trust name a TrustRoot, which comes only later.
func TestPrivateRoot(t *testing.T) {
	const (
		ours   = "docker.io/private-root/ours:v1"
		theirs = "docker.io/private-root/theirs:v1"
	)
	private := newSigstore(t)
	digest := push(t, ours)
	attach(t, digest, newSignature(t, private, digest, release))
	pushSigned(t, theirs, release)

	trust := newTrust("private-root", "private-root", ours, theirs)
	trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: "private-root"}
	create(t, trust)
	got := becomes(t, trust.Name,
		verdict(ours, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason),
		verdict(theirs, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason),
		condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason))
	if got, want := imageOf(got, ours).Message, "TrustRoot private-root does not exist"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}

	root, err := private.TrustRoot("private-root")
	if err != nil {
		t.Fatal(err)
	}
	create(t, root)
	becomes(t, trust.Name, settled,
		verdict(ours, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		verdict(theirs, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
	admitted(t, ours)
	refused(t, theirs, "failed policy: private-root")
}

// TestRootInRepository has trusts name TrustRoots that are TUF repositories: somewhere else, and in the object itself.
func TestRootInRepository(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "repository") // as policy-controller wants it in an archive
	private := newSigstore(t)
	if err := private.WriteTUFRepository(dir); err != nil {
		t.Fatal(err)
	}
	start, err := os.ReadFile(filepath.Join(dir, "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := fileserver.Serve(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mirror.Close() })
	var packed bytes.Buffer
	if err := tuf.CompressFS(os.DirFS(above), &packed, map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	for name, root := range map[string]*unstructured.Unstructured{
		"remote-root": sigstore.RemoteTrustRoot("remote-root", mirror.URL, start),
		"packed-root": sigstore.PackedTrustRoot("packed-root", packed.Bytes(), start),
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := "docker.io/"+name+"/ours:v1", "docker.io/"+name+"/theirs:v1"
			digest := push(t, ours)
			attach(t, digest, newSignature(t, private, digest, release))
			pushSigned(t, theirs, release)
			create(t, root)
			trust := newTrust(name, name, ours, theirs)
			trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: name}
			create(t, trust)
			becomes(t, trust.Name, settled,
				verdict(ours, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
				verdict(theirs, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
			admitted(t, ours)
			refused(t, theirs, "failed policy: "+name)
		})
	}
}

// TestRotatedRoot has the keys of a TrustRoot change under a verdict.
func TestRotatedRoot(t *testing.T) {
	const image = "docker.io/rotated-root/image:v1"
	before, after := newSigstore(t), newSigstore(t)
	digest := push(t, image)
	attach(t, digest, newSignature(t, before, digest, release))
	root, err := before.TrustRoot("rotated-root")
	if err != nil {
		t.Fatal(err)
	}
	create(t, root)
	trust := newTrust("rotated-root", "rotated-root", image)
	trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: root.GetName()}
	create(t, trust)
	becomes(t, trust.Name, settled, verdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))

	rotated, err := after.TrustRoot(root.GetName())
	if err != nil {
		t.Fatal(err)
	}
	change(t, root, func(root *unstructured.Unstructured) { root.Object["spec"] = rotated.Object["spec"] })
	becomes(t, trust.Name, settled, verdict(image, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
	eventually(t, eventReasons(trust.Name), has(v1alpha1.ImageUntrustedReason))

	refused(t, image, "failed policy: rotated-root")
}
