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
	"net"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/internal/probes"
)

const (
	// stuckAfter is how long all workers must have been busy with one task each until the process is taken to be stuck. The
	// attempt to verify an image ends after two minutes, and a reconciliation waits for the API server only.
	stuckAfter = 15 * time.Minute
	// informerInterval is how often it is tried to list the trusts while their kind is not installed.
	informerInterval = time.Second
)

// served are the probes of the process. They are served before anything else, so that they say what it waits for.
type served struct {
	alive, ready *probes.Probe
	composed     atomic.Bool
	stop         func()
}

// serveProbes serves /healthz and /readyz until stop is called; nowhere if the address is 0.
func serveProbes(ctx context.Context, address string) (*served, error) {
	log := ctrl.Log.WithName("probes")
	s := &served{alive: probes.New("healthz", log), ready: probes.New("readyz", log), stop: func() {}}
	s.ready.Add(probes.Check{Name: "started", Failure: func() error {
		if !s.composed.Load() {
			return errors.New("the API server has not answered yet")
		}
		return nil
	}})
	if address == "" || address == "0" {
		return s, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serving probes at --health-probe-bind-address: %w", err)
	}
	server := probes.Server(probes.Handler(s.alive, s.ready))
	go func() { _ = server.Serve(listener) }() // it returns when it is closed
	s.stop = func() { _ = server.Close() }
	return s, nil
}

// started notes that the process has found out what it has to do, and that all checks have been added.
func (s *served) started() { s.composed.Store(true) }

// everyReplica is a Runnable of every replica, not only of the leader.
type everyReplica struct{ manager.RunnableFunc }

// NeedLeaderElection implements manager.LeaderElectionRunnable.
func (everyReplica) NeedLeaderElection() bool { return false }

// awaitTrusts has every replica list and watch the trusts, also one that is not the leader, and be ready only after that.
func (s *served) awaitTrusts(mgr manager.Manager) error {
	var problem atomic.Value
	problem.Store("KarmadaImageTrusts have not been listed yet")
	s.ready.Add(probes.Check{Name: "trusts", Failure: func() error {
		if reason, _ := problem.Load().(string); reason != "" {
			return errors.New(reason)
		}
		return nil
	}})
	return mgr.Add(everyReplica{func(ctx context.Context) error {
		_ = wait.PollUntilContextCancel(ctx, informerInterval, true, func(ctx context.Context) (bool, error) {
			reason := ""
			if _, err := mgr.GetCache().GetInformer(ctx, &v1alpha1.KarmadaImageTrust{}); err != nil {
				reason = "KarmadaImageTrusts cannot be listed: " + err.Error()
			}
			problem.Store(reason)
			return reason == "", nil
		})
		return nil // it was listed, or the process ends
	}})
}

// awaitRoot has the process be ready only with a default root of trust. An expired one counts, since its age is not the process's.
func (s *served) awaitRoot(roots controllers.Roots) {
	s.ready.Add(probes.Check{Name: "trust-root", Failure: func() error {
		root, err := roots.Current()
		if root != nil {
			return nil
		}
		return err
	}})
}

// awaitCluster has the leader be ready only once it has read what it judges by. The other replicas have nothing to read before they
// are elected: they are ready, because a rolling update would wait for them forever, while they wait for the lease.
func (s *served) awaitCluster(mgr manager.Manager, r *controllers.KarmadaImageTrustReconciler) {
	leading := func(failure func() error) func() error {
		return func() error {
			select {
			case <-mgr.Elected():
				return failure()
			default:
				return nil
			}
		}
	}
	s.ready.Add(
		probes.Check{Name: "workloads", Failure: leading(func() error {
			if !r.Inventory.Synced() {
				return errors.New("the workloads have not been listed yet")
			}
			return nil
		})},
		probes.Check{Name: "admission", Failure: leading(func() error {
			_, err := r.Admission.Cluster()
			return err
		})},
		probes.Check{Name: "policy-controller", Failure: leading(func() error {
			if unknown := r.UnknownKinds(); len(unknown) > 0 {
				return fmt.Errorf("it is not known yet whether policy-controller's kinds are installed, or their objects have not been "+
					"listed: %s", strings.Join(unknown, ", "))
			}
			return nil
		})},
	)
}
