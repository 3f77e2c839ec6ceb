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

package main

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	simplesigning "github.com/sigstore/sigstore/pkg/signature/payload"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// imageResult is the result of verifying an image by a trust. Of a verified image, its first two fields are those that
// cosign verify prints (cosign v2.6.5 cmd/cosign/cli/verify, PrintVerification), so that jq programs for it work here.
type imageResult struct {
	Critical *simplesigning.Critical `json:"critical,omitempty"`
	Optional map[string]any          `json:"optional,omitempty"`

	// Image is the image as the user wrote it.
	Image   string           `json:"image"`
	Digest  string           `json:"digest,omitempty"`
	Trust   string           `json:"trust,omitempty"`
	Verdict v1alpha1.Verdict `json:"verdict"`
	Reason  string           `json:"reason"`
	Message string           `json:"message,omitempty"`
	// Signer is the signer of the image. Of an untrusted image, it is another one than the trust requires.
	Signer          *v1alpha1.Signer `json:"signer,omitempty"`
	SignatureFormat string           `json:"signatureFormat,omitempty"`
	// Admission is set for a verified image that policy-controller would deny once the trust is enforced.
	Admission *imageAdmission `json:"admission,omitempty"`
}

// imageAdmission is what policy-controller would do with a verified image, and why.
type imageAdmission struct {
	Outcome admission.Outcome `json:"outcome"`
	Reason  string            `json:"reason"`
	Message string            `json:"message"`
}

func imageResults(verifications []verification) ([]imageResult, error) {
	out := make([]imageResult, 0, len(verifications))
	for _, q := range verifications {
		r := q.answer.Result
		one := imageResult{
			Image: q.written, Digest: q.answer.Digest, Trust: q.trust.name, Verdict: r.Verdict, Reason: r.Reason, Message: r.Message,
			Signer: r.Signer, SignatureFormat: string(r.Format.Storage()),
		}
		if r.Verdict == v1alpha1.VerdictVerified && r.Material != nil {
			if err := one.setPayload(q); err != nil {
				return nil, fmt.Errorf("%s: %w", q.written, err)
			}
		}
		if q.denial != nil {
			outcome := admission.Undetermined
			if q.denial.Effect == admission.EffectDeny {
				outcome = admission.Denied
			}
			one.Admission = &imageAdmission{Outcome: outcome, Reason: q.denial.Reason, Message: q.denial.Message}
		}
		out = append(out, one)
	}
	return out, nil
}

// setPayload sets the fields that cosign prints. Only cosign signatures contain such a document; for a bundle it is
// assembled from what was verified.
func (r *imageResult) setPayload(q verification) error {
	var document simplesigning.SimpleContainerImage
	if q.answer.Result.Format.Storage() == v1alpha1.SignatureFormatSimpleSigning {
		if err := json.Unmarshal(q.answer.Result.Material.Payload, &document); err != nil {
			return fmt.Errorf("reading the signed payload: %w", err)
		}
	} else {
		document.Critical.Identity.DockerReference = q.ref.Context().Name()
		document.Critical.Image.DockerManifestDigest = q.answer.Digest
		document.Critical.Type = simplesigning.CosignSignatureType
	}
	r.Critical = &document.Critical
	r.Optional = map[string]any{}
	maps.Copy(r.Optional, document.Optional)
	r.setCertificate(q)
	if bundle := q.answer.Result.Material.Bundle; bundle != nil {
		r.Optional["Bundle"] = bundle
	}
	return nil
}

// setCertificate sets the extensions of the certificate, by OID and by name.
func (r *imageResult) setCertificate(q verification) {
	certificate := q.answer.Result.Material.Certificate
	extensions := cosign.CertExtensions{Cert: certificate}
	if subjects := cryptoutils.GetSubjectAlternateNames(certificate); len(subjects) > 0 {
		r.Optional["Subject"] = subjects[0]
	}
	if issuer := extensions.GetIssuer(); issuer != "" {
		r.Optional["Issuer"], r.Optional[cosign.CertExtensionOIDCIssuer] = issuer, issuer
	}
	for oid, value := range map[string]string{
		cosign.CertExtensionGithubWorkflowTrigger:    extensions.GetCertExtensionGithubWorkflowTrigger(),
		cosign.CertExtensionGithubWorkflowSha:        extensions.GetExtensionGithubWorkflowSha(),
		cosign.CertExtensionGithubWorkflowName:       extensions.GetCertExtensionGithubWorkflowName(),
		cosign.CertExtensionGithubWorkflowRepository: extensions.GetCertExtensionGithubWorkflowRepository(),
		cosign.CertExtensionGithubWorkflowRef:        extensions.GetCertExtensionGithubWorkflowRef(),
	} {
		if value != "" {
			r.Optional[oid], r.Optional[cosign.CertExtensionMap[oid]] = value, value
		}
	}
}
