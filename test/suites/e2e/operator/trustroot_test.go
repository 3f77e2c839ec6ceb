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

package operator

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
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestPrivateRoot creates the TrustRoot after the trust that names it.
func TestPrivateRoot(t *testing.T) {
	const (
		ours   = "docker.io/private-root/ours:v1"
		theirs = "docker.io/private-root/theirs:v1"
	)
	private := labtest.NewSigstore(t)
	digest := lab.PushImage(t, ours)
	lab.AttachSignatures(t, digest, labtest.NewSignature(t, private, digest, labtest.Release))
	lab.PushSignedImage(t, theirs, labtest.Release)

	trust := labtest.NewTrust("private-root", "private-root", ours, theirs)
	trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: "private-root"}
	lab.Create(t, trust)
	got := lab.WaitForTrust(t, trust.Name,
		labtest.HasVerdict(ours, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason),
		labtest.HasVerdict(theirs, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason))
	if got, want := labtest.FindImage(got, ours).Message, "TrustRoot private-root does not exist"; got != want {
		t.Errorf("message %q, want %q", got, want)
	}

	root, err := private.TrustRoot("private-root")
	if err != nil {
		t.Fatal(err)
	}
	lab.Create(t, root)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled,
		labtest.HasVerdict(ours, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasVerdict(theirs, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
	lab.WaitUntilAllowed(t, ours)
	lab.WaitUntilDenied(t, theirs, "failed policy: private-root")
}

// TestRootInRepository uses TrustRoots that are TUF repositories: a remote one, and one packed into the object.
func TestRootInRepository(t *testing.T) {
	private := labtest.NewSigstore(t)
	// policy-controller takes no TrustRoot that has a log with a key like that of Rekor v2.
	mirror, packed, start := publish(t, private, sigstore.WithoutRekorV2())
	for name, root := range map[string]*unstructured.Unstructured{
		"remote-root": sigstore.RemoteTrustRoot("remote-root", mirror, start),
		"packed-root": sigstore.PackedTrustRoot("packed-root", packed, start),
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := "docker.io/"+name+"/ours:v1", "docker.io/"+name+"/theirs:v1"
			digest := lab.PushImage(t, ours)
			lab.AttachSignatures(t, digest, labtest.NewSignature(t, private, digest, labtest.Release))
			lab.PushSignedImage(t, theirs, labtest.Release)
			lab.Create(t, root)
			trust := labtest.NewTrust(name, name, ours, theirs)
			trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: name}
			lab.Create(t, trust)
			lab.WaitForTrust(t, trust.Name, labtest.Reconciled,
				labtest.HasVerdict(ours, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
				labtest.HasVerdict(theirs, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
			lab.WaitUntilAllowed(t, ours)
			lab.WaitUntilDenied(t, theirs, "failed policy: "+name)
		})
	}
}

// TestRotatedRoot replaces the keys of a TrustRoot after an image was verified with them.
func TestRotatedRoot(t *testing.T) {
	const image = "docker.io/rotated-root/image:v1"
	before, after := labtest.NewSigstore(t), labtest.NewSigstore(t)
	digest := lab.PushImage(t, image)
	lab.AttachSignatures(t, digest, labtest.NewSignature(t, before, digest, labtest.Release))
	root, err := before.TrustRoot("rotated-root")
	if err != nil {
		t.Fatal(err)
	}
	lab.Create(t, root)
	trust := labtest.NewTrust("rotated-root", "rotated-root", image)
	trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: root.GetName()}
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))

	rotated, err := after.TrustRoot(root.GetName())
	if err != nil {
		t.Fatal(err)
	}
	labtest.Update(t, lab.Client, root, func(root *unstructured.Unstructured) { root.Object["spec"] = rotated.Object["spec"] })
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
	waitfor.State(t, lab.EventReasons(trust.Name), labtest.Contains(v1alpha1.ImageUntrustedReason))

	lab.WaitUntilDenied(t, image, "failed policy: rotated-root")
}

// publish writes a TUF repository of a Sigstore. It returns the URL of a server of it, which ends with the test, the repository
// in an archive, and its initial root.json.
func publish(t *testing.T, private *sigstore.Sigstore, opts ...sigstore.TrustedRootOption) (mirror string, packed, start []byte) {
	t.Helper()
	above := t.TempDir()
	dir := filepath.Join(above, "repository") // as policy-controller wants it in an archive
	if err := private.WriteTUFRepository(dir, opts...); err != nil {
		t.Fatal(err)
	}
	start, err := os.ReadFile(filepath.Join(dir, "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	server, err := fileserver.Serve(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	var archive bytes.Buffer
	if err := tuf.CompressFS(os.DirFS(above), &archive, map[string]bool{}); err != nil {
		t.Fatal(err)
	}
	return server.URL, archive.Bytes(), start
}
