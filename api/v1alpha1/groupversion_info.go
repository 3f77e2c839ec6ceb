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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// OperatorName is the name that the operator goes by in the cluster and towards registries: the field manager of its
// writes, the value of app.kubernetes.io/managed-by, its lease, the source of its reports, and its user agent.
const OperatorName = "karmada-image-trust"

// KarmadaImageTrustKind is the kind of KarmadaImageTrust, without group and version.
const KarmadaImageTrustKind = "KarmadaImageTrust"

// GroupVersion is the group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "trust.karmada.io", Version: "v1alpha1"}

// AddToScheme adds the types of this package to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion, &KarmadaImageTrust{}, &KarmadaImageTrustList{})
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
