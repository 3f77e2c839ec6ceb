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

package scheduling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
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
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/manifest"
)

const (
	// containers is how many images each Deployment has.
	containers = 10
	// verification is how long one image takes, as with three requests of 50 ms.
	verification = 150 * time.Millisecond
	// settled is how long nothing happens after the last verdict until all is counted. Nothing waits longer.
	settled = 15 * time.Second
	// poll is the time between looks at the status.
	poll = 2 * time.Second
)

// accepting accepts each image after a time.
type accepting struct{}

func (accepting) Resolve(_ context.Context, ref name.Reference) (name.Digest, *verify.Result) {
	return ref.Context().Digest("sha256:" + strings.Repeat("a", 64)), nil //nolint:mnd // the length of a digest
}

func (accepting) Verify(ctx context.Context, _ name.Digest, _ *policy.Rule, _ *trustroot.Root) verify.Result {
	select {
	case <-time.After(verification):
	case <-ctx.Done():
	}
	return verified()
}

func verified() verify.Result {
	return verify.Result{Verdict: v1alpha1.VerdictVerified, Reason: v1alpha1.SignedReason, Message: "signed"}
}

func (accepting) Holds(context.Context, name.Digest, v1.Hash) (bool, *verify.Result) {
	return false, nil
}

// fixedRoot is the root of trust of a site.
type fixedRoot struct{ root *trustroot.Root }

func (f fixedRoot) Current() (*trustroot.Root, error) { return f.root, nil }

// counter counts the requests that write a trust's status.
type counter struct {
	next   http.RoundTripper
	writes *atomic.Int64
}

func (c counter) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet && strings.Contains(r.URL.Path, "karmadaimagetrusts") && strings.HasSuffix(r.URL.Path, "/status") {
		c.writes.Add(1)
	}
	return c.next.RoundTrip(r) //nolint:wrapcheck // it is an http.RoundTripper
}

// counts of the work for one trust.
type counts struct{ passes, writes atomic.Int64 }

// cold counts the passes and the writes of the status while the verdicts of one trust land.
func cold(r *measure.Run, s *site) (err error) {
	ctrl.SetLogger(logr.Discard())
	dir, err := os.MkdirTemp("", "image-trust-bench-")
	if err != nil {
		return fmt.Errorf("making a directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	cluster, err := controlplane.Start(r, controlplane.Options{Dir: dir})
	if err != nil {
		return err //nolint:wrapcheck // it says all
	}
	defer func() { err = errors.Join(err, cluster.Stop()) }()
	c, err := prepare(r, cluster.Config())
	if err != nil {
		return err
	}
	var n counts
	end, err := operate(r, cluster.Config(), s.root, &n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	if err := settle(r, c); err != nil {
		return err
	}
	r.Figure(passesCold, float64(n.passes.Load()))
	r.Figure(writesCold, float64(n.writes.Load()))
	return nil
}

// prepare creates a trust, and the workloads that it is about.
func prepare(ctx context.Context, config *rest.Config) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), clientgoscheme.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("making a scheme: %w", err)
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	root, err := binaries.Root()
	if err != nil {
		return nil, err //nolint:wrapcheck // it says all
	}
	crds, err := manifest.Read(filepath.Join(root, "config", "crd", "bases", "trust.karmada.io_karmadaimagetrusts.yaml"))
	if err != nil {
		return nil, err //nolint:wrapcheck // it says all
	}
	for _, crd := range crds {
		if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(crd), client.FieldOwner("bench"), client.ForceOwnership); err != nil {
			return nil, fmt.Errorf("applying the CRD: %w", err)
		}
	}
	for i := range namespaces {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("namespace-%d", i)}}
		if err := c.Create(ctx, namespace); err != nil {
			return nil, fmt.Errorf("creating a namespace: %w", err)
		}
	}
	for i := range coldImages / containers {
		if err := c.Create(ctx, deployment(i)); err != nil {
			return nil, fmt.Errorf("creating a Deployment: %w", err)
		}
	}
	return c, until(ctx, func() bool { return c.Create(ctx, newTrust()) == nil })
}

func deployment(i int) *appsv1.Deployment {
	labels := map[string]string{"app": fmt.Sprint(i)}
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("namespace-%d", i%namespaces), Name: fmt.Sprintf("app-%d", i)},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}},
		},
	}
	for j := range containers {
		image := fmt.Sprintf("registry-%d.example.com/app/x%d@sha256:%064d", j%hosts, i, i*containers+j)
		d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Name: fmt.Sprintf("c%d", j), Image: image})
	}
	return d
}

func newTrust() *v1alpha1.KarmadaImageTrust {
	trust := &v1alpha1.KarmadaImageTrust{ObjectMeta: metav1.ObjectMeta{Name: subscriber}}
	for i := range hosts {
		trust.Spec.Images = append(trust.Spec.Images, v1alpha1.ImageGlob(fmt.Sprintf("registry-%d.example.com/**", i)))
	}
	trust.Spec.Issuer = "https://token.actions.githubusercontent.com"
	trust.Spec.Identity = "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.16.0"
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	return trust
}

// operate runs the reconciler until the returned function is called.
func operate(ctx context.Context, config *rest.Config, root *trustroot.Root, n *counts) (end func() error, err error) {
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return counter{next, &n.writes} })
	scheme := runtime.NewScheme()
	if err := errors.Join(v1alpha1.AddToScheme(scheme), clientgoscheme.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("making a scheme: %w", err)
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:  cache.Options{ReaderFailOnMissingInformer: true, ByObject: controllers.CachedObjects()},
		Client: client.Options{Cache: &client.CacheOptions{Unstructured: true}},
	})
	if err != nil {
		return nil, fmt.Errorf("making a manager: %w", err)
	}
	trigger := &controllers.Trigger{}
	conditions := child.New()
	verdicts := pool.New(accepting{}, pool.Options{OnChange: trigger.Enqueue})
	workloads := inventory.New(trigger.EnqueueAfter)
	watched, err := feed.New(config, workloads)
	if err != nil {
		return nil, fmt.Errorf("watching workloads: %w", err)
	}
	reconciler := &controllers.KarmadaImageTrustReconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Verdicts: verdicts, Roots: fixedRoot{root},
		TrustRoots: trustroot.NewNamed("", logr.Discard(), nil), PullSecrets: &controllers.PullSecrets{}, Trigger: trigger,
		Inventory: workloads, Admission: admission.NewState(admission.DefaultWebhookName, admission.Supported()...),
		Conditions: conditions, Recorder: mgr.GetEventRecorder("bench"), Clock: clock.RealClock{},
		Began: func() (ended func()) {
			n.passes.Add(1)
			return func() {}
		},
	}
	if err := errors.Join(
		mgr.Add(manager.RunnableFunc(verdicts.Start)), mgr.Add(watched), reconciler.SetupWithManager(mgr, controller.Options{}),
	); err != nil {
		return nil, fmt.Errorf("composing the operator: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	return func() error {
		cancel()
		defer conditions.Close()
		return <-done
	}, nil
}

// settle waits until the verdicts of all images are in the status, and then a little longer.
func settle(r *measure.Run, c client.Client) error {
	began, last := time.Now(), int32(-1)
	err := until(r, func() bool {
		trust := &v1alpha1.KarmadaImageTrust{}
		if err := c.Get(r, client.ObjectKey{Name: subscriber}, trust); err != nil {
			return false
		}
		verified := int32(0)
		if summary := trust.Status.Summary; summary != nil && summary.Verified != nil {
			verified = *summary.Verified
		}
		if verified != last && verified-last >= coldImages/10 {
			r.Step("%d of %d images verified after %s", verified, coldImages, time.Since(began).Round(time.Second))
			last = verified
		}
		return verified == coldImages
	})
	if err != nil {
		return err
	}
	select {
	case <-time.After(settled):
		return nil
	case <-r.Done():
		return r.Err() //nolint:wrapcheck // it says all
	}
}

// until waits for a condition.
func until(ctx context.Context, condition func() bool) error {
	for !condition() {
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return ctx.Err() //nolint:wrapcheck // it says all
		}
	}
	return nil
}
