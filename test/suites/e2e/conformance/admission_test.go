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

package conformance

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// admissionCase is an image with the expected verdict and the expected answer of admission.
type admissionCase struct {
	// signature of the image; nil leaves it unsigned.
	signature signatureMaker
	verdict   v1alpha1.Verdict
	reason    string
	// signer that the status must name; the zero value: none.
	signer sigstore.Identity
	// denied are words of policy-controller's denial; empty: allowed.
	denied string
}

// Identities that resemble the expected one.
var (
	otherRepository  = sigstore.GitHubWorkflow("karmada-io/dashboard", "dockerhub-released-image.yml", "refs/tags/v1.16.0", labtest.Commit)
	otherRef         = sigstore.GitHubWorkflow("karmada-io/karmada", "dockerhub-released-image.yml", "refs/heads/master", labtest.Commit)
	otherIssuer      = sigstore.Identity{Issuer: "https://token.actions.example", Subject: labtest.Release.Subject}
	identityAsSuffix = sigstore.Identity{Issuer: labtest.Release.Issuer, Subject: "https://evil.example/?" + labtest.Release.Subject}
	identityAsPrefix = sigstore.Identity{Issuer: labtest.Release.Issuer, Subject: labtest.Release.Subject + "-evil"}
)

func admissionCases(t *testing.T) map[string]admissionCase {
	t.Helper()
	other := labtest.NewSigstore(t)
	const (
		untrusted = v1alpha1.VerdictUntrusted
		mismatch  = "none of the expected identities matched what was in the certificate"
	)
	return map[string]admissionCase{
		"expected-workflow":  {signature: signedBy(labtest.Release), verdict: v1alpha1.VerdictVerified, reason: v1alpha1.SignedReason, signer: labtest.Release},
		"unsigned":           {verdict: untrusted, reason: v1alpha1.UnsignedReason, denied: "no signatures found"},
		"other-repository":   {signature: signedBy(otherRepository), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: otherRepository, denied: mismatch},
		"other-ref":          {signature: signedBy(otherRef), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: otherRef, denied: mismatch},
		"other-issuer":       {signature: signedBy(otherIssuer), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: otherIssuer, denied: mismatch},
		"identity-as-suffix": {signature: signedBy(identityAsSuffix), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: identityAsSuffix, denied: mismatch},
		"identity-as-prefix": {
			signature: signedBy(identityAsPrefix),
			verdict:   untrusted, reason: v1alpha1.IdentityMismatchReason, signer: identityAsPrefix, denied: mismatch,
		},
		"tampered-signature": {
			signature: tamperedSignature(func(s *sigstore.Signature) { s.Base64 = "MEUC" + s.Base64[8:] + "AAAA" }),
			verdict:   untrusted, reason: v1alpha1.InvalidSignatureReason, denied: "signature in bundle does not match signature being verified",
		},
		"tampered-payload": {
			signature: tamperedSignature(func(s *sigstore.Signature) { s.Payload = append(slices.Clone(s.Payload), ' ') }),
			verdict:   untrusted, reason: v1alpha1.InvalidSignatureReason, denied: "matching bundle to payload",
		},
		"signature-of-another-image": {
			signature: func(t *testing.T, digest name.Digest) sigstore.Signature {
				t.Helper()
				return labtest.NewSignature(t, lab.Sigstore, lab.PushImage(t, digest.Context().Tag("another").String()), labtest.Release)
			},
			verdict: untrusted, reason: v1alpha1.InvalidSignatureReason, denied: "invalid or missing digest in claim",
		},
		"no-log-entry": {
			signature: tamperedSignature(func(s *sigstore.Signature) { s.Bundle = nil }),
			verdict:   untrusted, reason: v1alpha1.LogProofInvalidReason, denied: "offline verification failed",
		},
		"log-entry-by-another-sigstore": {
			signature: func(t *testing.T, digest name.Digest) sigstore.Signature {
				t.Helper()
				signature := labtest.NewSignature(t, lab.Sigstore, digest, labtest.Release)
				entry, err := other.Log(t.Context(), signature, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				signature.Bundle = entry
				return signature
			},
			verdict: untrusted, reason: v1alpha1.LogProofInvalidReason, denied: "rekor log public key not found for payload",
		},
		"no-certificate": {
			signature: tamperedSignature(func(s *sigstore.Signature) { s.Certificate = nil }),
			verdict:   untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "no matching signatures",
		},
		"certificate-not-in-a-log": {
			signature: signatureLoggedAt(time.Now(), sigstore.LoggedBy()),
			verdict:   untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "no matching signatures",
		},
		"self-made-root": {
			signature: func(t *testing.T, digest name.Digest) sigstore.Signature {
				t.Helper()
				return labtest.NewSignature(t, other, digest, labtest.Release)
			},
			verdict: untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "rekor log public key not found for payload",
		},
		"logged-after-the-certificate-expired": {
			signature: signatureLoggedAt(time.Now(), sigstore.At(time.Now().Add(-time.Hour))),
			verdict:   untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "certificate expired before signatures were entered in log",
		},
	}
}

// TestAdmissionAgreesWithStatus compares the operator's verdicts with policy-controller's answers on the same images.
// The trust names its signer once by a regular expression, which is not anchored, and once exactly.
func TestAdmissionAgreesWithStatus(t *testing.T) {
	const repository = "docker.io/karmada/karmada-scheduler"
	cases := admissionCases(t)
	samples := map[string]sample{}
	var references []string
	for testName, test := range cases {
		samples[testName] = newSample(t, repository+":"+testName, test)
		references = append(references, samples[testName].reference)
	}
	agreed, asked := 0, 0
	for _, by := range []string{"regexp", "name"} {
		t.Run("by "+by, func(t *testing.T) {
			trust := labtest.NewTrust("agree-"+by, "karmada", references...)
			if by == "regexp" {
				trust.Spec.Identity = ""
				trust.Spec.IdentityRegexp = `https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v1\.16\.[0-9]+`
			}
			lab.Create(t, trust)
			status := lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))
			lab.WaitUntilAllowed(t, samples["expected-workflow"].reference)
			for _, testName := range slices.Sorted(maps.Keys(cases)) {
				t.Run(testName, func(t *testing.T) {
					asked++
					if checkBoth(t, status, samples[testName], cases[testName]) {
						agreed++
					}
				})
			}
		})
	}
	fmt.Printf("figure: verdict_agreement %d/%d\n", agreed, asked)
}

// sample is a pushed image with its signature, nil if it has none.
type sample struct {
	reference string
	digest    name.Digest
	signature *sigstore.Signature
}

// newSample pushes an image index, as releases are, and signs it.
func newSample(t *testing.T, reference string, test admissionCase) sample {
	t.Helper()
	digest, _, err := images.PushIndex(t.Context(), reference, reference, lab.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	out := sample{reference: reference, digest: digest}
	if test.signature != nil {
		signature := test.signature(t, digest)
		lab.AttachSignatures(t, digest, signature)
		out.signature = &signature
	}
	return out
}

// checkBoth compares admission's answer and the status with the case, and reports whether the two agree.
func checkBoth(t *testing.T, status *v1alpha1.KarmadaImageTrust, made sample, want admissionCase) bool {
	t.Helper()
	if wrong := labtest.HasVerdict(made.reference, want.verdict, want.reason)(status); wrong != "" {
		t.Error(wrong)
	}
	got := labtest.FindImage(status, made.reference)
	if got == nil {
		return false
	}
	t.Logf("%s: %s", got.Reason, got.Message)
	wantStatus := v1alpha1.ImageStatus{
		Reference: made.reference, Digest: made.digest.DigestStr(), Verdict: want.verdict, Reason: want.reason,
		Message: got.Message, Signer: labtest.SignerOf(want.signer),
		Usage: v1alpha1.UsageRequested, Workloads: got.Workloads, // other tests' pods may use it too
	}
	if wantStatus.Signer != nil {
		entry := made.signature.Bundle.Payload
		integrated := metav1.Unix(entry.IntegratedTime, 0)
		wantStatus.SignatureFormat = v1alpha1.SignatureFormatSimpleSigning
		wantStatus.TransparencyLog = &v1alpha1.TransparencyLogEntry{LogIndex: &entry.LogIndex, IntegratedTime: &integrated, URL: sigstore.RekorURL}
	}
	if diff := cmp.Diff(&wantStatus, got); diff != "" {
		t.Errorf("status of the image differs (-want +got):\n%s", diff)
	}
	if got.Message == "" {
		t.Error("the status has no message")
	}

	image, err := labtest.CreatePod(t, lab.Client, made.reference)
	t.Logf("admission: %v", err)
	wantImage := "index." + made.reference + "@" + made.digest.DigestStr()
	switch {
	case want.denied != "":
		if wrong := labtest.CheckDenied(err, want.denied); wrong != "" {
			t.Error(wrong)
		}
	case err != nil:
		t.Errorf("denied: %v", err)
	case image != wantImage:
		t.Errorf("allowed as %s, want %s", image, wantImage)
	}
	return (err == nil) == (got.Verdict == v1alpha1.VerdictVerified)
}
