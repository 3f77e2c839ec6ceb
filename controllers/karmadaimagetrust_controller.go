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

// Package controllers reconciles KarmadaImageTrusts. A reconciliation gathers what it works with (scope), evaluates the
// images and forecasts admission (decide), applies the ClusterImagePolicy, and reports the status and events. The package
// has the watches; what a trust means is in internal/policy, and verification in internal/verify.
package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/trace"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/metrics"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/tracing"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// FieldOwner is the field manager of everything that the operator writes.
const FieldOwner = client.FieldOwner(v1alpha1.OperatorName)

const (
	// reinstallInterval is how often a trust is reconciled while the CRD of ClusterImagePolicy is deleted. Only the first
	// installation of a kind causes a reconciliation of its own.
	reinstallInterval = 30 * time.Second
	// staleInterval is the time until an object that changed during a reconciliation is expected in the cache.
	staleInterval = time.Second
)

// Verdicts returns what is known of images, and verifies them in the background. *pool.Pool implements it.
type Verdicts interface {
	// Answers returns what is known for each request, in their order. A request without an attempt since the given time is
	// queued, and the subscriber is enqueued once there is an answer.
	Answers(subscriber string, requests []pool.Request, since time.Time) []pool.Answer
	// Changes returns the answers of a subscriber that changed since it got them last.
	Changes(subscriber string) []pool.Answered
	// Release drops some requests of a subscriber.
	Release(subscriber string, keys []pool.Key)
	// Retain drops all requests of a subscriber but the given ones.
	Retain(subscriber string, requests []pool.Request)
	// Forget drops all requests of a subscriber.
	Forget(subscriber string)
}

// Roots is the default root of trust.
type Roots interface {
	// Current returns the root, or an error that says why there is none: trustroot.ErrNotFetched before the first attempt
	// to fetch it has ended.
	Current() (*trustroot.Root, error)
}

// TrustRoots reads TrustRoots. *trustroot.Named implements it.
type TrustRoots interface {
	// Root returns the root of trust in a TrustRoot, or an error that says why there is none.
	Root(object *unstructured.Unstructured) (*trustroot.Root, error)
	// Forget drops what is stored about a deleted TrustRoot.
	Forget(name string)
}

// KarmadaImageTrustReconciler reconciles KarmadaImageTrusts.
type KarmadaImageTrustReconciler struct {
	// Client reads from the cache and writes to the API server.
	Client client.Client
	// Live reads from the API server. It is used before anything is changed, since the cache may be behind.
	Live client.Reader
	// Verdicts on images.
	Verdicts Verdicts
	// Inventory of the images that workloads run and request.
	Inventory *inventory.Index
	// Admission is the state that admission decisions depend on.
	Admission *admission.State
	// PolicyControllerVersion is the version that is assumed where that of policy-controller is not recognised, as
	// installed.ParseFlag accepts it; empty for none.
	PolicyControllerVersion string
	// Roots is the default root of trust.
	Roots Roots
	// TrustRoots reads the roots of trust that trusts name.
	TrustRoots TrustRoots
	// PullSecrets reads the credentials that trusts name.
	PullSecrets *PullSecrets
	// Registries are those that policies name, and that may therefore be in a private network; nil if nobody asks for them.
	Registries *registry.Named
	// Conditions evaluates the conditions in CUE of trusts.
	Conditions *child.Evaluator
	// Recorder records events.
	Recorder events.EventRecorder
	// Clock determines when verdicts are due.
	Clock clock.PassiveClock
	// Reports writes policy reports; nil if there are to be none.
	Reports Reports
	// Metrics takes what reconciliations find out; nil for none.
	Metrics *metrics.Metrics
	// Trigger enqueues trusts when something outside of the API server changed.
	Trigger *Trigger
	// Began is called as a reconciliation begins, and what it returns as it ends; nil if nobody watches.
	Began func() (ended func())

	kinds        []*kindWatcher
	policyKinds  watchedKinds
	written      writtenStatuses
	works        works
	images       forecast.NamespaceImages
	installation installation
}

// The right to get is not granted for what is only read from the cache, which lists and watches. Events about objects without
// a namespace are in the namespace default.
//
// +kubebuilder:rbac:groups=trust.karmada.io,resources=karmadaimagetrusts,verbs=list;watch
// +kubebuilder:rbac:groups=trust.karmada.io,resources=karmadaimagetrusts/status,verbs=update
// +kubebuilder:rbac:groups=policy.sigstore.dev,resources=clusterimagepolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy.sigstore.dev,resources=trustroots,verbs=list;watch
// +kubebuilder:rbac:groups=events.k8s.io,namespace=default,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups="",resources=pods;replicationcontrollers,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=configmaps,resourceNames=config-policy-controller;config-sigstore-keys,verbs=list;watch
// +kubebuilder:rbac:groups=apps,resources=daemonsets;deployments;replicasets;statefulsets,verbs=list;watch
// +kubebuilder:rbac:groups=batch,resources=cronjobs;jobs,verbs=list;watch
// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=mutatingwebhookconfigurations;validatingwebhookconfigurations,verbs=list;watch

// Reconcile makes the ClusterImagePolicy of one trust as its spec says, and reports the state of its images.
func (r *KarmadaImageTrustReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if r.Began != nil {
		defer r.Began()()
	}
	if req.Name == installationKey {
		r.reconcileInstallation(ctx)
		return ctrl.Result{}, nil
	}
	if req.Namespace != "" {
		r.wakeNeighbours(req.Namespace)
		return ctrl.Result{}, nil
	}
	ctx, span := tracing.Start(ctx, tracing.Reconciliation, trace.WithAttributes(tracing.String(tracing.TrustName, req.Name)))
	defer span.End()
	result, err := r.reconcile(ctx, req)
	if err != nil {
		tracing.Fail(span, "reconcile", err.Error())
	}
	return result, err
}

func (r *KarmadaImageTrustReconciler) reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	trust := &v1alpha1.KarmadaImageTrust{}
	if err := r.Client.Get(ctx, req.NamespacedName, trust); err != nil {
		if !apierrors.IsNotFound(err) {
			return ctrl.Result{}, err
		}
		r.forget(req.Name)
		r.written.forget(req.Name)
		r.works.forget(req.Name)
		r.Metrics.Forget(req.Name)
		return ctrl.Result{}, r.deleteAbandoned(ctx, req.Name)
	}
	if !trust.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, nil
	}
	trust.Status = r.written.latest(trust)

	now := r.Clock.Now()
	compiled, err := policy.Compile(trust.Spec, r.Conditions.Within(ctx))
	if errors.Is(err, condition.ErrUnavailable) {
		// The status and the policy stay as they are until the next attempt.
		return ctrl.Result{}, err
	}
	if err != nil {
		// The policy in the cluster is left unchanged: a mistake must not end enforcement.
		r.forget(trust.Name)
		return r.report(ctx, trust, nil, &findings{now: now, policy: invalidSpec(err)})
	}
	s := r.gather(ctx, trust, compiled, now)
	d := r.decide(ctx, s)
	trace.SpanFromContext(ctx).SetAttributes(tracing.TrustGeneration.Int64(trust.Generation),
		tracing.Images.Int(d.images()), tracing.Workloads.Int(d.forecast.workloads))
	result := r.applyPolicy(ctx, s, &d)
	result.considerTrustRoot(s.useOfTrustRoots())
	if result.stale {
		logf.FromContext(ctx).V(2).Info("ClusterImagePolicy changed during the reconciliation",
			"clusterImagePolicy", trust.Name, "requeueAfter", staleInterval)
		return ctrl.Result{RequeueAfter: staleInterval}, nil
	}
	f := &findings{
		now: now, policy: result, records: d.records, forecast: d.forecast, cycle: s.cycle, interval: compiled.Interval,
		overBudget: d.overBudget, installed: s.installed,
	}
	return r.report(ctx, trust, compiled, f)
}

// forget drops what is stored about a trust.
func (r *KarmadaImageTrustReconciler) forget(name string) {
	r.Verdicts.Forget(name)
	r.Inventory.Forget(name)
	r.works.drop(name)
	r.nameRegistries(name, nil)
	if r.Reports != nil {
		r.Reports.Forget(name)
	}
}

// report writes the status if it changed, records events, and writes the policy reports. compiled is nil where the spec is
// invalid. Events about the policy are recorded before the status is written, since the next reconciliation finds the
// policy applied. Events about verdicts are recorded after the status that they refer to has been written.
func (r *KarmadaImageTrustReconciler) report(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, compiled *policy.Policy, f *findings,
) (ctrl.Result, error) {
	r.recordEvents(trust, f.policy.events)
	before := trust.Status.DeepCopy()
	concluded := f.conclude(trust)
	pass := measurements(trust, f, &concluded)
	pass.LastVerdictBefore = lastVerdict(trust)
	r.Metrics.Record(pass)
	trust.Status = concluded
	if !statusEqual(before, &trust.Status) {
		version := trust.ResourceVersion
		if err := r.Client.Status().Update(ctx, trust, FieldOwner); err != nil {
			if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
				return ctrl.Result{RequeueAfter: staleInterval}, nil
			}
			return ctrl.Result{}, retriable(f.policy.err, fmt.Errorf("writing the status: %w", err))
		}
		r.written.record(trust, version)
	}
	about, told := verdictEvents(before, f)
	r.recordEvents(trust, about)
	if f.records != nil {
		f.records.record(told)
	}
	if err := retriable(f.policy.err, r.publish(ctx, trust, compiled, f)); err != nil {
		return ctrl.Result{}, err
	}
	after := requeueAfter(trust, f)
	logConclusion(ctx, &trust.Status, after)
	return ctrl.Result{RequeueAfter: after}, nil
}

func (r *KarmadaImageTrustReconciler) recordEvents(trust *v1alpha1.KarmadaImageTrust, events []event) {
	for _, e := range events {
		var regarding, related runtime.Object = trust, nil
		if e.series {
			// With the resource version, each version of the trust would have a series of its own.
			regarding = &corev1.ObjectReference{
				APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KarmadaImageTrustKind, Name: trust.Name, UID: trust.UID,
			}
		}
		if e.related != nil {
			related = e.related
		}
		r.Recorder.Eventf(regarding, related, e.kind, e.reason, e.action, "%s", message(e.note, maxMessage))
	}
}

// logConclusion logs the reason of each condition.
func logConclusion(ctx context.Context, status *v1alpha1.KarmadaImageTrustStatus, after time.Duration) {
	logger := logf.FromContext(ctx).V(2)
	if !logger.Enabled() {
		return
	}
	reason := func(conditionType string) string {
		if c := apimeta.FindStatusCondition(status.Conditions, conditionType); c != nil {
			return c.Reason
		}
		return ""
	}
	logger.Info("Reconciled", "ready", reason(v1alpha1.ReadyCondition), "policyApplied", reason(v1alpha1.PolicyAppliedCondition),
		"imagesVerified", reason(v1alpha1.ImagesVerifiedCondition), "enforced", reason(v1alpha1.EnforcedCondition), "requeueAfter", after)
}

// retriable joins errors. If none of them can be resolved by a retry, the result is a terminal error, which is logged and
// counted but not retried until the trust or something that it depends on changes.
func retriable(errs ...error) error {
	err := errors.Join(errs...)
	if err != nil && permanent(err) {
		return reconcile.TerminalError(err)
	}
	return err
}

// permanent reports whether every error is a rejection of the request's content by the API server, which a retry of the
// same request meets again.
func permanent(err error) bool {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			if !permanent(e) {
				return false
			}
		}
		return true
	}
	return apierrors.IsInvalid(err) || apierrors.IsRequestEntityTooLargeError(err)
}
