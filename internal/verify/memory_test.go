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
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/semaphore"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/test/memory"
)

// TestParsersAllocateLittle gives each parser of content from registries what takes the most memory for its size. A new parser
// belongs here.
func TestParsersAllocateLittle(t *testing.T) {
	v := &verification{}
	signature := &claim{predicateType: policy.SignPredicate}
	attestation := &claim{attestation: &policy.Attestation{}, predicateType: policy.SignPredicate}
	attested := func(statement []byte) []byte {
		return fmt.Appendf(nil, `{"payloadType":"application/vnd.in-toto+json","payload":%q,"signatures":[{"sig":"AAAA"}]}`,
			base64.StdEncoding.EncodeToString(statement))
	}
	bundled := func(field string, content []byte) []byte {
		return fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","%s":%s}`, field, content)
	}
	layer := func(payload []byte) v1.Descriptor {
		return v1.Descriptor{Size: int64(len(payload)), Annotations: map[string]string{"dev.cosignproject.cosign/signature": "AAAA"}}
	}
	parseBundle := func(text []byte) { _, _ = bundleStorage{}.parse(v, signature, v1.Descriptor{}, text) }
	parsers := map[string]struct {
		fields []string
		size   int
		// around puts the text into what holds it; nil if it stands alone.
		around func(text []byte) []byte
		parse  func(text []byte)
	}{
		"a manifest": {[]string{"layers", "annotations", "config"}, 4 << 20, nil, func(text []byte) {
			_, _ = parseManifest(registry.Manifest{MediaType: types.OCIManifestSchema1, Content: text}, "it")
		}},
		"a bundle": {[]string{"verificationMaterial", "dsseEnvelope", "x"}, 8 << 20, nil, parseBundle},
		"the material of a bundle": {[]string{"tlogEntries", "certificate", "x509CertificateChain"}, 8 << 20, func(text []byte) []byte {
			return bundled("verificationMaterial", text)
		}, parseBundle},
		"the statement of a bundle": {[]string{"subject", "predicate", "predicateType"}, 6 << 20, func(text []byte) []byte {
			return bundled("dsseEnvelope", attested(text))
		}, parseBundle},
		"the log entry of a bundle": {[]string{"spec", "kind"}, 6 << 20, func(text []byte) []byte {
			return bundled("verificationMaterial", fmt.Appendf(nil, `{"tlogEntries":[{"canonicalizedBody":%q}]}`,
				base64.StdEncoding.EncodeToString(text)))
		}, parseBundle},
		"a payload": {[]string{"critical", "optional"}, 8 << 20, nil, func(text []byte) {
			_, _ = simpleSigningStorage{}.parse(v, signature, layer(text), text)
		}},
		"an envelope": {[]string{"payload", "signatures"}, 8 << 20, nil, func(text []byte) {
			_, _ = simpleSigningStorage{}.parse(v, attestation, layer(text), text)
		}},
		"a statement": {[]string{"subject", "predicate", "predicateType"}, 6 << 20, attested, func(text []byte) {
			_, _ = simpleSigningStorage{}.parse(v, attestation, layer(text), text)
		}},
		"a log entry": {[]string{"Payload", "SignedEntryTimestamp"}, 8 << 20, nil, func(text []byte) {
			_, _ = readLogEntry(string(text), signature.entryKinds())
		}},
		"the body of a log entry": {[]string{"spec", "kind"}, 6 << 20, func(text []byte) []byte {
			return fmt.Appendf(nil, `{"Payload":{"body":%q}}`, base64.StdEncoding.EncodeToString(text))
		}, func(text []byte) {
			_, _ = readLogEntry(string(text), signature.entryKinds())
		}},
	}
	for name, parser := range parsers {
		fields := parser.fields
		if testing.Short() {
			fields = fields[:1]
		}
		for _, field := range fields {
			for shape, text := range memory.Emptiest(field, parser.size) {
				if parser.around != nil {
					text = parser.around(text)
				}
				if took := memory.Allocated(func() { parser.parse(text) }); took > memory.Limit {
					t.Errorf("%s, %s of %s: %d MiB", name, field, shape, took>>20)
				}
			}
		}
	}
}

// TestHold: all examinations hold little at the same time, and none waits for longer than it may.
func TestHold(t *testing.T) {
	shared := semaphore.NewWeighted(maxHeld)
	first, second, small := &verification{memory: shared}, &verification{memory: shared}, &verification{memory: shared}
	if problem := first.hold(t.Context(), maxHeld); problem != nil {
		t.Fatal(problem.Message)
	}
	if problem := small.hold(t.Context(), maxPayload); problem != nil {
		t.Errorf("a signature waits for an attestation: %s", problem.Message)
	}
	small.release()()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("it took too long"))
	if problem := second.hold(ctx, maxPayload+1); problem == nil || problem.Reason != v1alpha1.TimeoutReason || !problem.stop {
		t.Errorf("waiting: got %+v", problem)
	}
	second.release()()
	first.release()()
	if problem := second.hold(t.Context(), maxHeld); problem != nil {
		t.Errorf("what was released cannot be held: %s", problem.Message)
	}
	second.release()()
	second.release()()
	if !shared.TryAcquire(maxHeld) {
		t.Error("not everything was released")
	}
}

// TestFetchedIsBounded: the attestations of one image have a limit together.
func TestFetchedIsBounded(t *testing.T) {
	v := &verification{memory: semaphore.NewWeighted(maxHeld)}
	for held := int64(maxAttestation); held <= maxFetched; held += maxAttestation {
		if problem := v.hold(t.Context(), maxAttestation); problem != nil {
			t.Fatal(problem.Message)
		}
		v.release()()
	}
	problem := v.hold(t.Context(), maxAttestation)
	if problem == nil || problem.Verdict != v1alpha1.VerdictUnknown || !problem.stop || !strings.Contains(problem.Message, "64 MiB") {
		t.Errorf("got %+v", problem)
	}
}
