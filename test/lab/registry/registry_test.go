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

package registry

import (
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// fetchURL makes a second copy of this test a program that fetches a URL with
// nothing but what its environment says; see TestEnv.
const fetchURL = "REGISTRY_TEST_FETCH"

func TestMain(m *testing.M) {
	if url := os.Getenv(fetchURL); url != "" {
		response, err := http.Get(url) //nolint:gosec // the URL of a server that the test started
		if err != nil {
			_, _ = os.Stdout.WriteString(err.Error())
			os.Exit(1)
		}
		_ = response.Body.Close()
		_, _ = os.Stdout.WriteString(response.Status)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestEveryNameIsTheRegistry(t *testing.T) {
	r := start(t)
	want := push(t, r, "index.docker.io/karmada/karmada-scheduler:v1.16.0")
	for _, image := range []string{
		"docker.io/karmada/karmada-scheduler:v1.16.0",
		"karmada/karmada-scheduler:v1.16.0",
		"ghcr.io/karmada/karmada-scheduler:v1.16.0",
		"registry.example.test:5000/karmada/karmada-scheduler:v1.16.0",
		"192.0.2.1/karmada/karmada-scheduler:v1.16.0",
		r.Address() + "/karmada/karmada-scheduler:v1.16.0",
	} {
		t.Run(image, func(t *testing.T) {
			got, err := remote.Head(parse(t, image), options(t, r)...)
			if err != nil {
				t.Fatal(err)
			}
			if got.Digest != want {
				t.Errorf("digest %s, want %s", got.Digest, want)
			}
		})
	}
	if _, err := remote.Head(parse(t, "docker.io/karmada/absent:v1"), options(t, r)...); err == nil {
		t.Error("an image exists that was not pushed")
	}
}

func TestSetHandler(t *testing.T) {
	r := start(t)
	push(t, r, "docker.io/karmada/image:v1")
	var mu sync.Mutex
	var seen []string
	r.SetHandler(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, request.Method+" "+request.Host+request.URL.Path)
			if strings.Contains(request.URL.Path, "/manifests/") {
				http.Error(w, "not today", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, request)
		})
	})
	image := parse(t, "docker.io/karmada/image:v1")
	if _, err := remote.Get(image, options(t, r)...); err == nil || !strings.Contains(err.Error(), "not today") {
		t.Errorf("got %v, want the injected fault", err)
	}
	mu.Lock()
	want := []string{"GET index.docker.io/v2/", "GET index.docker.io/v2/karmada/image/manifests/v1"}
	if diff := cmp.Diff(want, slices.Compact(seen)); diff != "" {
		t.Errorf("requests differ (-want +got):\n%s", diff)
	}
	mu.Unlock()

	r.SetHandler(nil)
	if _, err := remote.Get(image, options(t, r)...); err != nil {
		t.Errorf("without the middleware: %v", err)
	}
}

// TestEnv has a child process reach the registry by its environment alone.
func TestEnv(t *testing.T) {
	r := start(t)
	tests := map[string]struct {
		env  []string
		url  string
		want string
	}{
		"HTTPS under a public name": {env: r.Env(), url: "https://index.docker.io/v2/", want: "200 OK"},
		"HTTP under a public name":  {env: r.Env(), url: "http://registry.example.test/v2/", want: "200 OK"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(slices.Clone(test.env), fetchURL+"="+test.url)
			got, err := cmd.Output()
			if err != nil || string(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

// TestForeignAuthority checks that a client without the proxy's authority rejects it.
func TestForeignAuthority(t *testing.T) {
	r := start(t)
	transport := r.Transport()
	transport.TLSClientConfig.RootCAs = nil
	_, err := remote.Head(parse(t, "docker.io/karmada/image:v1"), remote.WithTransport(transport), remote.WithContext(t.Context()))
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want an error about the certificate", err)
	}
}

func start(t *testing.T) *Registry {
	t.Helper()
	r, err := Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func push(t *testing.T, r *Registry, image string) v1.Hash {
	t.Helper()
	content, err := random.Image(64, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(parse(t, image), content, options(t, r)...); err != nil {
		t.Fatal(err)
	}
	digest, err := content.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func options(t *testing.T, r *Registry) []remote.Option {
	t.Helper()
	return []remote.Option{remote.WithTransport(r.Transport()), remote.WithContext(t.Context())}
}

func parse(t *testing.T, image string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}
