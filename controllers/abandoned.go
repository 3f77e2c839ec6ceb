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
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// deleteAbandoned deletes the ClusterImagePolicy that a deleted trust has left. The garbage collector deletes it as well, but it
// needs up to half a minute until it knows a kind, and retries an owner of a kind that was deleted in the meantime only ever more
// rarely: whoever uninstalls the operator soon after the installation would keep policies that deny pods.
//
// A policy without an owner stays: a deletion with --cascade=orphan removes the owner beforehand.
func (r *KarmadaImageTrustReconciler) deleteAbandoned(ctx context.Context, name string) error {
	cached := newClusterImagePolicy()
	if err := r.policyKinds.get(ctx, r.Client, types.NamespacedName{Name: name}, cached); err != nil {
		if isKindMissing(err) {
			return nil
		}
		return client.IgnoreNotFound(err)
	}
	if ownerUID(cached, name) == "" {
		return nil
	}
	current := newClusterImagePolicy()
	if err := r.Live.Get(ctx, types.NamespacedName{Name: name}, current); err != nil {
		return client.IgnoreNotFound(err)
	}
	owner := ownerUID(current, name)
	if owner == "" || current.GetDeletionTimestamp() != nil {
		return nil
	}
	return r.deleteOfOwner(ctx, current, owner)
}

// deleteOfOwner deletes a policy, as the API server returned it, unless the trust of this UID that owns it still exists.
func (r *KarmadaImageTrustReconciler) deleteOfOwner(ctx context.Context, current *unstructured.Unstructured, owner types.UID) error {
	name := current.GetName()
	if exists, err := r.exists(ctx, name, owner); err != nil || exists {
		return err
	}
	uid, version := current.GetUID(), current.GetResourceVersion()
	err := r.Client.Delete(ctx, current, client.Preconditions{UID: &uid, ResourceVersion: &version})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("deleting the ClusterImagePolicy of a deleted KarmadaImageTrust: %w", err)
	}
	logf.FromContext(ctx).Info("Deleted ClusterImagePolicy, since its KarmadaImageTrust was deleted", "clusterImagePolicy", name)
	return nil
}

// abandoned reports whether a policy is of a deleted trust of the same name, and not being deleted.
func abandoned(trust *v1alpha1.KarmadaImageTrust, current *unstructured.Unstructured) bool {
	owner := ownerUID(current, trust.Name)
	return owner != "" && owner != trust.UID && current.GetDeletionTimestamp() == nil
}

// takeOver makes the policy of a deleted trust of the same name that of its successor. It stays in force meanwhile: a trust that is
// replaced, as by "kubectl replace --force", leaves no moment without a policy. The garbage collector deletes no object whose owner
// changed since it read it.
func (r *KarmadaImageTrustReconciler) takeOver(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, d *decision, current *unstructured.Unstructured,
) policyResult {
	exists, err := r.exists(ctx, trust.Name, trust.UID)
	if err != nil {
		return failed(d.desired, err)
	}
	if !exists {
		return policyResult{stale: true} // the cache is behind: it is this trust that was deleted
	}
	return r.writePolicy(ctx, trust, d, current)
}

// exists reports whether there is a trust of this name and UID. It asks the API server, since the cache may not have it yet. The
// operator may list trusts, but not get them.
func (r *KarmadaImageTrustReconciler) exists(ctx context.Context, name string, uid types.UID) (bool, error) {
	trusts := &v1alpha1.KarmadaImageTrustList{}
	err := r.Live.List(ctx, trusts, client.MatchingFields{metav1.ObjectNameField: name})
	if isKindMissing(err) || apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("listing KarmadaImageTrusts: %w", err)
	}
	for i := range trusts.Items {
		if trusts.Items[i].UID == uid {
			return true, nil
		}
	}
	return false, nil
}

// ownerUID returns the UID of the trust of this name that controls a policy; empty for none.
func ownerUID(current *unstructured.Unstructured, name string) types.UID {
	owner := metav1.GetControllerOf(current)
	if owner == nil || owner.Kind != v1alpha1.KarmadaImageTrustKind || owner.Name != name {
		return ""
	}
	if group, err := schema.ParseGroupVersion(owner.APIVersion); err != nil || group.Group != v1alpha1.GroupVersion.Group {
		return ""
	}
	return owner.UID
}
