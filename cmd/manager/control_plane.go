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

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/controllers/fleet"
	"github.com/karmada-io/image-trust/controllers/fleet/detect"
	"github.com/karmada-io/image-trust/internal/metrics"
)

// controlPlaneFlag says whether the API server is a Karmada control plane.
const controlPlaneFlag = "karmada-control-plane"

const (
	controlPlaneAuto  = "auto"
	controlPlaneTrue  = "true"
	controlPlaneFalse = "false"
)

// detectInterval is the time between attempts to find out what the API server is.
const detectInterval = 2 * time.Second

// onControlPlane reports whether the operator runs against a Karmada control plane, where it does not reconcile trusts. It waits
// until the API server answers: an operator that took a control plane for a cluster would make policies there. The watcher is
// nil if a flag decides.
func onControlPlane(ctx context.Context, config *rest.Config, opts managerOptions) (bool, *detect.Watcher, error) {
	log := ctrl.Log.WithName("karmada")
	if opts.controlPlane != controlPlaneAuto {
		return opts.controlPlane == controlPlaneTrue, nil, nil
	}
	requests, err := discoveryClient(config)
	if err != nil {
		return false, nil, err
	}
	server := detect.Server{Client: requests}
	var group string
	err = wait.PollUntilContextCancel(ctx, detectInterval, true, func(ctx context.Context) (bool, error) {
		found, err := server.ControlPlane(ctx)
		if err != nil {
			log.Error(err, "Waiting for the API server to say whether it is a Karmada control plane; --"+controlPlaneFlag+" says it instead")
			return false, nil
		}
		group = found
		return true, nil
	})
	if err != nil {
		return false, nil, fmt.Errorf("finding out whether the API server is a Karmada control plane: %w", err)
	}
	if group != "" {
		log.Info("This is a Karmada control plane: trusts are not reconciled here, only whether they are propagated", "group", group)
	}
	return group != "", &detect.Watcher{Server: server, WasControlPlane: group != "", Log: log}, nil
}

func discoveryClient(config *rest.Config) (rest.Interface, error) {
	config = rest.CopyConfig(config)
	config.GroupVersion, config.APIPath = &schema.GroupVersion{}, "/apis"
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	requests, err := rest.UnversionedRESTClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for discovery: %w", err)
	}
	return requests, nil
}

// composeControlPlane adds to the manager what the operator does on a Karmada control plane.
func composeControlPlane(ctx context.Context, mgr manager.Manager, served *served) error {
	clusters, err := fleet.NewClusters(mgr.GetConfig())
	if err != nil {
		return err
	}
	measurements := metrics.New(version, metrics.Sources{})
	if err := ctrlmetrics.Registry.Register(measurements); err != nil {
		return err
	}
	reconciler := &fleet.Reconciler{Client: mgr.GetClient(), Clusters: clusters, Clock: clock.RealClock{}, Metrics: measurements}
	if err := reconciler.SetupWithManager(ctx, mgr, controller.Options{
		RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](minRetry, maxRetry),
	}); err != nil {
		return err
	}
	return served.awaitTrusts(mgr)
}
