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

// Package controlplane runs the operator, as a process with the rights of config/karmada/instance, against a real API server that
// has the kinds of a Karmada control plane. The tests play the parts of Karmada; test/suites/karmada has the real ones.
package controlplane

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	labcontrolplane "github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// account of the instance, as in config/karmada/instance.
var account = types.NamespacedName{Namespace: "karmada-image-trust-system", Name: "karmada-image-trust"}

// server is the API server of all tests.
var server *harness.Harness

func TestMain(m *testing.M) {
	harness.Main(m, harness.Options{}, func(h *harness.Harness) { server = h })
}

// lab is an API server with some of the kinds of a control plane.
type lab struct {
	client.Client
	t *testing.T
	// began is when the test did.
	began time.Time
}

func newLab(t *testing.T) *lab {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, clusterv1alpha1.Install, workv1alpha2.Install,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c, err := client.New(server.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{Client: c, t: t, began: time.Now()}
	l.apply(read(t, file(t, "config", "crd", "bases", "trust.karmada.io_karmadaimagetrusts.yaml"))...)
	if err := policycontroller.InstallCRDs(t.Context(), server.Config()); err != nil {
		t.Fatal(err)
	}
	crds := filepath.Join(karmadaDir(t), "charts", "karmada", "_crds", "bases")
	l.apply(read(t, filepath.Join(crds, "work", "work.karmada.io_clusterresourcebindings.yaml"))...)
	l.apply(render(t, "config/karmada/instance")...)
	return l
}

func (l *lab) apply(objects ...*unstructured.Unstructured) {
	l.t.Helper()
	for _, object := range objects {
		apply := client.ApplyConfigurationFromUnstructured(object)
		if err := l.Apply(l.t.Context(), apply, client.FieldOwner("test"), client.ForceOwnership); err != nil {
			l.t.Fatalf("applying %s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}

// startInstance runs the operator as the Deployment of config/karmada/instance/host does, except that it finds out itself what the
// API server is. It runs until the test ends, or until stop is called.
func (l *lab) startInstance() (stop func()) {
	l.t.Helper()
	var deployment appsv1.Deployment
	for _, object := range render(l.t, "config/karmada/instance/host") {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &deployment); err != nil {
			l.t.Fatal(err)
		}
	}
	config, err := server.ServiceAccountConfig(l.t.Context(), account.Namespace, account.Name)
	if err != nil {
		l.t.Fatal(err)
	}
	kubeconfig := filepath.Join(l.t.TempDir(), "kubeconfig")
	if err := labcontrolplane.WriteKubeconfig(kubeconfig, config); err != nil {
		l.t.Fatal(err)
	}
	var ports []*freeport.Port
	for range 2 {
		port, err := freeport.Reserve()
		if err != nil {
			l.t.Fatal(err)
		}
		ports = append(ports, port)
	}
	args := slices.Concat(deployment.Spec.Template.Spec.Containers[0].Args, []string{
		"--kubeconfig=" + kubeconfig, "--karmada-control-plane=auto",
		"--metrics-bind-address=" + ports[0].Address(), "--health-probe-bind-address=" + ports[1].Address(),
	})
	operator, err := process.Start(l.t.Context(), process.Command{
		Name: "manager", Path: build(l.t), Args: args, Env: []string{"HOME=" + l.t.TempDir()},
		LogFile: filepath.Join(server.Dir(), "instance.log"),
		Ready:   process.Answers(http.DefaultClient, "http://"+ports[1].Address()+"/readyz"),
	})
	if err != nil {
		l.t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := operator.Stop(); err != nil {
			l.t.Error(err)
		}
		for _, port := range ports {
			if err := port.Release(); err != nil {
				l.t.Error(err)
			}
		}
	})
	l.t.Cleanup(stop)
	return stop
}

// requests returns what the instance has asked the API server for.
func (l *lab) requests(wanted func(labcontrolplane.Request) bool) []labcontrolplane.Request {
	l.t.Helper()
	all, err := server.Requests(l.began)
	if err != nil {
		l.t.Fatal(err)
	}
	var found []labcontrolplane.Request
	for _, request := range all {
		if request.User == "system:serviceaccount:"+account.Namespace+":"+account.Name && wanted(request) {
			found = append(found, request)
		}
	}
	return found
}

func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "manager")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/manager")
	cmd.Dir = file(t)
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the manager: %v\n%s", err, output)
	}
	return program
}

// render returns what kubectl makes of a folder.
func render(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		t.Fatal(err)
	}
	rendered, err := exec.CommandContext(t.Context(), kubectl, "kustomize", file(t, folder)).Output()
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse(rendered)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func read(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifest.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func parse(t *testing.T, content string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifest.Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// file returns a file of the repository.
func file(t *testing.T, parts ...string) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// karmadaDir returns the folder of Karmada's module, whose API types the operator uses.
func karmadaDir(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/karmada-io/karmada")
	cmd.Dir, cmd.Env = file(t), os.Environ()
	dir, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(dir))
}
