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

package karmada

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// The namespace and the ServiceAccount of config/karmada/instance.
const (
	instanceNamespace = "karmada-image-trust-system"
	instanceAccount   = "karmada-image-trust"
)

// InstanceUser is the user that the operator's instance on the control plane is, in audit logs.
const InstanceUser = "system:serviceaccount:" + instanceNamespace + ":" + instanceAccount

// Install applies what a Karmada control plane needs for trusts, config/karmada and the account of
// the operator's instance there, by the commands that the documentation names.
func (f *Fleet) Install(ctx context.Context) error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	kubectl, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return err
	}
	for _, dir := range []string{"config/karmada", "config/karmada/instance"} {
		cmd := exec.CommandContext(ctx, kubectl, "apply", "--server-side", "-k", dir)
		cmd.Dir = root
		cmd.Env = []string{"KUBECONFIG=" + f.Kubeconfig(), "HOME=" + f.dir}
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("applying %s: %w: %s", dir, err, output)
		}
	}
	return nil
}

// StartInstance runs the operator on the control plane, under the ServiceAccount that Install made.
// It finds out by itself where it runs. Of equal flags the last one holds. Stop ends it.
func (f *Fleet) StartInstance(ctx context.Context, args ...string) error {
	if f.instance != nil {
		return errors.New("the instance runs already")
	}
	config, err := f.ServiceAccountConfig(ctx, instanceNamespace, instanceAccount)
	if err != nil {
		return err
	}
	kubeconfig := filepath.Join(f.dir, "instance.kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, config); err != nil {
		return err
	}
	program, err := f.Members[0].Build(ctx, "manager")
	if err != nil {
		return err
	}
	// Stop of the control plane releases them.
	health, metrics, err := f.addresses()
	if err != nil {
		return err
	}
	f.InstanceMetrics = metrics
	f.instance, err = process.Start(ctx, process.Command{
		Name: "instance",
		Path: program,
		Args: append([]string{
			"--leader-elect", "--leader-election-namespace=" + instanceNamespace,
			"--metrics-bind-address=" + metrics, "--health-probe-bind-address=" + health,
		}, args...),
		Env:     []string{"HOME=" + f.dir, "KUBECONFIG=" + kubeconfig},
		LogFile: filepath.Join(f.dir, "instance.log"),
		Ready:   process.Answers(http.DefaultClient, "http://"+health+"/readyz"),
	})
	return err
}

// StopInstance ends the operator on the control plane as Kubernetes would. The error reports that
// it had ended by itself.
func (f *Fleet) StopInstance() error {
	if f.instance == nil {
		return nil
	}
	err := f.instance.Stop()
	f.instance = nil
	return err
}
