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
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind of a failure.
type Kind int

const (
	// InvalidResponse is an answer that is not what was asked for: too large, of another type,
	// of another digest, or outside the protocol.
	InvalidResponse Kind = iota
	// NotFound is the registry's own word that it does not have what was asked for.
	NotFound
	// Unauthorized is a refusal for want of credentials (401, 403).
	Unauthorized
	// RateLimited is a refusal because of too many requests (429).
	RateLimited
	// Unreachable is no answer at all, or any other status that means failure.
	Unreachable
	// Timeout is no complete answer in time.
	Timeout
)

// Error is a request that failed. Its text is fit for a user: it is the same for the same
// failure, and holds nothing that the registry wrote, no address and no query string.
type Error struct {
	Kind Kind
	// Host that failed; not the registry's own where that sent us elsewhere.
	Host string
	// Detail continues a sentence that begins with Host, for example "answers 503 Service Unavailable".
	Detail string
	// RetryAfter is how long the host asked to be left alone, at most maxRetryAfter; 0 if it did not ask.
	RetryAfter time.Duration

	cause error
}

func (e *Error) Error() string { return e.Host + " " + e.Detail }

// Unwrap returns the cause, for logs. It may hold text that the registry wrote.
func (e *Error) Unwrap() error { return e.cause }

// answered marks an Error that rests on an answer. Where https and http were both tried it
// says more than the failure of the other attempt.
type answered struct{ failure *Error }

func (a answered) Error() string { return a.failure.Error() }

// statusError is the failure that a status means.
func statusError(host string, status int, cause error) *Error {
	e := &Error{
		Kind:   Unreachable,
		Host:   host,
		Detail: strings.TrimSpace(fmt.Sprintf("answers %d %s", status, http.StatusText(status))),
		cause:  cause,
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		// Registries say the same of a repository that does not exist, lest its name be found out.
		e.Kind = Unauthorized
		e.Detail += ": the repository needs credentials, or does not exist"
	case status == http.StatusTooManyRequests:
		e.Kind = RateLimited
	case status < http.StatusBadRequest:
		e.Kind = InvalidResponse
	}
	return e
}

// ioError is the failure of a request that got no complete answer.
func ioError(host string, err error) *Error {
	e := &Error{Kind: Unreachable, Host: host, Detail: "cannot be reached", cause: err}
	var (
		timeout     net.Error
		dns         *net.DNSError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, context.Canceled):
		e.Kind, e.Detail = Timeout, "was not waited for"
	case errors.As(err, &dns):
		e.Detail = "cannot be reached: its name does not resolve"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Detail = Timeout, "does not answer in time"
	case errors.As(err, &certificate):
		e.Detail = "cannot be trusted: " + certificateDetail(certificate.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Detail = "refuses connections"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Detail = "breaks connections off"
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

// fold makes an Error of what go-containerregistry returned.
func fold(registry name.Registry, err error) *Error {
	var (
		status answered
		answer *transport.Error
		own    *Error
	)
	switch {
	case errors.As(err, &status):
		return status.failure
	case errors.As(err, &answer):
		host := displayHost(registry.RegistryStr())
		if answer.Request != nil {
			host = displayHost(answer.Request.URL.Host)
		}
		return statusError(host, answer.StatusCode, err)
	case errors.As(err, &own):
		return own
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ioError(displayHost(registry.RegistryStr()), err)
	default:
		// I/O failed above, so this is go-containerregistry refusing what it was sent.
		return invalidResponse(displayHost(registry.RegistryStr()), "does not answer as a registry does", err)
	}
}

// isNotFound tells whether err is the answer that the thing asked for does not exist. A 404 from
// below the request, such as from a token server, comes wrapped by net/http and is no such answer.
func isNotFound(err error) bool {
	var (
		answer *transport.Error
		below  *url.Error
	)
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && !errors.As(err, &below)
}

// displayHost is a host as people write it.
func displayHost(host string) string {
	if host == name.DefaultRegistry {
		return "docker.io"
	}
	return host
}
