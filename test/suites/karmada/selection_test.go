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

package karmada

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const selectionPolicy = `
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterPropagationPolicy
metadata: {name: fleet-selection}
spec:
  resourceSelectors:
  - {apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: fleet-selection}
  placement:
    clusterAffinity: {labelSelector: {matchLabels: {fleet-selection: selected}}}
`

// TestSelection propagates a trust to one member only. Which one it is changes with a label.
func TestSelection(t *testing.T) {
	trust := labtest.NewTrust("fleet-selection", "fleet-selection")
	fleet.Apply(t, selectionPolicy)
	t.Cleanup(func() { deleteTrust(t, trust.Name) })
	fleet.Kubectl(t, "", "label", "clusters", west, "fleet-selection=selected")
	fleet.Kubectl(t, labtest.ToYAML(t, trust), "apply", "--server-side", "-f", "-")
	wantOnlyIn(t, trust.Name, west)

	fleet.Kubectl(t, "", "label", "clusters", north, "fleet-selection=selected")
	fleet.Kubectl(t, "", "label", "clusters", west, "fleet-selection-")
	wantOnlyIn(t, trust.Name, north)
	fleet.Kubectl(t, "", "label", "clusters", north, "fleet-selection-")
}

// wantOnlyIn waits until one member reports, and checks that only this one has the trust and its policy.
func wantOnlyIn(t *testing.T, trust, selected string) {
	t.Helper()
	waitfor.State(t, fleetTrust(trust), labtest.HasCondition(v1alpha1.PropagatedCondition, metav1.ConditionTrue, v1alpha1.PropagatedReason))
	var compared tally
	got := compared.await(t, trust, []string{selected}, nil)
	if names := clusterNames(got.Status.Fleet.Clusters); strings.Join(names, " ") != selected {
		t.Errorf("the status is about %v, want %s alone", names, selected)
	}
	waitfor.State(t, fleet.Member(t, selected).Policy(trust), hasPolicy("enforce", "index.docker.io/fleet-selection/*"))
	for name, in := range fleet.members {
		if name == selected {
			continue
		}
		if err := in.Client.Get(t.Context(), client.ObjectKey{Name: trust}, &v1alpha1.KarmadaImageTrust{}); !apierrors.IsNotFound(err) {
			t.Errorf("the trust in %s: %v, want it not to be there", name, err)
		}
		if made, err := in.Policy(trust)(t.Context()); err != nil || made != nil {
			t.Errorf("%s has the policy %v (%v), want none", name, made, err)
		}
	}
}

// TestCustomizationsAreValidated shows that Karmada's webhook has checked the customizations that the suite runs with: it
// denies one with an error in a script.
func TestCustomizationsAreValidated(t *testing.T) {
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := "config/karmada/interpreter/trust.karmada.io/v1alpha1/KarmadaImageTrust/customizations.yaml"
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	fleet.Kubectl(t, string(content), "apply", "--server-side", "--dry-run=server", "-f", "-")
	broken := strings.Replace(string(content), "function InterpretHealth(observedObj)", "function InterpretHealth(observedObj", 1)
	if broken == string(content) {
		t.Fatal("there is no script to break")
	}
	_, err = fleet.kubectl(t.Context(), broken, "apply", "--server-side", "--dry-run=server", "-f", "-")
	if err == nil || !strings.Contains(err.Error(), "resourceinterpretercustomization.karmada.io") {
		t.Errorf("got %v, want a denial by Karmada's webhook", err)
	}
}
