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

	"github.com/go-logr/logr"
)

const (
	// maxBody bounds responses other than blobs, in bytes, after decompression. Registries must accept manifests of 4 MiB (OCI
	// distribution-spec v1.1, "Pushing Manifests"); signature payloads and tokens are far smaller.
	maxBody = 4 << 20
	// maxRedirects is the number of redirects that one request follows.
	maxRedirects = 5
	// maxRetryAfter bounds the Retry-After of a registry.
	maxRetryAfter = time.Hour
)

// limitTransport bounds each single request, including redirects and requests for tokens, and turns failures into an
// Error while their details are known.
type limitTransport struct {
	next http.RoundTripper
	// insecure sends requests to the hosts that may lack TLS or a valid certificate.
	insecure http.RoundTripper
	hosts    *hostLimiter
	allowed  map[string]bool
	timeout  time.Duration // from sending the request to the last byte of the response
	now      func() time.Time
}

// RoundTrip sends a request. It logs it, and its failure, with the logger in the context.
func (t limitTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	log := logr.FromContextOrDiscard(req.Context()).WithValues("method", req.Method, "host", req.URL.Host, "repository", repositoryOf(req))
	began := t.now()
	resp, err := t.send(req)
	duration := t.now().Sub(began).String()
	if err != nil {
		log.V(requestLevel).Info("Registry request failed", "duration", duration, "error", causeText(err))
		return nil, err
	}
	log.V(requestLevel).Info("Registry request", "status", resp.StatusCode, "duration", duration)
	if resp.StatusCode == http.StatusTooManyRequests {
		wait := cmp.Or(retryAfter(resp.Header, t.now()), defaultBackoff)
		log.V(decisionLevel).Info("Backing off from registry", "retryAfter", wait.String())
		t.hosts.backOff(req.URL.Host, wait)
	}
	if err := t.responseFailure(req, resp); err != nil {
		// The body is not read, so the connection is closed.
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// send sends a request within the limits.
func (t limitTransport) send(req *http.Request) (*http.Response, error) {
	host := displayHost(req.URL.Host)
	if redirects(req) > maxRedirects {
		return nil, invalidResponse(host, fmt.Sprintf("redirects more than %d times", maxRedirects), nil)
	}
	next := t.next
	switch {
	case t.allowed[req.URL.Host]:
		next = t.insecure
	case req.URL.Scheme == "http" && !isLoopback(req.URL.Host):
		return nil, withoutTLS(host)
	}
	ctx, cancel := context.WithTimeout(req.Context(), t.timeout)
	release, err := t.hosts.acquire(ctx, req.URL.Host)
	if err != nil {
		cancel()
		return nil, err
	}
	resp, err := next.RoundTrip(req.WithContext(ctx))
	release()
	switch {
	case errors.As(err, &tls.RecordHeaderError{}):
		// The host does not speak TLS. This is not an Error, so that plain HTTP is tried if it is allowed, whose failure says
		// more.
		cancel()
		if !t.allowed[req.URL.Host] && !isLoopback(req.URL.Host) {
			return nil, withoutTLS(host)
		}
		return nil, err
	case err != nil:
		cancel()
		return nil, ioError(host, err)
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

// within sets the size limit of responses, in bytes; the default is maxBody.
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

// responseFailure is the error that a status means, nil for success. 401 and 404 are left to callers that know how to get a
// token and what was requested, and so are all statuses of registries without a referrers API.
func (t limitTransport) responseFailure(req *http.Request, resp *http.Response) error {
	status := resp.StatusCode
	if status < http.StatusBadRequest || status == http.StatusUnauthorized || status == http.StatusNotFound {
		return nil
	}
	if (status == http.StatusBadRequest || status == http.StatusNotAcceptable) && strings.Contains(req.URL.Path, "/"+referrersEndpoint+"/") {
		return nil
	}
	e := statusError(displayHost(req.URL.Host), status, nil)
	e.RetryAfter = retryAfter(resp.Header, t.now())
	if status == http.StatusBadRequest && req.URL.Scheme == "http" {
		// A server that requires TLS answers plain HTTP with 400, and the failure of the attempt with TLS says more.
		return e
	}
	return responseError{e}
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

// body is the body of a response, within its limit.
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
