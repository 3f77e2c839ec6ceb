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

// Package fleet is what the operator does on a Karmada control plane, where it makes no policies and verifies nothing: it says
// of each KarmadaImageTrust whether Karmada propagates it, and which clusters do not answer.
package fleet

import (
	"errors"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	"k8s.io/apimachinery/pkg/runtime"
)

// AddToScheme adds the types of Karmada that this package reads.
func AddToScheme(scheme *runtime.Scheme) error {
	return errors.Join(
		clusterv1alpha1.Install(scheme), policyv1alpha1.Install(scheme), workv1alpha2.Install(scheme),
	)
}
