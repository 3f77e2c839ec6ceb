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

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
)

// divisorVariable names an environment variable with a number that all sizes and times are divided by, so that a run takes a minute. The
// figures mean nothing then; it is for those who change this package.
const divisorVariable = "IMAGE_TRUST_BENCH_DIVISOR"

// scaled divides a size by the divisor.
func scaled[T ~int | ~int64](n T) T {
	divisor, err := strconv.Atoi(os.Getenv(divisorVariable))
	if err != nil || divisor < 1 {
		return n
	}
	return max(n/T(divisor), 1)
}

const (
	namespaces = 50
	fieldOwner = client.FieldOwner("administrator")
	// patience bounds how long anything is waited for.
	patience = 20 * time.Minute
)

// world is an API server with the kinds of the operator and of policy-controller, whose webhook does not run: nothing measured here
// depends on it, and the policies stay as they are written. The programs are built from the work tree.
type world struct {
	*controlplane.Cluster

	run        *measure.Run
	dir        string
	client     client.WithWatch
	kubernetes kubernetes.Interface
	registry   *signedRegistry
	pod        *corev1.Pod

	managers []*manager
	// statusBytes is the size of the largest status that was seen.
	statusBytes int
}

// start starts a world with a number of images in its registry. It is to be stopped, also after an error.
func start(run *measure.Run, images int) (*world, error) {
	w := &world{run: run}
	err := w.start(images)
	if err != nil {
		w.stop()
		return nil, err
	}
	return w, nil
}

func (w *world) start(images int) (err error) {
	if w.dir, err = os.MkdirTemp("", "image-trust-bench-"); err != nil {
		return err
	}
	logf.SetLogger(logr.Discard()) // that of the clients here
	w.run.Step("building the programs")
	if err := binaries.Ensure(w.run, os.Stderr, binaries.Etcd, binaries.KubeAPIServer); err != nil {
		return err
	}
	if err := binaries.BuildOwn(w.run, w.dir, "./cmd/manager", "./test/bench/cluster/informer"); err != nil {
		return err
	}
	w.run.Step("starting etcd and kube-apiserver")
	if w.Cluster, err = controlplane.Start(w.run, controlplane.Options{Dir: w.dir}); err != nil {
		return err
	}
	if err := w.makeClients(w.Config()); err != nil {
		return err
	}
	if err := w.install(); err != nil {
		return err
	}
	if images > 0 {
		w.run.Step("signing %d images", images)
		if w.registry, err = startRegistry(w.run, images); err != nil {
			return err
		}
	}
	w.pod, err = template(w.run, w.kubernetes, namespaceName(0))
	return err
}

func (w *world) makeClients(config *rest.Config) (err error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	if w.client, err = client.NewWithWatch(config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	w.kubernetes, err = kubernetes.NewForConfig(config)
	return err
}

// install installs the kinds, and makes the namespaces, half of which opt in to admission.
func (w *world) install() error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	crds, err := manifest.Read(filepath.Join(root, "config", "crd", "bases", "trust.karmada.io_karmadaimagetrusts.yaml"))
	if err != nil {
		return err
	}
	for _, crd := range crds {
		if err := w.client.Apply(w.run, client.ApplyConfigurationFromUnstructured(crd), fieldOwner); err != nil {
			return err
		}
	}
	if err := policycontroller.InstallCRDs(w.run, w.Config()); err != nil {
		return err
	}
	for i := range namespaces {
		namespace := &corev1.Namespace{}
		namespace.Name = namespaceName(i)
		if i%2 == 0 {
			namespace.Labels = map[string]string{"policy.sigstore.dev/include": "true"}
		}
		if err := w.client.Create(w.run, namespace); err != nil {
			return err
		}
		account := &corev1.ServiceAccount{}
		account.Namespace, account.Name = namespace.Name, "default"
		if err := w.client.Create(w.run, account); err != nil {
			return err
		}
	}
	return w.await("the kinds are served", func(ctx context.Context) error {
		policies := &unstructured.UnstructuredList{}
		policies.SetGroupVersionKind(policy.ClusterImagePolicyKind)
		return errors.Join(w.client.List(ctx, &v1alpha1.KarmadaImageTrustList{}), w.client.List(ctx, policies))
	})
}

func namespaceName(i int) string { return fmt.Sprintf("namespace-%02d", i%namespaces) }

// podIn is the template of pods, in a namespace.
func (w *world) podIn(i int) *corev1.Pod {
	pod := w.pod.DeepCopy()
	pod.Namespace = namespaceName(i)
	return pod
}

func (w *world) storage(rate int) *storage { return &storage{url: w.EtcdURL(), rate: rate} }

// await repeats a check until it succeeds.
func (w *world) await(what string, check func(context.Context) error) error {
	const interval = 250 * time.Millisecond
	ctx, cancel := context.WithTimeout(w.run, patience)
	defer cancel()
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		for _, m := range w.managers {
			if ended := m.Err(); ended != nil {
				return ended
			}
		}
		if pause(ctx, interval) != nil {
			return fmt.Errorf("waiting until %s: %w", what, err)
		}
	}
}

// stop ends everything. What cannot be stopped ends with this process.
func (w *world) stop() {
	for _, m := range w.managers {
		_ = m.stop()
	}
	if w.registry != nil {
		w.registry.Close()
	}
	if w.Cluster != nil {
		_ = w.Stop()
	}
	_ = os.RemoveAll(w.dir)
}
