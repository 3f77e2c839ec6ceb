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
		return authn.NewMultiKeychain(credentials.Keychain, c.keychain)
	}
	return c.keychain
}

// sessionKey identifies a session. Requests with different credentials do not share one.
func sessionKey(ctx context.Context, repository name.Repository) string {
	if credentials := credentialsOf(ctx); credentials != nil {
		return repository.Name() + "\x00" + credentials.ID
	}
	return repository.Name()
}

// credentialsFailure is the failure to read credentials.
func credentialsFailure(host string, err error) *Error {
	detail := "was not asked: the credentials for it cannot be read"
	if unavailable, ok := errors.AsType[*CredentialsError](err); ok {
		detail = "was not asked: " + unavailable.Message
	}
	return &Error{Kind: Unauthorized, Host: host, Detail: detail, cause: err}
}
