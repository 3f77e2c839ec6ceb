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
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"soon":                          0,
		"-5":                            0,
		"17":                            17 * time.Second,
		"99999999999999999999":          0,
		"2000000000":                    maxRetryAfter,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute,
		"Thu, 01 Jan 2026 03:05:05 GMT": 0,
		"Sat, 02 Jan 2027 03:05:05 GMT": maxRetryAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func TestIOError(t *testing.T) {
	for want, err := range map[string]error{
		"docker.io does not answer in time":                         fmt.Errorf("get: %w", context.DeadlineExceeded),
		"docker.io did not answer before the request was cancelled": fmt.Errorf("get: %w", context.Canceled),
		"docker.io cannot be reached":                               errors.New("read tcp 10.0.0.1:53422->10.0.0.2:443: something"),
		"docker.io cannot be trusted: its TLS certificate is by an unknown authority": &tls.CertificateVerificationError{
			Err: x509.UnknownAuthorityError{},
		},
		"docker.io cannot be trusted: its TLS certificate is for another name": &tls.CertificateVerificationError{
			Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "docker.io"},
		},
		"docker.io cannot be trusted: its TLS certificate is not valid at this time": &tls.CertificateVerificationError{
			Err: x509.CertificateInvalidError{Reason: x509.Expired},
		},
	} {
		if got := ioError("docker.io", err).Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestDefaultTransport: the proxies of the environment are used, and then the connection goes to the proxy, so that its address
// is not checked.
func TestDefaultTransport(t *testing.T) {
	c := New()
	if c.proxy == nil || c.transport.connections.proxy == nil {
		t.Error("proxies are not used")
	}
	for proxied, want := range map[bool]bool{true: true, false: false} {
		made := c.transport.connections.transport(way{proxied: proxied})
		if (made.Proxy != nil) != want || made.MaxResponseHeaderBytes == 0 {
			t.Errorf("proxied %t: got %+v", proxied, made)
		}
	}
}
