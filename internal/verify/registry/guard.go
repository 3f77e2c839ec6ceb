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
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxBody is the largest answer that is read unless a blob is asked for, in bytes, after decompression. Registries
	// must take manifests of 4 MiB (OCI distribution-spec v1.1, "Pushing Manifests"); signature
	// payloads and tokens are far smaller.
	maxBody = 4 << 20
	// maxRedirects is how many redirects are followed for one request.
	maxRedirects = 5
	// maxRetryAfter bounds what a registry may ask for with Retry-After.
	maxRetryAfter = time.Hour
)

// guard bounds each single request, redirects and token requests included, and turns what
// fails into an Error while the details are still known.
type guard struct {
	next http.RoundTripper
	// insecure carries requests to the hosts that may do without TLS, or without a certificate that can be verified.
	insecure http.RoundTripper
	servers  *servers
	allowed  map[string]bool
	timeout  time.Duration // from sending the request to the last byte of the answer
}

func (g guard) RoundTrip(req *http.Request) (*http.Response, error) {
	host := displayHost(req.URL.Host)
	if redirects(req) > maxRedirects {
		return nil, invalidResponse(host, fmt.Sprintf("redirects more than %d times", maxRedirects), nil)
	}
	next := g.next
	switch {
	case g.allowed[req.URL.Host]:
		next = g.insecure
	case req.URL.Scheme == "http" && !isLoopback(req.URL.Host):
		return nil, withoutTLS(host)
	}
	ctx, cancel := context.WithTimeout(req.Context(), g.timeout)
	leave, err := g.servers.enter(ctx, req.URL.Host)
	if err != nil {
		cancel()
		return nil, err
	}
	resp, err := next.RoundTrip(req.WithContext(ctx))
	leave()
	switch {
	case errors.As(err, &tls.RecordHeaderError{}):
		// The host does not speak TLS, so not an Error: where that is allowed, http is tried beside
		// https, and its failure tells more.
		cancel()
		if !g.allowed[req.URL.Host] && !isLoopback(req.URL.Host) {
			return nil, withoutTLS(host)
		}
		return nil, err
	case err != nil:
		cancel()
		return nil, ioError(host, err)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		g.servers.limited(req.URL.Host, cmp.Or(retryAfter(resp.Header, time.Now()), ratePause))
	}
	if err := refusal(host, req, resp); err != nil {
		// Nothing of the body is wanted, and the connection is given up rather than drained.
		_ = resp.Body.Close()
		cancel()
		return nil, err
	}
	limit := limitOf(req.Context())
	resp.Body = &body{ReadCloser: resp.Body, host: host, limit: limit, left: limit, cancel: cancel}
	return resp, nil
}

func withoutTLS(host string) *Error {
	return &Error{Kind: Unreachable, Host: host, Detail: "does not speak TLS, and plain HTTP is not allowed with it"}
}

// limit is the key of a context's limit.
type limit struct{}

// within bounds the answers to requests by size, in bytes, in place of maxBody.
func within(ctx context.Context, size int64) context.Context {
	return context.WithValue(ctx, limit{}, size)
}

func limitOf(ctx context.Context) int64 {
	if size, ok := ctx.Value(limit{}).(int64); ok {
		return size
	}
	return maxBody
}

// referrersEndpoint is a part of the path of requests for referrers.
const referrersEndpoint = "referrers"

// refusal is the error that an answer amounts to as it begins. 401 is left to those who know
// how to get a token, and 404 to those who know what was asked for; so are all ways to say that there is no
// referrers API.
func refusal(host string, req *http.Request, resp *http.Response) error {
	status := resp.StatusCode
	if status < http.StatusBadRequest || status == http.StatusUnauthorized || status == http.StatusNotFound {
		return nil
	}
	if (status == http.StatusBadRequest || status == http.StatusNotAcceptable) && strings.Contains(req.URL.Path, "/"+referrersEndpoint+"/") {
		return nil
	}
	e := statusError(host, status, nil)
	e.RetryAfter = retryAfter(resp.Header, time.Now())
	if status == http.StatusBadRequest && req.URL.Scheme == "http" {
		// So does a server answer that wants TLS: the failure of that attempt says more.
		return e
	}
	return answered{e}
}

// redirects counts the redirects that led to req.
func redirects(req *http.Request) int {
	n := 0
	for resp := req.Response; resp != nil && resp.Request != nil; resp = resp.Request.Response {
		n++
	}
	return n
}

// retryAfter reads the header of that name (RFC 9110, section 10.2.3).
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(value); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

func tooLarge(host string, limit int64) *Error {
	return invalidResponse(host, fmt.Sprintf("answers with more than %d KiB", limit>>10), nil)
}

// body is an answer's body within its bounds.
type body struct {
	io.ReadCloser
	host   string
	limit  int64
	left   int64
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	switch {
	case b.left < 0:
		return n, tooLarge(b.host, b.limit)
	case err == nil || err == io.EOF:
		return n, err
	default:
		return n, ioError(b.host, err)
	}
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}
