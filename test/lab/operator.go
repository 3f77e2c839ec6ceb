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

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/process"
)

const operatorKubeconfig = "operator.kubeconfig"

// fieldOwner of what is installed, as an administrator would with kubectl.
const fieldOwner = client.FieldOwner("lab")

// InstallOperator applies config/default, apart from the Deployment, whose container a process takes
// the place of. It returns the Deployment.
func (l *Lab) InstallOperator(ctx context.Context) (*appsv1.Deployment, error) {
	objects, err := manifests(ctx)
	if err != nil {
		return nil, err
	}
	var deployment *appsv1.Deployment
	for _, object := range objects {
		if object.GetKind() == "Deployment" {
			deployment = &appsv1.Deployment{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, deployment); err != nil {
				return nil, fmt.Errorf("reading the manager's Deployment: %w", err)
			}
			continue
		}
		if err := l.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), fieldOwner, client.ForceOwnership); err != nil {
			return nil, fmt.Errorf("applying %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	if deployment == nil {
		return nil, errors.New("config/default holds no Deployment")
	}
	return deployment, nil
}

// manifests are what kubectl makes of config/default.
func manifests(ctx context.Context) ([]*unstructured.Unstructured, error) {
	root, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return nil, err
	}
	rendered, err := exec.CommandContext(ctx, kubectl, "kustomize", filepath.Join(root, "config", "default")).Output()
	if err != nil {
		return nil, fmt.Errorf("rendering config/default: %w", withStderr(err))
	}
	return manifest.Parse(rendered)
}

// manager is what StartOperator prepares once, so that a restart takes no longer than it must.
type manager struct {
	program string
	args    []string
	env     []string // of the Deployment
	probes  []string // paths of the Deployment's, the one that says that it is ready last
	account types.NamespacedName
}

// StartOperator installs the operator and runs the manager as its Deployment would: with the same
// arguments, under the same ServiceAccount. Only addresses and the default root of trust differ.
// Of equal flags the last one holds, so that args override those. Installing and building are done
// the first time only.
func (l *Lab) StartOperator(ctx context.Context, args ...string) error {
	if l.operator != nil {
		return errors.New("the operator runs already")
	}
	if l.manager == nil {
		prepared, err := l.prepareManager(ctx)
		if err != nil {
			return err
		}
		l.manager = prepared
	}
	metrics, probes, err := reservePorts()
	if err != nil {
		return err
	}
	address := []string{
		"--metrics-bind-address=" + metrics.Address(),
		"--health-probe-bind-address=" + probes.Address(),
	}
	operator, err := process.Start(ctx, process.Command{
		Name:    "manager",
		Path:    l.manager.program,
		Args:    slices.Concat(l.manager.args, address, args),
		Env:     slices.Concat(l.manager.env, l.Registry.Proxy.Env(), []string{"KUBECONFIG=" + l.file(operatorKubeconfig), "HOME=" + l.Dir()}),
		LogFile: l.file("manager.log"),
		Ready:   l.manager.ready("http://" + probes.Address()),
	})
	if err != nil {
		return errors.Join(err, metrics.Release(), probes.Release())
	}
	l.operator, l.operatorPorts = operator, []*freeport.Port{metrics, probes}
	l.MetricsURL = "http://" + metrics.Address() + "/metrics"
	l.ProbesURL = "http://" + probes.Address()
	return nil
}

// ready returns the check that all probes of the Deployment succeed, the one that says that the container is ready last. Some tests
// withhold the default root of trust, so that is not waited for.
func (m *manager) ready(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, path := range m.probes {
			if err := process.Answers(http.DefaultClient, url+path+"?exclude=trust-root")(ctx); err != nil {
				return err
			}
		}
		return nil
	}
}

// UseDeployment has StartOperator run the container of this Deployment, which stands in the cluster, as kubelet would, instead of
// installing config/default.
func (l *Lab) UseDeployment(ctx context.Context, deployment *appsv1.Deployment) error {
	if l.operator != nil {
		return errors.New("the operator runs already")
	}
	prepared, err := l.managerOf(ctx, deployment)
	if err != nil {
		return err
	}
	l.manager = prepared
	return nil
}

func (l *Lab) prepareManager(ctx context.Context) (*manager, error) {
	deployment, err := l.InstallOperator(ctx)
	if err != nil {
		return nil, err
	}
	return l.managerOf(ctx, deployment)
}

func (l *Lab) managerOf(ctx context.Context, deployment *appsv1.Deployment) (*manager, error) {
	pod := deployment.Spec.Template.Spec
	config, err := l.ServiceAccountConfig(ctx, deployment.Namespace, pod.ServiceAccountName)
	if err != nil {
		return nil, err
	}
	if err := controlplane.WriteKubeconfig(l.file(operatorKubeconfig), config); err != nil {
		return nil, err
	}
	program, err := l.Build(ctx, "manager")
	if err != nil {
		return nil, err
	}
	var env []string
	for _, one := range pod.Containers[0].Env {
		if one.ValueFrom == nil {
			env = append(env, one.Name+"="+one.Value)
		}
	}
	var probes []string
	for _, probe := range []*corev1.Probe{
		pod.Containers[0].StartupProbe, pod.Containers[0].LivenessProbe, pod.Containers[0].ReadinessProbe,
	} {
		if probe == nil || probe.HTTPGet == nil {
			return nil, errors.New("the Deployment lacks a probe")
		}
		probes = append(probes, probe.HTTPGet.Path)
	}
	return &manager{
		program: program,
		env:     env,
		probes:  probes,
		account: types.NamespacedName{Namespace: deployment.Namespace, Name: pod.ServiceAccountName},
		args: append(slices.Clone(pod.Containers[0].Args),
			"--leader-election-namespace="+deployment.Namespace,
			"--pull-secret-namespace="+deployment.Namespace,
			"--tuf-mirror="+l.tuf.URL,
			"--tuf-root="+filepath.Join(l.tufDir, "root.json"),
			"--tuf-cache="+l.file("operator-tuf"),
		),
	}, nil
}

func reservePorts() (metrics, probes *freeport.Port, err error) {
	if metrics, err = freeport.Reserve(); err != nil {
		return nil, nil, err
	}
	if probes, err = freeport.Reserve(); err != nil {
		return nil, nil, errors.Join(err, metrics.Release())
	}
	return metrics, probes, nil
}

// Build builds a program of ours, a folder of cmd, from what stands in the work tree: one left in bin/ may be older. It
// returns its file, which goes with the lab. Labs that share a registry share what they build, and build it once.
func (l *Lab) Build(ctx context.Context, name string) (string, error) {
	if l.shared != nil {
		return l.shared.Build(ctx, name)
	}
	l.building.Lock()
	defer l.building.Unlock()
	if program, ok := l.built[name]; ok {
		return program, nil
	}
	program, err := l.build(ctx, name)
	if err != nil {
		return "", err
	}
	if l.built == nil {
		l.built = map[string]string{}
	}
	l.built[name] = program
	return program, nil
}

// UseProgram makes Build return this file for a program of ours, instead of building it: one that was released.
func (l *Lab) UseProgram(name, file string) {
	l.building.Lock()
	defer l.building.Unlock()
	if l.built == nil {
		l.built = map[string]string{}
	}
	l.built[name] = file
}

func (l *Lab) build(ctx context.Context, name string) (string, error) {
	root, err := binaries.Root()
	if err != nil {
		return "", err
	}
	program := l.file(name)
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/"+name)
	build.Dir = root
	// What go leaves behind when it is interrupted goes with the lab.
	build.Env = append(os.Environ(), "GOTMPDIR="+l.Dir())
	var output bytes.Buffer
	build.Stdout, build.Stderr = &output, &output
	if err := process.Run(build); err != nil {
		return "", fmt.Errorf("building %s: %w: %s", name, err, output.Bytes())
	}
	return program, nil
}

// Operator is the manager's process, nil while it does not run.
func (l *Lab) Operator() *process.Process { return l.operator }

// OperatorAccount is the ServiceAccount that the manager acts as, once it was started.
func (l *Lab) OperatorAccount() types.NamespacedName {
	if l.manager == nil {
		return types.NamespacedName{}
	}
	return l.manager.account
}

// StopOperator ends the manager as Kubernetes would. The error reports that it had ended by itself.
func (l *Lab) StopOperator() error {
	if l.operator == nil {
		return nil
	}
	errs := []error{l.operator.Stop()}
	for _, port := range l.operatorPorts {
		errs = append(errs, port.Release())
	}
	l.operator, l.operatorPorts = nil, nil
	l.MetricsURL, l.ProbesURL = "", ""
	return errors.Join(errs...)
}

// KillOperator ends the manager as a failing node would: it cannot finish anything, nor give its lease up.
func (l *Lab) KillOperator() error {
	if l.operator == nil {
		return errors.New("the operator does not run")
	}
	if err := l.operator.Err(); err != nil {
		return err
	}
	if err := syscall.Kill(-l.operator.PID(), syscall.SIGKILL); err != nil {
		return fmt.Errorf("killing the operator: %w", err)
	}
	<-l.operator.Done()
	// What it reports now is what was done here.
	_ = l.StopOperator()
	return nil
}

// withStderr adds what a command printed to the error that it failed with.
func withStderr(err error) error {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	return err
}
