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

package operator

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/gitops"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// driftTrusts use every field of a spec, in the spellings that the operator and policy-controller rewrite.
const driftTrusts = `apiVersion: trust.karmada.io/v1alpha1
kind: KarmadaImageTrust
metadata:
  name: drift-short
spec:
  images: [drift/*, "docker.io/drift-exact"]
  issuer: https://token.actions.githubusercontent.com
  identityRegexp: ^https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v[0-9.]+$
---
apiVersion: trust.karmada.io/v1alpha1
kind: KarmadaImageTrust
metadata:
  name: drift-long
spec:
  images: [GHCR.io/drift/**]
  signers:
  - name: release
    issuer: https://token.actions.githubusercontent.com
    identityRegexp: ^https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v[0-9.]+$
  - name: person
    issuerRegexp: https://accounts\.google\.com
    identity: me@example.com
  attestations:
  - name: provenance
    predicateType: https://slsa.dev/provenance/v1
    cue: 'predicate: buildDefinition: buildType: "https://example.com/build/v1"'
  enforcement: Warn
  verification:
    interval: 90m
`

// TestNoDrift applies trusts like GitOps tools do, again and again: nothing changes, and nothing is seen to differ. The webhooks of the
// real policy-controller have looked at the policies.
func TestNoDrift(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trusts.yaml")
	if err := os.WriteFile(file, []byte(driftTrusts), 0o600); err != nil {
		t.Fatal(err)
	}
	trusts, err := manifest.Parse([]byte(driftTrusts))
	if err != nil {
		t.Fatal(err)
	}
	for _, trust := range trusts {
		t.Cleanup(func() { lab.Delete(t, trust.DeepCopy()) })
	}
	versions := func() map[string]string {
		versions := map[string]string{}
		for _, trust := range trusts {
			lab.WaitForTrust(t, trust.GetName(), labtest.Reconciled)
			made := waitfor.State(t, lab.Policy(trust.GetName()), labtest.PolicyReady)
			versions["policy "+made.GetName()] = made.GetResourceVersion()
			versions["trust "+trust.GetName()] = live(t, trust).GetResourceVersion()
		}
		return versions
	}
	kubectl(t, "apply", "--server-side", "-f", file)
	before := versions()
	for _, args := range [][]string{
		{"apply", "--server-side", "-f", file},
		// The operator has worked since, when this trust is reconciled.
		nil,
		{"diff", "--server-side", "-f", file},
		{"diff", "-f", file},
	} {
		if args == nil {
			other := labtest.NewTrust("drift-other", "drift-other")
			lab.Create(t, other)
			lab.WaitForTrust(t, other.Name, labtest.Reconciled)
			continue
		}
		if got := kubectl(t, args...); args[0] == "diff" && got != "" {
			t.Errorf("kubectl %v shows\n%s", args, got)
		}
		for object, version := range versions() {
			if version != before[object] {
				t.Errorf("kubectl %v changed the %s", args, object)
			}
		}
	}

	argo := gitops.StartArgo(t)
	for _, trust := range trusts {
		if got := argo.Diff(t, trust, live(t, trust), nil); got.OutOfSync || got.Error != "" {
			t.Errorf("Argo CD sees a difference: %+v", got)
		}
	}
	changed := trusts[0].DeepCopy()
	if err := unstructured.SetNestedField(changed.Object, "Audit", "spec", "enforcement"); err != nil {
		t.Fatal(err)
	}
	if got := argo.Diff(t, changed, live(t, trusts[0]), nil); !got.OutOfSync {
		t.Errorf("Argo CD sees no difference where there is one: %+v", got)
	}

	// What the plugin renders is what is in the cluster.
	rendered := filepath.Join(t.TempDir(), "policies.yaml")
	plugin := lab.NewPlugin(t)
	got := plugin.Run(t, "", "render", "-f", file)
	if got.Code != 0 {
		t.Fatalf("render: %s", got.Stderr)
	}
	if err := os.WriteFile(rendered, []byte(got.Stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := kubectl(t, "diff", "--server-side", "--force-conflicts", "-f", rendered); got != "" {
		t.Errorf("the generated policies differ from the rendered ones:\n%s", got)
	}
}

// live is the object in the cluster.
func live(t *testing.T, object *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	found := &unstructured.Unstructured{}
	found.SetGroupVersionKind(object.GroupVersionKind())
	if err := lab.Client.Get(t.Context(), client.ObjectKeyFromObject(object), found); err != nil {
		t.Fatal(err)
	}
	return found
}

// TestWebhooksOfPolicyController checks the ignoreDifferences in the example: policy-controller completes its own webhooks, and Argo CD
// would take that back.
func TestWebhooksOfPolicyController(t *testing.T) {
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "docs", "examples", "gitops", "argocd", "apps", "policy-controller.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var application struct {
		Spec struct {
			IgnoreDifferences json.RawMessage `json:"ignoreDifferences"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(content, &application); err != nil {
		t.Fatal(err)
	}
	argo := gitops.StartArgo(t)
	different := 0
	installed, err := lab.PolicyController.Manifests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, desired := range installed {
		if kind := desired.GetKind(); kind != "ValidatingWebhookConfiguration" && kind != "MutatingWebhookConfiguration" {
			continue
		}
		completed := live(t, desired)
		if argo.Diff(t, desired, completed, nil).OutOfSync {
			different++
		}
		if got := argo.Diff(t, desired, completed, application.Spec.IgnoreDifferences); got.OutOfSync || got.Error != "" {
			t.Errorf("%s %s: %s\nlive      %s\npredicted %s", desired.GetKind(), desired.GetName(), got.Error, got.Live, got.Predicted)
		}
	}
	if different == 0 {
		t.Error("no webhook differs, so that nothing needs to be ignored")
	}
}
