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
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/trace"

	"github.com/karmada-io/image-trust/internal/tracing"
)

// requestSpan is the span of one request. It has no part of the request that may be a secret or that a registry chose, but for the
// host: no path, no query, no header. The request carries no trace context: registries do not learn of traces.
type requestSpan struct{ trace.Span }

func startSpan(req *http.Request, resent int) requestSpan {
	name, template := req.Method, templateOf(req.URL.Path)
	if template != "" {
		name += " " + template
	}
	_, span := tracing.Start(req.Context(), name, trace.WithSpanKind(trace.SpanKindClient))
	if span.IsRecording() {
		span.SetAttributes(tracing.RequestMethod.String(req.Method), tracing.String(tracing.ServerAddress, req.URL.Hostname()),
			tracing.ServerPort.Int(portOf(req.URL)))
		if template != "" {
			span.SetAttributes(tracing.URLTemplate.String(template))
		}
		if resent > 0 {
			span.SetAttributes(tracing.ResendCount.Int(resent))
		}
	}
	return requestSpan{span}
}

// portOf returns the port of a URL of http or https.
func portOf(address *url.URL) int {
	if port, err := strconv.Atoi(address.Port()); err == nil {
		return port
	}
	if address.Scheme == "http" {
		return 80
	}
	return 443
}

// templateOf returns the path of a request to the API of registries without what it is about; empty for other paths, which may
// contain secrets.
func templateOf(path string) string {
	rest, ok := strings.CutPrefix(path, "/v2/")
	switch {
	case !ok:
		return ""
	case rest == "":
		return path
	case strings.HasSuffix(rest, "/tags/list"):
		return "/v2/{name}/tags/list"
	case strings.Contains(rest, "/manifests/"):
		return "/v2/{name}/manifests/{reference}"
	case strings.Contains(rest, "/blobs/"):
		return "/v2/{name}/blobs/{digest}"
	case strings.Contains(rest, "/"+referrersEndpoint+"/"):
		return "/v2/{name}/" + referrersEndpoint + "/{digest}"
	default:
		return ""
	}
}

// failed ends the span of a request without a response.
func (s requestSpan) failed(failure *Error) {
	tracing.Fail(s, failure.Kind.name(), failure.Error())
	s.End()
}

// until returns the body of a response, which ends the span when it is closed. That something does not exist, and that credentials
// are asked for, are answers like others.
func (s requestSpan) until(resp *http.Response) io.ReadCloser {
	if !s.IsRecording() {
		return resp.Body
	}
	s.SetAttributes(tracing.ResponseStatus.Int(resp.StatusCode))
	if resp.StatusCode >= 400 && resp.StatusCode != http.StatusNotFound && resp.StatusCode != http.StatusUnauthorized {
		tracing.Fail(s, strconv.Itoa(resp.StatusCode), http.StatusText(resp.StatusCode))
	}
	return &tracedBody{ReadCloser: resp.Body, span: s}
}

// tracedBody counts what is read of a body.
type tracedBody struct {
	io.ReadCloser
	span requestSpan
	read int
}

func (b *tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read += n
	return n, err
}

func (b *tracedBody) Close() error {
	b.span.SetAttributes(tracing.ResponseSize.Int(b.read))
	b.span.End()
	return b.ReadCloser.Close()
}

// name of a kind of failure, for machines.
func (k Kind) name() string {
	switch k {
	case InvalidResponse:
		return "invalid_response"
	case NotFound:
		return "not_found"
	case Unauthorized:
		return "unauthorized"
	case RateLimited:
		return "rate_limited"
	case Timeout:
		return "timeout"
	case Unreachable:
		return "unreachable"
	default:
		return "other"
	}
}
