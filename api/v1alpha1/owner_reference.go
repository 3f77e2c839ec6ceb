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

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ControllerReference returns the owner reference for objects that are deleted with the trust. It does not block the
// deletion of the trust: that would need permission to update its finalizers, where OwnerReferencesPermissionEnforcement
// is enabled.
func (t *KarmadaImageTrust) ControllerReference() metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: GroupVersion.String(),
		Kind:       KarmadaImageTrustKind,
		Name:       t.Name,
		UID:        t.UID,
		Controller: new(true),
	}
}
