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
	"errors"
	"net/http"
	"sync"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"k8s.io/utils/lru"
)

const (
	// maxSessions is the number of repositories whose sessions are kept, the most recently used ones, and maxSessionBytes
	// bounds all of them, in bytes.
	maxSessions     = 4096
	maxSessionBytes = 32 << 20
	// sessionBytes is what a session takes in addition to what the registry wrote.
	sessionBytes = 1 << 10
)

// session is what is known about how to ask for one repository. Nothing in it grows by what a registry answers.
type session struct {
	client      *Client
	repository  name.Repository
	key         string
	greeting    *greeting
	credentials authn.Authenticator
	// counted is its size in sessions, in bytes.
	counted int

	mu sync.Mutex
	// tokens says where tokens are; nil if the registry wants none. It is that of the greeting until the registry asks for
	// something else in an answer about the repository.
	tokens *tokenSource
	token  token
	// unreadable is why there are no credentials although the user has some; empty if they are used, or there are none.
	unreadable string
}

// size of a session, in bytes, with the largest token that it may ever have.
func (s *session) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := sessionBytes + len(s.key) + len(s.unreadable)
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
			s.bytes -= evicted.counted
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
	s.add(added)
}

// add must be called with the lock.
func (s *sessions) add(added *session) {
	s.kept.Remove(added.key)
	added.counted = added.size()
	s.bytes += added.counted
	s.kept.Add(added.key, added)
	for s.bytes > maxSessionBytes {
		s.kept.RemoveOldest()
	}
}

// resized counts the size of a session anew, if it is still kept.
func (s *sessions) resized(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.get(one.key) == one {
		s.add(one)
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

// session returns the session for a repository, from an earlier request if there was one. The error is an *Error.
func (c *Client) session(ctx context.Context, repository name.Repository) (*session, error) {
	key := sessionKey(ctx, repository)
	if known := c.sessions.get(key); known != nil {
		return known, nil
	}
	made, err := c.once(ctx, "session\x00"+key, repository, handshakeRequests*c.timeout, func(ctx context.Context) (any, error) {
		made, err := c.establish(ctx, key, repository)
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

// establish finds out how a registry wants to be asked for a repository, and with which credentials. The error is an *Error.
func (c *Client) establish(ctx context.Context, key string, repository name.Repository) (*session, *Error) {
	host := displayHost(repository.RegistryStr())
	made := &session{client: c, repository: repository, key: key}
	credentials, err := authn.Resolve(ctx, c.keychainFor(ctx), repository)
	if missing, ok := errors.AsType[*UnreadableError](err); ok {
		credentials, err, made.unreadable = unreadable{missing}, nil, missing.Message
	}
	if err != nil {
		return nil, credentialsFailure(host, err)
	}
	made.credentials = credentials
	if made.greeting, err = c.greeting(ctx, repository); err != nil {
		return nil, made.explained(asError(repository.RegistryStr(), err))
	}
	made.tokens = made.greeting.tokens
	return made, nil
}

// forget makes the next request begin anew after a failure, as far as that may help: credentials may have changed, and so may how
// the registry wants to be asked.
func (s *session) forget(failure *Error, forToken bool) {
	host := s.greeting.base.Host
	outdated := s.greeting.isOutdated(failure, forToken, s.client.reach.plain(host, host))
	if outdated {
		s.client.greetings.remove(s.greeting)
	}
	if outdated || forToken || failure.Kind == Unauthorized {
		s.client.sessions.remove(s)
	}
}

// explained adds to a rejection why the request had no credentials.
func (s *session) explained(failure *Error) *Error {
	s.mu.Lock()
	why := s.unreadable
	s.mu.Unlock()
	if failure.Kind != Unauthorized || why == "" {
		return failure
	}
	rejection := *failure // which others may share
	rejection.Credentials = why
	return &rejection
}

// send sends a request to the registry, once more as the registry wants it if it rejects the first one: with a new token, or as
// its answer says. Some registries ask for tokens for some of their repositories only, and others change over time. A response
// with any status is no failure.
func (s *session) send(ctx context.Context, one call) (*reply, *Error) {
	authorization, failure := s.authorization(ctx, "")
	if failure != nil {
		return nil, failure
	}
	one.authorization = authorization
	got, failure := s.client.follow(ctx, s.greeting.base.Host, one)
	if failure != nil || got.StatusCode != http.StatusUnauthorized || got.foreign || !s.adopt(ctx, got.Header) {
		return got, failure
	}
	discard(got.Response)
	if one.authorization, failure = s.authorization(ctx, authorization); failure != nil {
		return nil, failure
	}
	one.resent++
	return s.client.follow(ctx, s.greeting.base.Host, one)
}

// adopt reads the challenge of an answer of the registry itself, and reports whether it is worth asking again. A challenge that
// cannot be read or followed changes nothing, and neither does one for credentials that there are none of.
func (s *session) adopt(ctx context.Context, header http.Header) bool {
	wanted, err := challengeOf(header)
	if err != nil {
		wanted = challenge{}
	}
	known := s.source()
	switch wanted.scheme {
	case bearerScheme:
		source, failure := s.client.tokenSource(s.greeting.base.Host, wanted)
		if failure != nil {
			return known != nil
		}
		s.replace(source)
		return true
	case basicScheme:
		if credentials, failure := s.authorize(ctx); known != nil && failure == nil && basic(credentials) != "" {
			s.replace(nil)
		}
	}
	return known != nil
}

// source says where tokens are; nil if the registry wants none.
func (s *session) source() *tokenSource {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens
}

// replace sets where tokens are. A token from elsewhere is not used any more.
func (s *session) replace(source *tokenSource) {
	s.mu.Lock()
	changed := !source.same(s.tokens)
	if changed {
		s.tokens, s.token = source, token{}
	}
	s.mu.Unlock()
	if changed {
		s.client.sessions.resized(s)
	}
}

// authorization returns the value of the Authorization header for the registry, empty for none. It is another one than
// rejected, unless credentials are all there is.
func (s *session) authorization(ctx context.Context, rejected string) (string, *Error) {
	if source := s.source(); source != nil {
		return s.bearer(ctx, source, rejected)
	}
	credentials, failure := s.authorize(ctx)
	if failure != nil {
		return "", failure
	}
	if credentials.RegistryToken != "" {
		return "Bearer " + credentials.RegistryToken, nil
	}
	return basic(credentials), nil
}

// scope is all that a token is requested for, whatever a registry asks for.
func (s *session) scope() string { return s.repository.Scope(transport.PullScope) }
