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
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// RunGitHub submits workloads with attestations of all kinds under a policy in the shape of GitHub's own Helm chart, and then under
// the policy of the trust that kubectl imagetrust init writes, and compares the answers of the policy-controller of a lab with each
// other and with the predictions. It prints a figure for the version that runs.
func RunGitHub(t *testing.T, lab *labtest.Lab) {
	t.Helper()
	p := prediction.New(t, lab)
	s := newInstances(t, lab)
	cases := githubCases(s)
	workloads := make([]prediction.Workload, 0, len(cases))
	for i := range cases {
		workloads = append(workloads, prediction.Workload{
			Name: cases[i].name, Kind: prediction.WorkloadKinds[i%len(prediction.WorkloadKinds)], Images: []string{cases[i].push(s)},
		})
	}
	build := cases[1]
	index, platform := pushIndex(s, build.make)
	for name, image := range map[string]string{"index": index, "platform": platform} {
		cases = append(cases, githubCase{name: name, allowed: image == index})
		workloads = append(workloads, prediction.Workload{Name: name, Kind: "Deployment", Images: []string{image}})
	}
	lab.Create(t, s.trustRoot())
	in := p.CreateNamespace("github-attestations", true)

	theirs := map[string]bool{}
	for i := range workloads {
		workloads[i].Namespace = in
	}
	t.Run("chart", func(t *testing.T) {
		p.For(t).CreatePolicies(chartPolicies()...)
		p.WaitUntilAllowed(workloads[1])
		for i, w := range workloads {
			theirs[w.Name] = p.Check(w)
			if theirs[w.Name] != cases[i].allowed {
				t.Errorf("%s: allowed %t, want %t", w.Name, theirs[w.Name], cases[i].allowed)
			}
		}
	})
	agreed := 0
	t.Run("trust", func(t *testing.T) {
		p.For(t).CreatePolicies(presetPolicy(t, s))
		p.WaitUntilAllowed(workloads[1])
		for _, w := range workloads {
			if allowed := p.Check(w); allowed != theirs[w.Name] {
				t.Errorf("%s: the trust allows it: %t, and the chart: %t", w.Name, allowed, theirs[w.Name])
				continue
			}
			agreed++
		}
	})
	if p.Agreed != p.Asked || p.Asked != 2*len(workloads) {
		t.Errorf("%d of %d predictions are right, want all %d", p.Agreed, p.Asked, 2*len(workloads))
	}
	fmt.Printf("figure: github_agreement_%s %d/%d\n", figureName(lab.PolicyController.Version()), agreed, len(workloads))
}

// chartPolicies are policies in the shape of those that GitHub's Helm chart for artifact attestations makes: one with an authority
// for each of the two instances that GitHub attests with, and one that exempts an image, which exempts nothing that the first one
// covers.
func chartPolicies() []*unstructured.Unstructured {
	identities := []any{map[string]any{
		"issuer":        "https://token.actions.githubusercontent.com",
		"subjectRegExp": `https://github.com/` + githubRepository + `/\.github/workflows/.*`,
	}}
	attestations := []any{map[string]any{"name": "require-attestation", "predicateType": "https://slsa.dev/provenance/v1"}}
	attested := prediction.ForeignPolicy("github-policy", githubImages+"*",
		map[string]any{
			"name": "github",
			"keyless": map[string]any{
				"url": "https://fulcio.githubapp.com", "trustRootRef": githubRoot, "insecureIgnoreSCT": true, "identities": identities,
			},
			"rfc3161timestamp": map[string]any{"trustRootRef": githubRoot},
			"signatureFormat":  "bundle",
			"attestations":     attestations,
		},
		map[string]any{
			"name":            "public-good",
			"keyless":         map[string]any{"url": "https://fulcio.sigstore.dev", "identities": identities},
			"ctlog":           map[string]any{"url": "https://rekor.sigstore.dev"},
			"signatureFormat": "bundle",
			"attestations":    attestations,
		})
	exempt := prediction.ForeignPolicy("github-exempt-policy", githubImages+"unattested", prediction.StaticAuthority("pass"))
	return []*unstructured.Unstructured{with(attested, map[string]any{"images": []any{map[string]any{"glob": githubImages + "**"}}}), exempt}
}

// presetPolicy is the policy of the trust that the plugin's preset for GitHub is, once it is enforced.
func presetPolicy(t *testing.T, s instances) *unstructured.Unstructured {
	t.Helper()
	printed := s.lab.NewPlugin(t).Run(t, "", "init", "--preset", "github", githubRepository)
	if printed.Code != 0 {
		t.Fatal(printed.Stderr)
	}
	_, document, _ := strings.Cut(printed.Stdout, "\n---\n")
	var trust v1alpha1.KarmadaImageTrust
	if err := yaml.UnmarshalStrict([]byte(document), &trust); err != nil {
		t.Fatal(err)
	}
	compiled, err := policy.Compile(trust.Spec)
	if err != nil {
		t.Fatal(err)
	}
	root, err := trustroot.FromTrustRoot(s.trustRoot())
	if err != nil {
		t.Fatal(err)
	}
	target := assess.Target(admission.Supported().Target(admission.Config{}), assess.Roots{githubRoot: root})
	return compiled.Enforced().ClusterImagePolicy(trust.Name, target)
}
