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

// Package integration tests the reconciler against a real API server without policy-controller,
// whose part the tests play: what it says, and what it fails to say.
package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/inventory/feed"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// shared is the API server that all tests but those about installation use, each with trusts
// of its own.
var shared *harness.Harness

func TestMain(m *testing.M) {
	harness.Main(m, harness.Options{}, func(h *harness.Harness) {
		ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
		shared = h
	})
}

// operator is the reconciler in this process.
type operator struct {
	client.Client
	t    *testing.T
	stop func()
}

func schemeOf(t *testing.T) *runtime.Scheme {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(
		v1alpha1.AddToScheme(scheme), corev1.AddToScheme(scheme), admissionregistrationv1.AddToScheme(scheme),
		coordinationv1.AddToScheme(scheme),
	); err != nil {
		t.Fatal(err)
	}
	return scheme
}

// start runs an operator against an API server until the test ends.
func start(t *testing.T, config *rest.Config) *operator {
	t.Helper()
	scheme := schemeOf(t)
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	installCRD(t, c)
	config.QPS, config.Burst = 100, 200
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:     scheme,
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Cache:      cache.Options{ReaderFailOnMissingInformer: true, ByObject: controllers.CachedObjects()},
		Client:     client.Options{Cache: &client.CacheOptions{Unstructured: true}},
		Controller: ctrlconfig.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		t.Fatal(err)
	}
	trigger := &controllers.Trigger{}
	conditions := child.New()
	t.Cleanup(conditions.Close)
	verdicts := pool.New(verify.New(), pool.Options{OnChange: trigger.Enqueue})
	workloads := inventory.New(trigger.EnqueueAfter)
	watched, err := feed.New(config, workloads)
	if err != nil {
		t.Fatal(err)
	}
	reconciler := &controllers.KarmadaImageTrustReconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(),
		Verdicts: verdicts, Roots: noRoots{}, TrustRoots: trustroot.NewNamed("", logr.Discard(), nil), PullSecrets: &controllers.PullSecrets{}, Trigger: trigger,
		Inventory: workloads, Admission: admission.NewState("policy.sigstore.dev", admission.Supported()...),
		Conditions: conditions, Recorder: mgr.GetEventRecorder("test"), Clock: clock.RealClock{},
	}
	if err := errors.Join(
		mgr.Add(manager.RunnableFunc(verdicts.Start)),
		mgr.Add(watched),
		reconciler.SetupWithManager(mgr, controller.Options{}),
	); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the manager ended: %v", err)
		}
	})
	t.Cleanup(stop)
	return &operator{Client: c, t: t, stop: stop}
}

// noRoots is a default root of trust that cannot be fetched.
type noRoots struct{}

func (noRoots) Current() (*trustroot.Root, error) {
	return nil, errors.New("the mirror does not answer")
}

func installCRD(t *testing.T, c client.Client) {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	crds, err := manifest.Read(filepath.Join(root, "config", "crd", "bases", "trust.karmada.io_karmadaimagetrusts.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, crd := range crds {
		apply := client.ApplyConfigurationFromUnstructured(crd)
		if err := c.Apply(t.Context(), apply, client.FieldOwner("test"), client.ForceOwnership); err != nil {
			t.Fatal(err)
		}
	}
	waitfor.NoError(t, func(context.Context) error {
		return c.List(t.Context(), &v1alpha1.KarmadaImageTrustList{})
	})
}

func installPolicyController(t *testing.T, h *harness.Harness) {
	t.Helper()
	if err := policycontroller.InstallCRDs(t.Context(), h.Config()); err != nil {
		t.Fatal(err)
	}
}

// create creates a trust that is deleted at the test's end.
func (o *operator) create(trust *v1alpha1.KarmadaImageTrust) *v1alpha1.KarmadaImageTrust {
	o.t.Helper()
	if err := o.Create(o.t.Context(), trust); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		o.stop()
		// No controller manager runs here that would collect the policy.
		for _, object := range []client.Object{trust, newPolicy(trust.Name)} {
			err := client.IgnoreNotFound(o.Delete(context.Background(), object))
			if err != nil && !apimeta.IsNoMatchError(err) {
				o.t.Error(err)
			}
		}
	})
	return trust
}

// expect waits until conditions hold, as TYPE=STATUS/REASON, TYPE, or !TYPE for one that must be absent.
func (o *operator) expect(name string, want ...string) *v1alpha1.KarmadaImageTrust {
	o.t.Helper()
	trust := &v1alpha1.KarmadaImageTrust{}
	waitfor.NoError(o.t, func(context.Context) error {
		if err := o.Get(o.t.Context(), client.ObjectKey{Name: name}, trust); err != nil {
			return err
		}
		if trust.Status.ObservedGeneration != trust.Generation {
			return fmt.Errorf("generation %d is observed of %d", trust.Status.ObservedGeneration, trust.Generation)
		}
		have := map[string]bool{}
		for _, c := range trust.Status.Conditions {
			have[c.Type] = true
			have[fmt.Sprintf("%s=%s/%s", c.Type, c.Status, c.Reason)] = true
		}
		for _, w := range want {
			unwanted, absent := strings.CutPrefix(w, "!")
			if absent == have[unwanted] {
				return fmt.Errorf("%s does not hold: %+v", w, trust.Status.Conditions)
			}
		}
		return nil
	})
	return trust
}

func newPolicy(name string) *unstructured.Unstructured {
	cip := &unstructured.Unstructured{}
	cip.SetGroupVersionKind(policy.ClusterImagePolicyKind)
	cip.SetName(name)
	return cip
}

// policy waits for a policy that satisfies a condition.
func (o *operator) policy(name string, satisfied func(*unstructured.Unstructured) error) *unstructured.Unstructured {
	o.t.Helper()
	cip := newPolicy(name)
	waitfor.NoError(o.t, func(context.Context) error {
		if err := o.Get(o.t.Context(), client.ObjectKey{Name: name}, cip); err != nil {
			return err
		}
		return satisfied(cip)
	})
	return cip
}

func exists(*unstructured.Unstructured) error { return nil }

// reportReady writes the status of a policy as policy-controller would.
func (o *operator) reportReady(name, status, reason, message string) {
	o.t.Helper()
	waitfor.NoError(o.t, func(context.Context) error {
		cip := newPolicy(name)
		if err := o.Get(o.t.Context(), client.ObjectKey{Name: name}, cip); err != nil {
			return err
		}
		cip.Object["status"] = map[string]any{
			"observedGeneration": cip.GetGeneration(),
			"conditions": []any{map[string]any{
				"type": "Ready", "status": status, "reason": reason, "message": message,
			}},
		}
		return o.Status().Update(o.t.Context(), cip)
	})
}
