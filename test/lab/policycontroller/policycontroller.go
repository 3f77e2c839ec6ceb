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

// Package policycontroller runs the real webhook of sigstore policy-controller
// against a control plane on loopback.
package policycontroller

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/filelock"
	"github.com/karmada-io/image-trust/test/lab/fileserver"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// Namespace is where policy-controller keeps its configuration, and
// ServiceAccount is what it runs as there.
const (
	Namespace      = "cosign-system"
	ServiceAccount = "webhook"
)

// DefaultVersion is the version that the tests run against where they name no other.
const DefaultVersion = "v0.14.0"

// The program listens on these ports, on all interfaces. Its --secure-port has
// no effect in any version, and there is no setting for the health probes' port.
const (
	webhookPort = 8443
	healthPort  = 8080
)

// stopTimeout is short because the webhook would drain for 45 seconds, for
// clients that are gone by then.
const stopTimeout = time.Second

// Options says how to run policy-controller.
type Options struct {
	// Version is that of a release that binaries builds; empty: DefaultVersion.
	Version string
	// Deployment is how the installation looks; nil: as the Helm chart installs the version.
	Deployment *Deployment
	// Cluster is the control plane to serve.
	Cluster *controlplane.Cluster
	// Dir is an existing directory, policy-controller's own, for data and logs.
	Dir string
	// Env is added to its environment: proxies and trusted certificates.
	Env []string
	// TUFDir is a directory with a TUF repository of a Sigstore, with root.json
	// at its top. Empty: policies must name a TrustRoot.
	TUFDir string
	// Waiting is called, if not nil, when another test's policy-controller
	// holds the ports.
	Waiting func()
	// LongRunning is for demos: tests that want the ports while this runs fail
	// with a clear message rather than wait for its end.
	LongRunning bool
}

// PolicyController is a running policy-controller.
type PolicyController struct {
	options Options
	release binaries.PolicyControllerRelease
	path    string
	client  client.Client

	lock    *filelock.Lock
	ports   []*freeport.Port
	tuf     *fileserver.Server
	process *process.Process
}

// Start installs policy-controller's manifests and runs its webhook. It returns
// once admission works: the webhooks are registered, a ClusterImagePolicy
// became Ready, and a workload that no policy matches is denied. One
// policy-controller at a time can run on a machine, so Start waits while
// another test has one, and fails at once when a foreign process has its port.
func Start(ctx context.Context, options Options) (*PolicyController, error) {
	p := &PolicyController{options: options}
	if err := p.start(ctx); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

// Restart ends policy-controller and runs it again with another TUF repository,
// and without what it remembers of the one before. The lock stays, so that no
// other test gets in between.
func (p *PolicyController) Restart(ctx context.Context, tufDir string) error {
	if err := p.end(); err != nil {
		return err
	}
	p.options.TUFDir = tufDir
	return p.run(ctx)
}

// Upgrade ends policy-controller, and installs and runs another version over what
// the one before left in the cluster. The lock stays, as for Restart.
func (p *PolicyController) Upgrade(ctx context.Context, version string, deployment *Deployment) error {
	if err := p.choose(version); err != nil {
		return err
	}
	if err := p.end(); err != nil {
		return err
	}
	p.options.Version, p.options.Deployment = version, deployment
	if err := p.install(ctx); err != nil {
		return err
	}
	return p.run(ctx)
}

// Version is the version that runs.
func (p *PolicyController) Version() string { return p.release.Version }

// findRelease returns the release of a version, of DefaultVersion if that is empty.
func findRelease(version string) (binaries.PolicyControllerRelease, error) {
	version = cmp.Or(version, DefaultVersion)
	releases := binaries.PolicyControllerReleases()
	i := slices.IndexFunc(releases, func(r binaries.PolicyControllerRelease) bool { return r.Version == version })
	if i < 0 {
		return binaries.PolicyControllerRelease{}, fmt.Errorf("policy-controller %s is not among the releases that are built", version)
	}
	return releases[i], nil
}

// choose finds the program of a version.
func (p *PolicyController) choose(version string) error {
	release, err := findRelease(version)
	if err != nil {
		return err
	}
	path, err := binaries.Find(release.Webhook)
	if err != nil {
		return err
	}
	p.release, p.path = release, path
	return nil
}

// Manifests are what was applied for it, in the order of the release's files.
func (p *PolicyController) Manifests(ctx context.Context) ([]*unstructured.Unstructured, error) {
	return adapted(ctx, p.release, p.deployment())
}

// install applies the manifests of the version.
func (p *PolicyController) install(ctx context.Context) error {
	return install(ctx, p.client, p.release, p.deployment())
}

func (p *PolicyController) deployment() Deployment {
	if p.options.Deployment != nil {
		return *p.options.Deployment
	}
	return FromChart(p.release.Version)
}

func (p *PolicyController) start(ctx context.Context) error {
	if err := p.choose(p.options.Version); err != nil {
		return err
	}
	if err := p.claimPorts(ctx, p.options.Waiting); err != nil {
		return err
	}
	var err error
	if p.client, err = client.New(p.options.Cluster.Config(), client.Options{}); err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	if err := p.install(ctx); err != nil {
		return err
	}
	if err := p.run(ctx); err != nil {
		return err
	}
	if p.options.LongRunning {
		// From here on the occupied ports speak for themselves.
		return p.releaseLock()
	}
	return nil
}

// run runs the webhook until admission works.
func (p *PolicyController) run(ctx context.Context) error {
	// A crashed predecessor's leases would stop this one's work until they
	// expire. No process holds them: the ports were free.
	if err := p.client.DeleteAllOf(ctx, &coordinationv1.Lease{}, client.InNamespace(Namespace)); err != nil {
		return fmt.Errorf("delete policy-controller's leases: %w", err)
	}
	env, err := p.environment(ctx, p.options)
	if err != nil {
		return err
	}
	tufArgs, err := p.serveTUF(ctx, p.options.TUFDir)
	if err != nil {
		return err
	}
	probe := &probe{client: p.client}
	p.process, err = process.Start(ctx, process.Command{
		Name:        p.release.Webhook,
		Path:        p.path,
		Args:        tufArgs,
		Env:         env,
		LogFile:     filepath.Join(p.options.Dir, "policy-controller.log"),
		Ready:       probe.ready,
		StopTimeout: stopTimeout,
	})
	if err != nil {
		return err
	}
	return probe.cleanUp(ctx)
}

// CheckPorts fails when a foreign process has a port that policy-controller
// needs, for callers that would rather know before they start anything else. It
// does not mind another test's policy-controller, for which Start waits.
func CheckPorts() error {
	lock, err := filelock.TryAcquire(lockFile())
	if errors.Is(err, filelock.ErrLocked) {
		return nil
	} else if err != nil {
		return err
	}
	return errors.Join(portsFree(), lock.Release())
}

func (p *PolicyController) claimPorts(ctx context.Context, waiting func()) error {
	var err error
	if p.lock, err = filelock.Acquire(ctx, lockFile(), waiting); err != nil {
		return err
	}
	return portsFree()
}

// lockFile does not depend on TMPDIR, which may differ from process to process: the ports are the machine's.
func lockFile() string { return "/tmp/karmada-image-trust-policy-controller.lock" }

func portsFree() error {
	for _, port := range []int{webhookPort, healthPort} {
		if freeport.InUse(port) {
			return fmt.Errorf("port %d is occupied, and policy-controller can listen on no other: "+
				"if it is a demo that still runs, stop it with make demo-down", port)
		}
	}
	return nil
}

// environment follows the Deployment in policy-controller's manifests. There
// the kubeconfig is the pod's; here it carries a token of the same
// ServiceAccount, so that its RBAC is tested, too, and audit logs distinguish its
// requests from an administrator's.
func (p *PolicyController) environment(ctx context.Context, options Options) ([]string, error) {
	config, err := options.Cluster.ServiceAccountConfig(ctx, Namespace, ServiceAccount)
	if err != nil {
		return nil, err
	}
	kubeconfig := filepath.Join(options.Dir, "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, config); err != nil {
		return nil, err
	}
	metrics, err := p.reservePort()
	if err != nil {
		return nil, err
	}
	profiling, err := p.reservePort()
	if err != nil {
		return nil, err
	}
	// What is remembered of a repository would be wrong for another one.
	tufCache, err := os.MkdirTemp(options.Dir, "tuf-")
	if err != nil {
		return nil, fmt.Errorf("make policy-controller's TUF cache: %w", err)
	}
	return append([]string{
		"KUBECONFIG=" + kubeconfig,
		"SYSTEM_NAMESPACE=" + Namespace,
		"CONFIG_LOGGING_NAME=config-logging",
		"METRICS_DOMAIN=sigstore.dev/policy",
		"WEBHOOK_NAME=webhook",
		"METRICS_PROMETHEUS_HOST=127.0.0.1",
		"METRICS_PROMETHEUS_PORT=" + metrics.String(),
		"PROFILING_PORT=" + profiling.String(),
		// The TUF client keeps a cache, by default below HOME.
		"HOME=" + options.Dir,
		"TUF_ROOT=" + tufCache,
		"TMPDIR=" + os.TempDir(),
	}, options.Env...), nil
}

func (p *PolicyController) serveTUF(ctx context.Context, dir string) ([]string, error) {
	if dir == "" {
		return []string{"--disable-tuf"}, nil
	}
	var err error
	if p.tuf, err = fileserver.Serve(ctx, dir); err != nil {
		return nil, err
	}
	return []string{"--tuf-mirror=" + p.tuf.URL, "--tuf-root=" + filepath.Join(dir, "root.json")}, nil
}

func (p *PolicyController) reservePort() (*freeport.Port, error) {
	port, err := freeport.Reserve()
	if err != nil {
		return nil, err
	}
	p.ports = append(p.ports, port)
	return port, nil
}

// Process is the running webhook.
func (p *PolicyController) Process() *process.Process { return p.process }

// Stop ends policy-controller and leaves its objects in the cluster, webhook
// configurations included: admission in namespaces that opt in fails from then
// on, as it does in a cluster whose policy-controller is down. The error reports
// that it had ended by itself before.
func (p *PolicyController) Stop() error {
	return errors.Join(p.end(), p.releaseLock())
}

// end ends the webhook, and keeps the lock.
func (p *PolicyController) end() error {
	var errs []error
	if p.process != nil {
		errs = append(errs, p.process.Stop())
	}
	if p.tuf != nil {
		errs = append(errs, p.tuf.Close())
	}
	for _, port := range p.ports {
		errs = append(errs, port.Release())
	}
	p.process, p.tuf, p.ports = nil, nil, nil
	return errors.Join(errs...)
}

func (p *PolicyController) releaseLock() error {
	if p.lock == nil {
		return nil
	}
	lock := p.lock
	p.lock = nil
	return lock.Release()
}
