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

package policy

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// SignerRule is a signer of a trust and what an image must have from that signer. An image that has it from one of the signers
// of a trust is verified: the signature and the attestations of different signers do not add up.
type SignerRule struct {
	// Name of the signer; empty for the one signer that the simple fields of a spec declare.
	Name string
	// Rule for the verification of images.
	Rule *Rule
	// TrustRoot is the name of a TrustRoot, or empty for the default root of trust.
	TrustRoot string
}

// declaredSigner is a signer as a spec declares it, and the path of its fields.
type declaredSigner struct {
	v1alpha1.TrustedSigner

	path *field.Path
}

// declaredSigners returns the signers of a spec, and the problems of the list as a whole.
func declaredSigners(root *field.Path, spec v1alpha1.KarmadaImageTrustSpec) ([]declaredSigner, field.ErrorList) {
	if len(spec.Signers) == 0 {
		return []declaredSigner{{path: root, TrustedSigner: v1alpha1.TrustedSigner{
			Issuer: spec.Issuer, IssuerRegexp: spec.IssuerRegexp, Identity: spec.Identity, IdentityRegexp: spec.IdentityRegexp,
			TrustRoot: spec.TrustRoot,
		}}}, nil
	}
	var errs field.ErrorList
	if spec.Issuer != "" || spec.IssuerRegexp != "" || spec.Identity != "" || spec.IdentityRegexp != "" {
		errs = append(errs, field.Forbidden(root.Child("signers"), "must not be set next to issuer, issuerRegexp, identity or "+
			"identityRegexp: list that signer in signers too, with a name"))
	}
	var declared []declaredSigner
	for i, signer := range spec.Signers {
		path := root.Child("signers").Index(i)
		if slices.ContainsFunc(declared, func(d declaredSigner) bool { return d.Name == signer.Name }) {
			errs = append(errs, field.Duplicate(path.Child("name"), signer.Name))
		}
		if !label.MatchString(signer.Name) {
			errs = append(errs, field.Invalid(path.Child("name"), signer.Name, mustBeLabel))
		}
		if signer.TrustRoot == nil {
			signer.TrustRoot = spec.TrustRoot
		}
		declared = append(declared, declaredSigner{signer, path})
	}
	return declared, errs
}

// compileSigners compiles the signers of a spec, with what each of them must have signed.
func compileSigners(
	root *field.Path, spec v1alpha1.KarmadaImageTrustSpec, wanted []Attestation,
) ([]SignerRule, field.ErrorList) {
	declared, errs := declaredSigners(root, spec)
	signers := make([]SignerRule, 0, len(declared))
	for _, d := range declared {
		signer, problems := compileSigner(d.path, d.TrustedSigner)
		errs = append(errs, problems...)
		trustRoot := ""
		if d.TrustRoot != nil {
			trustRoot = d.TrustRoot.Name
		}
		formats := acceptedFormats(trustRoot).storedAs(spec.Formats)
		signature := formats
		if spec.Signature == v1alpha1.SignatureNotRequired {
			signature = nil
		}
		attestations := slices.Clone(wanted)
		for i := range attestations {
			attestations[i].Formats = formats
		}
		signers = append(signers, SignerRule{
			Name: d.Name, Rule: NewRule(signer, signature, attestations...), TrustRoot: trustRoot,
		})
	}
	return signers, errs
}

// checkRequirements returns the problems of the fields that say what is required besides the signer.
func checkRequirements(root *field.Path, spec v1alpha1.KarmadaImageTrustSpec) field.ErrorList {
	var errs field.ErrorList
	switch spec.Signature {
	case "", v1alpha1.SignatureRequired:
	case v1alpha1.SignatureNotRequired:
		if len(spec.Attestations) == 0 {
			errs = append(errs, field.Required(root.Child("attestations"),
				"must require attestations if signature is NotRequired: list at least one in attestations"))
		}
	default:
		errs = append(errs, field.NotSupported(root.Child("signature"), spec.Signature,
			[]v1alpha1.SignatureRequirement{v1alpha1.SignatureRequired, v1alpha1.SignatureNotRequired}))
	}
	known := []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatSimpleSigning, v1alpha1.SignatureFormatBundle}
	for i, format := range spec.Formats {
		if !slices.Contains(known, format) {
			errs = append(errs, field.NotSupported(root.Child("formats").Index(i), format, known))
		}
	}
	return errs
}

// acceptedFormats are the formats that a trust accepts under a root of trust. A timestamp is accepted instead of a log entry
// only if the user names a root of trust, which may have a timestamp authority. With an entry of Rekor v2 it proves the time, and
// the log remains required.
func acceptedFormats(trustRoot string) Formats {
	if trustRoot == "" {
		return NewFormats(SimpleSigning, Bundle, RekorV2Bundle)
	}
	return NewFormats(SimpleSigning, Timestamped, Bundle, RekorV2Bundle, TimestampedBundle)
}

// TrustRoots returns the names of the roots of trust of the signers, each once; empty for the default root of trust.
func (p *Policy) TrustRoots() []string {
	var names []string
	for _, signer := range p.Signers {
		if !slices.Contains(names, signer.TrustRoot) {
			names = append(names, signer.TrustRoot)
		}
	}
	return names
}
