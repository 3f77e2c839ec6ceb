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

package main

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// TestRetries has the registry fail for a moment when an image is asked about, or always, for each command that asks.
func TestRetries(t *testing.T) {
	f := newFixture(t)
	f.write("workload.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: app}\nspec:\n  containers:\n  - {name: app, image: REGISTRY/app/signed:v1}\n")
	commands := map[string][]string{
		"verify": {"verify", "REGISTRY/app/signed:v1", "-f", "trust.yaml"},
		"plan":   {"plan", "-f", "trust.yaml", "--manifests", "workload.yaml"},
		"pin":    {"pin", "-f", "trust.yaml", "--manifests", "workload.yaml"},
	}
	const closed = "closed connection"
	faults := map[string]struct {
		answer func(http.ResponseWriter)
		passes bool // whether another attempt is made
	}{
		"503":  {func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) }, true},
		closed: {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, true},
		"429": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}, true},
		"429 for an hour": {func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}, false},
		"401": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) }, false},
	}
	for command, args := range commands {
		args = append(args, "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
		for what, fault := range faults {
			for _, times := range []int64{pool.BatchAttempts - 1, 1000} {
				t.Run(command+" "+what, func(t *testing.T) {
					var failed atomic.Int64
					answer := front(func(_ http.Handler, w http.ResponseWriter, r *http.Request) bool {
						if !strings.Contains(r.URL.Path, "/manifests/") || failed.Load() == times {
							return false
						}
						failed.Add(1)
						fault.answer(w)
						return true
					})
					f.front.Store(&answer)
					defer f.front.Store(nil)
					want, requests := exitOK, times
					if !fault.passes || times > pool.BatchAttempts {
						want, requests = exitUnknown, pool.BatchAttempts
					}
					if !fault.passes {
						requests = 1
					}
					if got := (&fixture{t: t, registry: f.registry}).run("", args...); got.code != want {
						t.Errorf("exit code %d, want %d:\n%s%s", got.code, want, got.stdout, got.stderr)
					}
					// A connection that was used before and is closed is not asked again by us, but once by net/http.
					if n := failed.Load(); n < requests || n > requests && (what != closed || n > 2*requests) {
						t.Errorf("%d requests failed, want %d", n, requests)
					}
				})
			}
		}
	}
}
