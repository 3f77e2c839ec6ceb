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
)

// admissionCase is an image, and what both sides are to say of it.
type admissionCase struct {
	// signature beside the image; nil leaves it unsigned.
	signature func(t *testing.T, digest name.Digest) sigstore.Signature
	verdict   v1alpha1.Verdict
	reason    string
	// signer is who the status must name; the zero value is nobody.
	signer sigstore.Identity
	// denied are policy-controller's words; empty: admitted.
	denied string
}

// Subjects that hold the right one, and the right one from elsewhere.
var (
	otherRepository = sigstore.GitHubWorkflow("karmada-io/dashboard", "dockerhub-released-image.yml", "refs/tags/v1.16.0", commit)
	otherRef        = sigstore.GitHubWorkflow("karmada-io/karmada", "dockerhub-released-image.yml", "refs/heads/master", commit)
	otherIssuer     = sigstore.Identity{Issuer: "https://token.actions.example", Subject: release.Subject}
	rightAtTheEnd   = sigstore.Identity{Issuer: release.Issuer, Subject: "https://evil.example/?" + release.Subject}
	rightAtTheStart = sigstore.Identity{Issuer: release.Issuer, Subject: release.Subject + "-evil"}
)

func admissionCases(t *testing.T) map[string]admissionCase {
	t.Helper()
	stranger := newSigstore(t)
	const (
		untrusted = v1alpha1.VerdictUntrusted
		mismatch  = "none of the expected identities matched what was in the certificate"
	)
	return map[string]admissionCase{
		"right-workflow":   {signature: signedBy(release), verdict: v1alpha1.VerdictVerified, reason: v1alpha1.SignedReason, signer: release},
		"unsigned":         {verdict: untrusted, reason: v1alpha1.UnsignedReason, denied: "no signatures found"},
		"other-repository": {signature: signedBy(otherRepository), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: otherRepository, denied: mismatch},
		"other-ref":        {signature: signedBy(otherRef), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: otherRef, denied: mismatch},
		"other-issuer":     {signature: signedBy(otherIssuer), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: otherIssuer, denied: mismatch},
		"right-at-the-end": {signature: signedBy(rightAtTheEnd), verdict: untrusted, reason: v1alpha1.IdentityMismatchReason, signer: rightAtTheEnd, denied: mismatch},
		"right-at-the-start": {
			signature: signedBy(rightAtTheStart),
			verdict:   untrusted, reason: v1alpha1.IdentityMismatchReason, signer: rightAtTheStart, denied: mismatch,
		},
		"tampered-signature": {
			signature: changed(func(s *sigstore.Signature) { s.Base64 = "MEUC" + s.Base64[8:] + "AAAA" }),
			verdict:   untrusted, reason: v1alpha1.InvalidSignatureReason, denied: "signature in bundle does not match signature being verified",
		},
		"tampered-payload": {
			signature: changed(func(s *sigstore.Signature) { s.Payload = append(slices.Clone(s.Payload), ' ') }),
			verdict:   untrusted, reason: v1alpha1.InvalidSignatureReason, denied: "matching bundle to payload",
		},
		"signature-of-another-image": {
			signature: func(t *testing.T, digest name.Digest) sigstore.Signature {
				t.Helper()
				return newSignature(t, shared.Sigstore, push(t, digest.Context().Tag("another").String()), release)
			},
			verdict: untrusted, reason: v1alpha1.InvalidSignatureReason, denied: "invalid or missing digest in claim",
		},
		"no-log-entry": {
			signature: changed(func(s *sigstore.Signature) { s.Bundle = nil }),
			verdict:   untrusted, reason: v1alpha1.LogProofInvalidReason, denied: "offline verification failed",
		},
		"log-entry-by-a-stranger": {
			signature: func(t *testing.T, digest name.Digest) sigstore.Signature {
				t.Helper()
				signature := newSignature(t, shared.Sigstore, digest, release)
				entry, err := stranger.Log(t.Context(), signature, time.Now())
				if err != nil {
					t.Fatal(err)
				}
				signature.Bundle = entry
				return signature
			},
			verdict: untrusted, reason: v1alpha1.LogProofInvalidReason, denied: "rekor log public key not found for payload",
		},
		"no-certificate": {
			signature: changed(func(s *sigstore.Signature) { s.Certificate = nil }),
			verdict:   untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "no matching signatures",
		},
		"certificate-not-in-a-log": {
			signature: logged(time.Now(), sigstore.LoggedBy()),
			verdict:   untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "no matching signatures",
		},
		"self-made-root": {
			signature: func(t *testing.T, digest name.Digest) sigstore.Signature {
				t.Helper()
				return newSignature(t, stranger, digest, release)
			},
			verdict: untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "rekor log public key not found for payload",
		},
		"logged-after-the-certificate-expired": {
			signature: logged(time.Now(), sigstore.At(time.Now().Add(-time.Hour))),
			verdict:   untrusted, reason: v1alpha1.UntrustedCertificateReason, denied: "certificate expired before signatures were entered in log",
		},
	}
}

// TestAdmissionAgreesWithStatus has policy-controller and the operator judge the same images. The trust says
// whom it wants once by a regexp, which is not anchored, and once by name.
func TestAdmissionAgreesWithStatus(t *testing.T) {
	const repository = "docker.io/karmada/karmada-scheduler"
	cases := admissionCases(t)
	made := map[string]sample{}
	var references []string
	for testName, test := range cases {
		made[testName] = newSample(t, repository+":"+testName, test)
		references = append(references, made[testName].reference)
	}
	agreed, asked := 0, 0
	for _, way := range []string{"regexp", "name"} {
		t.Run("by "+way, func(t *testing.T) {
			trust := newTrust("agree-"+way, "karmada", references...)
			if way == "regexp" {
				trust.Spec.Identity = ""
				trust.Spec.IdentityRegexp = `https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v1\.16\.[0-9]+`
			}
			create(t, trust)
			status := becomes(t, trust.Name, settled, condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))
			admitted(t, made["right-workflow"].reference)
			for _, testName := range slices.Sorted(maps.Keys(cases)) {
				t.Run(testName, func(t *testing.T) {
					asked++
					if checkBoth(t, status, made[testName], cases[testName]) {
						agreed++
					}
				})
			}
		})
	}
	fmt.Printf("figure: verdict_agreement %d/%d\n", agreed, asked)
}

// sample is a pushed image with its signature, nil where it has none.
type sample struct {
	reference string
	digest    name.Digest
	signature *sigstore.Signature
}

// newSample pushes an index, as releases are, and signs it.
func newSample(t *testing.T, reference string, test admissionCase) sample {
	t.Helper()
	digest, _, err := images.PushIndex(t.Context(), reference, reference, shared.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	out := sample{reference: reference, digest: digest}
	if test.signature != nil {
		signature := test.signature(t, digest)
		attach(t, digest, signature)
		out.signature = &signature
	}
	return out
}

// checkBoth compares what admission does and what the status says with what is wanted, and tells whether the
// two agree.
func checkBoth(t *testing.T, status *trust, made sample, want admissionCase) bool {
	t.Helper()
	if wrong := verdict(made.reference, want.verdict, want.reason)(status); wrong != "" {
		t.Error(wrong)
	}
	got := imageOf(status, made.reference)
	if got == nil {
		return false
	}
	t.Logf("%s: %s", got.Reason, got.Message)
	wantStatus := v1alpha1.ImageStatus{
		Reference: made.reference, Digest: made.digest.DigestStr(), Verdict: want.verdict, Reason: want.reason,
		Message: got.Message, Signer: signerOf(want.signer),
		Usage: v1alpha1.UsageRequested, Workloads: got.Workloads, // others' pods may ask for it too
	}
	if wantStatus.Signer != nil {
		entry := made.signature.Bundle.Payload
		integrated := metav1.Unix(entry.IntegratedTime, 0)
		wantStatus.SignatureFormat = v1alpha1.SignatureFormatSimpleSigning
		wantStatus.TransparencyLog = &v1alpha1.TransparencyLogEntry{LogIndex: &entry.LogIndex, IntegratedTime: &integrated}
	}
	if diff := cmp.Diff(&wantStatus, got); diff != "" {
		t.Errorf("status of the image differs (-want +got):\n%s", diff)
	}
	if got.Message == "" {
		t.Error("the status does not say what was seen")
	}

	image, err := runPod(t, shared.Client, made.reference)
	t.Logf("admission: %v", err)
	wantImage := "index." + made.reference + "@" + made.digest.DigestStr()
	switch {
	case want.denied != "":
		if wrong := isRefused(err, want.denied); wrong != "" {
			t.Error(wrong)
		}
	case err != nil:
		t.Errorf("refused: %v", err)
	case image != wantImage:
		t.Errorf("admitted as %s, want %s", image, wantImage)
	}
	return (err == nil) == (got.Verdict == v1alpha1.VerdictVerified)
}
