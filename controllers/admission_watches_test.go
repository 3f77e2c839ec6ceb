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

package controllers

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/internal/admission"
)

// TestStripTwice passes objects through the Transforms as an informer does that begins with a stream of events.
func TestStripTwice(t *testing.T) {
	for name, tc := range map[string]struct {
		strip func(any) (any, error)
		data  map[string]string
	}{
		"configuration": {stripConfig, map[string]string{"no-match-policy": "allow", "_example": "text"}},
		"keys":          {stripKeys, map[string]string{"a": `{"certificateAuthorities":[]}`, "b": "not an entry"}},
	} {
		t.Run(name, func(t *testing.T) {
			strip := func(object any) any {
				stripped, err := tc.strip(object)
				if err != nil {
					t.Fatal(err)
				}
				return stripped
			}
			once := strip(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "m"}, Data: maps.Clone(tc.data)})
			if diff := cmp.Diff(once, strip(once)); diff != "" {
				t.Errorf("a second pass changes (-once +twice):\n%s", diff)
			}
		})
	}
}

// TestStripReducedData has a ConfigMap with the data that is kept of another one. It is reduced like any other.
func TestStripReducedData(t *testing.T) {
	strip := func(data map[string]string) reducedKeys {
		t.Helper()
		stripped, err := stripKeys(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: admission.KeysName}, Data: data})
		if err != nil {
			t.Fatal(err)
		}
		reduced, ok := stripped.(reducedKeys)
		if !ok {
			t.Fatalf("got %T", stripped)
		}
		return reduced
	}
	first := strip(map[string]string{"root": `{"certificateAuthorities":[]}`})
	if second := strip(first.Data); maps.Equal(first.Data, second.Data) {
		t.Errorf("the data %v is kept as it is", first.Data)
	}
}
