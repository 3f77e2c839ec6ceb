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

package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/egress"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// forbidden counts the connections to addresses of this machine that nobody must make a client connect to.
func forbidden(t *testing.T) (port string, reached *atomic.Int64) {
	t.Helper()
	reached = &atomic.Int64{}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", ":0") // 0.0.0.0 and ::1 are ways to it too
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			_ = connection.Close()
		}
	}()
	_, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, reached
}

// forbiddenHosts lead to this machine, to metadata services or into a private network. Names below .test are in DNS.
func forbiddenHosts(t *testing.T, port string) []string {
	t.Helper()
	resolve(t, map[string]string{
		"rebound.test": "127.0.0.1", "rebound6.test": "::1", "mapped.test": "::ffff:127.0.0.1", "metadata.test": "169.254.169.254",
		"private.test": "10.1.2.3", "ula.test": "fd12::1", "zero.test": "0.0.0.0",
	})
	return []string{
		"127.0.0.1:" + port, "127.9.9.9:" + port, "localhost:" + port, "LOCALHOST.:" + port, "a.localhost:" + port, "[::1]:" + port,
		"[::ffff:127.0.0.1]:" + port, "0.0.0.0:" + port, "[::]:" + port, "127.1:" + port, "2130706433:" + port, "0x7f000001:" + port,
		"user@127.0.0.1:" + port, "rebound.test:" + port, "rebound6.test:" + port, "mapped.test:" + port, "zero.test:" + port,
		"169.254.169.254", "metadata.test", "metadata.google.internal", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200",
		"10.1.2.3", "192.168.1.1:8443", "100.64.0.1", "[fd12::1]", "private.test", "ula.test",
	}
}

// TestForbiddenHosts: neither a registry nor who names an image makes a client connect to this machine, to a metadata service or
// into a private network, in any request and by any spelling.
func TestForbiddenHosts(t *testing.T) {
	const evil = "evil.example"
	web := newInternet(t)
	port, reached := forbidden(t)
	ways, notRefused := 0, 0
	try := func(what string, read func(context.Context) error) {
		t.Helper()
		ways++
		before := reached.Load()
		err := read(t.Context())
		var failure *registry.Error
		if reached.Load() != before || !errors.As(err, &failure) || !strings.Contains(failure.Detail, "was not asked") {
			notRefused++
			t.Errorf("%s: got %v", what, err)
		}
	}
	for _, host := range forbiddenHosts(t, port) {
		for _, scheme := range []string{"http", "https"} {
			target := scheme + "://" + host + "/admin?quit"
			redirect := func(w http.ResponseWriter) {
				w.Header().Set("Location", target)
				w.WriteHeader(http.StatusTemporaryRedirect)
			}
			web.answer(func(w http.ResponseWriter, _ *http.Request) { redirect(w) })
			for what, read := range readings(web.client(), evil) {
				if what == "manifest" {
					try("redirected handshake to "+target, read)
				}
			}
			web.answer(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/v2/" {
					redirect(w)
				}
			})
			for what, read := range readings(web.client(), evil) {
				try("redirected "+what+" to "+target, read)
			}
			web.answer(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Host == evil && r.URL.Path != "/v2/":
					http.Redirect(w, r, "https://other.example/", http.StatusFound)
				case r.URL.Path != "/v2/":
					redirect(w)
				}
			})
			try("second redirect to "+target, readings(web.client(), evil)["blob"])
			for what, realm := range map[string]string{"realm": target, "redirected realm": "https://auth.example/token"} {
				web.answer(func(w http.ResponseWriter, r *http.Request) {
					if r.Host == "auth.example" {
						redirect(w)
						return
					}
					w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`",service="s"`)
					w.WriteHeader(http.StatusUnauthorized)
				})
				try(what+" to "+target, readings(web.client(), evil)["manifest"])
			}
		}
		if image := host + "/karmada/app:v1"; !strings.Contains(host, "@") && !strings.HasPrefix(host, "[::ffff") {
			if ref, err := name.NewTag(image); err == nil {
				try("image "+image, readings(web.client(), ref.RegistryStr())["manifest"])
			}
		}
	}
	fmt.Printf("figure: ways_to_forbidden_hosts %d\n", ways)
	fmt.Printf("figure: requests_to_forbidden_hosts %d\n", max(int(reached.Load()), notRefused))
	if ways < 300 || reached.Load() != 0 {
		t.Errorf("%d of %d ways led to a connection", reached.Load(), ways)
	}
	// The listener does count: a registry that a flag names may be on this machine.
	_, _ = web.client(registry.WithPrivate("127.0.0.1:"+port)).Manifest(t.Context(), tagOf(t, "127.0.0.1:"+port))
	_, _ = web.client(registry.WithPrivate("rebound.test:"+port)).Manifest(t.Context(), tagOf(t, "rebound.test:"+port))
	if reached.Load() < 2 {
		t.Errorf("%d connections to registries that a flag names", reached.Load())
	}
}

// TestNamedRegistries: what is named by whom may have which addresses. A flag about one registry says nothing about others.
func TestNamedRegistries(t *testing.T) {
	const evil = "evil.example"
	web := newInternet(t)
	port, reached := forbidden(t)
	resolve(t, map[string]string{"rebound.test": "127.0.0.1"})
	local := "127.0.0.1:" + port
	web.answer(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			http.Redirect(w, r, "https://"+local+"/", http.StatusTemporaryRedirect)
		}
	})
	named := &registry.Named{}
	named.Set("trust", []string{evil, "rebound.test:" + port})
	for what, one := range map[string]struct {
		client *registry.Client
		host   string
		want   bool
	}{
		"redirect to a registry that a flag names":    {web.client(registry.WithInsecure(local), registry.WithPrivate(local)), evil, false},
		"redirect from a registry that a trust names": {web.client(registry.WithNamed(named.Has)), evil, false},
		"redirect from a registry that a flag names":  {web.client(registry.WithPrivate(evil)), evil, false},
		"redirect between registries that flags name": {web.client(registry.WithPrivate(evil, local)), evil, true},
		"name that a trust names":                     {web.client(registry.WithNamed(named.Has)), "rebound.test:" + port, false},
		"name that a flag names":                      {web.client(registry.WithPrivate("rebound.test:" + port)), "rebound.test:" + port, true},
		"address of a user's machine":                 {web.client(registry.WithLoopback()), local, true},
		"name of a user's machine":                    {web.client(registry.WithLoopback()), "rebound.test:" + port, false},
		"redirect to a user's machine":                {web.client(registry.WithLoopback()), evil, false},
	} {
		before := reached.Load()
		err := readings(one.client, one.host)["manifest"](t.Context())
		if (reached.Load() > before) != one.want || err == nil {
			t.Errorf("%s: %d connections, %v", what, reached.Load()-before, err)
		}
	}
}

// TestNamed checks that a registry is named for as long as a policy names it.
func TestNamed(t *testing.T) {
	n := &registry.Named{}
	has := func(want bool) {
		t.Helper()
		if got := n.Has("Harbor.corp.:443"); got != want || n.Has("other.corp") {
			t.Errorf("named: %t, want %t", got, want)
		}
	}
	has(false)
	n.Set("a", []string{"harbor.corp", "HARBOR.corp"})
	n.Set("b", []string{"harbor.corp:443", "third.corp"})
	has(true)
	n.Set("a", nil)
	n.Set("a", nil)
	has(true)
	n.Set("b", []string{"third.corp"})
	has(false)
	if !n.Has("third.corp") {
		t.Error("a policy that changed names what it named before")
	}
}

// TestPrivateRedirect: a private registry that a trust names may redirect to its storage in the private network.
func TestPrivateRedirect(t *testing.T) {
	for class, allowed := range map[egress.Class]bool{egress.Private: true, egress.Loopback: false, egress.Reserved: false} {
		address := map[egress.Class]string{egress.Private: "10.255.255.1", egress.Loopback: "127.0.0.1:1", egress.Reserved: "169.254.169.254"}[class]
		asked := ""
		c := registry.New(registry.WithKeychain(&keychain{}), registry.WithNamed(func(host string) bool { return host == "harbor.corp" }),
			registry.WithTransport(roundTrip(func(r *http.Request) (*http.Response, error) {
				response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}
				if r.URL.Host != "harbor.corp" {
					asked = r.URL.Host
				} else if r.URL.Path != "/v2/" {
					response.StatusCode = http.StatusFound
					response.Header.Set("Location", "https://"+address+"/blob")
				}
				return response, nil
			})))
		_ = readings(c, "harbor.corp")["blob"](t.Context())
		if (asked == address) != allowed {
			t.Errorf("%s address: asked %q, want it to be allowed: %t", class, asked, allowed)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return r(req) }
