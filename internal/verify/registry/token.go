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
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/karmada-io/image-trust/internal/bounds"
)

const (
	// maxToken bounds a token, in bytes. Servers reject headers that are longer.
	maxToken = 8 << 10
	// maxDocument bounds the body of a response with a token, and of a handshake, in bytes.
	maxDocument = 64 << 10
	// minTokenLife is how long a token is valid at least (Distribution's token specification, "expires_in"), and tokenMargin is
	// how long before its end it is renewed.
	minTokenLife = time.Minute
	tokenMargin  = 10 * time.Second
)

// tokenSource says where the tokens for a repository are, and for which service.
type tokenSource struct {
	realm   *url.URL
	service string
}

// same reports whether tokens are in the same place; nil is nowhere.
func (t *tokenSource) same(other *tokenSource) bool {
	if t == nil || other == nil {
		return t == other
	}
	return t.service == other.service && t.realm.String() == other.realm.String()
}

// token for a repository. A registry learns no more than that from the client, and the client keeps no more of the answer.
type token struct {
	text string
	// until is when it must be renewed; zero if that is not known.
	until time.Time
}

// tokenSource reads the parameters of a Bearer challenge.
func (c *Client) tokenSource(registry string, wanted challenge) (*tokenSource, *Error) {
	host := displayHost(registry)
	realm, service := wanted.parameters["realm"], wanted.parameters["service"]
	address, err := url.Parse(realm)
	if err != nil || address.Host == "" || len(realm) > maxChallenge || len(service) > maxChallenge {
		return nil, invalidResponse(host, "names no valid address for tokens", nil)
	}
	address.User, address.Fragment = nil, ""
	if _, err := c.reach.check(registry, address); err != nil {
		return nil, asError(address.Host, err)
	}
	return &tokenSource{realm: address, service: service}, nil
}

// bearer returns the Authorization header with the token of the session, after renewing it if it has expired or was rejected.
func (s *session) bearer(ctx context.Context, source *tokenSource, rejected string) (string, *Error) {
	if known := s.current(); known != "" && known != rejected {
		return known, nil
	}
	key := strings.Join([]string{"token", s.key, source.realm.String(), source.service}, "\x00")
	renewed, err := s.client.once(ctx, key, s.repository, s.client.timeout, func(ctx context.Context) (any, error) {
		// Another caller may have renewed it in the meantime.
		if known := s.current(); known != "" && known != rejected {
			return known, nil
		}
		fresh, failure := s.requestToken(ctx, source)
		if failure != nil {
			return nil, failure
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if source.same(s.tokens) {
			s.token = fresh
		}
		return "Bearer " + fresh.text, nil
	})
	if err == nil {
		return renewed.(string), nil //nolint:forcetypeassert // the function above returns nothing else
	}
	failure := asError(s.greeting.base.Host, err)
	s.forget(failure, true)
	return "", failure
}

// current returns the Authorization header with the token of the session, empty if it must be renewed.
func (s *session) current() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.text == "" || !s.token.until.IsZero() && !s.client.now().Before(s.token.until) {
		return ""
	}
	return "Bearer " + s.token.text
}

// requestToken requests a token to pull from the repository, and for nothing else (Distribution's token specification): with an
// identity token by POST, otherwise, and where that is not supported, by GET.
func (s *session) requestToken(ctx context.Context, source *tokenSource) (token, *Error) {
	credentials, failure := s.authorize(ctx)
	switch {
	case failure != nil:
		return token{}, failure
	case credentials.RegistryToken != "":
		return token{text: credentials.RegistryToken}, nil
	case credentials.IdentityToken != "":
		fresh, failure := s.exchange(ctx, source.post(s.scope(), credentials.IdentityToken))
		if failure == nil || failure.status != http.StatusNotFound && failure.status != http.StatusMethodNotAllowed {
			return fresh, failure
		}
	}
	return s.exchange(ctx, source.get(s.scope(), basic(credentials)))
}

func (t *tokenSource) get(scope, authorization string) call {
	address := *t.realm
	query := address.Query()
	query.Set("scope", scope)
	query.Set("service", t.service)
	address.RawQuery = query.Encode()
	return call{method: http.MethodGet, address: &address, authorization: authorization, limit: maxDocument}
}

func (t *tokenSource) post(scope, identity string) call {
	form := url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {identity}, "client_id": {userAgent}, "scope": {scope},
	}
	if t.service != "" {
		form.Set("service", t.service)
	}
	return call{method: http.MethodPost, address: t.realm, form: form.Encode(), limit: maxDocument}
}

// exchange sends a request for a token. Of the answer only the token and its life are used: a new identity token is not, the
// credentials stay those of the user.
func (s *session) exchange(ctx context.Context, one call) (token, *Error) {
	began := s.client.now()
	got, failure := s.client.follow(ctx, s.greeting.base.Host, one)
	if failure != nil {
		return token{}, failure
	}
	defer discard(got.Response)
	if got.StatusCode != http.StatusOK {
		return token{}, s.client.statusFailure(got)
	}
	host := displayHost(got.host)
	content, err := readAll(got.Body, 0)
	if err != nil {
		return token{}, asError(host, err)
	}
	var answer struct {
		Token       string  `json:"token"`
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if err := bounds.Unmarshal(content, bounds.Document(), &answer); err != nil {
		return token{}, invalidResponse(host, "answers with a token that cannot be read", nil)
	}
	fresh := token{text: answer.Token}
	if answer.AccessToken != "" {
		fresh.text = answer.AccessToken
	}
	if !isToken(fresh.text) {
		return token{}, invalidResponse(host, fmt.Sprintf("answers with no token, or with one of more than %d KiB", maxToken>>10), nil)
	}
	if answer.ExpiresIn > 0 {
		life := time.Duration(min(answer.ExpiresIn, maxTokenLife.Seconds())) * time.Second
		fresh.until = began.Add(max(life, minTokenLife) - tokenMargin)
	}
	return fresh, nil
}

// maxTokenLife bounds the life of a token that a registry may claim.
const maxTokenLife = 365 * 24 * time.Hour

// isToken reports whether a text can be sent as a token.
func isToken(text string) bool {
	return text != "" && len(text) <= maxToken && strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) < 0
}

// basic returns the Authorization header for Basic authentication, empty without a user and a password.
func basic(credentials *authn.AuthConfig) string {
	switch {
	case credentials.Username != "" && credentials.Password != "":
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(credentials.Username+":"+credentials.Password))
	case credentials.Auth != "":
		return "Basic " + credentials.Auth
	default:
		return ""
	}
}
