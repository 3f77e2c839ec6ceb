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

// Package otlp exports spans by the OpenTelemetry protocol over HTTP.
package otlp

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/tracing"
)

const (
	endpointFlag = "tracing-endpoint"
	samplingFlag = "tracing-sampling-rate-per-million"

	million = 1_000_000
	// exportTimeout bounds one export, with its retries. Spans wait for it in a queue of bounded length.
	exportTimeout = 10 * time.Second
	// shutdownTimeout bounds the export of what is left when the process ends. It must be shorter than the Pod's grace period.
	shutdownTimeout = 3 * time.Second
	// maxLinks and maxAttributes bound what a span has.
	maxLinks, maxAttributes = 16, 32
)

// Options are the flags.
type Options struct {
	// Endpoint is the URL of the collector; empty for no traces.
	Endpoint string
	// SamplingRatePerMillion is how many of a million traces are exported.
	SamplingRatePerMillion int
}

// AddFlags adds the options as flags.
func (o *Options) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.Endpoint, endpointFlag, "",
		"URL of an OpenTelemetry collector that traces are exported to by OTLP over HTTP, such as http://collector.observability:4318; "+
			"there are none if empty. Headers and certificates come from the environment (OTEL_EXPORTER_OTLP_*)")
	flags.IntVar(&o.SamplingRatePerMillion, samplingFlag, million,
		"number of traces that are exported of a million")
}

// Validate reports values that cannot be used.
func (o *Options) Validate() error {
	if o.SamplingRatePerMillion < 0 || o.SamplingRatePerMillion > million {
		return fmt.Errorf("--%s must be between 0 and %d, not %d", samplingFlag, million, o.SamplingRatePerMillion)
	}
	_, err := o.address()
	return err
}

// address of the collector. Its error does not repeat the URL, which may contain a secret.
func (o *Options) address() (string, error) {
	if o.Endpoint == "" {
		return "", nil
	}
	address, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https":
		return "", errors.New("--" + endpointFlag + " must be a URL that begins with http:// or https://")
	case address.User != nil || address.RawQuery != "" || address.Fragment != "":
		return "", errors.New("--" + endpointFlag +
			" must not contain a user, a password or a query: set headers with OTEL_EXPORTER_OTLP_HEADERS")
	}
	if strings.Trim(address.Path, "/") == "" {
		address.Path = "/v1/traces"
	}
	return address.String(), nil
}

// Provider makes spans and exports them.
type Provider struct {
	trace.TracerProvider
	shutdown func(context.Context) error
}

// Start returns a Provider that exports as the options say: one without any effect if they have no endpoint. It does not wait for
// the collector. The version is that of the program.
func Start(ctx context.Context, o Options, version string, log logr.Logger) (*Provider, error) {
	address, err := o.address()
	if err != nil {
		return nil, err
	}
	if address == "" {
		return &Provider{TracerProvider: noop.NewTracerProvider(), shutdown: func(context.Context) error { return nil }}, nil
	}
	// The library reports through these what it cannot return. It has them for the whole process.
	otel.SetLogger(log)
	otel.SetErrorHandler(newReporter(log))
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(address))
	if err != nil {
		return nil, fmt.Errorf("exporting traces: %w", err)
	}
	described, err := resource.New(ctx, resource.WithHost(), resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(v1alpha1.OperatorName), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil {
		log.Error(err, "Part of the environment's description of the process cannot be used in traces")
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(&quietExporter{next: exporter, reporter: newReporter(log)}, sdktrace.WithExportTimeout(exportTimeout)),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(float64(o.SamplingRatePerMillion)/million))),
		sdktrace.WithResource(described),
		sdktrace.WithRawSpanLimits(sdktrace.SpanLimits{
			AttributeValueLengthLimit: tracing.MaxValue, AttributeCountLimit: maxAttributes, EventCountLimit: 0, LinkCountLimit: maxLinks,
			AttributePerEventCountLimit: 0, AttributePerLinkCountLimit: 0,
		}),
	)
	log.Info("Exporting traces", "endpoint", address, "samplingRatePerMillion", o.SamplingRatePerMillion)
	return &Provider{TracerProvider: provider, shutdown: provider.Shutdown}, nil
}

// Shutdown exports what is left, and returns after a few seconds at most.
func (p *Provider) Shutdown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	_ = p.shutdown(ctx) // the exporter has reported it
}
