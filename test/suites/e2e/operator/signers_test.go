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
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const sbom = "https://spdx.dev/Document"

// signerOfTest is a signer of a trust with several: its name there, and what signs as it.
type signerOfTest struct {
	name     string
	instance *sigstore.Sigstore
	identity sigstore.Identity
}

// signerImage is an image that somebody signed and somebody attested; nil for nobody.
type signerImage struct {
	name             string
	signed, attested *signerOfTest
	verdict          v1alpha1.Verdict
	reason           string
	signer           string
}

// TestSeveralSigners has images by one signer, by one with a Sigstore and a TrustRoot of its own, and by others verified by the
// operator, and admitted by policy-controller as the engine says.
func TestSeveralSigners(t *testing.T) {
	private := labtest.NewSigstore(t)
	release := &signerOfTest{"release", lab.Sigstore, labtest.Release}
	builder := &signerOfTest{"builder", private, labtest.Release} // the same identity, at another instance
	intruder := &signerOfTest{"", lab.Sigstore, labtest.UntrustedSigner}
	root, err := private.TrustRoot("signers-builder")
	if err != nil {
		t.Fatal(err)
	}
	const verified, untrusted = v1alpha1.VerdictVerified, v1alpha1.VerdictUntrusted
	for _, tc := range []struct {
		name   string
		images []signerImage
	}{
		{"signers-signed", []signerImage{
			{name: "release", signed: release, verdict: verified, reason: v1alpha1.SignedReason, signer: "release"},
			{name: "builder", signed: builder, verdict: verified, reason: v1alpha1.SignedReason, signer: "builder"},
			{name: "intruder", signed: intruder, verdict: untrusted, reason: v1alpha1.IdentityMismatchReason},
			{name: "unsigned", verdict: untrusted, reason: v1alpha1.UnsignedReason},
		}},
		{"signers-attested", []signerImage{
			{name: "release", signed: release, attested: release, verdict: verified, reason: v1alpha1.SignedReason, signer: "release"},
			{name: "builder", signed: builder, attested: builder, verdict: verified, reason: v1alpha1.SignedReason, signer: "builder"},
			// What different signers signed does not add up.
			{name: "mixed", signed: release, attested: builder, verdict: untrusted, reason: v1alpha1.UntrustedCertificateReason},
			{name: "mixed-too", signed: builder, attested: release, verdict: untrusted, reason: v1alpha1.UntrustedCertificateReason},
			{name: "unattested", signed: release, verdict: untrusted, reason: v1alpha1.AttestationMissingReason},
			{name: "unsigned", attested: builder, verdict: untrusted, reason: v1alpha1.UnsignedReason},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			trust := labtest.NewTrust(tc.name, tc.name)
			gen.WithSigners(
				v1alpha1.TrustedSigner{Name: release.name, Issuer: release.identity.Issuer, Identity: release.identity.Subject},
				v1alpha1.TrustedSigner{
					Name: builder.name, Issuer: builder.identity.Issuer, Identity: builder.identity.Subject,
					TrustRoot: &v1alpha1.TrustRootReference{Name: root.GetName()},
				},
			)(trust)
			if tc.name == "signers-attested" {
				gen.WithAttestations(v1alpha1.Attestation{Name: "bundle", PredicateType: sbom})(trust)
			}
			reference := func(image signerImage) string { return "docker.io/" + tc.name + "/" + image.name + ":v1" }
			var references []v1alpha1.ImageReference
			for _, image := range tc.images {
				image.push(t, reference(image))
				references = append(references, v1alpha1.ImageReference(reference(image)))
			}
			gen.WithReferences(references...)(trust)
			lab.Create(t, trust)

			// A TrustRoot that does not exist leaves the other signer's images verified.
			lab.WaitForTrust(t, trust.Name,
				labtest.HasVerdict(reference(tc.images[0]), verified, v1alpha1.SignedReason),
				labtest.HasVerdict(reference(tc.images[1]), v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason),
				labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason))
			created := root.DeepCopy()
			lab.Create(t, created)

			checks := []func(*v1alpha1.KarmadaImageTrust) string{labtest.Reconciled}
			for _, image := range tc.images {
				checks = append(checks, labtest.HasVerdict(reference(image), image.verdict, image.reason))
			}
			got := lab.WaitForTrust(t, trust.Name, checks...)
			lab.WaitUntilAllowed(t, reference(tc.images[1]))
			lab.WaitUntilDenied(t, reference(tc.images[len(tc.images)-1]), "failed policy: "+trust.Name)
			p := prediction.New(t, lab)
			namespace := p.CreateNamespace(tc.name, true)
			for _, image := range tc.images {
				status := labtest.FindImage(got, reference(image))
				if image.verdict == verified {
					if diff := cmp.Diff(image.signerStatus(), status.Signer); diff != "" {
						t.Errorf("%s: signer (-want +got):\n%s", image.name, diff)
					}
				}
				t.Logf("%s: %s: %s: %s", image.name, status.Verdict, status.Reason, status.Message)
				workload := prediction.Workload{Name: image.name, Kind: "Deployment", Namespace: namespace, Images: []string{reference(image)}}
				if allowed := p.Check(workload); allowed != (image.verdict == verified) {
					t.Errorf("%s is %s, and allowed: %t", image.name, image.verdict, allowed)
				}
			}
			if p.Agreed != p.Asked || p.Asked != len(tc.images) {
				t.Errorf("admission decided on %d of %d workloads as predicted", p.Agreed, p.Asked)
			}
			lab.Delete(t, trust)
			lab.Delete(t, created)
		})
	}
}

// push pushes the image with what its signers signed.
func (i *signerImage) push(t *testing.T, reference string) {
	t.Helper()
	digest := lab.PushImage(t, reference)
	if i.signed != nil {
		lab.AttachSignatures(t, digest, labtest.NewSignature(t, i.signed.instance, digest, i.signed.identity))
	}
	if i.attested == nil {
		return
	}
	envelope, err := i.attested.instance.NewEnvelope(t.Context(), digest, i.attested.identity, sbom, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sigstore.AttachAttestations(t.Context(), digest, []sigstore.Envelope{envelope}, lab.RemoteOptions()...); err != nil {
		t.Fatal(err)
	}
}

// signerStatus is the signer that the status names.
func (i *signerImage) signerStatus() *v1alpha1.Signer {
	signer := labtest.SignerOf(i.signed.identity)
	signer.Name = i.signer
	return signer
}
