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
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// TestRegistriesNamed checks that a pass names the registries of its trust and of all ClusterImagePolicies, for as long as
// they name them.
func TestRegistriesNamed(t *testing.T) {
	r, _ := newTestReconciler(t)
	r.Registries = &registry.Named{}
	trust, _ := compiledTrust(t)
	pass := func(images ...v1alpha1.ImageGlob) {
		t.Helper()
		trust.Spec.Images = images
		compiled, err := policy.Compile(trust.Spec)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := name.ParseReference("reference.corp:5000/app/x:v1")
		if err != nil {
			t.Fatal(err)
		}
		compiled.References = []name.Reference{ref}
		r.gather(t.Context(), trust, compiled, time.Now())
	}
	check := func(want map[string]bool) {
		t.Helper()
		for host, want := range want {
			if got := r.Registries.Has(host); got != want {
				t.Errorf("%s is named: %t, want %t", host, got, want)
			}
		}
	}
	pass("harbor.corp/team/**", "Other.corp:443/app/x", "*.corp/team/**", "**/y")
	check(map[string]bool{
		"harbor.corp": true, "other.corp": true, "reference.corp:5000": true, "reference.corp": false, "third.corp": false, "a.corp": false,
	})
	foreign := foreignCIP("other")
	foreign.Object["spec"].(map[string]any)["images"] = []any{
		map[string]any{"glob": "third.corp/**"}, map[string]any{"glob": "*.fourth.corp/**"},
	}
	r.Admission.SetPolicy(foreign)
	pass("harbor.corp/team/**")
	check(map[string]bool{"harbor.corp": true, "other.corp": false, "third.corp": true, "a.fourth.corp": false})
	r.Admission.RemovePolicy("other")
	pass("harbor.corp/team/**")
	check(map[string]bool{"harbor.corp": true, "third.corp": false})
	r.nameRegistries(trust.Name, nil)
	check(map[string]bool{"harbor.corp": false})
}
