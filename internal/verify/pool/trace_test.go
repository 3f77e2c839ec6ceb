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
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/karmada-io/image-trust/internal/tracing"
)

// ended waits until a number of spans of a name have ended, and returns all that have ended.
func ended(t *testing.T, recorder *tracetest.SpanRecorder, name string, n int) []sdktrace.ReadOnlySpan {
	t.Helper()
	for {
		spans, found := recorder.Ended(), 0
		for _, span := range spans {
			if span.Name() == name {
				found++
			}
		}
		if found >= n {
			return spans
		}
		if t.Context().Err() != nil {
			t.Fatal("the spans do not end")
		}
		time.Sleep(time.Millisecond)
	}
}

func attributesOf(span sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, a := range span.Attributes() {
		out[string(a.Key)] = a.Value.String()
	}
	return out
}

// TestTrace has two passes ask for one image, whose verification fails at first.
func TestTrace(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	ctx := tracing.NewContext(context.Background(), sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	f := startIn(ctx, t, Options{Workers: 1})
	f.script.set(func() { f.script.result = limited })

	// A worker is busy, so that both passes ask before it takes the question.
	hold := make(chan struct{})
	f.script.set(func() { f.script.hold = hold })
	f.Answers("busy", newRequests(t, "quay.io/busy/x@"+digestB), time.Time{})
	for f.script.count() == 0 {
		time.Sleep(time.Millisecond)
	}
	ask := func(subscriber string) trace.SpanContext {
		_, pass := tracing.Start(ctx, tracing.Reconciliation)
		defer pass.End()
		requests := newRequests(t, "docker.io/karmada/x:v1")
		requests[0].Cause = pass.SpanContext()
		f.Answers(subscriber, requests, time.Time{})
		return pass.SpanContext()
	}
	first, second := ask("a"), ask("b")
	f.clock.Step(3 * time.Second)
	close(hold)

	var verifications []sdktrace.ReadOnlySpan
	find := func(n int) {
		verifications = nil
		for _, span := range ended(t, recorder, tracing.Verification, n+1) {
			if span.Name() == tracing.Verification && attributesOf(span)["container.image.name"] == "index.docker.io/karmada/x" {
				verifications = append(verifications, span)
			}
		}
	}
	find(1)
	attempt := verifications[0]
	if attempt.Parent().SpanID() != first.SpanID() || attempt.SpanContext().TraceID() != first.TraceID() {
		t.Error("the verification is not a child of the pass that asked first")
	}
	if links := attempt.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != second.SpanID() {
		t.Errorf("links %+v, want one to the second pass", links)
	}
	want := map[string]string{
		"container.image.name": "index.docker.io/karmada/x", "oci.manifest.digest": digestA, "image_trust.attempt": "1",
		"image_trust.cached": "false", "image_trust.verdict": "Unknown", "image_trust.reason": "RateLimited", "error.type": "RateLimited",
	}
	if diff := cmp.Diff(want, attributesOf(attempt)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	children := map[string]int{}
	for _, span := range recorder.Ended() {
		if span.Parent().SpanID() == attempt.SpanContext().SpanID() {
			children[span.Name()]++
			if waited := span.EndTime().Sub(span.StartTime()); span.Name() == tracing.Queue && waited != 3*time.Second {
				t.Errorf("it waited %s, want 3s", waited)
			}
		}
	}
	if diff := cmp.Diff(map[string]int{tracing.Queue: 1, tracing.Resolution: 1, tracing.Digest: 1}, children); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}

	// No pass asks for the second attempt.
	f.script.set(func() { f.script.result = verified })
	for !f.clock.HasWaiters() {
		time.Sleep(time.Millisecond)
	}
	for len(verifications) < 2 {
		f.clock.Step(minBackoff)
		find(1)
	}
	retry := verifications[1]
	if retry.Parent().IsValid() {
		t.Error("the second attempt has a parent")
	}
	if links := retry.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != attempt.SpanContext().SpanID() {
		t.Errorf("links %+v, want one to the first attempt", links)
	}
	if got := attributesOf(retry); got["image_trust.attempt"] != "2" || got["image_trust.verdict"] != "Verified" {
		t.Errorf("attributes %v, want a second attempt that succeeds", got)
	}
}

// TestCausesAreBounded has many trusts ask for one image.
func TestCausesAreBounded(t *testing.T) {
	var c causes
	provider := sdktrace.NewTracerProvider()
	for range 1000 {
		_, span := provider.Tracer("").Start(t.Context(), "")
		c.add(span.SpanContext())
	}
	if parent, links := c.parent(); !parent.IsValid() || len(links) != maxCauses-1 {
		t.Errorf("%d links, want %d", len(links), maxCauses-1)
	}
}
