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

package otlp

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/karmada-io/image-trust/internal/tracing"
)

func TestAddress(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                                    "",
		"http://collector:4318":               "http://collector:4318/v1/traces",
		"http://collector:4318/":              "http://collector:4318/v1/traces",
		"https://collector.example/otlp/v1/t": "https://collector.example/otlp/v1/t",
	} {
		o := Options{Endpoint: endpoint}
		if got, err := o.address(); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", endpoint, got, err, want)
		}
	}
	for _, endpoint := range []string{
		"collector:4317", "collector", "grpc://collector:4317", "http://", "http://user:secret@collector:4318", "http://collector?token=secret",
	} {
		o := Options{Endpoint: endpoint}
		if err := o.Validate(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v, want one without secrets", endpoint, err)
		}
	}
	for _, rate := range []int{-1, million + 1} {
		o := Options{SamplingRatePerMillion: rate}
		if o.Validate() == nil {
			t.Errorf("the rate %d is accepted", rate)
		}
	}
}

func TestOff(t *testing.T) {
	p, err := Start(t.Context(), Options{SamplingRatePerMillion: million}, "test", logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	if _, off := p.TracerProvider.(noop.TracerProvider); !off {
		t.Errorf("without an endpoint the provider is a %T", p.TracerProvider)
	}
	p.Shutdown(t.Context())
}

// TestShutdown exports what is left, and nothing with a sampling rate of 0.
func TestShutdown(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) }))
	t.Cleanup(server.Close)
	for rate, want := range map[int]int64{million: 1, 0: 0} {
		requests.Store(0)
		p, err := Start(t.Context(), Options{Endpoint: server.URL, SamplingRatePerMillion: rate}, "test", logr.Discard())
		if err != nil {
			t.Fatal(err)
		}
		_, span := tracing.Start(tracing.NewContext(t.Context(), p.TracerProvider), tracing.Verification)
		span.End()
		p.Shutdown(t.Context())
		if got := requests.Load(); got != want {
			t.Errorf("rate %d: %d exports, want %d", rate, got, want)
		}
	}
}

// TestReporter fails every second, for an hour: that is logged rarely, without secrets, and spans are counted.
func TestReporter(t *testing.T) {
	var lines []string
	now := time.Unix(0, 0)
	r := newReporter(funcr.New(func(_, line string) { lines = append(lines, line) }, funcr.Options{}))
	r.now = func() time.Time { return now }
	for range 3600 {
		r.failed(errors.New("Post https://user:password@collector/?token=secret: refused\x1b[2J"), 2)
		now = now.Add(time.Second)
	}
	r.succeeded()
	if want := int(time.Hour/reportInterval) + 1; len(lines) != want {
		t.Errorf("%d lines, want %d", len(lines), want)
	}
	all := strings.Join(lines, "\n")
	if strings.Contains(all, "password") || strings.Contains(all, "secret") || strings.Contains(all, "\x1b") {
		t.Errorf("the log is not fit to read:\n%s", all)
	}
	if !strings.Contains(lines[1], `"lostSpans"=600`) {
		t.Errorf("the second message does not count what was lost in five minutes: %s", lines[1])
	}
	// A collector that fails every other time is not worth two lines a second.
	before := len(lines)
	for range 100 {
		r.failed(errors.New("refused"), 1)
		r.succeeded()
	}
	if got := len(lines) - before; got > 2 {
		t.Errorf("%d lines about a collector that fails every other time", got)
	}
}
