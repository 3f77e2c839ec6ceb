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

// Package controllers reconciles KarmadaImageTrusts: it knows the watches, the order of
// the phases, the one apply of the policy and the one write of the status. What a trust means
// is internal/policy's business, what an image is worth internal/verify's.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// FieldOwner owns every field that the operator writes.
const FieldOwner = client.FieldOwner(v1alpha1.OperatorName)

// reinstallInterval is how often a trust looks for policy-controller after it vanished. The first
// installation is noticed by its own watch.
const reinstallInterval = 30 * time.Second

// movedPause lets the cache catch up with an object that changed under a pass.
const movedPause = time.Second

// Verdicts answers what is known of images, and finds the rest out on its own time.
type Verdicts interface {
	// Answers returns what is known of each request; what has not been attempted since the given
	// time is queued.
	Answers(subscriber string, requests []pool.Request, since time.Time) []pool.Answer
	// Retain drops all requests of a subscriber but the given ones.
	Retain(subscriber string, requests []pool.Request)
	// Forget drops all requests of an asker.
	Forget(asker string)
}

// Roots is the default root of trust.
type Roots interface {
	// Current returns the root, or why there is none.
	Current() (*trustroot.Root, error)
}

// TrustRoots reads TrustRoots. *trustroot.Named is the real one.
type TrustRoots interface {
	// Root returns the root of trust in a TrustRoot, or why there is none.
	Root(object *unstructured.Unstructured) (*trustroot.Root, error)
	// Forget what is kept of a TrustRoot that is gone.
	Forget(name string)
}

// KarmadaImageTrustReconciler reconciles KarmadaImageTrusts.
type KarmadaImageTrustReconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Live reads from the API server. It is asked before anything is changed on the word of the cache.
	Live client.Reader
	// Verdicts on images.
	Verdicts Verdicts
	// Inventory of what runs and what is asked for.
	Inventory *inventory.Index
	// Admission is what admission's answers depend on.
	Admission *admission.State
	// Roots holds the default root of trust.
	Roots Roots
	// TrustRoots reads the roots of trust that trusts name.
	TrustRoots TrustRoots
	// PullSecrets reads the credentials that trusts name.
	PullSecrets *PullSecrets
	// Recorder of events.
	Recorder events.EventRecorder
	// Clock tells when verdicts are due.
	Clock clock.PassiveClock
	// Reports writes results for others to read; nil: none are written.
	Reports Reports
	// Trigger has trusts reconciled when something outside the API server changed.
	Trigger *Trigger

	policyKinds watchedKinds
	written     writtenStatuses
}

// +kubebuilder:rbac:groups=trust.karmada.io,resources=karmadaimagetrusts,verbs=get;list;watch
// +kubebuilder:rbac:groups=trust.karmada.io,resources=karmadaimagetrusts/status,verbs=update
// +kubebuilder:rbac:groups=policy.sigstore.dev,resources=clusterimagepolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy.sigstore.dev,resources=trustroots,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",resources=pods;replicationcontrollers,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups="",resources=configmaps,resourceNames=config-policy-controller,verbs=get;list;watch
// +kubebuilder:rbac:groups=apps,resources=daemonsets;deployments;replicasets;statefulsets,verbs=list;watch
// +kubebuilder:rbac:groups=batch,resources=cronjobs;jobs,verbs=list;watch
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=mutatingwebhookconfigurations;validatingwebhookconfigurations,verbs=get;list;watch

// Reconcile brings the cluster in line with one trust and reports what it saw.
func (r *KarmadaImageTrustReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	trust := &v1alpha1.KarmadaImageTrust{}
	if err := r.Client.Get(ctx, req.NamespacedName, trust); err != nil {
		if apierrors.IsNotFound(err) {
			// The policy goes with its owner; nothing else is left behind.
			r.forget(req.Name)
			r.written.forget(req.Name)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !trust.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	trust.Status = r.written.latest(trust)
	seen := r.observe(ctx, trust)
	if seen.policy.moved {
		return ctrl.Result{RequeueAfter: movedPause}, nil
	}
	return r.report(ctx, trust, seen)
}

// observe does the work of a pass; each phase records what it saw.
func (r *KarmadaImageTrustReconciler) observe(ctx context.Context, trust *v1alpha1.KarmadaImageTrust) observation {
	seen := observation{now: r.Clock.Now()}
	compiled, err := policy.Compile(trust.Spec)
	if err != nil {
		// What stands in the cluster stays: a mistake must not end the enforcement.
		r.forget(trust.Name)
		seen.policy = policyOutcome{condition: failure(v1alpha1.InvalidSpecReason, "%s", err)}
		return seen
	}
	seen.policy = r.applyPolicy(ctx, trust, compiled)
	seen.compiled, seen.interval = compiled, compiled.Interval
	seen.round = currentRound(trust, compiled.Interval, seen.now)
	if seen.unread = !r.Inventory.Synced(); !seen.unread {
		seen.images, seen.outlook = r.look(ctx, trust, compiled, seen.policy, seen.round.since)
	}
	return seen
}

// forget what is kept for a trust.
func (r *KarmadaImageTrustReconciler) forget(name string) {
	r.Verdicts.Forget(name)
	r.Inventory.Forget(name)
	if r.Reports != nil {
		r.Reports.Forget(name)
	}
}

// report writes the status once, where it changed, and tells the events. Those about the policy tell what was done,
// and a repeated pass would not do it again; those about verdicts wait for the status that justifies them.
func (r *KarmadaImageTrustReconciler) report(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, seen observation,
) (ctrl.Result, error) {
	r.tell(trust, seen.policy.events)
	before := trust.Status.DeepCopy()
	trust.Status = computeStatus(trust, seen)
	if !statusEqual(before, &trust.Status) {
		version := trust.ResourceVersion
		if err := r.Client.Status().Update(ctx, trust, FieldOwner); err != nil {
			if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
				return ctrl.Result{RequeueAfter: movedPause}, nil
			}
			return ctrl.Result{}, errors.Join(fmt.Errorf("writing the status: %w", err), seen.policy.err)
		}
		r.written.record(trust, version)
	}
	r.tell(trust, verdictEvents(before, &trust.Status))
	if err := errors.Join(seen.policy.err, r.publish(ctx, trust, seen)); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: requeueAfter(trust, seen)}, nil
}

func (r *KarmadaImageTrustReconciler) tell(trust *v1alpha1.KarmadaImageTrust, events []event) {
	for _, e := range events {
		r.Recorder.Eventf(trust, nil, e.kind, e.reason, e.action, "%s", e.note)
	}
}

// root returns the root of trust that a trust names.
func (r *KarmadaImageTrustReconciler) root(ctx context.Context, rootName string) (*trustroot.Root, error) {
	if rootName == "" {
		return r.Roots.Current()
	}
	object := newTrustRoot()
	err := r.policyKinds.get(ctx, r.Client, types.NamespacedName{Name: rootName}, object)
	switch {
	case isKindMissing(err), apierrors.IsNotFound(err):
		r.TrustRoots.Forget(rootName)
		return nil, fmt.Errorf("TrustRoot %s does not exist", rootName)
	case err != nil:
		return nil, fmt.Errorf("TrustRoot %s cannot be read: %w", rootName, err)
	}
	root, err := r.TrustRoots.Root(object)
	if err != nil {
		return nil, fmt.Errorf("TrustRoot %s: %w", rootName, err)
	}
	return root, nil
}
