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

package agreement

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// signerCases are images under the policies of trusts in two signers: the release workflow at the lab's instance, and the same one
// at the private instance, which has a TrustRoot.
func signerCases(t *testing.T) []difference {
	t.Helper()
	signedBy, attestedBy := signersPolicy(t), signersPolicy(t, v1alpha1.Attestation{Name: "bundle", PredicateType: sigstore.SLSAPredicate})
	other := labtest.UntrustedSigner
	return []difference{
		{name: "signers and the first", attach: signed(labtest.Release), policies: signedBy, answer: always(admits)},
		{name: "signers and the first in a bundle", attach: inRekorV1(labtest.Release, sigstore.SignPredicate), policies: signedBy, answer: always(admits)},
		{name: "signers and the second", attach: privately, policies: signedBy, answer: always(admits)},
		{name: "signers and both", attach: both(signed(labtest.Release), privately), policies: signedBy, answer: always(admits)},
		{name: "signers and another", attach: signed(other), policies: signedBy, answer: always(denies)},
		{name: "signers and nobody", attach: nothing, policies: signedBy, answer: always(denies)},
		{name: "attested signers and the first", attach: both(signed(labtest.Release), attested(labtest.Release)), policies: attestedBy, answer: always(admits)},
		{name: "attested signers and the first in bundles", attach: both(inRekorV1(labtest.Release, sigstore.SignPredicate), inRekorV1(labtest.Release, sigstore.SLSAPredicate)), policies: attestedBy, answer: always(admits)},
		{name: "attested signers and the second", attach: both(privately, attestedPrivately), policies: attestedBy, answer: always(admits)},
		{name: "attested signers signed by the first only", attach: both(signed(labtest.Release), attestedPrivately), policies: attestedBy, answer: always(denies)},
		{name: "attested signers signed by the second only", attach: both(privately, attested(labtest.Release)), policies: attestedBy, answer: always(denies)},
		{name: "attested signers and no attestation", attach: both(signed(labtest.Release), privately), policies: attestedBy, answer: always(denies)},
		{name: "attested signers and another", attach: both(signed(other), attested(other)), policies: attestedBy, answer: always(denies)},
	}
}

// signersPolicy returns what renders the policy of a trust in two signers with attestations.
func signersPolicy(t *testing.T, attestations ...v1alpha1.Attestation) func(name, repository string) []*unstructured.Unstructured {
	t.Helper()
	compiled, err := policy.Compile(gen.Spec(gen.WithAttestations(attestations...), gen.WithSigners(
		v1alpha1.TrustedSigner{Name: "release", Issuer: labtest.Release.Issuer, Identity: labtest.Release.Subject},
		v1alpha1.TrustedSigner{
			Name: "builder", Issuer: labtest.Release.Issuer, Identity: labtest.Release.Subject,
			TrustRoot: &v1alpha1.TrustRootReference{Name: usableRoot},
		},
	)))
	if err != nil {
		t.Fatal(err)
	}
	target := admission.V014().Target(admission.Config{})
	target.TrustRoots = map[string]policy.TrustRoot{usableRoot: {TransparencyLog: true}}
	return func(name, repository string) []*unstructured.Unstructured {
		glob := map[string]any{"glob": strings.Replace(repository, "docker.io/", "index.docker.io/", 1) + "@*"}
		return []*unstructured.Unstructured{with(compiled.ClusterImagePolicy(name, target), map[string]any{"images": []any{glob}})}
	}
}

// attestedPrivately attaches an attestation of the private instance under the .att tag.
func attestedPrivately(d *differences, digest name.Digest) {
	e, err := d.private.NewEnvelope(d.p.T.Context(), digest, labtest.Release, sigstore.SLSAPredicate, predicate(sigstore.SLSAPredicate))
	d.must(err)
	d.must(sigstore.AttachAttestations(d.p.T.Context(), digest, []sigstore.Envelope{e}, d.p.Lab.RemoteOptions()...))
}
