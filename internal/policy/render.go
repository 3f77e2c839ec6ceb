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
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// ClusterImagePolicyKind is the kind that is rendered. The version is v1alpha1, because the conversion to and from v1beta1
// loses a ctlog without a url (policy-controller pkg/apis/policy/v1alpha1/clusterimagepolicy_conversion.go).
var ClusterImagePolicyKind = schema.GroupVersionKind{
	Group: "policy.sigstore.dev", Version: "v1alpha1", Kind: "ClusterImagePolicy",
}

// TrustRootKind is the kind of policy-controller's TrustRoots.
var TrustRootKind = schema.GroupVersionKind{
	Group: ClusterImagePolicyKind.Group, Version: "v1alpha1", Kind: "TrustRoot",
}

const (
	// ManagedByLabel is the label of objects that the operator created. Its value is ManagedByValue.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedByValue is the value of ManagedByLabel.
	ManagedByValue = v1alpha1.OperatorName

	// fulcioURL is policy-controller's default. It is rendered so that policy-controller's defaulting does not change the
	// policy. With a trustRootRef it is not contacted.
	fulcioURL = "https://fulcio.sigstore.dev"
	// rekorURL is rendered because a ctlog without a url is lost in conversion. The log URL of a TrustRoot takes precedence.
	rekorURL = "https://rekor.sigstore.dev"
)

// Mode returns the mode of the ClusterImagePolicy: "enforce" or "warn", or an empty string if the enforcement of the trust
// is Audit, for which no ClusterImagePolicy is rendered.
func (p *Policy) Mode() string {
	switch p.Enforcement {
	case v1alpha1.EnforcementEnforce:
		return "enforce"
	case v1alpha1.EnforcementWarn:
		return "warn"
	default:
		return ""
	}
}

// ClusterImagePolicy renders the policy with all defaults, and with no field that the operator does not own. It returns nil
// if Mode is empty.
func (p *Policy) ClusterImagePolicy(name string, target Target) *unstructured.Unstructured {
	if p.Mode() == "" {
		return nil
	}
	images := make([]any, 0, len(p.patterns))
	for _, pattern := range p.Globs() {
		images = append(images, map[string]any{"glob": pattern})
	}
	authorities, names := p.authorities(target)
	spec := map[string]any{
		"mode":        p.Mode(),
		"images":      images,
		"authorities": authorities,
	}
	if len(names) > 0 && slices.ContainsFunc(p.Signers, func(s SignerRule) bool { return len(s.Rule.Attestations) > 0 }) {
		spec["policy"] = map[string]any{"type": "rego", "data": RegoPolicy{Authorities: names}.String()}
	}
	out := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{
			"name":   name,
			"labels": map[string]any{ManagedByLabel: ManagedByValue},
		},
		"spec": spec,
	}}
	out.SetGroupVersionKind(ClusterImagePolicyKind)
	return out
}

// authorities returns an authority for each signer, each required signature or attestation, and each format that the target
// verifies, and the names of the authorities. If the target can verify nothing of what the policy accepts, there is one authority
// without a name, which denies every image: a policy without authorities would allow them.
func (p *Policy) authorities(target Target) (authorities []any, names []string) {
	for _, signer := range p.Signers {
		prefix := ""
		if len(p.Signers) > 1 {
			prefix = signer.Name + signerSeparator
		}
		formats := target.verifiedFormats(signer)
		add := func(group string, attestation map[string]any) {
			for _, format := range formats {
				name := format.authorityName(prefix + group)
				authority := signer.authority(format, target)
				authority["name"] = name
				names = append(names, name)
				switch {
				case attestation != nil:
					authority["attestations"] = []any{attestation}
				case format.Storage() == v1alpha1.SignatureFormatBundle && !target.Capabilities.SignatureBundles:
					authority["attestations"] = []any{map[string]any{"name": signatureGroup, "predicateType": SignPredicate}}
				}
				authorities = append(authorities, authority)
			}
		}
		if len(signer.Rule.Signature) > 0 {
			add(signatureGroup, nil)
		}
		for _, a := range signer.Rule.Attestations {
			add(attestationGroup+a.Name, a.fields())
		}
	}
	if len(authorities) == 0 {
		authorities = []any{map[string]any{
			"name": "unverifiable", "static": map[string]any{"action": "fail", "message": p.whyUnverifiable(target)},
		}}
	}
	return authorities, names
}

// whyUnverifiable says why the target can verify nothing of what the policy accepts.
func (p *Policy) whyUnverifiable(target Target) string {
	if !target.AttestationsVerified {
		return "policy-controller does not verify attestations while enable-oci11 is true in its ConfigMap, " +
			"so that nothing is allowed that needs no signature or has to be a bundle"
	}
	return strings.Join(strings.Fields("policy-controller "+target.Capabilities.Version), " ") + " can verify nothing that is stored " +
		"as the field formats of the KarmadaImageTrust requires, or its TrustRoot is missing"
}

// fields returns the entry of an authority's attestations that requires the attestation.
func (a Attestation) fields() map[string]any {
	fields := map[string]any{"name": a.Name, "predicateType": a.PredicateType}
	if a.CUE != "" {
		fields["policy"] = map[string]any{"type": "cue", "data": a.CUE}
	}
	return fields
}

// authority returns the fields of an authority for the signer and a format.
func (s SignerRule) authority(format Format, target Target) map[string]any {
	authority := format.fields(s.TrustRoot)
	maps.Copy(authority, s.Rule.Signer.fields(s.TrustRoot, target.TrustRoots[s.TrustRoot].NoCTLogs))
	return authority
}
