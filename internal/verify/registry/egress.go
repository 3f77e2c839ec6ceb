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
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/karmada-io/image-trust/internal/egress"
	"github.com/karmada-io/image-trust/internal/imagename"
)

const (
	// dialTimeout bounds the time until a connection is made, keepAlive is the time between two probes of it.
	dialTimeout = 30 * time.Second
	keepAlive   = 30 * time.Second
)

// reach is the one rule about what requests may reach. It is applied to each request: to the first one to a registry, and to
// those that its redirects and its realm for tokens cause. A registry is compared by its one spelling.
type reach struct {
	// insecure registries may lack TLS or a valid certificate, and private ones may have a private or loopback address. An
	// administrator named both on the command line.
	insecure, private map[string]bool
	// named reports whether a policy names a registry; nil if none does.
	named func(host string) bool
	// loopback allows registries whose names say that they are on this machine.
	loopback bool
}

// onCommandLine reports whether an administrator named a host on the command line.
func (r *reach) onCommandLine(host string) bool { return r.insecure[host] || r.private[host] }

// isLocal reports whether a request stays with a registry whose name says that it is on this machine, and which is allowed.
func (r *reach) isLocal(registry, target string) bool {
	class, known := egress.OfHost(registry)
	return r.loopback && known && class == egress.Loopback && registry == target
}

// unprotected reports whether a request that a registry causes may do without TLS or a valid certificate: if both its host and
// the registry are named.
func (r *reach) unprotected(registry, target string) bool {
	return r.insecure[imagename.FoldHost(registry)] && r.insecure[imagename.FoldHost(target)]
}

// plain reports whether a request that a registry causes may do without TLS.
func (r *reach) plain(registry, target string) bool {
	return r.unprotected(registry, target) || r.isLocal(imagename.FoldHost(registry), imagename.FoldHost(target))
}

// permission returns the addresses that a request may go to that a registry causes.
func (r *reach) permission(registry, target string) egress.Permission {
	registry, target = imagename.FoldHost(registry), imagename.FoldHost(target)
	switch {
	case r.onCommandLine(registry) && r.onCommandLine(target), r.isLocal(registry, target):
		return egress.AlsoLoopback
	case r.onCommandLine(registry), r.named != nil && r.named(registry):
		return egress.AlsoPrivate
	default:
		return egress.OnlyPublic
	}
}

// check returns the permission for a request to an address that a registry causes, or an *Error. It opens no connection, so
// the addresses of a name are checked later, by the connection.
func (r *reach) check(registry string, target *url.URL) (egress.Permission, error) {
	host := displayHost(target.Host)
	if target.Scheme != "https" && (target.Scheme != "http" || !r.plain(registry, target.Host)) {
		return 0, &Error{Kind: Unreachable, Host: host, Detail: "was not asked: " + displayHost(registry) + " leads to it without TLS"}
	}
	permission := r.permission(registry, target.Host)
	if class, known := egress.OfHost(target.Host); known && !permission.Allows(class) {
		return 0, refusedAddress(host, &egress.Error{Class: class})
	}
	return permission, nil
}

// connections are the transports of a client. There is one for each permission, because a transport keeps connections, and one
// that a permission allowed must not serve requests without it.
type connections struct {
	// custom is used for all requests, if it is set.
	custom http.RoundTripper
	// proxy returns the proxy for a request, nil for none.
	proxy func(*http.Request) (*url.URL, error)
	roots *x509.CertPool

	mu   sync.Mutex
	made map[way]http.RoundTripper
}

// way is how a request gets to its host.
type way struct {
	permission  egress.Permission
	proxied     bool
	unprotected bool
}

// get returns the transport for a request.
func (c *connections) get(req *http.Request, permission egress.Permission, unprotected bool) (http.RoundTripper, error) {
	if c.custom != nil {
		return c.custom, nil
	}
	w := way{permission: permission, unprotected: unprotected}
	proxy, err := c.proxy(req)
	if err != nil {
		return nil, err
	}
	if proxy != nil {
		// The connection is made to the proxy, which an administrator chose, so that there is nothing to check.
		w.proxied, w.permission = true, egress.AlsoLoopback
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	made, ok := c.made[w]
	if !ok {
		made = c.transport(w)
		c.made[w] = made
	}
	return made, nil
}

// transport returns a transport like http.DefaultTransport, with limits.
func (c *connections) transport(w way) *http.Transport {
	config := &tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12}
	if w.unprotected {
		config = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // only for the hosts that the user lists as insecure
	}
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	t := &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        config,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    dialTimeout,
		IdleConnTimeout:        idleTimeout,
		MaxIdleConns:           maxIdleConnections,
		MaxIdleConnsPerHost:    maxIdleConnectionsPerHost,
		MaxResponseHeaderBytes: maxHeader,
	}
	if w.proxied {
		t.Proxy = c.proxy
	} else {
		dialer.ControlContext = w.permission.ControlContext
	}
	return t
}

// authority is the scheme, the host and the port of a URL in one spelling. Credentials go to one authority only.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" && u.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), port)
}
