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
	"time"

	"github.com/go-logr/logr"

	"github.com/karmada-io/image-trust/internal/egress"
	"github.com/karmada-io/image-trust/internal/imagename"
)

const (
	// maxManifest bounds a manifest, an index and a list of referrers, in bytes, after decompression. Registries must accept
	// manifests of 4 MiB (OCI distribution-spec v1.1, "Pushing Manifests").
	maxManifest = 4 << 20
	// maxRedirects is the number of redirects that one request follows.
	maxRedirects = 5
	// maxRetryAfter bounds the Retry-After of a registry.
	maxRetryAfter = time.Hour
)

// limits bounds each single request, without following redirects, and turns failures into an Error while their details are
// known.
type limits struct {
	reach       *reach
	connections *connections
	hosts       *hostLimiter
	timeout     time.Duration // from sending the request to the last byte of the response
	now         func() time.Time
	observe     func(Observation)
}

// send sends a request that a registry causes: one to itself, or to where it leads. The limit bounds the body of the response,
// in bytes, after decompression. It logs the request, and its failure, with the logger in the context, and traces it until the body
// is closed; resent is the number of requests before this one for the same question.
func (t *limits) send(registry string, req *http.Request, limit int64, resent int) (*http.Response, *Error) {
	span := startSpan(req, resent)
	log := logr.FromContextOrDiscard(req.Context()).WithValues("method", req.Method, "host", req.URL.Host, "repository", repositoryOf(req))
	began := t.now()
	resp, err := t.limited(registry, req, limit)
	seen := Observation{Registry: imagename.FoldHost(registry), Duration: t.now().Sub(began)}
	defer func() { t.observe(seen) }()
	if err != nil {
		failure := asError(req.URL.Host, err)
		span.failed(failure)
		log.V(requestLevel).Info("Registry request failed", "duration", seen.Duration.String(), "error", causeText(failure))
		seen.Withheld = failure.Kind == RateLimited
		return nil, failure
	}
	resp.Body = span.until(resp)
	log.V(requestLevel).Info("Registry request", "status", resp.StatusCode, "duration", seen.Duration.String())
	seen.Status = resp.StatusCode
	if resp.StatusCode == http.StatusTooManyRequests {
		wait := cmp.Or(retryAfter(resp.Header, t.now()), defaultBackoff)
		log.V(decisionLevel).Info("Backing off from registry", "retryAfter", wait.String())
		t.hosts.backOff(req.URL.Host, wait)
		seen.BackoffUntil = t.now().Add(wait)
	}
	return resp, nil
}

func (t *limits) limited(registry string, req *http.Request, limit int64) (*http.Response, error) {
	host := displayHost(req.URL.Host)
	permission, err := t.reach.check(registry, req.URL)
	if err != nil {
		return nil, err
	}
	next, err := t.connections.get(req, permission, t.reach.unprotected(registry, req.URL.Host))
	if err != nil {
		return nil, &Error{Kind: Unreachable, Host: host, Detail: "cannot be reached: the address of the proxy is not valid"}
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
		cancel()
		failure := withoutTLS(host)
		failure.cause = err
		return nil, failure
	case err != nil:
		cancel()
		return nil, ioError(host, err)
	}
	resp.Body = &body{ReadCloser: resp.Body, host: host, limit: limit, left: limit, cancel: cancel}
	return resp, nil
}

func withoutTLS(host string) *Error {
	return &Error{Kind: Unreachable, Host: host, Detail: "does not speak TLS, and plain HTTP is not allowed with it"}
}

// refusedAddress is the failure of a request to an address that it must not go to. It names the flag that allows it.
func refusedAddress(host string, refused *egress.Error) *Error {
	detail := "was not asked: it has a " + refused.Class.String() + " address"
	switch refused.Class {
	case egress.Private:
		detail += ", and neither a policy nor --private-registry names the registry"
	case egress.Loopback:
		detail += ", and --private-registry does not name it"
	default:
		detail += ", which registries cannot have"
	}
	return &Error{Kind: Unreachable, Host: host, Detail: detail, cause: refused}
}

// referrersEndpoint is a part of the path of requests for referrers.
const referrersEndpoint = "referrers"

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
