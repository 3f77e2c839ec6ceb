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
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/test/lab/privateca"
)

// internet answers for all names below .example with TLS, through a proxy, and resolves the names below .test. No request leaves
// this machine.
type internet struct {
	authorities *x509.CertPool
	proxy       *url.URL
	handler     atomic.Pointer[http.HandlerFunc]
}

func newInternet(t *testing.T) *internet {
	t.Helper()
	authority, err := privateca.New("internet")
	if err != nil {
		t.Fatal(err)
	}
	i := &internet{authorities: authority.Pool()}
	quiet := log.New(io.Discard, "", 0)
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*i.handler.Load())(w, r) }))
	web.Config.ErrorLog = quiet
	var mu sync.Mutex
	issued := map[string]*tls.Certificate{}
	web.TLS = &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			mu.Lock()
			defer mu.Unlock()
			if issued[hello.ServerName] == nil {
				certificate, err := authority.Issue(hello.ServerName)
				if err != nil {
					return nil, err
				}
				issued[hello.ServerName] = certificate
			}
			return issued[hello.ServerName], nil
		},
	}
	web.StartTLS()
	t.Cleanup(web.Close)
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			web.Config.Handler.ServeHTTP(w, r)
			return
		}
		splice(w, web.Listener.Addr().String())
	}))
	proxy.Config.ErrorLog = quiet
	proxy.Start()
	t.Cleanup(proxy.Close)
	i.proxy, err = url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// splice connects the client of a proxy with an address.
func splice(w http.ResponseWriter, address string) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = connection.Close() }()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	_, _ = io.WriteString(connection, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(server, connection)
		_ = server.Close()
	}()
	_, _ = io.Copy(connection, server)
}

func (i *internet) answer(handler http.HandlerFunc) { i.handler.Store(&handler) }

// client returns a client that reaches the names below .example by the proxy, and everything else directly.
func (i *internet) client(opts ...registry.Option) *registry.Client {
	return registry.New(append([]registry.Option{
		registry.WithKeychain(&keychain{}),
		registry.WithRoots(i.authorities),
		registry.WithProxy(func(r *http.Request) (*url.URL, error) {
			if host := r.URL.Hostname(); host == "example" || strings.HasSuffix(host, ".example") {
				return i.proxy, nil
			}
			return nil, nil // net/http takes a nil URL for no proxy
		}),
	}, opts...)...)
}

// resolve makes names resolve to addresses until the test ends.
func resolve(t *testing.T, names map[string]string) {
	t.Helper()
	connection, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := connection.ReadFrom(packet)
			if err != nil {
				return
			}
			if answer := dnsAnswer(packet[:n], names); answer != nil {
				_, _ = connection.WriteTo(answer, from)
			}
		}
	})
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", connection.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		_ = connection.Close()
		serving.Wait()
	})
}

func dnsAnswer(packet []byte, names map[string]string) []byte {
	var m dnsmessage.Message
	if m.Unpack(packet) != nil || len(m.Questions) != 1 {
		return nil
	}
	m.Response, m.Additionals = true, nil
	q := m.Questions[0]
	address, err := netip.ParseAddr(names[strings.TrimSuffix(q.Name.String(), ".")])
	if err != nil {
		m.RCode = dnsmessage.RCodeNameError
	}
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch {
	case err == nil && address.Is4() && q.Type == dnsmessage.TypeA:
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
	case err == nil && address.Is6() && q.Type == dnsmessage.TypeAAAA:
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
	}
	answer, err := m.Pack()
	if err != nil {
		return nil
	}
	return answer
}

// readings are all that a client requests of a registry.
func readings(c *registry.Client, host string) map[string]func(context.Context) error {
	digest, _ := name.NewDigest(host + "/karmada/app@sha256:" + strings.Repeat("a", 64))
	tag := digest.Context().Tag("v1")
	return map[string]func(context.Context) error{
		"manifest": func(ctx context.Context) error { _, err := c.Manifest(ctx, tag); return err },
		"pinned":   func(ctx context.Context) error { _, err := c.Manifest(ctx, digest); return err },
		"digest":   func(ctx context.Context) error { _, err := c.Resolve(ctx, tag); return err },
		"blob":     func(ctx context.Context) error { _, err := c.Blob(ctx, digest, 1<<20); return err },
		"list":     func(ctx context.Context) error { _, err := c.Referrers(ctx, digest); return err },
		"tags":     func(ctx context.Context) error { _, err := c.HasTags(ctx, digest.Context()); return err },
	}
}
