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

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// Credentials are presented to registries.
type Credentials struct {
	// ID identifies the credentials. It contains no secret.
	ID       string
	Keychain authn.Keychain
}

// CredentialsError is the reason why credentials are unavailable. Its text is for users.
type CredentialsError struct{ Message string }

func (e *CredentialsError) Error() string { return e.Message }

// UnreadableError is the error of a keychain that cannot read the credentials for a registry. Unlike with a CredentialsError, the
// registry is asked without, since it may need none. Its text is for users, and contains no secret.
type UnreadableError struct{ Message string }

func (e *UnreadableError) Error() string { return e.Message }

// Unavailable returns credentials that are unavailable: no request is sent with them.
func Unavailable(message string) *Credentials {
	return &Credentials{ID: "unavailable: " + message, Keychain: unavailable{&CredentialsError{Message: message}}}
}

type unavailable struct{ err error }

func (u unavailable) Resolve(authn.Resource) (authn.Authenticator, error) { return nil, u.err }

// credentialsKey is the key of the credentials of a context.
type credentialsKey struct{}

// WithCredentials returns a context whose requests present credentials in preference to those of the Client. Nil changes
// nothing.
func WithCredentials(ctx context.Context, credentials *Credentials) context.Context {
	if credentials == nil {
		return ctx
	}
	return context.WithValue(ctx, credentialsKey{}, credentials)
}

func credentialsOf(ctx context.Context) *Credentials {
	credentials, _ := ctx.Value(credentialsKey{}).(*Credentials)
	return credentials
}

// keychainFor returns the source of credentials for a context.
func (c *Client) keychainFor(ctx context.Context) authn.Keychain {
	if credentials := credentialsOf(ctx); credentials != nil {
		return InOrder(credentials.Keychain, c.keychain)
	}
	return c.keychain
}

// InOrder returns a source of credentials: the first of several that has some for a registry. One that cannot read them does not
// keep the following ones from being used; its error counts if none of them has any.
func InOrder(keychains ...authn.Keychain) authn.Keychain { return inOrder(keychains) }

type inOrder []authn.Keychain

// Resolve implements authn.Keychain.
func (i inOrder) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return i.ResolveContext(context.Background(), target)
}

// ResolveContext implements authn.ContextKeychain.
func (i inOrder) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	var unreadable error
	for _, keychain := range i {
		found, err := authn.Resolve(ctx, keychain, target)
		_, mayGoOn := errors.AsType[*UnreadableError](err)
		switch {
		case mayGoOn:
			if unreadable == nil {
				unreadable = err
			}
		case err != nil:
			return nil, err
		case found != authn.Anonymous:
			return found, nil
		}
	}
	if unreadable != nil {
		return nil, unreadable
	}
	return authn.Anonymous, nil
}

// sessionKey identifies a session. Requests with different credentials do not share one.
func sessionKey(ctx context.Context, repository name.Repository) string {
	if credentials := credentialsOf(ctx); credentials != nil {
		return repository.Name() + "\x00" + credentials.ID
	}
	return repository.Name()
}

// unreadable are credentials that cannot be read.
type unreadable struct{ err *UnreadableError }

// Authorization implements authn.Authenticator.
func (u unreadable) Authorization() (*authn.AuthConfig, error) { return nil, u.err }

// authorize returns the credentials for the registry: none if they cannot be read, which explained tells if they are missed. They
// are read for each request, since those of clouds last for a short time only.
func (s *session) authorize(ctx context.Context) (*authn.AuthConfig, *Error) {
	found, err := authn.Authorization(ctx, s.credentials)
	why := ""
	if missing, ok := errors.AsType[*UnreadableError](err); ok {
		found, err, why = &authn.AuthConfig{}, nil, missing.Message
	}
	s.mu.Lock()
	s.unreadable = why
	s.mu.Unlock()
	host := displayHost(s.greeting.base.Host)
	switch {
	case err == nil:
		return found, nil
	case ctx.Err() != nil:
		return nil, &Error{Kind: Timeout, Host: host, Detail: "was not asked in time: its credentials took too long", cause: err}
	default:
		return nil, credentialsFailure(host, err)
	}
}

// credentialsFailure is the failure to read credentials.
func credentialsFailure(host string, err error) *Error {
	detail := "was not asked: the credentials for it cannot be read"
	if unavailable, ok := errors.AsType[*CredentialsError](err); ok {
		detail = "was not asked: " + unavailable.Message
	}
	return &Error{Kind: Unauthorized, Host: host, Detail: detail, cause: err}
}
