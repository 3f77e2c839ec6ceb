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

package verify_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestAttestationAnnotatedAsSignature: cosign v2.6.5 with a signing config annotates every bundle as a signature, and
// registries list annotations.
func TestAttestationAnnotatedAsSignature(t *testing.T) {
	b := newBenchWith(t, true)
	image := b.push("karmada/app", "app")
	b.bundle(image, b.envelope(image, release, sigstore.SLSAPredicate))
	rule := exactly(t, release)
	attested := policy.NewRule(rule.Signer, rule.Signature,
		policy.Attestation{Name: "provenance", PredicateType: sigstore.SLSAPredicate, Formats: rule.Signature})
	b.annotateReferrers(image)
	mustBe(t.Context(), t, newCosign(time.Minute), image, attested, b.root, untrusted, "Unsigned")
	b.intercept(nil)
	b.bundle(image, b.envelope(image, release, sigstore.SignPredicate))
	b.annotateReferrers(image)
	mustBe(t.Context(), t, newCosign(time.Minute), image, attested, b.root, verified, "Signed")
}

// annotateReferrers has the registry list all that refers to the image as signatures.
func (b *bench) annotateReferrers(image name.Digest) {
	b.t.Helper()
	listed, err := remote.Referrers(image)
	if err != nil {
		b.t.Fatal(err)
	}
	index, err := listed.IndexManifest()
	if err != nil {
		b.t.Fatal(err)
	}
	for i := range index.Manifests {
		index.Manifests[i].Annotations = map[string]string{"dev.sigstore.bundle.predicateType": policy.SignPredicate}
	}
	encoded, err := json.Marshal(index)
	if err != nil {
		b.t.Fatal(err)
	}
	b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if stageOf(r, image) != "referrers" {
			return false
		}
		w.Header().Set("Content-Type", string(index.MediaType))
		_, _ = w.Write(encoded)
		return true
	})
}
