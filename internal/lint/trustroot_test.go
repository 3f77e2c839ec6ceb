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

package lint

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/admission"
)

func TestTrustRoot(t *testing.T) {
	for name, tc := range map[string]struct {
		spec    string
		refusal string
		want    []string // rule and field
	}{
		"keys":                  {spec: "{sigstoreKeys: {}}"},
		"refused keys":          {"{sigstoreKeys: {}}", "a log has another key", []string{"unusable-trust-root spec.sigstoreKeys"}},
		"refused repository":    {"{repository: {}}", "a log has another key", []string{"unusable-trust-root spec.repository"}},
		"remote":                {spec: "{remote: {mirror: 'https://tuf.example.com', targets: targets}}"},
		"public good":           {spec: "{remote: {mirror: 'https://TUF-repo-cdn.sigstore.dev:443/x'}}", want: []string{"unusable-trust-root spec.remote.mirror"}},
		"not the public good":   {spec: "{remote: {mirror: 'https://example.com/tuf-repo-cdn.sigstore.dev'}}"},
		"directory":             {spec: "{repository: {targets: /targets/}}"},
		"other directory":       {spec: "{remote: {targets: files/}}", want: []string{"targets-directory spec.remote.targets"}},
		"other directory, held": {spec: "{repository: {targets: files}}", want: []string{"targets-directory spec.repository.targets"}},
		"nothing":               {spec: "{}"},
		"something else":        {spec: "{sigstoreKeys: 1, remote: [], repository: {targets: 2}}"},
	} {
		t.Run(name, func(t *testing.T) {
			object := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte("{metadata: {name: r}, spec: "+tc.spec+"}"), &object.Object); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, finding := range TrustRoot(object, admission.TrustRoot{Name: "r", Refusal: tc.refusal}) {
				got = append(got, string(finding.Rule)+" "+finding.Field)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
