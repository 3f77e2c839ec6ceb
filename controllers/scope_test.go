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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

func TestOwnerOf(t *testing.T) {
	trust := makeTrust(1)
	predecessor := metav1.OwnerReference{Kind: v1alpha1.KarmadaImageTrustKind, Name: trust.Name, UID: "predecessor", Controller: new(true)}
	other := metav1.OwnerReference{Kind: "Deployment", Name: "web", UID: "other", Controller: new(true)}
	ours := metav1.ManagedFieldsEntry{Manager: string(FieldOwner), Operation: metav1.ManagedFieldsOperationApply}
	updated := metav1.ManagedFieldsEntry{Manager: string(FieldOwner), Operation: metav1.ManagedFieldsOperationUpdate}
	tests := map[string]struct {
		owners  []metav1.OwnerReference
		managed []metav1.ManagedFieldsEntry
		want    policyOwner
	}{
		"the trust":                         {[]metav1.OwnerReference{trust.ControllerReference()}, nil, ownerTrust},
		"owner removed, applied by us":      {nil, []metav1.ManagedFieldsEntry{ours}, ownerTrust},
		"owner removed, not applied by us":  {nil, []metav1.ManagedFieldsEntry{updated}, ownerOther},
		"a deleted trust of the same name":  {[]metav1.OwnerReference{predecessor}, []metav1.ManagedFieldsEntry{ours}, ownerPredecessor},
		"another owner":                     {[]metav1.OwnerReference{other}, []metav1.ManagedFieldsEntry{ours}, ownerOther},
		"nobody":                            {nil, nil, ownerOther},
		"another owner and a deleted trust": {[]metav1.OwnerReference{other, {Kind: predecessor.Kind, Name: trust.Name}}, nil, ownerPredecessor},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			cip := newClusterImagePolicy()
			cip.SetName(trust.Name)
			cip.SetOwnerReferences(tc.owners)
			cip.SetManagedFields(tc.managed)
			if got := ownerOf(trust, cip); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
