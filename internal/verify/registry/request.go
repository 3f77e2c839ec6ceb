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
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/name"
)

// maxDiscarded is how much of a body is read that nobody needs, in bytes, so that its connection can be used again.
const maxDiscarded = 16 << 10

// questionRequests bounds the time for a question, as a multiple of the timeout of one request: a question is a handshake, and twice
// a token and a request, each of which may be redirected.
const questionRequests = 16

// maxLocation bounds the address that a redirect leads to, in bytes.
const maxLocation = 8 << 10

// call is one request, before redirects.
type call struct {
	method  string
	address *url.URL
	accept  string
	// authorization is sent to the authority of the address only.
	authorization string
	// form is the body of a POST.
	form string
	// limit bounds the body of the response, in bytes.
	limit int64
	// resent is the number of requests before this one for the same question.
	resent int
}

// reply is the response to a call, whose body the receiver has to discard.
type reply struct {
	*http.Response
	// host that responded, with its port.
	host string
	// foreign reports whether a redirect led to another authority, even if another one led back.
	foreign bool
}

// follow sends a request that a registry causes and follows redirects, each within the limits. A response with any other status
// is no failure.
func (c *Client) follow(ctx context.Context, registry string, one call) (*reply, *Error) {
	address, foreign := one.address, false
	for redirects := 0; ; redirects++ {
		if redirects > maxRedirects {
			return nil, invalidResponse(displayHost(address.Host), fmt.Sprintf("redirects more than %d times", maxRedirects), nil)
		}
		req, err := http.NewRequestWithContext(ctx, one.method, address.String(), strings.NewReader(one.form))
		if err != nil {
			return nil, invalidResponse(displayHost(registry), "has no valid address", nil)
		}
		req.Header.Set("User-Agent", userAgent)
		if one.accept != "" {
			req.Header.Set("Accept", one.accept)
		}
		if one.form != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if one.authorization != "" && !foreign {
			req.Header.Set("Authorization", one.authorization)
		}
		resp, failure := c.transport.send(registry, req, one.limit, one.resent+redirects)
		if failure != nil {
			return nil, failure
		}
		next, failure := locationOf(address, resp)
		if failure == nil && next == nil {
			return &reply{Response: resp, host: address.Host, foreign: foreign}, nil
		}
		discard(resp)
		if failure != nil {
			return nil, failure
		}
		foreign = foreign || authority(next) != authority(address)
		if one.form != "" && foreign {
			// The body is a secret.
			return nil, invalidResponse(displayHost(address.Host), "redirects a request with credentials to another host", nil)
		}
		address = next
	}
}

// locationOf returns where a response redirects to, nil if it does not.
func locationOf(from *url.URL, resp *http.Response) (*url.URL, *Error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	next, err := from.Parse(location)
	if err != nil || location == "" || len(location) > maxLocation || next.Host == "" {
		return nil, invalidResponse(displayHost(from.Host), "redirects to an address that is not valid", nil)
	}
	next.User, next.Fragment = nil, ""
	return next, nil
}

// discard closes a response.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, maxDiscarded)
	_ = resp.Body.Close()
}

// question to the API of a registry, about one repository.
type question struct {
	method string
	// path below /v2/NAME/.
	path   string
	query  url.Values
	accept string
	// limit of the answer's content in bytes, and what it is expected to have.
	limit, expected int64
	// prefix reports whether the content may be cut at the limit, which otherwise is an error.
	prefix bool
	// absent lists statuses that mean the same as 404.
	absent []int
}

// answer is the answer to a question, with status 200.
type answer struct {
	header  http.Header
	content []byte
}

// ask sends a question, and reads its answer. Whoever asks the same meanwhile gets the same answer, which nobody may change. The
// error is an *Error, of kind NotFound if the status is 404.
func (c *Client) ask(ctx context.Context, repository name.Repository, q question) (*answer, error) {
	key := strings.Join([]string{
		"question", sessionKey(ctx, repository), q.method, q.path, q.query.Encode(), q.accept, strconv.FormatInt(q.limit, 10),
	}, "\x00")
	// Whoever asks bounds the time: a session, a token and a request have limits of their own.
	got, err := c.together(ctx, key, repository, questionRequests*c.timeout, func(ctx context.Context) (any, error) {
		return c.answer(ctx, repository, q)
	})
	if err != nil {
		return nil, err
	}
	return got.(*answer), nil //nolint:forcetypeassert // the function above returns nothing else
}

// answer is ask for one of those who ask the same.
func (c *Client) answer(ctx context.Context, repository name.Repository, q question) (*answer, error) {
	s, err := c.session(ctx, repository)
	if err != nil {
		return nil, err
	}
	got, failure := s.ask(ctx, q)
	if failure == nil {
		return got, nil
	}
	if failure.Kind == Unauthorized {
		failure = s.explained(failure)
	}
	s.forget(failure, false)
	if failure.Kind != NotFound {
		logFailure(logr.FromContextOrDiscard(ctx).WithValues("repository", repository.RepositoryStr()), failure)
	}
	return nil, failure
}

func (s *session) ask(ctx context.Context, q question) (*answer, *Error) {
	address := s.greeting.base
	address.Path = "/v2/" + s.repository.RepositoryStr() + "/" + q.path
	address.RawQuery = q.query.Encode()
	limit := q.limit
	if q.prefix {
		limit++ // the reader below stops before
	}
	got, failure := s.send(ctx, call{method: q.method, address: &address, accept: q.accept, limit: limit})
	if failure != nil {
		return nil, failure
	}
	defer discard(got.Response)
	switch {
	case got.StatusCode == http.StatusOK:
	case got.StatusCode == http.StatusNotFound, slices.Contains(q.absent, got.StatusCode):
		e := statusError(displayHost(got.host), got.StatusCode)
		e.Kind, e.answered = NotFound, true
		return nil, e
	default:
		e := s.client.statusFailure(got)
		e.answered = true
		return nil, e
	}
	var body io.Reader = got.Body
	if q.prefix {
		body = io.LimitReader(body, q.limit)
	}
	content, err := readAll(body, q.expected)
	if err != nil {
		return nil, asError(got.host, err)
	}
	return &answer{header: got.Header, content: content}, nil
}

// statusFailure is the failure that the status of a response means.
func (c *Client) statusFailure(got *reply) *Error {
	e := statusError(displayHost(got.host), got.StatusCode)
	e.RetryAfter = retryAfter(got.Header, c.now())
	return e
}
