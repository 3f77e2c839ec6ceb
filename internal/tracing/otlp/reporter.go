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
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-logr/logr"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// reportInterval is the shortest time between two messages about failures.
	reportInterval = 5 * time.Minute
	// maxCause bounds the text of a failure in the log, in bytes. It may quote the collector.
	maxCause = 512
)

// reporter logs failures, but not each of them.
type reporter struct {
	log logr.Logger
	now func() time.Time

	mu       sync.Mutex
	reported time.Time // when a failure was logged last
	failing  bool      // whether that is the last message
	lost     int       // spans that were lost since then
}

func newReporter(log logr.Logger) *reporter { return &reporter{log: log, now: time.Now} }

// Handle implements otel.ErrorHandler.
func (r *reporter) Handle(err error) { r.failed(err, 0) }

func (r *reporter) failed(err error, spans int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost += spans
	if now := r.now(); r.reported.IsZero() || now.Sub(r.reported) >= reportInterval {
		cause := text.Truncate(text.Printable(text.WithoutSecrets(err.Error())), maxCause)
		r.log.Error(errors.New(cause), "Exporting traces failed, which has no effect on anything else", "lostSpans", r.lost)
		r.reported, r.failing, r.lost = now, true, 0
	}
}

func (r *reporter) succeeded() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing {
		r.log.Info("Exporting traces succeeds again", "lostSpans", r.lost)
		r.failing, r.lost = false, 0
	}
}

// quietExporter reports failures itself.
type quietExporter struct {
	next     sdktrace.SpanExporter
	reporter *reporter
}

// ExportSpans implements sdktrace.SpanExporter.
func (e *quietExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.next.ExportSpans(ctx, spans); err != nil {
		e.reporter.failed(err, len(spans))
		return nil
	}
	e.reporter.succeeded()
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (e *quietExporter) Shutdown(ctx context.Context) error { return e.next.Shutdown(ctx) }
