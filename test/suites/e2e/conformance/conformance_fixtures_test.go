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

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// conformanceFixtures returns the trusts that images are verified with. No trust trusts other.
func conformanceFixtures(t *testing.T, other *sigstore.Sigstore) []*conformanceFixture {
	t.Helper()
	private, timestamped := labtest.NewSigstore(t), labtest.NewSigstore(t)
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
	fixtures := []*conformanceFixture{
		{name: "tag", cases: tagCases()},
		{name: "hostile", cases: hostileCases()},
		{name: "bundle", cases: bundleCases()},
		{name: "both", cases: bothFormatsCases()},
		{name: "image", cases: imageCases()},
		{name: "tiles", cases: v2Cases(sigstore.HashedRekordEntry), timestamps: true},
		{name: "dsse", cases: v2Cases(sigstore.DSSEEntry), timestamps: true},
		{name: "newer", cases: newerCases(), timestamps: true},
		{name: "attested", spec: provenance, cases: attestationCases()},
		{name: "condition", spec: condition, cases: conditionCases()},
		{name: "private", sigstore: private, root: trustRootOf(t, private, "conform-private"), cases: privateCases()},
		{name: "timestamped", sigstore: timestamped, root: trustRootOf(t, timestamped, "conform-timestamped", sigstore.WithTimestamps()), cases: timestampCases()},
	}
	fixtures = append(fixtures, rareFixtures(t)...)
	for _, f := range fixtures {
		if f.sigstore == nil {
			f.sigstore = lab.Sigstore
		}
		f.other = other
	}
	return fixtures
}

func trustRootOf(t *testing.T, s *sigstore.Sigstore, name string, opts ...sigstore.TrustRootOption) *unstructured.Unstructured {
	t.Helper()
	root, err := s.TrustRoot(name, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return root
}
