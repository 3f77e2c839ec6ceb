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
	"errors"
	"net/http"
	"net/url"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/utils/lru"
)

const (
	// handshakeRequests bounds a handshake, as a multiple of the timeout of one request: a handshake is a request over https, and
	// perhaps another one over http.
	handshakeRequests = 2
	// maxGreetings is the number of registries whose greetings are kept, the most recently used ones. One has less than 20 KiB.
	maxGreetings = 256
)

// greeting is the answer of a registry to the question how it wants to be asked. The question carries no credentials and names no
// repository, so the answer is the same for all of them.
type greeting struct {
	// base is the scheme and the host of the registry.
	base url.URL
	// tokens says where tokens are; nil if the registry wants none.
	tokens *tokenSource
}

// greetings holds the latest greeting of each registry, until a request that follows from it fails as if it was no longer valid.
type greetings struct {
	mu   sync.Mutex
	kept *lru.Cache // of *greeting, by host
}

func newGreetings() *greetings { return &greetings{kept: lru.New(maxGreetings)} }

func (g *greetings) get(host string) *greeting {
	known, _ := g.kept.Get(host)
	found, _ := known.(*greeting)
	return found
}

func (g *greetings) put(one *greeting) { g.kept.Add(one.base.Host, one) }

// remove a greeting, unless another one has taken its place.
func (g *greetings) remove(old *greeting) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.get(old.base.Host) == old {
		g.kept.Remove(old.base.Host)
	}
}

// greeting returns how a registry wants to be asked, from an earlier answer if there was one. The error is an *Error.
func (c *Client) greeting(ctx context.Context, repository name.Repository) (*greeting, error) {
	host := repository.RegistryStr()
	if known := c.greetings.get(host); known != nil {
		return known, nil
	}
	made, err := c.once(ctx, "greeting\x00"+host, repository, handshakeRequests*c.timeout, func(ctx context.Context) (any, error) {
		// Another caller may have been greeted in the meantime.
		if known := c.greetings.get(host); known != nil {
			return known, nil
		}
		made, failure := c.greet(ctx, host)
		if failure != nil {
			return nil, failure
		}
		c.greetings.put(made)
		return made, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*greeting), nil //nolint:forcetypeassert // the function above returns nothing else
}

// greet asks the registry which authentication it wants, over https or, if it may do without TLS, over http.
func (c *Client) greet(ctx context.Context, host string) (*greeting, *Error) {
	made := &greeting{base: url.URL{Scheme: "https", Host: host}}
	if !c.reach.plain(host, host) {
		return made, c.ping(ctx, made)
	}
	half, cancel := context.WithTimeout(ctx, c.timeout/2)
	defer cancel()
	protected := c.ping(half, made)
	if protected == nil || protected.status != 0 {
		return made, protected
	}
	made.base.Scheme = "http"
	plain := c.ping(ctx, made)
	// A server that requires TLS answers plain HTTP with 400.
	answered := plain != nil && plain.status != 0 && plain.status != http.StatusBadRequest
	if plain == nil || answered || errors.As(protected.cause, &tls.RecordHeaderError{}) {
		return made, plain
	}
	return made, protected
}

// ping is the request of the handshake (OCI distribution-spec v1.1, "Determining Support"). A challenge counts only if it comes
// from the registry itself: the host that it redirects to must not choose where credentials are sent.
func (c *Client) ping(ctx context.Context, into *greeting) *Error {
	address := into.base
	address.Path = "/v2/"
	got, failure := c.follow(ctx, into.base.Host, call{method: http.MethodGet, address: &address, limit: maxDocument})
	if failure != nil {
		return failure
	}
	defer discard(got.Response)
	host := displayHost(into.base.Host)
	switch {
	case got.StatusCode == http.StatusOK:
		return nil
	case got.StatusCode == http.StatusUnauthorized && got.foreign:
		e := statusError(displayHost(got.host), got.StatusCode)
		e.Detail = "asks for credentials, but they belong to " + host + ", which redirects to it"
		return e
	case got.StatusCode == http.StatusUnauthorized:
		wanted, err := challengeOf(got.Header)
		if err != nil {
			return invalidResponse(host, "asks for credentials in a way that cannot be read", err)
		}
		if wanted.scheme == bearerScheme {
			into.tokens, failure = c.tokenSource(into.base.Host, wanted)
		}
		return failure
	default:
		e := c.statusFailure(got)
		if got.StatusCode == http.StatusNotFound {
			e.Detail += " to a registry's handshake"
		}
		return e
	}
}

// isOutdated reports whether a request failed as if the registry had changed how it wants to be asked: for tokens elsewhere, or,
// where it may do without TLS, over http instead of https or the other way round. A token server that refuses a token is the
// right one.
func (g *greeting) isOutdated(failure *Error, forToken, mayBePlain bool) bool {
	switch failure.Kind {
	case Unreachable:
		return forToken || mayBePlain && (failure.status == 0 || failure.status == http.StatusBadRequest)
	case InvalidResponse, NotFound:
		return forToken
	default:
		return false
	}
}
