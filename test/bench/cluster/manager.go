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
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// manager is the operator's process.
type manager struct {
	*process.Process
	port, metrics *freeport.Port
	url           string
}

// elect has a manager take part in the election of a leader. The others do not, because a busy machine may end them by it.
func elect() []string { return []string{"--leader-elect", "--leader-election-namespace=default"} }

// startManager starts the manager with the environment of its Deployment, and returns when it answers. kubeconfig is the
// administrator's if it is empty.
func (w *world) startManager(kubeconfig string, args ...string) (*manager, error) {
	if kubeconfig == "" {
		kubeconfig = w.Kubeconfig()
	}
	env, err := deploymentEnv()
	if err != nil {
		return nil, err
	}
	m := &manager{}
	if m.port, err = freeport.Reserve(); err != nil {
		return nil, err
	}
	if m.metrics, err = freeport.Reserve(); err != nil {
		return nil, err
	}
	m.url = "http://" + m.port.Address()
	args = append([]string{
		"--pull-secret-namespace=default",
		"--metrics-bind-address=" + m.metrics.Address(), "--health-probe-bind-address=" + m.port.Address(),
	}, args...)
	if w.registry != nil {
		root, err := w.trustedRoot()
		if err != nil {
			return nil, err
		}
		args = append(args, "--insecure-registry="+w.registry.host(), "--trusted-root="+root)
	}
	m.Process, err = process.Start(w.run, process.Command{
		Name: "manager", Path: filepath.Join(w.dir, "manager"), LogFile: filepath.Join(w.dir, "manager.log"), Args: args,
		Env:   append(env, "KUBECONFIG="+kubeconfig, "HOME="+w.dir, "TMPDIR="+w.dir),
		Ready: process.Answers(http.DefaultClient, m.url+"/healthz"),
	})
	if err != nil {
		return nil, err
	}
	w.managers = append(w.managers, m)
	return m, nil
}

func (w *world) stopManager(m *manager) error {
	w.managers = slices.DeleteFunc(w.managers, func(other *manager) bool { return other == m })
	return m.stop()
}

// kill ends a manager as a failing node would.
func (w *world) kill(m *manager) error {
	if err := syscall.Kill(m.PID(), syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing the manager: %w", err)
	}
	<-m.Done()
	_ = w.stopManager(m) // what it reports is what was done here
	return nil
}

// holder is who has the lease of the managers.
func (w *world) holder(ctx context.Context) (string, error) {
	lease, err := w.kubernetes.CoordinationV1().Leases("default").Get(ctx, v1alpha1.OperatorName, metav1.GetOptions{})
	if err != nil || lease.Spec.HolderIdentity == nil {
		return "", err
	}
	return *lease.Spec.HolderIdentity, nil
}

// judged is the number of images that have a verdict other than Unknown, by the metrics of a manager.
func (m *manager) judged(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.metrics.Address()+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	total := 0.0
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, "karmada_image_trust_images{") || strings.Contains(line, `verdict="Unknown"`) {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("reading the metrics: %w", err)
		}
		total += value
	}
	return int(total), lines.Err()
}

func (m *manager) stop() error { return errors.Join(m.Stop(), m.port.Release(), m.metrics.Release()) }

// trustedRoot is the file of the root of trust.
func (w *world) trustedRoot() (string, error) {
	file := filepath.Join(w.dir, "trusted_root.json")
	root, err := w.registry.sigstore.TrustedRoot()
	if err != nil {
		return "", err
	}
	return file, os.WriteFile(file, root, 0o600)
}

// deploymentEnv is the environment of the manager's container, with its memory limits.
func deploymentEnv() ([]string, error) {
	root, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	objects, err := manifest.Read(filepath.Join(root, "config", "manager", "manager.yaml"))
	if err != nil {
		return nil, err
	}
	deployment := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(objects[0].Object, deployment); err != nil {
		return nil, err
	}
	var env []string
	for _, one := range deployment.Spec.Template.Spec.Containers[0].Env {
		env = append(env, one.Name+"="+one.Value)
	}
	return env, nil
}

// peak is the largest memory of a process that was resident so far, in MiB.
func peak(p *process.Process) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 64)
			if err != nil {
				return 0, fmt.Errorf("reading the peak of the memory: %w", err)
			}
			const kibibytes = 1024
			return kib / kibibytes, nil
		}
	}
	return 0, errors.New("the system does not tell the peak of the memory of a process")
}
