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
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/signing"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestCosignSign signs images with the real cosign 2, in all ways.
func TestCosignSign(t *testing.T) {
	signing.Sign(t, lab, signing.NewCosign2(t, lab), "cosign-sign")
}

// TestCosignAttest signs and attests images with the real cosign 2, in all ways.
func TestCosignAttest(t *testing.T) {
	cosign := signing.NewCosign2(t, lab)
	intoto := cosign.Methods[0]
	intoto.Name, intoto.Attest = "tag-intoto", []string{"--rekor-entry-type", "intoto"}
	signing.Attest(t, lab, cosign, "cosign-attest", intoto)
}

// TestCosign3Sign signs images with the real cosign 3, in all ways.
func TestCosign3Sign(t *testing.T) {
	signing.Sign(t, lab, signing.NewCosign3(t, lab), "cosign3-sign")
}

// TestCosign3Attest signs and attests images with the real cosign 3, in all ways.
func TestCosign3Attest(t *testing.T) {
	signing.Attest(t, lab, signing.NewCosign3(t, lab), "cosign3-attest")
}

// TestCosign3WithoutLogs signs and attests images with the real cosign 3 and a Sigstore that has no logs.
func TestCosign3WithoutLogs(t *testing.T) {
	cosign := signing.NewCosign3WithoutLogs(t, lab, "cosign3-without-logs")
	t.Run("sign", func(t *testing.T) { signing.Sign(t, lab, cosign, "cosign3-stamped-sign") })
	t.Run("attest", func(t *testing.T) { signing.Attest(t, lab, cosign, "cosign3-stamped-attest") })
}

// TestCosign3TagAsReferrer signs an image as the real cosign 3 does by an option that policy-controller knows nothing of. The
// verdict says so, instead of calling the image unsigned.
func TestCosign3TagAsReferrer(t *testing.T) {
	const reference = "docker.io/cosign3-referrer/image:v1"
	cosign, digest := signing.NewCosign3(t, lab), lab.PushImage(t, reference)
	cosign.Env = append(cosign.Env, "COSIGN_EXPERIMENTAL=1")
	cosign.RunAs(t, labtest.Release, digest, "sign", cosign.TagAsReferrer...)
	cosign.MustRun(t, "verify", "--experimental-oci11", "--new-bundle-format=false", "--certificate-oidc-issuer", labtest.Release.Issuer,
		"--certificate-identity", labtest.Release.Subject, digest.String())
	trust := labtest.NewTrust("cosign3-referrer", "cosign3-referrer", reference)
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(reference, v1alpha1.VerdictUnknown, v1alpha1.UnsupportedFormatReason))
	lab.WaitUntilDenied(t, reference, "failed policy: "+trust.Name)
}
