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
	"fmt"
	"net/http"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// handshakeRequests bounds a handshake, as a multiple of the timeout of one request: a handshake is a ping over https, perhaps
// another one over http, and perhaps a token.
const handshakeRequests = 2

// session returns a transport for a repository, from an earlier handshake if there was one. It is a *transport.Wrapper,
// which go-containerregistry treats as authenticated.
func (c *Client) session(ctx context.Context, repository name.Repository) (http.RoundTripper, error) {
	key := sessionKey(ctx, repository)
	known, _ := c.sessions.Get(key)
	if session, ok := known.(http.RoundTripper); ok {
		return session, nil
	}
	// The handshake is shared, so the context of one caller must not end it for the others.
	shared := context.WithoutCancel(ctx)
	handshake := c.handshakes.DoChan(key, func() (any, error) {
		session, err := c.handshake(shared, repository)
		if err == nil {
			c.sessions.Add(key, session)
		}
		return session, err
	})
	select {
	case <-ctx.Done():
		return nil, ioError(displayHost(repository.RegistryStr()), ctx.Err())
	case done := <-handshake:
		if done.Err != nil {
			return nil, done.Err
		}
		return done.Val.(http.RoundTripper), nil //nolint:forcetypeassert // the handshake above returns nothing else
	}
}

func (c *Client) handshake(ctx context.Context, repository name.Repository) (session http.RoundTripper, err error) {
	defer func() {
		// singleflight ends the process if its function panics.
		if r := recover(); r != nil {
			err = invalidResponse(displayHost(repository.RegistryStr()), "does not answer as a registry does", fmt.Errorf("panic: %v", r))
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, handshakeRequests*c.timeout)
	defer cancel()
	credentials, err := authn.Resolve(ctx, c.keychainFor(ctx), repository)
	if err != nil {
		return nil, credentialsFailure(displayHost(repository.RegistryStr()), err)
	}
	registry := repository.Registry
	if c.insecure[registry.RegistryStr()] {
		if registry, err = name.NewRegistry(registry.RegistryStr(), name.Insecure); err != nil {
			return nil, invalidResponse(displayHost(repository.RegistryStr()), "has an invalid name", err)
		}
	}
	session, err = transport.NewWithContext(ctx, registry, credentials, c.transport,
		[]string{repository.Scope(transport.PullScope)})
	if err == nil {
		return session, nil
	}
	e := toError(repository.Registry, err)
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		e.Detail += " to a registry's handshake"
	}
	logFailure(logr.FromContextOrDiscard(ctx).WithValues("repository", repository.RepositoryStr()), e)
	return nil, e
}
