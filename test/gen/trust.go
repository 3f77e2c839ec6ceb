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

// Package gen creates API objects for tests. Every object is valid, and modifiers change it:
//
//	trust := gen.Trust("karmada", gen.WithEnforcement(v1alpha1.EnforcementAudit))
package gen

import (
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// The defaults of a spec. The regular expression is the one in Karmada's documentation.
const (
	Images         = "docker.io/karmada/*"
	Issuer         = "https://token.actions.githubusercontent.com"
	Identity       = "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.0.0"
	IdentityRegexp = "^https://github.com/karmada-io/karmada/.*$"
)

// Modifier changes a trust.
type Modifier func(*v1alpha1.KarmadaImageTrust)

// Trust returns a trust for Karmada's images, with the identity as a regular expression and all optional fields unset.
func Trust(name string, modifiers ...Modifier) *v1alpha1.KarmadaImageTrust {
	trust := &v1alpha1.KarmadaImageTrust{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.KarmadaImageTrustSpec{
			Images:         []v1alpha1.ImageGlob{Images},
			Issuer:         Issuer,
			IdentityRegexp: IdentityRegexp,
		},
	}
	for _, modify := range modifiers {
		modify(trust)
	}
	return trust
}

// Spec returns the spec of Trust.
func Spec(modifiers ...Modifier) v1alpha1.KarmadaImageTrustSpec {
	return Trust("karmada", modifiers...).Spec
}

// WithImages replaces the globs.
func WithImages(globs ...v1alpha1.ImageGlob) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Images = globs }
}

// WithIssuer sets an exact issuer.
func WithIssuer(issuer string) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Issuer, trust.Spec.IssuerRegexp = issuer, "" }
}

// WithIssuerRegexp sets a regular expression for the issuer.
func WithIssuerRegexp(expr v1alpha1.Regexp) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Issuer, trust.Spec.IssuerRegexp = "", expr }
}

// WithIdentity sets an exact identity.
func WithIdentity(identity string) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Identity, trust.Spec.IdentityRegexp = identity, "" }
}

// WithIdentityRegexp sets a regular expression for the identity.
func WithIdentityRegexp(expr v1alpha1.Regexp) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Identity, trust.Spec.IdentityRegexp = "", expr }
}

// WithSigners replaces the issuer and the identity by a list of signers.
func WithSigners(signers ...v1alpha1.TrustedSigner) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) {
		spec := &trust.Spec
		spec.Issuer, spec.IssuerRegexp, spec.Identity, spec.IdentityRegexp, spec.Signers = "", "", "", "", signers
	}
}

// WithEnforcement sets the enforcement.
func WithEnforcement(enforcement v1alpha1.Enforcement) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Enforcement = enforcement }
}

// WithTrustRoot refers to a TrustRoot.
func WithTrustRoot(name string) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) {
		trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: name}
	}
}

// WithAttestations replaces the attestations.
func WithAttestations(attestations ...v1alpha1.Attestation) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Attestations = attestations }
}

// WithReferences replaces the images that are verified even if no workload uses them.
func WithReferences(references ...v1alpha1.ImageReference) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) { verification(trust).References = references }
}

// WithPullSecrets replaces the pull secrets.
func WithPullSecrets(names ...string) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) {
		v := verification(trust)
		v.PullSecrets = nil
		for _, name := range names {
			v.PullSecrets = append(v.PullSecrets, v1alpha1.PullSecretReference{Name: name})
		}
	}
}

// WithInterval sets the interval of verification.
func WithInterval(interval time.Duration) Modifier {
	return func(trust *v1alpha1.KarmadaImageTrust) {
		verification(trust).Interval = &metav1.Duration{Duration: interval}
	}
}

func verification(trust *v1alpha1.KarmadaImageTrust) *v1alpha1.Verification {
	if trust.Spec.Verification == nil {
		trust.Spec.Verification = &v1alpha1.Verification{}
	}
	return trust.Spec.Verification
}

// UnstructuredTrust returns a trust named karmada as a manifest would contain it, with an exact identity. The given fields
// replace those of its spec, and a field is removed if its value is nil. It can therefore be invalid, unlike Trust.
func UnstructuredTrust(fields map[string]any) *unstructured.Unstructured {
	spec := map[string]any{
		"images":   []any{Images},
		"issuer":   Issuer,
		"identity": Identity,
	}
	maps.Copy(spec, fields)
	maps.DeleteFunc(spec, func(_ string, value any) bool { return value == nil })
	trust := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	trust.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.KarmadaImageTrustKind))
	trust.SetName("karmada")
	return trust
}
