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

package config_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
)

var update = flag.Bool("update", false, "write the generated manifests instead of comparing with them")

// controlPlaneCRDs are policy-controller's CRDs for the control plane of Karmada.
const controlPlaneCRDs = "karmada/policy-controller/crds.yaml"

const controlPlaneHeader = `# Generated from the CRDs of policy-controller by go test ./config -update. The kinds have one version on the control plane,
# v1alpha1: Karmada propagates the version that the API server prefers, and the conversion to and from v1beta1 needs
# policy-controller's webhook, which does not run there, and loses fields.
`

// TestControlPlaneCRDs compares the CRDs for the control plane of Karmada with those of each release of policy-controller.
func TestControlPlaneCRDs(t *testing.T) {
	for _, release := range binaries.PolicyControllerReleases() {
		t.Run(release.Version, func(t *testing.T) {
			crds, err := policycontroller.CRDs(t.Context(), release.Version)
			if err != nil {
				t.Fatal(err)
			}
			want := bytes.NewBufferString(controlPlaneHeader)
			for _, crd := range crds {
				document, err := reduce(crd)
				if err != nil {
					t.Fatalf("reduce %s: %v", crd.GetName(), err)
				}
				fmt.Fprintf(want, "---\n%s", document)
			}
			if *update && release.Version == policycontroller.DefaultVersion {
				if err := os.WriteFile(controlPlaneCRDs, want.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(controlPlaneCRDs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), string(got)); diff != "" {
				t.Errorf("%s (-want +got); go test ./config -update rewrites it:\n%s", controlPlaneCRDs, diff)
			}
		})
	}
}

// reduce returns the CRD with one version that needs no conversion, and with a column for "kubectl get".
func reduce(crd *unstructured.Unstructured) ([]byte, error) {
	versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	if err != nil {
		return nil, err
	}
	var kept []any
	for _, entry := range versions {
		version, ok := entry.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a version is a %T", entry)
		}
		if version["name"] != "v1alpha1" {
			continue
		}
		if version["storage"] != true || version["served"] != true || version["additionalPrinterColumns"] != nil {
			return nil, fmt.Errorf("v1alpha1 is served: %v, stored: %v, with columns: %v",
				version["served"], version["storage"], version["additionalPrinterColumns"])
		}
		version["additionalPrinterColumns"] = []any{
			map[string]any{
				"name": "Ready", "type": "string", "jsonPath": `.status.conditions[?(@.type=="Ready")].status`,
				"description": "Whether policy-controller uses it in all member clusters that it is propagated to.",
			},
			map[string]any{"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
		}
		kept = append(kept, version)
	}
	if len(kept) != 1 {
		return nil, fmt.Errorf("%d versions are named v1alpha1", len(kept))
	}
	reduced := crd.DeepCopy()
	if err := unstructured.SetNestedSlice(reduced.Object, kept, "spec", "versions"); err != nil {
		return nil, err
	}
	conversion := map[string]any{"strategy": "None"}
	if err := unstructured.SetNestedMap(reduced.Object, conversion, "spec", "conversion"); err != nil {
		return nil, err
	}
	return yaml.Marshal(reduced.Object)
}
