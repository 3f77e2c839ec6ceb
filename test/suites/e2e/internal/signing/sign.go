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

package signing

import (
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// Sign signs images in all ways that a cosign command knows, and compares the answers. The organisation of the images must
// not be another trial's.
func Sign(t *testing.T, lab *labtest.Lab, cosign *Cosign, organisation string) {
	t.Helper()
	newTrial(t, lab, cosign, organisation, cosign.Methods, func(m Method, image name.Digest, by sigstore.Identity) {
		cosign.RunAs(t, by, image, "sign", m.Args...)
	}).check(t, another.Subject)
}

// Attest signs and attests images in all ways that a cosign command knows, and further ones, and compares the answers.
// Another identity attests the bill of materials of the untrusted images.
func Attest(t *testing.T, lab *labtest.Lab, cosign *Cosign, organisation string, more ...Method) {
	t.Helper()
	provenance := cosign.Write(t, "provenance.json", []byte(`{
		"buildDefinition": {"buildType": "https://karmada.io/build/v1", "externalParameters": {"ref": "v1.16.0"}},
		"runDetails": {"builder": {"id": "https://karmada.io/builder"}}
	}`))
	bill := cosign.Write(t, "sbom.spdx.json", []byte(`{"spdxVersion": "SPDX-2.3", "name": "karmada"}`))
	methods := slices.Concat(cosign.Methods, more)
	trial := newTrial(t, lab, cosign, organisation, methods, func(m Method, image name.Digest, by sigstore.Identity) {
		attest := slices.Clip(slices.Concat(m.Args, m.Attest))
		cosign.RunAs(t, labtest.Release, image, "sign", m.Args...)
		cosign.RunAs(t, labtest.Release, image, "attest", append(attest, "--type", "slsaprovenance1", "--predicate", provenance)...)
		cosign.RunAs(t, by, image, "attest", append(attest, "--type", "spdxjson", "--predicate", bill)...)
	})
	trial.question = []string{"verify-attestation", "--type", "spdxjson"}
	trial.trust.Spec.Attestations = []v1alpha1.Attestation{
		{Name: "provenance", PredicateType: sigstore.SLSAPredicate, CUE: `predicate: runDetails: builder: id: "https://karmada.io/builder"`},
		{Name: "sbom", PredicateType: sigstore.SPDXPredicate},
	}
	trial.check(t, "not verified for the declared identity: attestation.sbom")
}
