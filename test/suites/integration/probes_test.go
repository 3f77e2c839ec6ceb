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

package integration

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// everything is in the path of each request.
const everything = "/"

// Parts of the paths that the checks of readiness depend on.
const (
	trustsPath   = "/karmadaimagetrusts"
	podsPath     = "/pods"
	webhooksPath = "/validatingwebhookconfigurations"
	policiesPath = "/clusterimagepolicies"
)

func newSigstore(t *testing.T) *sigstore.Sigstore {
	t.Helper()
	private, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return private
}

// awaitFailing waits until exactly the named checks of readiness fail.
func (m *managed) awaitFailing(want ...string) {
	m.t.Helper()
	waitfor.NoError(m.t, func(context.Context) error {
		got := m.failing()
		status, body := m.probe("/readyz")
		if !slices.Equal(got, want) || (status == http.StatusOK) != (len(want) == 0) {
			return fmt.Errorf("%q fail, want %q; status %d: %s", got, want, status, body)
		}
		return nil
	})
	if status, body := m.probe("/healthz?verbose"); status != http.StatusOK {
		m.t.Errorf("the process is to be restarted, which would not help: %d %s", status, body)
	}
}

// TestReadiness takes from the manager whatever it needs, and gives it back bit by bit.
func TestReadiness(t *testing.T) {
	installPolicyController(t, shared)
	prepare(t, shared)
	tuf, flags := tufRepository(t, newSigstore(t), everything)
	server, kubeconfig := faultyAPIServer(t, shared.Config(), everything)
	m := launch(t, kubeconfig, nil, append(flags, "--tuf-cache="+t.TempDir())...)
	m.awaitFailing("started")

	server.set(trustsPath, podsPath, webhooksPath, policiesPath)
	m.awaitFailing("trusts", "trust-root", "workloads", "admission", "policy-controller")
	for check, reason := range map[string]string{
		"trusts":            "KarmadaImageTrusts have not been listed yet",
		"trust-root":        "the root of trust could not be fetched: " + strings.TrimPrefix(tuf.URL, "http://") + " answers 503 Service Unavailable",
		"workloads":         "the workloads have not been listed yet",
		"admission":         "Not read yet: ",
		"policy-controller": "or their objects have not been listed: ClusterImagePolicy",
	} {
		waitfor.NoError(t, func(context.Context) error { // the root of trust fails only after its first fetch
			if status, body := m.probe("/readyz/" + check); status != http.StatusInternalServerError || !strings.Contains(body, reason) {
				return fmt.Errorf("%s: status %d, want a failure with %q: %s", check, status, reason, body)
			}
			return nil
		})
	}
	tuf.set()
	server.set(podsPath, webhooksPath, policiesPath)
	m.awaitFailing("workloads", "admission", "policy-controller")
	server.set(webhooksPath, policiesPath)
	m.awaitFailing("admission", "policy-controller")
	server.set(policiesPath)
	m.awaitFailing("policy-controller")
	server.set()
	m.awaitFailing()
	want := "[+]started ok\n[+]trusts ok\n[+]trust-root ok\n[+]workloads ok\n[+]admission ok\n[+]policy-controller ok\nreadyz check passed\n"
	if _, body := m.probe("/readyz?verbose"); body != want {
		t.Errorf("verbose (-want +got):\n%s", cmp.Diff(want, body))
	}
	if _, body := m.probe("/healthz?verbose"); body != "[+]pool ok\n[+]reconciler ok\nhealthz check passed\n" {
		t.Errorf("verbose: %s", body)
	}
	// What it has read stays: neither a registry nor an API server that is down makes it unready.
	tuf.set(everything)
	server.set(everything)
	m.awaitFailing()
	server.set()
}

// TestReadyWithCachedRoot starts the manager anew while its TUF repository is down.
func TestReadyWithCachedRoot(t *testing.T) {
	prepare(t, shared)
	tuf, flags := tufRepository(t, newSigstore(t))
	flags = append(flags, "--tuf-cache="+t.TempDir())
	first := launch(t, shared.Kubeconfig(), nil, flags...)
	first.awaitFailing()
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	tuf.set(everything)
	launch(t, shared.Kubeconfig(), nil, flags...).awaitFailing()
}

// checkReadyWithoutPolicyController starts the manager where policy-controller is not installed.
func checkReadyWithoutPolicyController(t *testing.T, h *harness.Harness) {
	t.Helper()
	prepare(t, h)
	root, err := newSigstore(t).TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "trusted_root.json")
	if err := os.WriteFile(file, root, 0o600); err != nil {
		t.Fatal(err)
	}
	m := launch(t, h.Kubeconfig(), nil, "--trusted-root="+file)
	m.awaitFailing()
	if err := m.Stop(); err != nil {
		t.Fatal(err)
	}
}

// holder returns who has the lease; empty for nobody.
func holder(t *testing.T, c client.Client) string {
	t.Helper()
	t.Helper()
	lease := &coordinationv1.Lease{}
	err := c.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: v1alpha1.OperatorName}, lease)
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	if lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *lease.Spec.HolderIdentity
}

// TestRollingUpdate replaces one replica by another as a Deployment does: the new one has to be ready before the old one ends, and
// cannot lead before. When it leads, it is ready only with what a leader needs.
func TestRollingUpdate(t *testing.T) {
	c := prepare(t, shared)
	_, flags := tufRepository(t, newSigstore(t))
	leader := launch(t, shared.Kubeconfig(), nil, flags...)
	leader.awaitFailing()
	first := holder(t, c)

	server, kubeconfig := faultyAPIServer(t, shared.Config(), podsPath)
	next := launch(t, kubeconfig, nil, flags...)
	next.awaitFailing()
	if got := holder(t, c); got != first || got == "" {
		t.Fatalf("%q leads, want %q still", got, first)
	}
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	if got := holder(t, c); got == first {
		t.Error("the leader has ended without giving its lease up")
	}
	next.awaitFailing("workloads")
	if got := holder(t, c); got == "" || got == first {
		t.Errorf("%q leads, want the other replica", got)
	}
	server.set()
	next.awaitFailing()
}

// TestStartToReady measures how long the manager takes from its start until it is ready, and leads.
func TestStartToReady(t *testing.T) {
	prepare(t, shared)
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	_, flags := tufRepository(t, newSigstore(t))
	var taken []time.Duration
	for range 5 {
		taken = append(taken, startToReady(t, path, flags))
	}
	slices.Sort(taken)
	fmt.Printf("figure: start_to_ready_ms %d\n", taken[len(taken)/2].Milliseconds())
}

func startToReady(t *testing.T, path string, flags []string) time.Duration {
	t.Helper()
	t.Helper()
	port, err := freeport.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := port.Release(); err != nil {
			t.Error(err)
		}
	}()
	cmd := exec.CommandContext(t.Context(), path, append(slices.Clone(flags),
		"--metrics-bind-address=0", "--health-probe-bind-address="+port.Address(),
		"--leader-elect", "--leader-election-namespace=default")...)
	cmd.Env = []string{"KUBECONFIG=" + shared.Kubeconfig(), "HOME=" + t.TempDir()}
	m := &managed{t: t, URL: "http://" + port.Address()}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for status := 0; status != http.StatusOK; status, _ = m.probe("/readyz") {
		if t.Context().Err() != nil {
			t.Fatal("it does not become ready")
		}
		time.Sleep(2 * time.Millisecond)
	}
	taken := time.Since(began)
	if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
		t.Fatal(err)
	}
	return taken
}
