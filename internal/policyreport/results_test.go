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

package policyreport

import (
	"maps"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// list are Results of any namespaces.
type list []Result

func (l list) Namespaces() []string {
	namespaces := map[string]bool{}
	for _, r := range l {
		namespaces[r.Namespace] = true
	}
	return slices.Sorted(maps.Keys(namespaces))
}

func (l list) In(namespace string) []Result {
	return slices.DeleteFunc(slices.Clone(l), func(r Result) bool { return r.Namespace != namespace })
}

// build returns the reports of a trust by namespace.
func build(kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust, results list) map[string]*unstructured.Unstructured {
	reports := map[string]*unstructured.Unstructured{}
	for _, namespace := range results.Namespaces() {
		reports[namespace] = newReport(kind, trust, namespace, results.In(namespace))
	}
	return reports
}

// writeAll writes results where those of any namespace may have changed.
func writeAll(t *testing.T, r *Reporter, results list) ([]Rejection, error) {
	t.Helper()
	changed := map[string]bool{}
	for _, namespace := range results.Namespaces() {
		changed[namespace] = true
	}
	for namespace := range r.written[newTrust().Name].results {
		changed[namespace] = true
	}
	return r.Write(t.Context(), newTrust(), results, changed)
}
