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

package detect

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// serve returns an API server that answers each group with a status, and everything else with Not Found.
func serve(t *testing.T, answers func(group string) int) Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := http.StatusNotFound
		if group, found := strings.CutPrefix(r.URL.Path, "/apis/"); found {
			code = answers(group)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(server.Close)
	requests, err := rest.UnversionedRESTClientFor(&rest.Config{Host: server.URL, APIPath: "/apis", QPS: -1, ContentConfig: rest.ContentConfig{
		GroupVersion: &schema.GroupVersion{}, NegotiatedSerializer: serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return Server{Client: requests}
}

func TestControlPlane(t *testing.T) {
	for name, tc := range map[string]struct {
		answers map[string]int
		want    string
		fails   bool
	}{
		"a cluster":       {},
		"a control plane": {answers: map[string]int{"work.karmada.io": 200, "policy.karmada.io": 200, "cluster.karmada.io": 200}, want: "work.karmada.io"},
		"one group":       {answers: map[string]int{"cluster.karmada.io": 200}, want: "cluster.karmada.io"},
		// The aggregated API server is down, and its group is not known to the API server either.
		"a part is down":       {answers: map[string]int{"work.karmada.io": 200, "cluster.karmada.io": 503}, want: "work.karmada.io"},
		"only the rest is up":  {answers: map[string]int{"work.karmada.io": 503, "policy.karmada.io": 200}, want: "policy.karmada.io"},
		"what is left is down": {answers: map[string]int{"cluster.karmada.io": 503}, fails: true},
		"not allowed":          {answers: map[string]int{"work.karmada.io": 403, "policy.karmada.io": 403, "cluster.karmada.io": 403}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, func(group string) int {
				if code := tc.answers[group]; code != 0 {
					return code
				}
				return http.StatusNotFound
			})
			got, err := server.ControlPlane(t.Context())
			if got != tc.want || (err != nil) != tc.fails {
				t.Errorf("control plane by group %q, error %v", got, err)
			}
		})
	}
}

// TestWatcher: the operator ends once the API server is something else, and not because it does not answer.
func TestWatcher(t *testing.T) {
	for name, tc := range map[string]struct {
		was  bool
		want string
	}{
		"becomes a control plane":      {want: "now serves work.karmada.io"},
		"is a control plane no longer": {was: true, want: "serves none of work.karmada.io"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			server := serve(t, func(group string) int {
				if group != "work.karmada.io" {
					return http.StatusNotFound
				}
				switch n := asked.Add(1); {
				case n == 1, n == 3: // as it was
					if tc.was {
						return http.StatusOK
					}
					return http.StatusNotFound
				case n == 2: // something else only once
					if tc.was {
						return http.StatusNotFound
					}
					return http.StatusOK
				case n < 7:
					return http.StatusServiceUnavailable
				case tc.was:
					return http.StatusNotFound
				default:
					return http.StatusOK
				}
			})
			err := Watcher{Server: server, WasControlPlane: tc.was, Log: logr.Discard(), Interval: time.Millisecond}.Start(t.Context())
			if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v", err)
			}
			if n := asked.Load(); n != 8 {
				t.Errorf("it ended after %d requests, want 8", n)
			}
		})
	}
}
