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
	"mime"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/singleflight"
	"k8s.io/utils/lru"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// DefaultRequestTimeout bounds one request, from sending it to the last byte of the response.
const DefaultRequestTimeout = 20 * time.Second

const (
	// maxSessions is the number of repositories whose sessions are kept, the most recently used ones.
	maxSessions = 4096
	// maxIdleConnections bounds those to all hosts, maxIdleConnectionsPerHost those to one: most verifications use one or two.
	maxIdleConnections        = 64
	maxIdleConnectionsPerHost = 32
	// maxHeader bounds the header of a response, in bytes.
	maxHeader = 256 << 10
	// userAgent is the User-Agent of all requests.
	userAgent = v1alpha1.OperatorName
)

// Client reads from registries. It is safe for concurrent use and should be shared.
type Client struct {
	keychain  authn.Keychain
	transport http.RoundTripper
	timeout   time.Duration
	insecure  map[string]bool
	roots     *x509.CertPool
	now       func() time.Time

	// sessions holds, by repository, a transport with its protocol, credentials and token; handshakes holds those that are
	// being established. A failed one is not kept, unlike by go-containerregistry's Puller.
	sessions   *lru.Cache
	handshakes singleflight.Group

	cache *cache
}

// Option of a Client.
type Option func(*Client)

// WithKeychain sets the source of credentials; the default is the Docker configuration file.
func WithKeychain(keychain authn.Keychain) Option {
	return func(c *Client) { c.keychain = keychain }
}

// WithTransport sets the transport of requests. The default honours HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.
func WithTransport(t http.RoundTripper) Option {
	return func(c *Client) { c.transport = t }
}

// WithRequestTimeout sets the timeout of one request; the default is DefaultRequestTimeout.
func WithRequestTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.timeout = timeout }
}

// WithInsecure lists registries, as host or host:port, that may lack TLS or a valid certificate. All others must use TLS,
// except for those on this machine.
func WithInsecure(registries ...string) Option {
	return func(c *Client) {
		for _, registry := range registries {
			c.insecure[registry] = true
		}
	}
}

// Roots returns the certificate authorities in a PEM in addition to the system's.
func Roots(encoded []byte) (*x509.CertPool, error) {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // not every system has any
	}
	if !roots.AppendCertsFromPEM(encoded) {
		return nil, errors.New("it contains no certificate in PEM")
	}
	return roots, nil
}

// WithRoots sets the certificate authorities for registries; the default is the system's. It has no effect together with
// WithTransport.
func WithRoots(roots *x509.CertPool) Option {
	return func(c *Client) { c.roots = roots }
}

// WithClock sets the clock for Retry-After and durations, for tests.
func WithClock(now func() time.Time) Option {
	return func(c *Client) { c.now = now }
}

// New returns a Client.
func New(opts ...Option) *Client {
	c := &Client{
		keychain: authn.DefaultKeychain,
		timeout:  DefaultRequestTimeout,
		insecure: map[string]bool{},
		now:      time.Now,
		sessions: lru.New(maxSessions),
		cache:    newCache(),
	}
	for _, opt := range opts {
		opt(c)
	}
	unverified := c.transport
	if c.transport == nil {
		c.transport = newTransport(&tls.Config{RootCAs: c.roots, MinVersion: tls.VersionTLS12})
		unverified = newTransport(&tls.Config{InsecureSkipVerify: true}) //nolint:gosec // only for the hosts that the user lists as insecure
	}
	c.transport = transport.NewUserAgent(limitTransport{
		next: c.transport, insecure: unverified, hosts: newHostLimiter(c.now), allowed: c.insecure, timeout: c.timeout, now: c.now,
	}, userAgent)
	return c
}

func newTransport(config *tls.Config) http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.TLSClientConfig = config
	t.MaxIdleConns = maxIdleConnections
	t.MaxIdleConnsPerHost = maxIdleConnectionsPerHost
	t.MaxResponseHeaderBytes = maxHeader
	return t
}

// Manifest is a manifest or an index as the registry sent it.
type Manifest struct {
	MediaType types.MediaType
	Content   []byte
}

// Manifest fetches a manifest or an index in its current state, with one request: a GET, or a HEAD if its content is
// cached. By digest, the content is verified to have that digest; by tag, it is what the registry returns. The error is an
// *Error.
func (c *Client) Manifest(ctx context.Context, ref name.Reference) (Manifest, error) {
	known, ok := c.cache.lookup(ref)
	if !ok {
		return c.fetch(ctx, ref)
	}
	digest, err := c.Digest(ctx, ref)
	var failure *Error
	switch {
	case errors.As(err, &failure) && failure.Kind == InvalidResponse:
		// Not every registry returns a digest for HEAD.
		return c.fetch(ctx, ref)
	case err != nil:
		return Manifest{}, err
	}
	if content, ok := c.cache.get(ref.Context().Digest(digest.String())); ok && digest.String() == known {
		return content, nil
	}
	return c.fetch(ctx, ref)
}

// ManifestByDigest returns a manifest or an index that may be cached: the registry may no longer have it. The error is an
// *Error.
func (c *Client) ManifestByDigest(ctx context.Context, ref name.Digest) (Manifest, error) {
	if content, ok := c.cache.get(ref); ok {
		return content, nil
	}
	return c.fetch(ctx, ref)
}

func (c *Client) fetch(ctx context.Context, ref name.Reference) (Manifest, error) {
	session, err := c.session(ctx, ref.Context())
	if err != nil {
		return Manifest{}, err
	}
	got, err := remote.Get(ref, remote.WithContext(ctx), remote.WithTransport(session))
	if err != nil {
		return Manifest{}, c.failed(ctx, ref, err)
	}
	mediaType, err := manifestType(ref, got.MediaType)
	if err != nil {
		return Manifest{}, err
	}
	manifest := Manifest{MediaType: mediaType, Content: got.Manifest}
	c.cache.remember(ref, manifest)
	return manifest, nil
}

// Digest returns what the registry says is the digest of a manifest, with one HEAD request, which registries do not count as a
// pull. Nothing proves it: see Resolve. The error is an *Error.
func (c *Client) Digest(ctx context.Context, ref name.Reference) (v1.Hash, error) {
	session, err := c.session(ctx, ref.Context())
	if err != nil {
		return v1.Hash{}, err
	}
	got, err := remote.Head(ref, remote.WithContext(ctx), remote.WithTransport(session))
	if err != nil {
		return v1.Hash{}, c.failed(ctx, ref, err)
	}
	if _, err := manifestType(ref, got.MediaType); err != nil {
		return v1.Hash{}, err
	}
	return got.Digest, nil
}

// Blob returns a blob of at most limit bytes, verified to have its digest, with at most one request. The error is an *Error.
func (c *Client) Blob(ctx context.Context, ref name.Digest, limit int64) ([]byte, error) {
	if known, ok := c.cache.get(ref); ok {
		return known.Content, nil
	}
	session, err := c.session(ctx, ref.Context())
	if err != nil {
		return nil, err
	}
	content, err := readBlob(within(ctx, limit), ref, session, limit)
	if err != nil {
		return nil, c.failed(ctx, ref, err)
	}
	c.cache.put(ref, Manifest{Content: content})
	return content, nil
}

func readBlob(ctx context.Context, ref name.Digest, session http.RoundTripper, limit int64) ([]byte, error) {
	layer, err := remote.Layer(ref, remote.WithContext(ctx), remote.WithTransport(session))
	if err != nil {
		return nil, err
	}
	// Compressed returns the stored bytes; a signature's payload is not compressed.
	r, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	content, err := readAll(r, limit)
	if closed := r.Close(); err == nil {
		err = closed
	}
	return content, err
}

// failed converts the error of a request, and logs its cause.
func (c *Client) failed(ctx context.Context, ref name.Reference, err error) *Error {
	e := toError(ref.Context().Registry, err)
	if isNotFound(err) {
		e.Kind = NotFound
	}
	if e.Kind == Unauthorized {
		// Credentials may have changed since the session was established.
		c.sessions.Remove(sessionKey(ctx, ref.Context()))
	}
	if e.Kind != NotFound {
		logFailure(logr.FromContextOrDiscard(ctx).WithValues("repository", ref.Context().RepositoryStr()), e)
	}
	return e
}

// manifestType is the media type of a response that must be a manifest or an index.
func manifestType(ref name.Reference, contentType types.MediaType) (types.MediaType, error) {
	parsed, _, err := mime.ParseMediaType(string(contentType))
	mediaType := types.MediaType(parsed)
	if err != nil || !mediaType.IsImage() && !mediaType.IsIndex() && !mediaType.IsSchema1() {
		return "", invalidResponse(displayHost(ref.Context().RegistryStr()),
			"answers with something that is not a manifest", fmt.Errorf("content type %q", contentType))
	}
	return mediaType, nil
}
