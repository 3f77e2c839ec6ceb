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
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/imagename"
)

// DefaultRequestTimeout bounds one request, from sending it to the last byte of the response.
const DefaultRequestTimeout = 20 * time.Second

const (
	// maxIdleConnections bounds those to all hosts, maxIdleConnectionsPerHost those to one: most verifications use one or two.
	maxIdleConnections        = 64
	maxIdleConnectionsPerHost = 32
	// idleTimeout is how long a connection is kept that is not used.
	idleTimeout = 90 * time.Second
	// maxHeader bounds the header of a response, in bytes. Web servers have limits of 4 to 32 KiB.
	maxHeader = 64 << 10
	// userAgent is the User-Agent of all requests.
	userAgent = v1alpha1.OperatorName
)

// Client reads from registries. It is safe for concurrent use and should be shared.
type Client struct {
	keychain  authn.Keychain
	more      []authn.Keychain
	timeout   time.Duration
	reach     reach
	transport *limits
	custom    http.RoundTripper
	proxy     func(*http.Request) (*url.URL, error)
	roots     *x509.CertPool
	now       func() time.Time
	observe   func(Observation)

	// greetings holds what is known about how to ask a registry, sessions the same about a repository; flights holds the requests
	// that are shared while they last. A failed one is not kept.
	greetings *greetings
	sessions  *sessions
	flights   *flights

	cache *cache
}

// Option of a Client.
type Option func(*Client)

// WithKeychain sets the source of credentials; the default is the Docker configuration file.
func WithKeychain(keychain authn.Keychain) Option {
	return func(c *Client) { c.keychain = keychain }
}

// WithMoreCredentials adds a source of credentials, for registries that those before it have none for.
func WithMoreCredentials(keychain authn.Keychain) Option {
	return func(c *Client) { c.more = append(c.more, keychain) }
}

// WithTransport sets the transport of requests, which then has to see to it that the addresses of names are allowed. The
// default honours HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.
func WithTransport(t http.RoundTripper) Option {
	return func(c *Client) { c.custom = t }
}

// WithRequestTimeout sets the timeout of one request; the default is DefaultRequestTimeout.
func WithRequestTimeout(timeout time.Duration) Option {
	return func(c *Client) { c.timeout = timeout }
}

// WithInsecure lists registries, as host or host:port, that may lack TLS or a valid certificate, and may have a private or
// loopback address. All others must use TLS, and so must all hosts that a registry redirects to and that are not in the list.
func WithInsecure(registries ...string) Option {
	return func(c *Client) {
		for _, registry := range registries {
			c.reach.insecure[imagename.FoldHost(registry)] = true
		}
	}
}

// WithPrivate lists registries, as host or host:port, that may have a private or loopback address. Where they redirect to may
// have a private address too.
func WithPrivate(registries ...string) Option {
	return func(c *Client) {
		for _, registry := range registries {
			c.reach.private[imagename.FoldHost(registry)] = true
		}
	}
}

// WithNamed sets a function that reports whether a policy names a registry, which it gets in its one spelling (package
// imagename). Such a registry may have a private address, and so may what it redirects to. It must be safe for concurrent use.
func WithNamed(named func(host string) bool) Option {
	return func(c *Client) { c.reach.named = named }
}

// WithLoopback allows registries whose names say that they are on this machine, such as localhost:5000, with or without TLS. It
// is for programs that a user runs, not for servers: there, other users may cause the requests.
func WithLoopback() Option {
	return func(c *Client) { c.reach.loopback = true }
}

// WithProxy sets the function that returns the proxy for a request; the default is http.ProxyFromEnvironment. It has no effect
// together with WithTransport.
func WithProxy(proxy func(*http.Request) (*url.URL, error)) Option {
	return func(c *Client) { c.proxy = proxy }
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

// WithObserver sets a function that is called with each request to a host. It must be safe for concurrent use, and must not block.
func WithObserver(observe func(Observation)) Option {
	return func(c *Client) { c.observe = observe }
}

// New returns a Client.
func New(opts ...Option) *Client {
	c := &Client{
		keychain:  authn.DefaultKeychain,
		timeout:   DefaultRequestTimeout,
		reach:     reach{insecure: map[string]bool{}, private: map[string]bool{}},
		proxy:     http.ProxyFromEnvironment,
		now:       time.Now,
		observe:   func(Observation) {},
		greetings: newGreetings(), sessions: newSessions(), flights: newFlights(),
		cache: newCache(),
	}
	for _, opt := range opts {
		opt(c)
	}
	if len(c.more) > 0 {
		c.keychain = InOrder(append([]authn.Keychain{c.keychain}, c.more...)...)
	}
	c.transport = &limits{
		reach:       &c.reach,
		connections: &connections{custom: c.custom, proxy: c.proxy, roots: c.roots, made: map[way]http.RoundTripper{}},
		hosts:       newHostLimiter(c.now), timeout: c.timeout, now: c.now, observe: c.observe,
	}
	return c
}

// Manifest is a manifest or an index as the registry sent it.
type Manifest struct {
	MediaType types.MediaType
	Content   []byte
}

// Manifest fetches a manifest or an index in its current state, with one request: a GET, or a HEAD if its content is
// cached; with a GET after the HEAD if the content has changed, or the registry does not answer HEAD as it would answer GET. By
// digest, the content is verified to have that digest; by tag, it is what the registry returns. The error is an *Error.
func (c *Client) Manifest(ctx context.Context, ref name.Reference) (Manifest, error) {
	return remembered(ctx, c, ref.Context(), "manifest\x00"+ref.Name(), func(ctx context.Context) (Manifest, error) {
		return c.manifest(ctx, ref)
	})
}

func (c *Client) manifest(ctx context.Context, ref name.Reference) (Manifest, error) {
	known, ok := c.cache.lookup(ref)
	if !ok {
		return c.fetch(ctx, ref)
	}
	digest, err := c.claimed(ctx, ref)
	if err != nil {
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

// fetch requests a manifest with a GET. Its content is not parsed here.
func (c *Client) fetch(ctx context.Context, ref name.Reference) (Manifest, error) {
	got, err := c.ask(ctx, ref.Context(), question{
		method: http.MethodGet, path: "manifests/" + ref.Identifier(), accept: acceptManifests(), limit: maxManifest, expected: firstRead,
	})
	if failure, ok := errors.AsType[*Error](err); ok && failure.Kind == NotFound {
		c.cache.forget(ref)
	}
	if err != nil {
		return Manifest{}, err
	}
	mediaType, err := manifestType(ref, got.header)
	if err == nil {
		err = checkContent(ref, got.content)
	}
	if err != nil {
		return Manifest{}, c.failed(ctx, ref, err)
	}
	manifest := Manifest{MediaType: mediaType, Content: got.content}
	c.cache.remember(ref, manifest)
	return manifest, nil
}

// claimed returns what the registry says is the digest of a manifest, with one HEAD request, which registries do not count as a
// pull. Nothing proves it: see Resolve. It is the zero Hash if only a GET can tell. The error is an *Error.
func (c *Client) claimed(ctx context.Context, ref name.Reference) (v1.Hash, error) {
	got, err := c.ask(ctx, ref.Context(), question{
		method: http.MethodHead, path: "manifests/" + ref.Identifier(), accept: acceptManifests(), limit: maxManifest,
	})
	if failure, ok := errors.AsType[*Error](err); ok && failure.onlyOfHead() {
		return v1.Hash{}, nil
	}
	if err != nil {
		return v1.Hash{}, err
	}
	_, wrongType := manifestType(ref, got.header)
	digest, noDigest := v1.NewHash(got.header.Get("Docker-Content-Digest"))
	if pinned, ok := ref.(name.Digest); wrongType == nil && noDigest == nil && (!ok || digest.String() == pinned.DigestStr()) {
		return digest, nil
	}
	return v1.Hash{}, nil
}

// Blob returns a blob of at most limit bytes, verified to have its digest, with at most one request. The error is an *Error.
func (c *Client) Blob(ctx context.Context, ref name.Digest, limit int64) ([]byte, error) {
	if known, ok := c.cache.get(ref); ok {
		return known.Content, nil
	}
	got, err := c.ask(ctx, ref.Context(), question{
		method: http.MethodGet, path: "blobs/" + ref.DigestStr(), limit: limit, expected: limit,
	})
	if err != nil {
		return nil, err
	}
	if err := checkContent(ref, got.content); err != nil {
		return nil, c.failed(ctx, ref, err)
	}
	c.cache.put(ref, Manifest{Content: got.content})
	return got.content, nil
}

// checkContent returns an *Error if a reference is by digest, and the content has another one.
func checkContent(ref name.Reference, content []byte) error {
	if pinned, ok := ref.(name.Digest); ok && hashOf(content).String() != pinned.DigestStr() {
		return wrongDigest(ref, "answers with content that has another digest")
	}
	return nil
}

func wrongDigest(ref name.Reference, detail string) *Error {
	return invalidResponse(displayHost(ref.Context().RegistryStr()), detail, nil)
}

// failed logs the failure of a request whose answer cannot be used.
func (c *Client) failed(ctx context.Context, ref name.Reference, err error) *Error {
	e := asError(ref.Context().RegistryStr(), err)
	logFailure(logr.FromContextOrDiscard(ctx).WithValues("repository", ref.Context().RepositoryStr()), e)
	return e
}

// acceptManifests is the Accept header of requests for a manifest or an index.
func acceptManifests() string {
	return strings.Join([]string{
		string(types.DockerManifestSchema1), string(types.DockerManifestSchema1Signed), string(types.DockerManifestSchema2),
		string(types.OCIManifestSchema1), string(types.DockerManifestList), string(types.OCIImageIndex),
	}, ",")
}

// manifestType is the media type of a response that must be a manifest or an index.
func manifestType(ref name.Reference, header http.Header) (types.MediaType, error) {
	contentType := header.Get("Content-Type")
	parsed, _, err := mime.ParseMediaType(contentType)
	mediaType := types.MediaType(parsed)
	if err != nil || !mediaType.IsImage() && !mediaType.IsIndex() && !mediaType.IsSchema1() {
		detail := "answers with something that is not a manifest, as its Content-Type says"
		if contentType == "" {
			detail = "answers without a Content-Type, so that it is not known to be a manifest"
		}
		return "", invalidResponse(displayHost(ref.Context().RegistryStr()), detail, fmt.Errorf("content type %q", contentType))
	}
	return mediaType, nil
}
