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

package verify

import (
	"go.opentelemetry.io/otel/trace"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/tracing"
)

// endSearch ends the span of a search for what fulfils a claim in one way of storage.
func endSearch(span trace.Span, s storage, c *claim, outcome *finding) {
	defer span.End()
	if !span.IsRecording() {
		return
	}
	if few, ok := s.(fewBundles); ok {
		s = few.bundleStorage
	}
	for _, name := range []v1alpha1.SignatureFormat{v1alpha1.SignatureFormatSimpleSigning, v1alpha1.SignatureFormatBundle} {
		if storageOf(name) == s {
			span.SetAttributes(tracing.SignatureFormat.String(string(name)))
		}
	}
	if c.attestation != nil {
		span.SetAttributes(tracing.String(tracing.Attestation, c.attestation.Name))
	}
	if outcome.Verdict == "" {
		return // nothing is stored
	}
	span.SetAttributes(tracing.Verdict.String(string(outcome.Verdict)), tracing.Reason.String(outcome.Reason))
	if outcome.Verdict == v1alpha1.VerdictUnknown {
		tracing.Fail(span, outcome.Reason, outcome.Message)
	}
}
