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
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/karmada-io/image-trust/test/lab/privateca"
)

// loopbackNames go past the proxy.
const loopbackNames = "127.0.0.1,localhost,::1"

// Proxy is an HTTP proxy that passes every request, whatever host it names, to
// one registry. It answers CONNECT itself and ends the TLS with a certificate
// of the asked-for host, by an authority of its own.
type Proxy struct {
	address       string
	authority     *privateca.Authority
	authorityFile string

	registry http.Handler
	handler  atomic.Pointer[http.Handler]

	tunnels      *tunnelListener
	outer, inner *http.Server // CONNECT and plain requests; requests inside of tunnels
	serving      sync.WaitGroup

	certificates sync.Map // host name to *tls.Certificate
}

func startProxy(ctx context.Context, registryAddress, dir string) (*Proxy, error) {
	authority, err := privateca.New("registry proxy")
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		authority: authority,
		// In a directory of its own, which is then all that clients trust.
		authorityFile: filepath.Join(dir, "authorities", "ca.crt"),
		registry:      forward(registryAddress),
	}
	if err := os.MkdirAll(filepath.Dir(p.authorityFile), 0o700); err != nil {
		return nil, fmt.Errorf("start the registry's proxy: %w", err)
	}
	if err := os.WriteFile(p.authorityFile, authority.PEM(), 0o600); err != nil {
		return nil, fmt.Errorf("start the registry's proxy: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the registry's proxy: %w", err)
	}
	p.address = listener.Addr().String()
	p.SetHandler(nil)
	p.tunnels = newTunnelListener(listener.Addr())
	// Clients that close the connection are not an error.
	quiet := log.New(io.Discard, "", 0)
	p.outer = &http.Server{Handler: http.HandlerFunc(p.serveOuter), ErrorLog: quiet}   //nolint:gosec // only clients on loopback
	p.inner = &http.Server{Handler: http.HandlerFunc(p.serveHandler), ErrorLog: quiet} //nolint:gosec // only clients on loopback
	p.serving.Go(func() { _ = p.outer.Serve(listener) })
	p.serving.Go(func() { _ = p.inner.Serve(p.tunnels) })
	return p, nil
}

// forward passes requests on with the Host they came with.
func forward(registryAddress string) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: registryAddress})
			r.Out.Host = r.In.Host
		},
		// The last hop: no proxy, and bodies as they are.
		Transport: &http.Transport{DisableCompression: true},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
}

// SetHandler puts a middleware between clients and the registry, in place of the
// one before, to count requests or to inject faults; nil takes it away. It sees
// decrypted requests; Host is the registry that the client believes to talk to.
func (p *Proxy) SetHandler(middleware func(next http.Handler) http.Handler) {
	handler := p.registry
	if middleware != nil {
		handler = middleware(handler)
	}
	p.handler.Store(&handler)
}

// Env is the environment that makes a child process use the proxy for every
// host but loopback, and trust its authority only.
func (p *Proxy) Env() []string {
	proxy := "http://" + p.address
	return []string{
		"HTTPS_PROXY=" + proxy,
		"HTTP_PROXY=" + proxy,
		"NO_PROXY=" + loopbackNames,
		"SSL_CERT_FILE=" + p.authorityFile,
		"SSL_CERT_DIR=" + filepath.Dir(p.authorityFile),
	}
}

// AuthorityFile is the certificate of the proxy's authority, in PEM.
func (p *Proxy) AuthorityFile() string { return p.authorityFile }

// Transport is a new transport that uses the proxy for every host but loopback,
// and trusts its authority only.
func (p *Proxy) Transport() *http.Transport {
	proxy := &url.URL{Scheme: "http", Host: p.address}
	return &http.Transport{
		Proxy: func(request *http.Request) (*url.URL, error) {
			host := request.URL.Hostname()
			if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
				return nil, nil // net/http takes a nil URL for no proxy
			}
			return proxy, nil
		},
		TLSClientConfig: &tls.Config{RootCAs: p.authority.Pool(), MinVersion: tls.VersionTLS12},
	}
}

// CertPool trusts the proxy's authority only.
func (p *Proxy) CertPool() *x509.CertPool { return p.authority.Pool() }

func (p *Proxy) serveOuter(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		p.serveHandler(w, r)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// A client that speaks before the answer would lose what it said.
	if buffered.Reader.Buffered() > 0 {
		_ = conn.Close()
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	p.tunnels.add(tls.Server(conn, &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if hello.ServerName == "" { // an IP address
				return p.certificate(host)
			}
			return p.certificate(hello.ServerName)
		},
	}))
}

func (p *Proxy) serveHandler(w http.ResponseWriter, r *http.Request) {
	(*p.handler.Load()).ServeHTTP(w, r)
}

func (p *Proxy) certificate(host string) (*tls.Certificate, error) {
	if known, ok := p.certificates.Load(host); ok {
		return known.(*tls.Certificate), nil //nolint:forcetypeassert // only certificates are stored
	}
	issued, err := p.authority.Issue(host)
	if err != nil {
		return nil, err
	}
	p.certificates.Store(host, issued)
	return issued, nil
}

func (p *Proxy) close() error {
	err := errors.Join(p.outer.Close(), p.inner.Close())
	p.serving.Wait()
	return err
}
