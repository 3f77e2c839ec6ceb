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
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/karmada-io/image-trust/test/lab/controlplane"
)

// expiring is the API server behind a proxy that can end all watches, and refuse to resume them.
type expiring struct {
	*httptest.Server
	next http.Handler

	mu sync.Mutex
	// watches that run, by path.
	watches map[string][]context.CancelFunc
	// gone are the paths of watches that must not be resumed.
	gone map[string]bool
	// refused is how many watches were not resumed.
	refused int
}

// expiring starts a proxy, and returns the kubeconfig for it.
func (w *world) expiring() (*expiring, string, error) {
	config := w.Config()
	target, err := url.Parse(config.Host)
	if err != nil {
		return nil, "", err
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, "", err
	}
	e := &expiring{watches: map[string][]context.CancelFunc{}, gone: map[string]bool{}, next: &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport, FlushInterval: -1,
	}}
	e.Server = httptest.NewServer(e)
	kubeconfig := filepath.Join(w.dir, "proxy.kubeconfig")
	return e, kubeconfig, controlplane.WriteKubeconfig(kubeconfig, &rest.Config{Host: e.URL})
}

func (e *expiring) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("watch") == "" {
		e.next.ServeHTTP(w, r)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	e.mu.Lock()
	resumed := query.Get("sendInitialEvents") == ""
	if resumed && e.gone[r.URL.Path] {
		delete(e.gone, r.URL.Path)
		e.refused++
		e.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusGone)
		_ = json.NewEncoder(w).Encode(metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
			Reason: metav1.StatusReasonExpired, Code: http.StatusGone, Message: "too old resource version",
		})
		return
	}
	e.watches[r.URL.Path] = append(e.watches[r.URL.Path], cancel)
	e.mu.Unlock()
	e.next.ServeHTTP(w, r.WithContext(ctx))
}

// end stops the proxy. Close would wait for its watches.
func (e *expiring) end() {
	e.CloseClientConnections()
	e.Close()
}

// expire ends all watches, and has each be refused once when it is resumed.
func (e *expiring) expire() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for path, watches := range e.watches {
		e.gone[path] = true
		for _, cancel := range watches {
			cancel()
		}
		delete(e.watches, path)
	}
}

// expired returns how many watches were not resumed.
func (e *expiring) expired() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.refused
}
