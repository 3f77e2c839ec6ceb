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

package prediction

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// ForeignPolicy returns a ClusterImagePolicy that no trust renders, for one repository.
func ForeignPolicy(name, repository string, authorities ...map[string]any) *unstructured.Unstructured {
	list := make([]any, 0, len(authorities))
	for _, a := range authorities {
		list = append(list, a)
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy.sigstore.dev/v1alpha1", "kind": "ClusterImagePolicy",
		"metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"mode":        "enforce",
			"images":      []any{map[string]any{"glob": strings.Replace(repository, "docker.io/", "index.docker.io/", 1) + "@*"}},
			"authorities": list,
		},
	}}
}

// StaticAuthority returns an authority that always answers with an action, pass or fail.
func StaticAuthority(action string) map[string]any {
	return map[string]any{"name": "static-" + action, "static": map[string]any{"action": action}}
}

// TrustPolicy returns the ClusterImagePolicy of labtest.NewTrust.
func TrustPolicy(t *testing.T, name, organisation string) *unstructured.Unstructured {
	t.Helper()
	compiled, err := policy.Compile(labtest.NewTrust(name, organisation).Spec)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.ClusterImagePolicy(name, admission.V014().Target(admission.Config{}))
}

// CreatePolicies creates policies until the test ends, and waits until the webhook enforces them all: it
// loads them together, a moment after they are reported Ready.
func (p *Predictor) CreatePolicies(policies ...*unstructured.Unstructured) {
	t := p.T
	t.Helper()
	const canary = "predict-canary"
	last := ForeignPolicy(canary, "docker.io/predict-canary/image", StaticAuthority("fail"))
	policies = append(policies, last)
	for _, object := range policies {
		p.Lab.Create(t, object)
	}
	for _, object := range policies {
		waitfor.State(t, p.Lab.Policy(object.GetName()), labtest.PolicyReady)
	}
	in := p.CreateNamespace("predict-canary", true)
	const digest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	workload := Workload{Kind: "ReplicaSet", Namespace: in, Images: []string{"docker.io/predict-canary/image" + digest}}
	p.WaitUntilDenied(workload, "failed policy: "+canary)
}

// CreateNamespace creates a namespace, which opts in to policy-controller or has no labels.
func (p *Predictor) CreateNamespace(name string, optIn bool) string {
	p.T.Helper()
	var labels map[string]string
	if optIn {
		labels = map[string]string{labtest.OptInLabel: "true"}
	}
	return p.Lab.CreateNamespace(p.T, name, labels)
}

// WaitUntilAllowed waits until admission allows a dry run of a workload.
func (p *Predictor) WaitUntilAllowed(c Workload) {
	p.T.Helper()
	waitfor.NoError(p.T, func(ctx context.Context) error {
		return p.Lab.Client.Create(ctx, c.Object(), client.DryRunAll)
	})
}

// WaitUntilDenied waits until admission denies a dry run of a workload with these words.
func (p *Predictor) WaitUntilDenied(c Workload, words string) {
	p.T.Helper()
	type answer struct{ err error }
	waitfor.State(p.T, func(ctx context.Context) (answer, error) {
		return answer{p.Lab.Client.Create(ctx, c.Object(), client.DryRunAll)}, nil
	}, func(a answer) string { return labtest.CheckDenied(a.err, words) })
}
