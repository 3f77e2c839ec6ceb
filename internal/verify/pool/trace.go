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

package pool

import (
	"context"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"go.opentelemetry.io/otel/trace"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/tracing"
	"github.com/karmada-io/image-trust/internal/verify"
)

// maxCauses bounds the spans that one attempt is linked to. A popular image is asked about by every trust.
const maxCauses = 16

// causes are who asked for an attempt, for its span.
type causes struct {
	since time.Time // when it was queued; zero if it is not
	spans []trace.SpanContext
	last  trace.SpanContext // the attempt before
}

// queued notes when the attempt was queued first.
func (c *causes) queued(now time.Time) {
	if c.since.IsZero() {
		c.since = now
	}
}

// add notes a span that asks.
func (c *causes) add(span trace.SpanContext) {
	if span.IsValid() && len(c.spans) < maxCauses {
		c.spans = append(c.spans, span)
	}
}

// parent takes the span that the attempt's becomes a child of: the first that is exported, if any is.
func (c *causes) parent() (parent trace.SpanContext, others []trace.Link) {
	for _, span := range c.spans {
		if span.IsSampled() && !parent.IsSampled() || !parent.IsValid() {
			parent = span
		}
	}
	for _, span := range c.spans {
		if !span.Equal(parent) {
			others = append(others, trace.Link{SpanContext: span})
		}
	}
	if c.last.IsValid() {
		others = append(others, trace.Link{SpanContext: c.last})
	}
	return parent, others
}

// attemptSpan is the span of an attempt.
type attemptSpan struct {
	trace.Span

	attempt *attempt
	dropped func() int64
}

// startSpan begins the span of the attempt, as a child of the span that asked for it first. It began to wait before a worker took it.
func (a *attempt) startSpan(ctx context.Context, began time.Time) (context.Context, *attemptSpan) {
	parent, links := a.causes.parent()
	ctx, dropped := tracing.Bounded(trace.ContextWithSpanContext(ctx, parent), tracing.MaxSpans)
	queued := a.causes.since
	if queued.IsZero() || queued.After(began) {
		queued = began
	}
	ctx, span := tracing.Start(ctx, tracing.Verification, trace.WithTimestamp(queued), trace.WithLinks(links...))
	if span.IsRecording() {
		span.SetAttributes(tracing.String(tracing.ImageName, a.request.Ref.Context().Name()), tracing.Attempt.Int(a.number))
		_, waiting := tracing.Start(ctx, tracing.Queue, trace.WithTimestamp(queued))
		waiting.End(trace.WithTimestamp(began))
	}
	a.span = span
	return ctx, &attemptSpan{Span: span, attempt: a, dropped: dropped}
}

// served notes who else asked during the attempt, and that the next one follows it.
func (a *attempt) served(e *entry) {
	if e.causes != nil && e.fresh(e.since()) {
		for _, span := range e.causes.spans {
			a.span.AddLink(trace.Link{SpanContext: span})
		}
		e.causes = nil
	}
	if a.span.IsRecording() {
		e.asked().last = a.span.SpanContext()
	}
}

// end ends the span with the answer.
func (s *attemptSpan) end(answer *Answer) {
	if s.IsRecording() {
		s.SetAttributes(tracing.Cached.Bool(!s.attempt.asked), tracing.ManifestDigest.String(answer.Digest))
		if dropped := s.dropped(); dropped > 0 {
			s.SetAttributes(tracing.DroppedSpans.Int64(dropped))
		}
		describe(s, &answer.Result)
	}
	s.End(trace.WithTimestamp(s.attempt.clock.Now()))
}

// describe sets the verdict of a span. A verdict of Unknown is a failure.
func describe(span trace.Span, result *verify.Result) {
	if !span.IsRecording() || result.Verdict == "" {
		return
	}
	span.SetAttributes(tracing.Verdict.String(string(result.Verdict)), tracing.Reason.String(result.Reason))
	if result.Verdict == v1alpha1.VerdictUnknown {
		tracing.Fail(span, result.Reason, result.Message)
	}
}

// resolveTraced is Resolve of the verifier, in a span.
func (a *attempt) resolveTraced(ctx context.Context, ref name.Reference) (name.Digest, *verify.Result) {
	ctx, span := tracing.Start(ctx, tracing.Resolution)
	defer span.End()
	digest, failure := a.verifier.Resolve(ctx, ref)
	if failure != nil {
		tracing.Fail(span, failure.Reason, failure.Message)
	} else {
		span.SetAttributes(tracing.ManifestDigest.String(digest.DigestStr()))
	}
	return digest, failure
}

// verifyTraced is Verify of the verifier, in a span.
func (a *attempt) verifyTraced(ctx context.Context, digest name.Digest) verify.Result {
	ctx, span := tracing.Start(ctx, tracing.Digest)
	defer span.End()
	result := a.verifier.Verify(ctx, digest, a.request.Rule, a.request.Root)
	span.SetAttributes(tracing.ManifestDigest.String(digest.DigestStr()))
	describe(span, &result)
	return result
}
