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

	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// AddToScheme adds the types that the manager's client reads here.
func AddToScheme(scheme *runtime.Scheme) error {
	return errors.Join(v1alpha1.AddToScheme(scheme), workv1alpha2.Install(scheme))
}

// CachedObjects are the kinds that the manager's cache holds, and how much of them.
func CachedObjects() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&v1alpha1.KarmadaImageTrust{}:          {},
		&workv1alpha2.ClusterResourceBinding{}: {Transform: trimBinding},
	}
}
