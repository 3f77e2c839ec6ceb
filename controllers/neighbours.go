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
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/admission"
)

// wakeNeighbours enqueues the trusts with workloads in a namespace for which a workload that is not theirs may matter there: they
// report the images of the namespace that no policy covers.
func (r *KarmadaImageTrustReconciler) wakeNeighbours(namespace string) {
	changed := r.Inventory.NeighboursOf(namespace)
	cluster, err := r.Admission.Cluster()
	if changed.All || err != nil {
		r.enqueueEach(changed.Subscribers)
		return
	}
	woken := map[string]bool{}
	for _, image := range changed.Images {
		switch covering := coveringAlways(cluster.Policies, image); len(covering) {
		case 0:
			r.enqueueEach(changed.Subscribers)
			return
		case 1:
			// The trust of this name expects another policy in its place.
			woken[covering[0].Name] = true
		}
	}
	r.enqueueEach(slices.DeleteFunc(changed.Subscribers, func(name string) bool { return !woken[name] }))
}

// coveringAlways returns the policies that cover an image whatever object it is in. A name that cannot be read is covered by none,
// and admission denies it.
func coveringAlways(policies *admission.Policies, image string) []*admission.Policy {
	ref, err := name.ParseReference(image)
	if err != nil {
		return nil
	}
	return policies.CoveringAlways(admission.WithDigest(ref))
}

func (r *KarmadaImageTrustReconciler) enqueueEach(trusts []string) {
	for _, trust := range trusts {
		r.Trigger.Enqueue(trust)
	}
}
