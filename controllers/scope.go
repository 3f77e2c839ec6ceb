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
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// scope is everything that a reconciliation of one trust works with. Each part is read once, before anything is changed.
type scope struct {
	trust *v1alpha1.KarmadaImageTrust
	// compiled is the spec of the trust.
	compiled *policy.Policy
	now      time.Time
	cycle    verificationCycle

	// policy is the ClusterImagePolicy that has the name of the trust.
	policy clusterPolicy
	// roots of trust by name, those of the trust's signers from the beginning. Those that other policies name are read when a
	// question about them arises.
	roots map[string]rootOfTrust
	// installed is the policy-controller that was found; nil while none was looked for.
	installed *installed.PolicyController
	// versions of policy-controller that may be installed.
	versions admission.Versions
	// cluster is the state that admission decisions depend on. It is nil, and clusterProblem says why, while it is unknown.
	cluster        *admission.Cluster
	clusterProblem string
	// listed reports whether the workloads of the cluster have been listed.
	listed bool
	// credentials for registries; nil for the operator's own.
	credentials *registry.Credentials
}

// clusterPolicy is a ClusterImagePolicy as it is in the cluster.
type clusterPolicy struct {
	// cached is the policy in the cache; nil if there is none.
	cached *unstructured.Unstructured
	// err says why the cache cannot be read; errKindMissing if the kind is not installed.
	err error
	// live is the policy at the API server, nil if there is none, and liveErr says why it cannot be read. They are set once
	// liveRead is.
	live     *unstructured.Unstructured
	liveErr  error
	liveRead bool
}

// rootOfTrust is a root of trust, or the reason why there is none.
type rootOfTrust struct {
	root *trustroot.Root
	err  error
	// object is what is known of its TrustRoot.
	object admission.TrustRoot
}

// gather reads what the reconciliation of a trust works with.
func (r *KarmadaImageTrustReconciler) gather(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy, now time.Time,
) *scope {
	if r.installation.current() == nil {
		r.recognise(ctx)
	}
	s := &scope{
		trust: trust, compiled: compiled, now: now, cycle: currentCycle(trust, compiled.Interval, now),
		roots: map[string]rootOfTrust{}, versions: r.Admission.Versions(), installed: r.installation.current(),
	}
	s.policy.cached = newClusterImagePolicy()
	err := r.policyKinds.get(ctx, r.Client, types.NamespacedName{Name: trust.Name}, s.policy.cached)
	if err != nil {
		s.policy.cached, s.policy.err = nil, ignoreNotFound(err)
	}
	for _, name := range compiled.TrustRoots() {
		r.rootOfTrust(ctx, s, name)
	}
	r.nameRegistries(trust.Name, compiled.Registries())
	if cluster, err := r.Admission.Cluster(); err == nil {
		s.cluster = &cluster
		cluster.TrustRoot = func(name string) admission.TrustRootUse { return cluster.Use(r.rootOfTrust(ctx, s, name).object) }
		r.nameRegistries("", cluster.Policies.Registries())
	} else {
		s.clusterProblem = err.Error()
	}
	if r.Inventory.Synced() {
		s.listed = true
		s.credentials = r.PullSecrets.Credentials(ctx, compiled.PullSecrets)
	}
	return s
}

// useOfTrustRoots returns whether admission can use the roots of trust of the trust's signers: of the first that it cannot use or,
// if there is none, of the first of which it is not known, as while the state that admission decisions depend on is not.
func (s *scope) useOfTrustRoots() admission.TrustRootUse {
	var cluster admission.Cluster
	if s.cluster != nil {
		cluster = *s.cluster
	}
	worst := admission.TrustRootUse{Usability: admission.Usable}
	for _, name := range s.compiled.TrustRoots() {
		switch use := cluster.UseOf(name); {
		case use.Refused:
			return use
		case use.Usability != admission.Usable && worst.Usability != admission.UsabilityUnknown:
			worst = use
		}
	}
	return worst
}

// nameRegistries records the registries that a trust names or, without a name, those that all ClusterImagePolicies name.
func (r *KarmadaImageTrustReconciler) nameRegistries(trust string, registries []string) {
	if r.Registries != nil {
		r.Registries.Set(trust, registries)
	}
}

// ignoreNotFound returns nil for an object that does not exist, but not for a kind that does not.
func ignoreNotFound(err error) error {
	if isKindMissing(err) {
		return err
	}
	return client.IgnoreNotFound(err)
}

// nonNil returns an empty list for a nil one, where nil means that the list is not known.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// selection identifies the set of images that a trust selects: it changes with the spec.
func selection(trust *v1alpha1.KarmadaImageTrust) string {
	return string(trust.UID) + "/" + strconv.FormatInt(trust.Generation, 10)
}

// livePolicy returns the ClusterImagePolicy from the API server, nil if there is none. Nothing is changed because of the
// cache alone, which may be behind, and which has no managed fields.
func (r *KarmadaImageTrustReconciler) livePolicy(ctx context.Context, s *scope) (*unstructured.Unstructured, error) {
	p := &s.policy
	if !p.liveRead {
		logf.FromContext(ctx).V(4).Info("Reading the ClusterImagePolicy from the API server", "clusterImagePolicy", s.trust.Name)
		p.live, p.liveRead = newClusterImagePolicy(), true
		p.liveErr = r.Live.Get(ctx, types.NamespacedName{Name: s.trust.Name}, p.live)
		if p.liveErr != nil {
			p.live, p.liveErr = nil, ignoreNotFound(p.liveErr)
		}
	}
	return p.live, p.liveErr
}

// rootOfTrust returns the root of trust of a name, which is read once in a reconciliation.
func (r *KarmadaImageTrustReconciler) rootOfTrust(ctx context.Context, s *scope, name string) rootOfTrust {
	if known, ok := s.roots[name]; ok {
		return known
	}
	s.roots[name] = r.readRoot(ctx, name)
	return s.roots[name]
}

// signerRoots returns the roots of trust of the trust's signers that are available.
func (s *scope) signerRoots() assess.Roots {
	roots := assess.Roots{}
	for _, name := range s.compiled.TrustRoots() {
		roots[name] = s.roots[name].root
	}
	return roots
}

// rootsFetched reports whether it is known of every root of trust of the trust's signers whether it is available.
func (s *scope) rootsFetched() bool {
	return !slices.ContainsFunc(s.compiled.TrustRoots(), func(name string) bool {
		return errors.Is(s.roots[name].err, trustroot.ErrNotFetched)
	})
}

// rootProblems says of each signer of the trust, by its name, why there is no root of trust; without those that have one.
func (s *scope) rootProblems() map[string]string {
	problems := map[string]string{}
	for _, signer := range s.compiled.Signers {
		if err := s.roots[signer.TrustRoot].err; err != nil {
			problems[signer.Name] = err.Error()
		}
	}
	return problems
}

// readRoot returns the root of trust in the TrustRoot of a name, or the default one if the name is empty.
func (r *KarmadaImageTrustReconciler) readRoot(ctx context.Context, name string) rootOfTrust {
	if name == "" {
		root, err := r.Roots.Current()
		return rootOfTrust{root: root, err: err}
	}
	object := newTrustRoot()
	err := r.policyKinds.get(ctx, r.Client, types.NamespacedName{Name: name}, object)
	switch {
	case isKindMissing(err), apierrors.IsNotFound(err):
		r.TrustRoots.Forget(name)
		return rootOfTrust{
			err:    fmt.Errorf("TrustRoot %s does not exist", name),
			object: admission.TrustRoot{Name: name, Missing: apierrors.IsNotFound(err)},
		}
	case err != nil:
		return rootOfTrust{err: fmt.Errorf("TrustRoot %s cannot be read: %w", name, err), object: admission.TrustRoot{Name: name}}
	}
	root, err := r.TrustRoots.Root(object)
	if err != nil {
		root, err = nil, fmt.Errorf("TrustRoot %s: %w", name, err)
	}
	return rootOfTrust{root: root, err: err, object: assess.TrustRoot(object, root)}
}

// policyOwner says whose a ClusterImagePolicy of a trust's name is.
type policyOwner int

const (
	// ownerOther: the policy is not the trust's, and is left unchanged.
	ownerOther policyOwner = iota
	// ownerPredecessor: the policy is of a deleted trust of the same name, and about to be garbage collected.
	ownerPredecessor
	// ownerTrust: the policy is the trust's.
	ownerTrust
)

// ownerOf returns whose a policy is: by its controller reference or, if somebody removed that, by who applied it. It
// needs a policy with managed fields, and so not one from the cache.
func ownerOf(trust *v1alpha1.KarmadaImageTrust, current *unstructured.Unstructured) policyOwner {
	owner := metav1.GetControllerOf(current)
	switch {
	case owner != nil && owner.UID == trust.UID, owner == nil && appliedByOperator(current):
		return ownerTrust
	case hasOwner(current, v1alpha1.KarmadaImageTrustKind, trust.Name):
		return ownerPredecessor
	default:
		return ownerOther
	}
}

func appliedByOperator(current *unstructured.Unstructured) bool {
	for _, entry := range current.GetManagedFields() {
		if entry.Manager == string(FieldOwner) && entry.Operation == metav1.ManagedFieldsOperationApply {
			return true
		}
	}
	return false
}

func hasOwner(current *unstructured.Unstructured, kind, name string) bool {
	for _, owner := range current.GetOwnerReferences() {
		if owner.Kind == kind && owner.Name == name {
			return true
		}
	}
	return false
}
