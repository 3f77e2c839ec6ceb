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

// Package controlplane runs a real Kubernetes control plane on loopback: etcd,
// kube-apiserver and, optionally, kube-controller-manager. There is no node,
// kubelet or scheduler; tests that need running pods patch their status.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// Options says what to run.
type Options struct {
	// Dir is an existing directory, the control plane's own, for data and logs.
	Dir string
	// ControllerManager also runs kube-controller-manager, which makes owner
	// references, ServiceAccounts and their tokens, namespace deletion and the
	// workload controllers work.
	ControllerManager bool
	// Controllers are those of kube-controller-manager; nil: all that work without nodes.
	Controllers []string
	// Aggregation lets kube-apiserver pass requests on to other API servers, which
	// APIServices name, in the names of its users.
	Aggregation bool
	// APIServerArgs are added to kube-apiserver's command line.
	APIServerArgs []string
}

// Cluster is a running control plane.
type Cluster struct {
	dir         string
	credentials *credentials
	server      string // the API server's URL
	etcd        string // etcd's URL
	config      *rest.Config
	client      kubernetes.Interface

	ports     []*freeport.Port
	processes []*process.Process // in the order of their start
}

// Start runs the control plane and returns when it serves. The context bounds
// the start only: what runs is ended by Stop.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	c := &Cluster{dir: options.Dir}
	if err := c.start(ctx, options); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, options Options) error {
	var err error
	if c.credentials, err = newCredentials(c.dir); err != nil {
		return err
	}
	if c.etcd, err = c.startEtcd(ctx); err != nil {
		return err
	}
	apiServerArgs := options.APIServerArgs
	if options.Aggregation {
		if err := c.credentials.writeFrontProxy(); err != nil {
			return err
		}
		apiServerArgs = slices.Concat(c.credentials.aggregationArgs(), apiServerArgs)
	}
	if err := c.startAPIServer(ctx, apiServerArgs); err != nil {
		return err
	}
	c.config = c.configFor(c.credentials.adminToken)
	// Tests drive the API server as hard as they like; the server has its own limits.
	c.config.QPS = -1
	if err := WriteKubeconfig(c.Kubeconfig(), c.config); err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(c.config); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	if !options.ControllerManager {
		return nil
	}
	return c.startControllerManager(ctx, options.Controllers)
}

// Config is a configuration of an administrator's client (user admin, group
// system:masters), the caller's own copy.
func (c *Cluster) Config() *rest.Config { return rest.CopyConfig(c.config) }

// Kubeconfig is the file of the administrator's kubeconfig.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.dir, "kubeconfig") }

// EtcdURL is where etcd serves, for further API servers that store there.
func (c *Cluster) EtcdURL() string { return c.etcd }

// WriteServingCert issues a certificate of the authority that clients of this
// control plane trust, for the given DNS names and IP addresses of loopback, into two PEM files.
func (c *Cluster) WriteServingCert(certFile, keyFile string, hosts ...string) error {
	return c.credentials.authority.WriteKeyPair(certFile, keyFile, hosts...)
}

// Version is the version the API server reports, such as v1.37.2.
func (c *Cluster) Version() (string, error) {
	info, err := c.client.Discovery().ServerVersion()
	if err != nil {
		return "", fmt.Errorf("ask for the version: %w", err)
	}
	return info.GitVersion, nil
}

// Processes are the running programs.
func (c *Cluster) Processes() []*process.Process { return slices.Clone(c.processes) }

// Stop ends the control plane. The error reports what had ended by itself before.
func (c *Cluster) Stop() error {
	var errs []error
	// In reverse: kube-apiserver takes long to stop once its etcd is gone.
	for _, p := range slices.Backward(c.processes) {
		errs = append(errs, p.Stop())
	}
	for _, port := range c.ports {
		errs = append(errs, port.Release())
	}
	c.processes, c.ports = nil, nil
	return errors.Join(errs...)
}

// ReservePort reserves a port until Stop.
func (c *Cluster) ReservePort() (*freeport.Port, error) {
	port, err := freeport.Reserve()
	if err != nil {
		return nil, err
	}
	c.ports = append(c.ports, port)
	return port, nil
}

// Run starts a program that belongs to the control plane, and returns when it is
// ready. Stop ends it before those that were started earlier. The environment and
// the log file are the control plane's.
func (c *Cluster) Run(ctx context.Context, command process.Command) error {
	command.LogFile = filepath.Join(c.dir, command.Name+".log")
	command.Env = []string{"HOME=" + c.dir, "TMPDIR=" + os.TempDir()}
	p, err := process.Start(ctx, command)
	if err != nil {
		return err
	}
	c.processes = append(c.processes, p)
	return nil
}
