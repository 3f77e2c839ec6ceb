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

package tracing_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/tracing"
)

func recorded(ctx context.Context) (context.Context, *tracetest.SpanRecorder) {
	recorder := tracetest.NewSpanRecorder()
	return tracing.NewContext(ctx, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))), recorder
}

// TestOff makes a span where there is no provider, or one without effect: the context stays as it is, so nothing is allocated for it.
func TestOff(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"no provider":   t.Context(),
		"noop provider": tracing.NewContext(t.Context(), noop.NewTracerProvider()),
	} {
		bounded, dropped := tracing.Bounded(ctx, 1)
		got, span := tracing.Start(bounded, tracing.Verification)
		if got != t.Context() || span.IsRecording() || dropped() != 0 {
			t.Errorf("%s: a span is made", name)
		}
		allocated := testing.AllocsPerRun(100, func() {
			_, span := tracing.Start(ctx, tracing.Verification)
			span.End()
		})
		if allocated != 0 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
	}
}

func TestBounded(t *testing.T) {
	ctx, recorder := recorded(t.Context())
	bounded, dropped := tracing.Bounded(ctx, 3)
	inner, outer := tracing.Start(bounded, tracing.Verification)
	for range 10 {
		_, span := tracing.Start(inner, tracing.Digest)
		span.End()
	}
	outer.End()
	if got := len(recorder.Ended()); got != 3 || dropped() != 8 {
		t.Errorf("%d spans, want 3; %d dropped, want 8", got, dropped())
	}
	// Another verification has its own bound.
	_, span := tracing.Start(ctx, tracing.Verification)
	if !span.IsRecording() {
		t.Error("no span outside of the bound")
	}
	span.End()
}

func TestText(t *testing.T) {
	hostile := "https://user:password@example.com/?token=secret \x1b[2J\u202e" + strings.Repeat("ü", tracing.MaxValue)
	ctx, recorder := recorded(t.Context())
	_, span := tracing.Start(ctx, tracing.Verification)
	span.SetAttributes(tracing.String(tracing.ImageName, hostile))
	tracing.Fail(span, hostile, hostile)
	span.End()
	ended := recorder.Ended()[0]
	values := []string{ended.Status().Description}
	for _, a := range ended.Attributes() {
		values = append(values, a.Value.AsString())
	}
	if len(values) != 3 {
		t.Fatalf("%d texts, want 3", len(values))
	}
	for _, value := range values {
		if len(value) > tracing.MaxValue || !text.Harmless(value) || strings.Contains(value, "password") || strings.Contains(value, "secret") {
			t.Errorf("not fit for a trace: %q", value)
		}
	}
}

// TestGuide compares the table of attributes in the guide.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "tracing.md"))
	if err != nil {
		t.Fatal(err)
	}
	table := "| Attribute | Spans | Value |\n|---|---|---|\n"
	seen := map[attribute.Key]bool{}
	for _, a := range tracing.Attributes() {
		if seen[a.Key] {
			t.Errorf("%s is listed twice", a.Key)
		}
		seen[a.Key] = true
		table += fmt.Sprintf("| %s | %s | %s |\n", "`"+a.Key+"`", strings.Join(a.Spans, ", "), a.Meaning)
	}
	if !strings.Contains(string(guide), table) {
		t.Errorf("docs/guides/tracing.md does not contain this table:\n%s", table)
	}
}
