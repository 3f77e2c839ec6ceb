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
	"errors"
	"fmt"
	"net/http"
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
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/controllers/fleet"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/inventory/feed"
	"github.com/karmada-io/image-trust/internal/policyreport"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

const (
	leaseName = v1alpha1.OperatorName
	// The limits of requests to the API server, per second and in a burst. Reconciling a trust takes one or two.
	clientQPS   = 100
	clientBurst = 200
	// The number of trusts that are reconciled concurrently. A reconciliation waits for the API server only.
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
	config.QPS, config.Burst = clientQPS, clientBurst
	controlPlane, watcher, err := onControlPlane(ctx, config, opts)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // it was stopped while it waited
	}
	if err != nil {
		return err
	}
	mgr, err := newManager(config, opts, controlPlane)
	if err != nil {
		return fmt.Errorf("creating the manager: %w", err)
	}
	if watcher != nil {
		if err := mgr.Add(watcher); err != nil {
			return err
		}
	}
	if controlPlane {
		err = composeControlPlane(ctx, mgr)
	} else {
		err = compose(mgr, opts)
	}
	if err != nil {
		return err
	}
	return mgr.Start(ctrl.LoggerInto(ctx, ctrl.Log))
}

// newManager returns the manager with the kinds that the operator reads in a cluster, or on a Karmada control plane.
func newManager(config *rest.Config, opts managerOptions, controlPlane bool) (manager.Manager, error) {
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
		Metrics:                       metricsserver.Options{BindAddress: opts.metricsAddress},
		HealthProbeBindAddress:        opts.probeAddress,
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
func compose(mgr manager.Manager, opts managerOptions) error {
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
	registries, err := opts.registries.Client(registry.WithNamed(registryNames.Has))
	if err != nil {
		return err
	}
	conditions := child.New() // Its process ends with this one.
	verdicts := pool.New(verify.New(verify.WithRegistry(registries), verify.WithConditions(conditions)), pool.Options{
		Workers:  opts.workers,
		Log:      ctrl.Log.WithName("pool"),
		OnChange: trigger.Enqueue,
		Observe:  observeVerification,
	})
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
		Trigger:    trigger,
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
	return addProbes(mgr)
}

func addProbes(mgr manager.Manager) error {
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	return mgr.AddReadyzCheck("caches", func(req *http.Request) error {
		// A short timeout turns waiting into asking.
		ctx, cancel := context.WithTimeout(req.Context(), time.Second)
		defer cancel()
		if !mgr.GetCache().WaitForCacheSync(ctx) {
			return errors.New("the caches are not synced yet")
		}
		return nil
	})
}
