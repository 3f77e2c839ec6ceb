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
	"io"
	"maps"

	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	simplesigning "github.com/sigstore/sigstore/pkg/signature/payload"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// report on one image under one trust. Its first two fields are what cosign verify prints, under the same names (cosign
// v2.6.5 cmd/cosign/cli/verify, PrintVerification), so that jq programs for that go on working. They are absent unless the
// image is verified.
type report struct {
	Critical *simplesigning.Critical `json:"critical,omitempty"`
	Optional map[string]any          `json:"optional,omitempty"`

	// Image as the user named it.
	Image   string           `json:"image"`
	Digest  string           `json:"digest,omitempty"`
	Trust   string           `json:"trust,omitempty"`
	Verdict v1alpha1.Verdict `json:"verdict"`
	Reason  string           `json:"reason"`
	Message string           `json:"message,omitempty"`
	// Signer is who signed; of an untrusted image, who did instead.
	Signer          *v1alpha1.Signer `json:"signer,omitempty"`
	SignatureFormat string           `json:"signatureFormat,omitempty"`
}

func reports(all []judged) ([]report, error) {
	out := make([]report, 0, len(all))
	for _, q := range all {
		r := q.answer.Result
		one := report{
			Image: q.written, Digest: q.answer.Digest, Trust: q.trust.name, Verdict: r.Verdict, Reason: r.Reason, Message: r.Message,
			Signer: r.Signer, SignatureFormat: string(r.Format.Storage()),
		}
		if r.Verdict == v1alpha1.VerdictVerified && r.Material != nil {
			if err := one.prove(q); err != nil {
				return nil, fmt.Errorf("%s: %w", q.written, err)
			}
		}
		out = append(out, one)
	}
	return out, nil
}

// prove fills in what cosign prints. A bundle's statement has no such document, so it is made of what was verified.
func (r *report) prove(q judged) error {
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
	r.describe(q)
	if bundle := q.answer.Result.Material.Bundle; bundle != nil {
		r.Optional["Bundle"] = bundle
	}
	return nil
}

// describe the certificate's extensions, by OID and by name.
func (r *report) describe(q judged) {
	certificate := q.answer.Result.Material.Certificate
	facts := cosign.CertExtensions{Cert: certificate}
	if subjects := cryptoutils.GetSubjectAlternateNames(certificate); len(subjects) > 0 {
		r.Optional["Subject"] = subjects[0]
	}
	if issuer := facts.GetIssuer(); issuer != "" {
		r.Optional["Issuer"], r.Optional[cosign.CertExtensionOIDCIssuer] = issuer, issuer
	}
	for oid, value := range map[string]string{
		cosign.CertExtensionGithubWorkflowTrigger:    facts.GetCertExtensionGithubWorkflowTrigger(),
		cosign.CertExtensionGithubWorkflowSha:        facts.GetExtensionGithubWorkflowSha(),
		cosign.CertExtensionGithubWorkflowName:       facts.GetCertExtensionGithubWorkflowName(),
		cosign.CertExtensionGithubWorkflowRepository: facts.GetCertExtensionGithubWorkflowRepository(),
		cosign.CertExtensionGithubWorkflowRef:        facts.GetCertExtensionGithubWorkflowRef(),
	} {
		if value != "" {
			r.Optional[oid], r.Optional[cosign.CertExtensionMap[oid]] = value, value
		}
	}
}

func printJSON(w io.Writer, all []judged) error {
	out, err := reports(all)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func printYAML(w io.Writer, all []judged) error {
	out, err := reports(all)
	if err != nil {
		return err
	}
	encoded, err := yaml.Marshal(out)
	if err != nil {
		return err
	}
	_, err = w.Write(encoded)
	return err
}
