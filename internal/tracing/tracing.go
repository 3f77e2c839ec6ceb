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

// Package tracing makes the spans of the operator: their names, their attributes and their bounds. Where they go to is in package
// otlp, which only the manager links. Without a provider in the context a span costs next to nothing.
package tracing

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// scope is the instrumentation scope of all spans.
	scope = "github.com/karmada-io/image-trust"
	// MaxValue bounds the text of an attribute, in bytes. An image's name has at most 255.
	MaxValue = 256
	// MaxSpans bounds the spans of one verification. An image with two signatures has about ten.
	MaxSpans = 100
)

// Names of spans. Those of requests are their methods.
const (
	// Reconciliation is one pass of the reconciler.
	Reconciliation = "reconcile"
	// Verification is one attempt to answer a question about an image, from when it was queued.
	Verification = "verify image"
	// Queue is the time until a worker takes the question.
	Queue = "wait for a worker"
	// Resolution finds the digest that a tag names.
	Resolution = "resolve tag"
	// Digest is the verification of a digest: that of the image, or of the index that lists it.
	Digest = "verify digest"
	// Search looks for a signature or an attestation in one way of storage.
	Search = "search for "
	// RootOfTrust fetches a root of trust.
	RootOfTrust = "fetch trust root"
)

type contextKey struct{}

// state is what a context holds.
type state struct {
	tracer trace.Tracer
	// left and dropped count spans; nil without a bound.
	left, dropped *atomic.Int64
}

// NewContext returns a context in which Start makes spans of the provider. With a provider that has no effect it is ctx.
func NewContext(ctx context.Context, provider trace.TracerProvider) context.Context {
	if _, off := provider.(noop.TracerProvider); off {
		return ctx
	}
	return context.WithValue(ctx, contextKey{}, state{tracer: provider.Tracer(scope)})
}

// Start begins a span, a child of that in the context. It makes none if the context has no provider, or is exhausted: see Bounded.
func Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	s, ok := ctx.Value(contextKey{}).(state)
	if !ok {
		return ctx, noop.Span{}
	}
	if s.left != nil && s.left.Add(-1) < 0 {
		s.dropped.Add(1)
		return ctx, noop.Span{}
	}
	return s.tracer.Start(ctx, name, opts...)
}

// Bounded returns a context in which at most a number of spans are made, and a function that counts what was not made.
func Bounded(ctx context.Context, spans int64) (bounded context.Context, dropped func() int64) {
	s, ok := ctx.Value(contextKey{}).(state)
	if !ok {
		return ctx, func() int64 { return 0 }
	}
	s.left, s.dropped = &atomic.Int64{}, &atomic.Int64{}
	s.left.Store(spans)
	return context.WithValue(ctx, contextKey{}, s), s.dropped.Load
}

// String returns an attribute whose text may come from tenants, registries or signers: it is bounded, printable and without secrets.
func String(key attribute.Key, value string) attribute.KeyValue {
	return key.String(clean(value))
}

// Fail marks a span as failed. The kind is one of few, the reason is text as String has it.
func Fail(span trace.Span, kind, reason string) {
	if span.IsRecording() {
		span.SetAttributes(String(ErrorType, kind))
		span.SetStatus(codes.Error, clean(reason))
	}
}

func clean(value string) string {
	return text.Truncate(text.Printable(text.WithoutSecrets(value)), MaxValue)
}
