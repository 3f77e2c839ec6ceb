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
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
	"github.com/karmada-io/image-trust/test/lab/freeport"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/lab/process"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// program returns the manager's program, which is built once.
var program = sync.OnceValues(func() (string, error) {
	root, err := binaries.Root()
	if err != nil {
		return "", err
	}
	// As labs build it, whose build is likely to be cached.
	path := filepath.Join(shared.Dir(), "manager")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", path, "./cmd/manager")
	build.Dir, build.Stderr = root, os.Stderr
	if err := process.Run(build); err != nil {
		return "", fmt.Errorf("building the manager: %w", err)
	}
	return path, nil
})

// prepare installs what the manager needs: the CustomResourceDefinition, and its program.
func prepare(t *testing.T, h *harness.Harness) client.Client {
	t.Helper()
	scheme := schemeOf(t)
	c, err := client.New(h.Config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	installCRD(t, c)
	if _, err := program(); err != nil {
		t.Fatal(err)
	}
	return c
}

// managed is a manager in a process of its own.
type managed struct {
	*process.Process
	t *testing.T
	// URL of its probes.
	URL string
	log string
}

// launch starts the manager, and returns once it answers probes: it may not be ready. It runs until the test ends, or is stopped.
func launch(t *testing.T, kubeconfig string, env []string, args ...string) *managed {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	port, err := freeport.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	m := &managed{t: t, URL: "http://" + port.Address(), log: filepath.Join(t.TempDir(), "manager.log")}
	m.Process, err = process.Start(t.Context(), process.Command{
		Name: "manager", Path: path, LogFile: m.log,
		Args: append([]string{
			"--metrics-bind-address=0", "--health-probe-bind-address=" + port.Address(), "--pull-secret-namespace=default",
			"--leader-elect", "--leader-election-namespace=default",
		}, args...),
		Env:   append([]string{"KUBECONFIG=" + kubeconfig, "HOME=" + t.TempDir()}, env...),
		Ready: process.Answers(http.DefaultClient, m.URL+"/healthz"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.Stop(), port.Release()); err != nil {
			t.Error(err)
		}
		if written, err := os.ReadFile(m.log); err == nil && t.Failed() {
			t.Logf("log of the manager:\n%s", written)
		}
	})
	return m
}

// probe returns the status and the body of a probe.
func (m *managed) probe(path string) (int, string) {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, m.URL+path, http.NoBody)
	if err != nil {
		m.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// failing returns the names of the checks of readiness that fail.
func (m *managed) failing() []string {
	m.t.Helper()
	_, body := m.probe("/readyz?verbose")
	var names []string
	for line := range strings.Lines(body) {
		if rest, ok := strings.CutPrefix(line, "[-]"); ok {
			name, _, _ := strings.Cut(rest, " ")
			names = append(names, name)
		}
	}
	return names
}

// faulty is an HTTP server that answers some requests with 503: those whose paths contain one of the blocked texts.
type faulty struct {
	*httptest.Server

	mu      sync.Mutex
	blocked []string
}

func newFaulty(t *testing.T, next http.Handler, blocked ...string) *faulty {
	t.Helper()
	f := &faulty{blocked: blocked}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		blocked := slices.ContainsFunc(f.blocked, func(part string) bool { return strings.Contains(r.URL.Path, part) })
		f.mu.Unlock()
		if blocked {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(f.CloseClientConnections)
	return f
}

func (f *faulty) set(blocked ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.blocked = blocked
}

// faultyAPIServer is the API server behind a proxy. It returns a kubeconfig for it.
func faultyAPIServer(t *testing.T, config *rest.Config, blocked ...string) (proxy *faulty, kubeconfig string) {
	t.Helper()
	target, err := url.Parse(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatal(err)
	}
	proxy = newFaulty(t, &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}, blocked...)
	kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, &rest.Config{Host: proxy.URL}); err != nil {
		t.Fatal(err)
	}
	return proxy, kubeconfig
}

// tufRepository serves a Sigstore's TUF repository, and returns the flags for it.
func tufRepository(t *testing.T, private *sigstore.Sigstore, blocked ...string) (server *faulty, flags []string) {
	t.Helper()
	dir := t.TempDir()
	if err := private.WriteTUFRepository(dir); err != nil {
		t.Fatal(err)
	}
	server = newFaulty(t, http.FileServer(http.Dir(dir)), blocked...)
	return server, []string{"--tuf-mirror=" + server.URL, "--tuf-root=" + filepath.Join(dir, "root.json")}
}

// logged counts the lines of the manager's log that contain a text.
func (m *managed) logged(text string) int {
	m.t.Helper()
	written, err := os.ReadFile(m.log)
	if err != nil {
		m.t.Fatal(err)
	}
	return bytes.Count(written, []byte(text))
}
