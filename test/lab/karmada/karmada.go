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

// Package karmada runs a real Karmada control plane on loopback, and member
// clusters that join it: the API server with aggregation, the aggregated API
// server, the controller manager, the scheduler and the webhook. As everywhere in
// the lab, there are no nodes.
package karmada

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha1 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// namespace is Karmada's own on its control plane.
const namespace = "karmada-system"

// stopTimeout is short because the aggregated API server would wait for the end of all
// watches, for clients that are gone by then.
const stopTimeout = 2 * time.Second

// Programs are those that a control plane starts, in addition to what its
// members need.
func Programs() []string {
	return []string{
		binaries.Etcd, binaries.KubeAPIServer, binaries.KubeControllerManager, binaries.Kubectl,
		binaries.KarmadaAggregatedAPIServer, binaries.KarmadaControllerManager, binaries.KarmadaScheduler,
		binaries.KarmadaWebhook, binaries.Karmadactl,
	}
}

// controllers are those of kube-controller-manager that a Karmada control plane
// runs: the workloads there are templates, of which nobody must make pods.
func controllers() []string {
	return []string{
		"namespace-controller",
		"garbage-collector-controller",
		"serviceaccount-token-controller",
		"clusterrole-aggregation-controller",
	}
}

// ControlPlane is a running Karmada control plane. Its Config and Kubeconfig lead
// to the Karmada API server.
type ControlPlane struct {
	*controlplane.Cluster

	// Client acts as an administrator.
	Client client.Client

	dir string
}

// Start runs a control plane without members, and returns when it works. The
// directory exists and is the control plane's own, for data and logs. The context
// bounds the start only: what runs is ended by Stop.
func Start(ctx context.Context, dir string) (*ControlPlane, error) {
	c := &ControlPlane{dir: dir}
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start Karmada: %w", err), c.Stop())
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context) (err error) {
	c.Cluster, err = controlplane.Start(ctx, controlplane.Options{
		Dir:               c.dir,
		Aggregation:       true,
		ControllerManager: true,
		Controllers:       controllers(),
		// As Karmada's own installation does: templates of pods name ServiceAccounts of members.
		APIServerArgs: []string{"--disable-admission-plugins=StorageObjectInUseProtection,ServiceAccount"},
	})
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(
		clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme), clusterv1alpha1.Install(scheme),
		policyv1alpha1.Install(scheme), workv1alpha1.Install(scheme), workv1alpha2.Install(scheme),
	); err != nil {
		return err
	}
	if c.Client, err = client.New(c.Config(), client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	webhookPort, err := c.install(ctx)
	if err != nil {
		return err
	}
	// The order matters: the webhook watches what the CRDs define and the aggregated
	// API server serves, and nothing of Karmada's can be written before the webhook answers.
	if err := c.startAggregatedAPIServer(ctx); err != nil {
		return err
	}
	if err := c.startWebhook(ctx, webhookPort); err != nil {
		return err
	}
	if err := c.startControllerManager(ctx); err != nil {
		return err
	}
	return c.startScheduler(ctx)
}

// Version is the version of Karmada.
func (c *ControlPlane) Version() (string, error) {
	return binaries.Version(binaries.KarmadaControllerManager)
}

// Stop ends the control plane. The error reports what had ended by itself before.
func (c *ControlPlane) Stop() error {
	if c.Cluster == nil {
		return nil
	}
	return c.Cluster.Stop()
}

func (c *ControlPlane) startAggregatedAPIServer(ctx context.Context) error {
	port, err := c.ReservePort()
	if err != nil {
		return err
	}
	cert, key := filepath.Join(c.dir, "aggregated.crt"), filepath.Join(c.dir, "aggregated.key")
	// The API server asks for the name of the Service, whose address is localhost.
	if err := c.WriteServingCert(cert, key, aggregatedService+"."+namespace+".svc", "localhost", "127.0.0.1"); err != nil {
		return err
	}
	if err := c.run(ctx, binaries.KarmadaAggregatedAPIServer, "https://"+port.Address()+"/readyz",
		"--kubeconfig="+c.Kubeconfig(),
		"--authentication-kubeconfig="+c.Kubeconfig(),
		"--authorization-kubeconfig="+c.Kubeconfig(),
		"--etcd-servers="+c.EtcdURL(),
		"--bind-address=127.0.0.1",
		"--secure-port="+port.String(),
		"--tls-cert-file="+cert,
		"--tls-private-key-file="+key,
		"--audit-log-path=",
	); err != nil {
		return err
	}
	return c.installAPIService(ctx, port.Number())
}

func (c *ControlPlane) startWebhook(ctx context.Context, port *freeport.Port) error {
	dir := filepath.Join(c.dir, "webhook")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := c.WriteServingCert(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), "localhost", "127.0.0.1"); err != nil {
		return err
	}
	health, metrics, err := c.addresses()
	if err != nil {
		return err
	}
	return c.run(ctx, binaries.KarmadaWebhook, "https://"+port.Address()+"/readyz/",
		"--kubeconfig="+c.Kubeconfig(),
		"--bind-address=127.0.0.1",
		"--secure-port="+port.String(),
		"--cert-dir="+dir,
		"--health-probe-bind-address="+health,
		"--metrics-bind-address="+metrics,
	)
}

// startControllerManager makes Karmada notice within seconds that a member does not
// answer, or answers again. It never moves anything to other members then: Failover
// and the eviction by taints are off, as they are by default.
func (c *ControlPlane) startControllerManager(ctx context.Context) error {
	health, metrics, err := c.addresses()
	if err != nil {
		return err
	}
	return c.run(ctx, binaries.KarmadaControllerManager, "http://"+health+"/healthz",
		"--kubeconfig="+c.Kubeconfig(),
		"--leader-elect=false",
		"--health-probe-bind-address="+health,
		"--metrics-bind-address="+metrics,
		"--cluster-status-update-frequency=1s",
		"--cluster-failure-threshold=2s",
		"--cluster-success-threshold=1s",
		"--cluster-monitor-period=1s",
		"--cluster-monitor-grace-period=10s",
		"--cluster-lease-duration=10s",
		"--enable-no-execute-taint-eviction=false",
		"--feature-gates=Failover=false",
		"--resync-period=0",
		// An object that could not be written, as its member did not answer, is tried
		// again soon after the member is back.
		"--rate-limiter-max-delay=5s",
		"--kube-api-qps=200", "--kube-api-burst=400",
		"--cluster-api-qps=200", "--cluster-api-burst=400",
	)
}

func (c *ControlPlane) startScheduler(ctx context.Context) error {
	health, metrics, err := c.addresses()
	if err != nil {
		return err
	}
	return c.run(ctx, binaries.KarmadaScheduler, "http://"+health+"/healthz",
		"--kubeconfig="+c.Kubeconfig(),
		"--leader-elect=false",
		"--health-probe-bind-address="+health,
		"--metrics-bind-address="+metrics,
		"--feature-gates=Failover=false",
		"--kube-api-qps=200", "--kube-api-burst=400",
	)
}

// addresses reserves those of health probes and metrics.
func (c *ControlPlane) addresses() (health, metrics string, err error) {
	for _, address := range []*string{&health, &metrics} {
		port, err := c.ReservePort()
		if err != nil {
			return "", "", err
		}
		*address = port.Address()
	}
	return health, metrics, nil
}

// run starts a program and returns when it answers at the URL.
func (c *ControlPlane) run(ctx context.Context, name, url string, args ...string) error {
	path, err := binaries.Find(name)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{
		// Nothing secret is exchanged with who answers.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
	}}
	defer client.CloseIdleConnections()
	return c.Run(ctx, process.Command{
		Name: name, Path: path, Args: args, Ready: process.Answers(client, url), StopTimeout: stopTimeout,
	})
}
