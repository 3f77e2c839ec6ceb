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
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// conformanceWorlds are the trusts that images are judged by.
func conformanceWorlds(t *testing.T, stranger *sigstore.Sigstore) []*conformanceWorld {
	t.Helper()
	private, stamped := newSigstore(t), newSigstore(t)
	provenance := func(spec *v1alpha1.KarmadaImageTrustSpec) {
		spec.Attestations = []v1alpha1.Attestation{
			{Name: "provenance", PredicateType: sigstore.SLSAPredicate},
			{Name: "sbom", PredicateType: sigstore.SPDXPredicate},
		}
	}
	condition := func(spec *v1alpha1.KarmadaImageTrustSpec) {
		spec.Attestations = []v1alpha1.Attestation{
			{Name: "provenance", PredicateType: sigstore.SLSAPredicate, CUE: `predicate: builder: "good"`},
		}
	}
	worlds := []*conformanceWorld{
		{name: "tag", cases: tagCases()},
		{name: "hostile", cases: hostileCases()},
		{name: "bundle", cases: bundleCases()},
		{name: "both", cases: bothFormsCases()},
		{name: "image", cases: imageCases()},
		{name: "attested", spec: provenance, cases: attestationCases()},
		{name: "condition", spec: condition, cases: conditionCases()},
		{name: "private", sigstore: private, root: trustRootOf(t, private, "conform-private"), cases: privateCases()},
		{name: "stamped", sigstore: stamped, root: trustRootOf(t, stamped, "conform-stamped", sigstore.WithTimestamps()), cases: stampedCases()},
	}
	for _, w := range worlds {
		if w.sigstore == nil {
			w.sigstore = shared.Sigstore
		}
		w.stranger = stranger
	}
	return worlds
}

func trustRootOf(t *testing.T, s *sigstore.Sigstore, name string, opts ...sigstore.TrustRootOption) *unstructured.Unstructured {
	t.Helper()
	root, err := s.TrustRoot(name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return root
}
