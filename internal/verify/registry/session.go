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
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"k8s.io/utils/lru"
)

const (
	// handshakeRequests bounds a handshake, as a multiple of the timeout of one request: a handshake is a request over https,
	// perhaps another one over http, and perhaps one for a token.
	handshakeRequests = 2
	// maxSessions is the number of repositories whose sessions are kept, the most recently used ones, and maxSessionBytes
	// bounds all of them, in bytes.
	maxSessions     = 4096
	maxSessionBytes = 32 << 20
	// sessionBytes is what a session takes in addition to what the registry wrote.
	sessionBytes = 1 << 10
)

// session is what is known about how to ask for one repository. Nothing in it grows by what a registry answers.
type session struct {
	client     *Client
	repository name.Repository
	key        string
	// base is the scheme and the host of the registry.
	base        url.URL
	credentials authn.Authenticator
	// tokens says where tokens are; nil if the registry wants none.
	tokens *tokenSource

	mu    sync.Mutex
	token token
}

// size of a session, in bytes, with the largest token that it may ever have.
func (s *session) size() int {
	size := sessionBytes + len(s.key)
	if s.tokens != nil {
		size += maxToken + len(s.tokens.service) + len(s.tokens.realm.String())
	}
	return size
}

// sessions are the sessions that are kept.
type sessions struct {
	mu    sync.Mutex
	kept  *lru.Cache // of *session, by sessionKey
	bytes int
}

func newSessions() *sessions {
	s := &sessions{}
	s.kept = lru.NewWithEvictionFunc(maxSessions, func(_ lru.Key, value any) {
		if evicted, ok := value.(*session); ok {
			s.bytes -= evicted.size()
		}
	})
	return s
}

func (s *sessions) get(key string) *session {
	known, _ := s.kept.Get(key)
	found, _ := known.(*session)
	return found
}

func (s *sessions) put(added *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.Remove(added.key)
	s.bytes += added.size()
	s.kept.Add(added.key, added)
	for s.bytes > maxSessionBytes {
		s.kept.RemoveOldest()
	}
}

// remove a session, unless another one has taken its place.
func (s *sessions) remove(old *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.get(old.key) == old {
		s.kept.Remove(old.key)
	}
}

// session returns the session for a repository, from an earlier handshake if there was one. The error is an *Error.
func (c *Client) session(ctx context.Context, repository name.Repository) (*session, error) {
	key := sessionKey(ctx, repository)
	if known := c.sessions.get(key); known != nil {
		return known, nil
	}
	made, err := c.once(ctx, "session\x00"+key, repository, handshakeRequests*c.timeout, func(ctx context.Context) (any, error) {
		made, err := c.handshake(ctx, key, repository)
		if err != nil {
			logFailure(logr.FromContextOrDiscard(ctx).WithValues("repository", repository.RepositoryStr()), err)
			return nil, err
		}
		c.sessions.put(made)
		return made, nil
	})
	if err != nil {
		return nil, err
	}
	return made.(*session), nil //nolint:forcetypeassert // the handshake above returns nothing else
}

// once does something for all callers that want it at the same time, so the context of one of them must not end it for the
// others. The error is an *Error.
func (c *Client) once(
	ctx context.Context, key string, repository name.Repository, timeout time.Duration, do func(context.Context) (any, error),
) (any, error) {
	host := displayHost(repository.RegistryStr())
	shared := context.WithoutCancel(ctx)
	running := c.running.DoChan(key, func() (done any, err error) {
		defer func() {
			// singleflight ends the process if its function panics.
			if r := recover(); r != nil {
				err = invalidResponse(host, "does not answer as a registry does", fmt.Errorf("panic: %v", r))
			}
		}()
		bounded, cancel := context.WithTimeout(shared, timeout)
		defer cancel()
		return do(bounded)
	})
	select {
	case <-ctx.Done():
		return nil, ioError(host, ctx.Err())
	case result := <-running:
		return result.Val, result.Err
	}
}

// handshake finds out how a registry wants to be asked for a repository. The error is an *Error.
func (c *Client) handshake(ctx context.Context, key string, repository name.Repository) (*session, *Error) {
	host := displayHost(repository.RegistryStr())
	credentials, err := authn.Resolve(ctx, c.keychainFor(ctx), repository)
	if err != nil {
		return nil, credentialsFailure(host, err)
	}
	made := &session{
		client: c, repository: repository, key: key, credentials: credentials,
		base: url.URL{Scheme: "https", Host: repository.RegistryStr()},
	}
	wanted, failure := made.greet(ctx)
	if failure != nil {
		return nil, failure
	}
	if wanted.scheme != "bearer" {
		return made, nil
	}
	if made.tokens, failure = c.tokenSource(made, wanted); failure != nil {
		return nil, failure
	}
	if made.token, failure = made.requestToken(ctx); failure != nil {
		return nil, failure
	}
	return made, nil
}

// greet asks the registry which authentication it wants, over https or, if it may do without TLS, over http. It sets the
// scheme of the session.
func (s *session) greet(ctx context.Context) (challenge, *Error) {
	if !s.client.reach.plain(s.base.Host, s.base.Host) {
		return s.ping(ctx)
	}
	half, cancel := context.WithTimeout(ctx, s.client.timeout/2)
	defer cancel()
	wanted, protected := s.ping(half)
	if protected == nil || protected.status != 0 {
		return wanted, protected
	}
	s.base.Scheme = "http"
	wanted, plain := s.ping(ctx)
	// A server that requires TLS answers plain HTTP with 400.
	answered := plain != nil && plain.status != 0 && plain.status != http.StatusBadRequest
	if plain == nil || answered || errors.As(protected.cause, &tls.RecordHeaderError{}) {
		return wanted, plain
	}
	return challenge{}, protected
}

// ping is the request of the handshake (OCI distribution-spec v1.1, "Determining Support"). A challenge counts only if it comes
// from the registry itself: the host that it redirects to must not choose where credentials are sent.
func (s *session) ping(ctx context.Context) (challenge, *Error) {
	address := s.base
	address.Path = "/v2/"
	got, failure := s.client.follow(ctx, s.base.Host, call{method: http.MethodGet, address: &address, limit: maxDocument})
	if failure != nil {
		return challenge{}, failure
	}
	defer discard(got.Response)
	switch {
	case got.StatusCode == http.StatusOK:
		return challenge{}, nil
	case got.StatusCode == http.StatusUnauthorized && got.foreign:
		e := statusError(displayHost(got.host), got.StatusCode)
		e.Detail = "asks for credentials, but they belong to " + displayHost(s.base.Host) + ", which redirects to it"
		return challenge{}, e
	case got.StatusCode == http.StatusUnauthorized:
		wanted, err := challengeOf(got.Header)
		if err != nil {
			return challenge{}, invalidResponse(displayHost(s.base.Host), "asks for credentials in a way that cannot be read", err)
		}
		return wanted, nil
	default:
		e := s.client.statusFailure(got)
		if got.StatusCode == http.StatusNotFound {
			e.Detail += " to a registry's handshake"
		}
		return challenge{}, e
	}
}

// send sends a request to the registry, once more with a new token if the registry rejects the token that the session has. A
// response with any status is no failure.
func (s *session) send(ctx context.Context, one call) (*reply, *Error) {
	authorization, failure := s.authorization(ctx, "")
	if failure != nil {
		return nil, failure
	}
	one.authorization = authorization
	got, failure := s.client.follow(ctx, s.base.Host, one)
	if failure != nil || got.StatusCode != http.StatusUnauthorized || got.foreign || s.tokens == nil {
		return got, failure
	}
	discard(got.Response)
	if one.authorization, failure = s.authorization(ctx, authorization); failure != nil {
		return nil, failure
	}
	return s.client.follow(ctx, s.base.Host, one)
}

// authorization returns the value of the Authorization header for the registry, empty for none. It is another one than
// rejected, unless credentials are all there is.
func (s *session) authorization(ctx context.Context, rejected string) (string, *Error) {
	if s.tokens != nil {
		return s.bearer(ctx, rejected)
	}
	credentials, err := authn.Authorization(ctx, s.credentials)
	if err != nil {
		return "", credentialsFailure(displayHost(s.base.Host), err)
	}
	if credentials.RegistryToken != "" {
		return "Bearer " + credentials.RegistryToken, nil
	}
	return basic(credentials), nil
}

// scope is all that a token is requested for, whatever a registry asks for.
func (s *session) scope() string { return s.repository.Scope(transport.PullScope) }
