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

// Package rollout rolls workloads out in a control plane, and counts the requests that registries get meanwhile.
package rollout

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/karmada-io/image-trust/internal/forecast/requests"
)

// Meter counts the requests to registries by their hosts. It is a middleware between the registry and its clients.
type Meter struct {
	mu     sync.Mutex
	counts map[string]requests.Count
	others []string
	tokens map[string]bool
}

// NewMeter returns a meter. Some hosts want a token, as the registries of the large providers do, and give it to everybody.
func NewMeter(wantTokens ...string) *Meter {
	m := &Meter{counts: map[string]requests.Count{}, tokens: map[string]bool{}}
	for _, host := range wantTokens {
		m.tokens[host] = true
	}
	return m
}

// Reset begins anew.
func (m *Meter) Reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.counts)
	m.others = nil
}

// Counted returns the requests to a host, and those that are of no kind that policy-controller sends.
func (m *Meter) Counted(host string) (count requests.Count, others []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.counts[host], m.others
}

// Wrap counts the requests to a handler.
func (m *Meter) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		m.count(host, r)
		switch {
		case m.tokens[host] && r.URL.Path == tokenPath:
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
		case m.tokens[host] && r.Header.Get("Authorization") != "Bearer "+token:
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://`+host+tokenPath+`",service="test"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			r.Header.Del("Authorization")
			next.ServeHTTP(w, r)
		}
	})
}

const (
	tokenPath = "/token"
	token     = "for-everybody"
)

func (m *Meter) count(host string, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := m.counts[host]
	of := map[string]*int64{"/manifests/": &count.ManifestGets, "/blobs/": &count.BlobGets, "/referrers/": &count.ReferrersGets}
	count.Total++
	switch r.URL.Path {
	case "/v2/":
		count.Pings++
	case tokenPath:
		count.Tokens++
	default:
		known := false
		for part, kind := range of {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, part) {
				*kind++
				known = true
			}
		}
		if !known {
			m.others = append(m.others, r.Method+" "+r.URL.Path)
		}
	}
	m.counts[host] = count
}
