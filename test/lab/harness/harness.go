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

// Package harness starts the real parts that the tests and the demo stand on,
// all on loopback: a Kubernetes control plane, policy-controller, and an OCI
// registry that answers under the public registries' names. What it starts
// lives in this process's children and ends with it.
package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/policycontroller"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/lab/registry"
)

// Options says what to start. The zero value starts etcd and kube-apiserver.
type Options struct {
	// ControllerManager adds kube-controller-manager.
	ControllerManager bool
	// Registry adds the registry and its proxy.
	Registry bool
	// SharedRegistry is one that runs already, to use instead of one of the harness's
	// own. Who started it stops it.
	SharedRegistry *registry.Registry
	// PolicyController adds policy-controller. It uses the registry if that runs.
	PolicyController bool
	// PolicyControllerVersion and PolicyControllerDeployment are described at
	// policycontroller.Options.
	PolicyControllerVersion    string
	PolicyControllerDeployment *policycontroller.Deployment
	// TUFDir is the TUF repository that policy-controller trusts by default, a
	// directory with root.json; empty: none.
	TUFDir string
	// LongRunning is for demos, see policycontroller.Options.
	LongRunning bool
	// Progress receives lines for people; nil: none.
	Progress io.Writer
	// Additional names what the caller has started in addition to the harness, for the
	// progress.
	Additional []string
}

// Harness is what runs. The parts that were not asked for are nil.
type Harness struct {
	*controlplane.Cluster

	Registry         *registry.Registry
	PolicyController *policycontroller.PolicyController

	options  Options
	dir      string
	progress io.Writer
	keepLogs bool
}

// Start starts the parts and returns when all work. The context bounds the start
// only: what runs is ended by Stop, or by the end of this process.
func Start(ctx context.Context, options Options) (*Harness, error) {
	h := &Harness{options: options, progress: options.Progress}
	if h.progress == nil {
		h.progress = io.Discard
	}
	if options.PolicyController {
		if err := policycontroller.CheckPorts(); err != nil {
			return nil, err
		}
	}
	var err error
	if h.dir, err = os.MkdirTemp("", "image-trust-"); err != nil {
		return nil, fmt.Errorf("start the harness: %w", err)
	}
	begin := time.Now()
	if err := h.start(ctx, options); err != nil {
		// The logs of a start that was cancelled are not needed.
		if !errors.Is(ctx.Err(), context.Canceled) {
			h.KeepLogs()
		}
		return nil, errors.Join(err, h.Stop())
	}
	summary, err := h.summary(options)
	if err != nil {
		return nil, errors.Join(err, h.Stop())
	}
	h.say("▸ up: %s  %3.0f s", summary, time.Since(begin).Seconds())
	return h, nil
}

func (h *Harness) start(ctx context.Context, options Options) error {
	dir, err := h.makeDir("control-plane")
	if err != nil {
		return err
	}
	h.Cluster, err = controlplane.Start(ctx, controlplane.Options{Dir: dir, ControllerManager: options.ControllerManager})
	if err != nil {
		return err
	}
	switch {
	case options.SharedRegistry != nil:
		h.Registry = options.SharedRegistry
	case options.Registry:
		if dir, err = h.makeDir("registry"); err != nil {
			return err
		}
		if h.Registry, err = registry.Start(ctx, dir); err != nil {
			return err
		}
	}
	if options.PolicyController {
		return h.StartPolicyController(ctx)
	}
	return nil
}

// StartPolicyController starts policy-controller later than the rest, or again
// after it was stopped, as the options of the harness say.
func (h *Harness) StartPolicyController(ctx context.Context) error {
	dir, err := h.makeDir("policy-controller")
	if err != nil {
		return err
	}
	var env []string
	if h.Registry != nil {
		env = h.Registry.Env()
	}
	h.PolicyController, err = policycontroller.Start(ctx, policycontroller.Options{
		Version:     h.options.PolicyControllerVersion,
		Deployment:  h.options.PolicyControllerDeployment,
		Cluster:     h.Cluster,
		Dir:         dir,
		Env:         env,
		TUFDir:      h.options.TUFDir,
		LongRunning: h.options.LongRunning,
		Waiting:     func() { h.say("▸ waiting for another test's policy-controller to end") },
	})
	return err
}

// Dir is the harness's own directory, with a directory of logs and data for each
// part. The caller may use it, too.
func (h *Harness) Dir() string { return h.dir }

// KeepLogs makes Stop leave the directory with the logs behind, and say where.
func (h *Harness) KeepLogs() { h.keepLogs = true }

// Err returns which parts have ended by themselves, and why; nil while all run.
func (h *Harness) Err() error {
	var errs []error
	for _, p := range h.processes() {
		errs = append(errs, p.Err())
	}
	return errors.Join(errs...)
}

// Stop ends all parts and returns when they are gone. The error reports what had
// ended by itself before.
func (h *Harness) Stop() error {
	var errs []error
	if h.PolicyController != nil {
		errs = append(errs, h.PolicyController.Stop())
	}
	if h.ownsRegistry() {
		errs = append(errs, h.Registry.Stop())
	}
	if h.Cluster != nil {
		errs = append(errs, h.Cluster.Stop())
	}
	err := errors.Join(errs...)
	if h.keepLogs || err != nil {
		h.say("▸ the logs are kept in %s", h.dir)
		return err
	}
	return os.RemoveAll(h.dir)
}

func (h *Harness) ownsRegistry() bool {
	return h.Registry != nil && h.Registry != h.options.SharedRegistry
}

func (h *Harness) processes() []*process.Process {
	processes := slices.Clone(h.Cluster.Processes())
	if h.ownsRegistry() {
		processes = append(processes, h.Registry.Process())
	}
	if h.PolicyController != nil {
		processes = append(processes, h.PolicyController.Process())
	}
	return slices.DeleteFunc(processes, func(p *process.Process) bool { return p == nil })
}

func (h *Harness) makeDir(name string) (string, error) {
	dir := filepath.Join(h.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("start the harness: %w", err)
	}
	return dir, nil
}

func (h *Harness) summary(options Options) (string, error) {
	version, err := h.Version()
	if err != nil {
		return "", err
	}
	parts := []string{"Kubernetes " + version}
	if h.PolicyController != nil {
		parts = append(parts, "policy-controller "+h.PolicyController.Version())
	}
	if h.Registry != nil {
		parts = append(parts, "registry for docker.io")
	}
	return strings.Join(append(parts, options.Additional...), " · "), nil
}

func (h *Harness) say(format string, args ...any) {
	_, _ = fmt.Fprintf(h.progress, format+"\n", args...)
}
