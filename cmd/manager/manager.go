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

package main

import (
	"context"
	"fmt"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/controllers/fleet"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/inventory/feed"
	"github.com/karmada-io/image-trust/internal/metrics"
	"github.com/karmada-io/image-trust/internal/policyreport"
	"github.com/karmada-io/image-trust/internal/probes"
	"github.com/karmada-io/image-trust/internal/tracing"
	"github.com/karmada-io/image-trust/internal/tracing/otlp"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

const (
	leaseName = v1alpha1.OperatorName
	// noLimit of requests per second is set for the API server, which has fairer limits of its own (API Priority and Fairness): with
	// one, a thousand new trusts wait for the operator while the API server is idle.
	noLimit = -1
	// The number of trusts that are reconciled concurrently, and thereby of requests that write at the same time. A reconciliation
	// waits for the API server only.
	reconcilers = 4
	// The delay before a failed reconciliation is repeated, which doubles with each failure.
	minRetry = 500 * time.Millisecond
	maxRetry = 2 * time.Minute
)

// run runs the operator until the context ends.
func run(ctx context.Context, opts managerOptions) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.QPS = noLimit
	served, err := serveProbes(ctx, opts.probeAddress)
	if err != nil {
		return err
	}
	defer served.stop()
	controlPlane, watcher, err := onControlPlane(ctx, config, opts)
	if ctx.Err() != nil {
		return nil // it was stopped while it waited
	}
	if err != nil {
		return err
	}
	traces, err := otlp.Start(ctx, opts.tracing, version, ctrl.Log.WithName("tracing"))
	if err != nil {
		return err
	}
	defer traces.Shutdown(ctx)
	ctx = tracing.NewContext(ctrl.LoggerInto(ctx, ctrl.Log), traces.TracerProvider)
	mgr, err := newManager(ctx, config, opts, controlPlane)
	if err != nil {
		return fmt.Errorf("creating the manager: %w", err)
	}
	if watcher != nil {
		if err := mgr.Add(watcher); err != nil {
			return err
		}
	}
	if controlPlane {
		err = composeControlPlane(ctx, mgr, served)
	} else {
		err = compose(mgr, opts, served)
	}
	if err != nil {
		return err
	}
	served.started()
	return mgr.Start(ctx)
}

// newManager returns the manager with the kinds that the operator reads in a cluster, or on a Karmada control plane. What it runs
// gets the values of ctx, and is stopped by the manager.
func newManager(ctx context.Context, config *rest.Config, opts managerOptions, controlPlane bool) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	addToScheme := []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, admissionregistrationv1.AddToScheme,
	}
	cached := controllers.CachedObjects()
	if controlPlane {
		addToScheme = []func(*runtime.Scheme) error{fleet.AddToScheme, corev1.AddToScheme}
		cached = fleet.CachedObjects()
	}
	for _, add := range addToScheme {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		BaseContext:                   func() context.Context { return context.WithoutCancel(ctx) },
		Metrics:                       metricsserver.Options{BindAddress: opts.metricsAddress},
		HealthProbeBindAddress:        "0", // see serveProbes
		LeaderElection:                opts.leaderElect,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       opts.leaderNamespace,
		LeaderElectionReleaseOnCancel: true,
		Cache: cache.Options{
			DefaultTransform: cache.TransformStripManagedFields(),
			// An informer that was not configured would need permissions that the operator does not have.
			ReaderFailOnMissingInformer: true,
			ByObject:                    cached,
		},
		Client: client.Options{Cache: &client.CacheOptions{Unstructured: true}},
	})
}

// compose adds the parts of the operator to the manager: roots of trust, verification, watches and the reconciler.
func compose(mgr manager.Manager, opts managerOptions, served *served) error {
	trigger := &controllers.Trigger{}
	roots, err := defaultRoot(mgr, opts, trigger)
	if err != nil {
		return err
	}
	named, err := namedRoots(mgr, opts, trigger)
	if err != nil {
		return err
	}
	registryNames := &registry.Named{}
	sources := &measured{defaults: roots, named: named}
	measurements := metrics.New(version, sources.sources())
	opts.registries.Providers.Observe = observeProvider(ctrl.Log.WithName("credentials"), measurements)
	registries, err := opts.registries.Client(registry.WithNamed(registryNames.Has), registry.WithObserver(observeRequest(measurements)))
	if err != nil {
		return err
	}
	poolWorkers := probes.NewWorkers("pool", opts.workers, stuckAfter, clock.RealClock{})
	passes := probes.NewWorkers("reconciler", reconcilers, stuckAfter, clock.RealClock{})
	conditions := child.New() // Its process ends with this one.
	verdicts := pool.New(verify.New(verify.WithRegistry(registries), verify.WithConditions(conditions)), pool.Options{
		Workers:  opts.workers,
		Log:      ctrl.Log.WithName("pool"),
		OnChange: trigger.Enqueue,
		Observe:  observeVerification(measurements),
		Began:    poolWorkers.Begin,
	})
	sources.pool = verdicts
	if err := ctrlmetrics.Registry.Register(measurements); err != nil {
		return err
	}
	if err := mgr.Add(manager.RunnableFunc(verdicts.Start)); err != nil {
		return err
	}
	workloads := inventory.New(trigger.EnqueueAfter)
	workloadFeed, err := feed.New(mgr.GetConfig(), workloads)
	if err != nil {
		return err
	}
	if err := mgr.Add(workloadFeed); err != nil {
		return err
	}
	reconciler := &controllers.KarmadaImageTrustReconciler{
		Client:                  mgr.GetClient(),
		Live:                    mgr.GetAPIReader(),
		Verdicts:                verdicts,
		Inventory:               workloads,
		Admission:               admission.NewState(opts.policyWebhook, admission.Supported()...),
		PolicyControllerVersion: opts.policyControllerVersion,
		Roots:                   roots,
		TrustRoots:              named,
		PullSecrets: &controllers.PullSecrets{
			Reader: mgr.GetAPIReader(), Namespace: opts.secretNamespace(), Clock: clock.RealClock{},
		},
		Registries: registryNames,
		Conditions: conditions,
		Recorder:   mgr.GetEventRecorder(string(controllers.FieldOwner)),
		Clock:      clock.RealClock{},
		Metrics:    measurements,
		Trigger:    trigger,
		Began:      passes.Begin,
	}
	if opts.policyReports {
		reconciler.Reports = &policyreport.Reporter{
			Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Mapper: mgr.GetRESTMapper(), Clock: clock.RealClock{},
		}
	}
	if err := reconciler.SetupWithManager(mgr, controller.Options{
		MaxConcurrentReconciles: reconcilers,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minRetry, maxRetry),
	}); err != nil {
		return err
	}
	served.alive.Add(poolWorkers.Check(), passes.Check())
	if err := served.awaitTrusts(mgr); err != nil {
		return err
	}
	served.awaitRoot(roots)
	served.awaitCluster(mgr, reconciler)
	return nil
}
