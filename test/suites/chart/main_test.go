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

// Package chart tests the manifests of an installation and the Helm chart that is made of them, with the real Helm and the real
// API server.
package chart

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// shared is an API server with the namespaces of the installation.
var shared *harness.Harness

// namespace is that of config/default.
const namespace = "karmada-image-trust-system"

func TestMain(m *testing.M) {
	harness.Main(m, harness.Options{}, func(h *harness.Harness) {
		logf.SetLogger(logr.Discard())
		shared = h
	})
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func chartDir(t *testing.T) string {
	t.Helper()
	return filepath.Join(repository(t), "charts", "karmada-image-trust")
}

// valuesFiles are the example values of the chart, by convention of the chart-testing tool in ci/.
func valuesFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir(t), "ci", "*-values.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files with values: %v", len(files), err)
	}
	return files
}

// run runs Helm or kubectl, and returns what it prints on each stream.
func run(t *testing.T, program, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	path, err := binaries.Find(program)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{"HOME=" + t.TempDir(), "KUBECONFIG=" + shared.Kubeconfig(), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	cmd.Stdin = strings.NewReader(stdin)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = process.Run(cmd)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), problems.String(), err
}

// rendered returns what "helm template" prints.
func rendered(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, err := run(t, binaries.Helm, "", append([]string{"template", "test", chartDir(t), "--namespace", namespace}, args...)...)
	if err != nil {
		t.Fatalf("helm template %v: %v: %s", args, err, stderr)
	}
	return stdout
}

func parse(t *testing.T, manifests string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := manifest.Parse([]byte(manifests))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// installation returns the objects of config/default with components.
func installation(t *testing.T, components ...string) []*unstructured.Unstructured {
	t.Helper()
	built, err := render.Installation(repository(t), render.Options{Components: components})
	if err != nil {
		t.Fatal(err)
	}
	objects, err := render.Objects(built)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// newClient acts as an administrator.
func newClient(t *testing.T) client.Client {
	t.Helper()
	c, err := client.New(shared.Config(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// createNamespace creates a namespace with the labels of that of the installation, and a ServiceAccount of this name in it. No
// controller manager creates any here.
func createNamespace(t *testing.T, c client.Client, name, account string) {
	t.Helper()
	labels := map[string]string{}
	for _, o := range installation(t) {
		if o.GetKind() == "Namespace" {
			labels = o.GetLabels()
		}
	}
	if labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		t.Fatalf("the namespace is labelled %v", labels)
	}
	for _, object := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: account, Namespace: name}},
	} {
		if err := client.IgnoreAlreadyExists(c.Create(t.Context(), object)); err != nil {
			t.Fatal(err)
		}
	}
}
