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

package verify_test

import (
	"crypto/ecdsa"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/karmada-io/image-trust/internal/tracing"
)

// TestSpansAreBounded verifies an image with 1000 signatures whose payloads all have to be asked for: there are more requests than
// spans are allowed.
func TestSpansAreBounded(t *testing.T) {
	c := newCrowded(t, newBench(t), "spans")
	certificate, err := certificateOf(c.good)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := certificate.PublicKey.(*ecdsa.PublicKey)
	if !ok {
		t.Fatalf("the key is a %T", certificate.PublicKey)
	}
	junk := c.good
	junk.Bundle = nil
	forged := c.layer(junk)
	layers := make([]v1.Descriptor, 0, crowd)
	for range crowd {
		layer := *forged.DeepCopy()
		layer.Annotations[static.SignatureAnnotationKey], layer.Digest = forge(t, key)
		layers = append(layers, layer)
	}
	c.store(".sig", layers)

	const limit = 20
	recorder := tracetest.NewSpanRecorder()
	ctx := tracing.NewContext(t.Context(), sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)))
	ctx, dropped := tracing.Bounded(ctx, limit)
	seen := c.record(c.image, func() {
		mustBe(ctx, t, newCosign(time.Minute), c.image, exactly(t, release), c.root, unknown, "RegistryResponseInvalid")
	})
	if len(seen) <= limit {
		t.Fatalf("%d requests, which are no more than the limit", len(seen))
	}
	ended := recorder.Ended()
	if len(ended) != limit || int(dropped()) < len(seen)-limit {
		t.Errorf("%d spans and %d dropped for %d requests, want %d spans", len(ended), dropped(), len(seen), limit)
	}
	for _, span := range ended {
		if !span.EndTime().After(span.StartTime()) {
			t.Errorf("%s has not ended", span.Name())
		}
	}
}
