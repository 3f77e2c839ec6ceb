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
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/egress"
)

// Kind classifies a failure.
type Kind int

const (
	// InvalidResponse is a response other than the requested content: too large, of another type or digest, or not of the
	// protocol.
	InvalidResponse Kind = iota
	// NotFound is the response of the registry that it does not have the content.
	NotFound
	// Unauthorized is a rejection because of missing or insufficient credentials (401, 403).
	Unauthorized
	// RateLimited is a rejection because of too many requests (429).
	RateLimited
	// Unreachable is a missing response, or any other status that means failure.
	Unreachable
	// Timeout is a response that is not complete in time.
	Timeout
)

// Error is the failure of a request. Its text is for users: it is the same for the same failure, and contains nothing that
// the registry wrote, no address, no query string and no secret.
type Error struct {
	Kind Kind
	// Host that failed; after a redirect not the registry's own.
	Host string
	// Detail continues a sentence that begins with Host, for example "answers 503 Service Unavailable".
	Detail string
	// Credentials is why the credentials for the host cannot be read, if it rejects a request without; otherwise empty.
	Credentials string
	// RetryAfter is the time to wait that the host requested, at most one hour; 0 if it requested none.
	RetryAfter time.Duration

	// status of the response that is the failure; 0 for any other failure.
	status int
	// answered reports whether the response is the answer to a request for content of a repository, with all credentials, and not
	// to a handshake or a request for a token.
	answered bool
	cause    error
}

// Status returns the status of the answer to a request for content of a repository, such as "403 Forbidden"; empty if there is no
// such answer.
func (e *Error) Status() string {
	if !e.answered || e.status == 0 {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.status, http.StatusText(e.status)))
}

// onlyOfHead reports whether the failure of a HEAD request says nothing about a GET: there are registries, and proxies and
// storage before them, that do not implement HEAD, or answer it with an error, without a digest or without a type.
func (e *Error) onlyOfHead() bool {
	switch {
	case e.Kind == InvalidResponse:
		return true
	case !e.answered:
		return false
	case e.status == http.StatusUnauthorized, e.status == http.StatusRequestTimeout, e.status == http.StatusTooManyRequests:
		return false // they mean what they say
	default:
		return e.status >= 400 && e.status < 500 || e.status == http.StatusNotImplemented
	}
}

// Transient reports whether the host may answer if it is asked again soon: it fails, closes the connection, or limits requests.
func (e *Error) Transient() bool {
	switch {
	case e.Kind == RateLimited:
		return true
	case e.Kind != Unreachable:
		return false
	case e.status != 0:
		return slices.Contains([]int{
			http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		}, e.status)
	default:
		return isReset(e.cause)
	}
}

// isReset reports whether the other side closed a connection.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

func (e *Error) Error() string { return e.Host + " " + e.Detail + e.WithoutCredentials() }

// WithoutCredentials is the end of a sentence about the failure that says why the request had no credentials; empty if it had
// what there are.
func (e *Error) WithoutCredentials() string {
	if e.Credentials == "" {
		return ""
	}
	return "; it was asked without credentials: " + e.Credentials
}

// Unwrap returns the cause, which may contain text of the registry. The client logs it without secrets.
func (e *Error) Unwrap() error { return e.cause }

// statusError is the failure of a request with a status.
func statusError(host string, status int) *Error {
	e := &Error{
		Kind:   Unreachable,
		Host:   host,
		Detail: strings.TrimSpace(fmt.Sprintf("answers %d %s", status, http.StatusText(status))),
		status: status,
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		// Registries respond the same for a repository that does not exist, so as not to disclose which do.
		e.Kind = Unauthorized
		e.Detail += ": the repository needs credentials, or does not exist"
	case status == http.StatusTooManyRequests:
		e.Kind = RateLimited
	case status < http.StatusBadRequest:
		e.Kind = InvalidResponse
	}
	return e
}

// ioError is the failure of a request without a complete response.
func ioError(host string, err error) *Error {
	e := &Error{Kind: Unreachable, Host: host, Detail: "cannot be reached", cause: err}
	var (
		timeout     net.Error
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
		refused     *egress.Error
	)
	switch {
	case errors.As(err, &refused):
		return refusedAddress(host, refused)
	case errors.Is(err, context.Canceled):
		return &Error{Kind: Timeout, Host: host, Detail: "did not answer before the request was cancelled", cause: err}
	case errors.As(err, &dns):
		e.Detail = "cannot be reached: its name does not resolve"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Detail = Timeout, "does not answer in time"
	case errors.As(err, &certificate):
		e.Detail = "cannot be trusted: " + certificateDetail(certificate.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Detail = "refuses connections"
	case isReset(err):
		e.Detail = "closed the connection"
	}
	return e
}

func certificateDetail(err error) string {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &authority):
		return "its TLS certificate is by an unknown authority"
	case errors.As(err, &hostname):
		return "its TLS certificate is for another name"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its TLS certificate is not valid at this time"
	default:
		return "its TLS certificate is not valid"
	}
}

func invalidResponse(host, detail string, cause error) *Error {
	return &Error{Kind: InvalidResponse, Host: host, Detail: detail, cause: cause}
}

// asError returns the *Error that an error is or wraps, and otherwise the failure of a request to a host.
func asError(host string, err error) *Error {
	if failure, ok := errors.AsType[*Error](err); ok {
		return failure
	}
	return ioError(displayHost(host), err)
}

// displayHost is a host as users write it.
func displayHost(host string) string {
	if host == name.DefaultRegistry {
		return "docker.io"
	}
	return host
}
