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

package admission

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// FuzzParsePolicy parses the spec of a ClusterImagePolicy and decides by it. An image without a verdict is not allowed,
// unless the policy allows every image.
func FuzzParsePolicy(f *testing.F) {
	f.Add([]byte(`{"images":[{"glob":"**"}],"authorities":[` +
		`{"name":"signer","keyless":{"url":"https://fulcio","identities":[{"issuer":"i","subject":"s"}]}},` +
		`{"name":"signer.bundle","signatureFormat":"bundle","attestations":[{"name":"s","predicateType":"https://sigstore.dev/cosign/sign/v1"}],` +
		`"keyless":{"url":"https://fulcio","identities":[{"issuer":"i","subject":"s"}]}}],"policy":{"type":"rego","data":"x"}}`))
	f.Add([]byte(`{"images":[{"glob":"**"}],"authorities":[{"static":{"action":"pass"}},{"key":{}}],"match":[{"resource":"pods","version":"*"}]}`))
	f.Add([]byte(`{"images":[{"glob":"["}],"mode":"warn"}`))
	f.Fuzz(func(t *testing.T, spec []byte) {
		var written any
		if json.Unmarshal(spec, &written) != nil {
			return
		}
		p := ParsePolicy(&unstructured.Unstructured{Object: map[string]any{"spec": written}}, Supported()...)
		c := newCluster(p)
		c.Versions = Supported()
		decision := c.Decide(newPod("docker.io/karmada/a:v1"), func(Question) Answer {
			return Answer{Digest: emptyDigest, Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason}
		})
		passes := p.invalid != ""
		for _, r := range p.readings {
			passes = passes || len(r.authorities) == 0
			for _, a := range r.authorities {
				passes = passes || a.static == "pass"
			}
		}
		if decision.Outcome == Allowed && !passes && !p.Warn {
			t.Errorf("allowed without a verdict: %+v", decision)
		}
	})
}

const emptyDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
