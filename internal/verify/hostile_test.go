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
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sigstore/cosign/v2/pkg/oci/static"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestVerifyHostileAnnotations stores what does not survive a careless reading. Next to a good
// signature it must change nothing, and alone it must be rejected.
func TestVerifyHostileAnnotations(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	good := b.good(digest, release)
	body, ok := good.Bundle.Payload.Body.(string)
	if !ok {
		t.Fatal("the log entry has no body")
	}
	withBody := func(plain string) string {
		return fmt.Sprintf(`{"SignedEntryTimestamp":"AA==","Payload":{"body":%q,"integratedTime":1,"logIndex":1,"logID":"00"}}`,
			base64.StdEncoding.EncodeToString([]byte(plain)))
	}
	tests := map[string]map[string]string{
		"bundle null":                       {static.BundleAnnotationKey: `null`},
		"bundle of another type":            {static.BundleAnnotationKey: `[]`},
		"bundle not JSON":                   {static.BundleAnnotationKey: `{`},
		"bundle empty":                      {static.BundleAnnotationKey: `{}`},
		"bundle too large":                  {static.BundleAnnotationKey: strings.Repeat(" ", 1<<20)},
		"body missing":                      {static.BundleAnnotationKey: `{"Payload":{}}`},
		"body null":                         {static.BundleAnnotationKey: `{"Payload":{"body":null}}`},
		"body a number":                     {static.BundleAnnotationKey: `{"Payload":{"body":1}}`},
		"body an object":                    {static.BundleAnnotationKey: `{"Payload":{"body":{"kind":"hashedrekord"}}}`},
		"body not base64":                   {static.BundleAnnotationKey: `{"Payload":{"body":"%"}}`},
		"entry empty":                       {static.BundleAnnotationKey: withBody(``)},
		"entry null":                        {static.BundleAnnotationKey: withBody(`null`)},
		"entry without apiVersion":          {static.BundleAnnotationKey: withBody(`{"kind":"hashedrekord","spec":{}}`)},
		"entry with a numeric apiVersion":   {static.BundleAnnotationKey: withBody(`{"kind":"hashedrekord","apiVersion":1,"spec":{}}`)},
		"entry without spec":                {static.BundleAnnotationKey: withBody(`{"kind":"hashedrekord","apiVersion":"0.0.1"}`)},
		"entry with an empty spec":          {static.BundleAnnotationKey: withBody(`{"kind":"hashedrekord","apiVersion":"0.0.1","spec":{}}`)},
		"entry with a spec of another type": {static.BundleAnnotationKey: withBody(`{"kind":"hashedrekord","apiVersion":"0.0.1","spec":[]}`)},
		"rekord with an empty spec":         {static.BundleAnnotationKey: withBody(`{"kind":"rekord","apiVersion":"0.0.1","spec":{}}`)},
		"rekord without a hash":             {static.BundleAnnotationKey: withBody(`{"kind":"rekord","apiVersion":"0.0.1","spec":{"data":{},"signature":{"format":"x509","content":"AA==","publicKey":{"content":"AA=="}}}}`)},
		"dsse without signatures":           {static.BundleAnnotationKey: withBody(`{"kind":"dsse","apiVersion":"0.0.1","spec":{"signatures":[]}}`)},
		"intoto with an empty spec":         {static.BundleAnnotationKey: withBody(`{"kind":"intoto","apiVersion":"0.0.2","spec":{}}`)},
		"entry of an unknown kind":          {static.BundleAnnotationKey: withBody(`{"kind":"ProposedEntry","apiVersion":"0.0.1","spec":{}}`)},
		"certificate not PEM":               {static.CertificateAnnotationKey: "x"},
		"certificate of another type":       {static.CertificateAnnotationKey: "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
		"certificate empty":                 {static.CertificateAnnotationKey: "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"},
		"certificate too large":             {static.CertificateAnnotationKey: strings.Repeat("x", 1<<20)},
		"chain not PEM":                     {static.ChainAnnotationKey: "x"},
		"timestamp of another type":         {static.RFC3161TimestampAnnotationKey: `[]`},
	}
	// What exceeds a limit or is of a kind that nobody knows might be accepted by others.
	notExamined := map[string]string{
		"bundle too large": "RegistryResponseInvalid", "certificate too large": "RegistryResponseInvalid",
		"entry of an unknown kind": "UnsupportedFormat",
	}
	for name, annotations := range tests {
		t.Run(name, func(t *testing.T) {
			hostile := good
			hostile.Bundle = nil
			hostile.Annotations = map[string]string{}
			if _, ok := annotations[static.BundleAnnotationKey]; !ok {
				hostile.Bundle = good.Bundle
			}
			maps.Copy(hostile.Annotations, annotations)

			alone := b.push("karmada/alone", name)
			b.attach(alone, hostile)
			got := newCosign(time.Minute).Verify(t.Context(), alone, exactly(t, release), b.root)
			checkResult(t, got)
			want, reason := untrusted, got.Reason
			if notExamined[name] != "" {
				want, reason = v1alpha1.VerdictUnknown, notExamined[name]
			}
			if got.Verdict != want || got.Reason != reason {
				t.Errorf("alone: got %s %s (%s), want %s %s", got.Verdict, got.Reason, got.Message, want, reason)
			}

			both := b.push("karmada/both", name)
			b.attach(both, hostile, b.good(both, release))
			mustBe(t.Context(), t, newCosign(time.Minute), both, exactly(t, release), b.root, verified, "Signed")
		})
	}
	t.Logf("the log entry that they are made from: %d bytes", len(body))
}

// TestVerifyMutatedLogEntry takes each node of a valid log entry away, or puts something else in its
// place. None of that may verify, and none may be too much for the verifier.
func TestVerifyMutatedLogEntry(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	good := b.good(digest, release)
	body, ok := good.Bundle.Payload.Body.(string)
	if !ok {
		t.Fatal("the log entry has no body")
	}
	plain, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		t.Fatal(err)
	}
	var entry map[string]any
	if err := json.Unmarshal(plain, &entry); err != nil {
		t.Fatal(err)
	}
	mutants := mutations(t, entry)
	if len(mutants) < 50 {
		t.Fatalf("only %d mutations", len(mutants))
	}
	c := newCosign(time.Minute)
	for i, mutant := range mutants {
		signature := good
		changed := *good.Bundle
		changed.Payload.Body = base64.StdEncoding.EncodeToString(mutant)
		signature.Bundle = &changed
		image := b.push(fmt.Sprintf("karmada/mutant%d", i), "app")
		b.attach(image, signature)
		got := c.Verify(t.Context(), image, exactly(t, release), b.root)
		checkResult(t, got)
		if got.Verdict != v1alpha1.VerdictUntrusted {
			t.Errorf("got %s %s (%s) for %s", got.Verdict, got.Reason, got.Message, mutant)
		}
	}
	t.Logf("%d mutations", len(mutants))
}

// mutations returns copies of a JSON object in each of which one node is missing or another value.
func mutations(t *testing.T, object map[string]any) [][]byte {
	t.Helper()
	var mutants [][]byte
	keep := func() {
		encoded, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		mutants = append(mutants, encoded)
	}
	var walk func(node map[string]any)
	walk = func(node map[string]any) {
		for _, key := range slices.Sorted(maps.Keys(node)) {
			value := node[key]
			delete(node, key)
			keep()
			for _, other := range []any{nil, 1, "", "AA==", []any{}, map[string]any{}, strings.Repeat("9", 1000)} {
				node[key] = other
				keep()
			}
			node[key] = value
			if child, ok := value.(map[string]any); ok {
				walk(child)
			}
		}
	}
	walk(object)
	return mutants
}

// TestVerifyHostileNames puts into a certificate what must not reach a terminal or a status as it is.
func TestVerifyHostileNames(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	hostile := release
	hostile.Issuer = "https://evil.example/\x1b[31m\u202egnp.exe\n" + strings.Repeat("é", 5000)
	hostile.Workflow.Name = strings.Repeat("\xff", 5000)
	b.attach(digest, b.good(digest, hostile))
	got := mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, untrusted, "IdentityMismatch")
	for field, text := range map[string]struct {
		value string
		limit int
	}{
		"message":      {got.Message, 1024},
		"issuer":       {got.Signer.Issuer, 1024},
		"workflowName": {got.Signer.WorkflowName, 512},
	} {
		if len(text.value) > text.limit || text.value == "" {
			t.Errorf("%s has %d bytes, want 1 to %d", field, len(text.value), text.limit)
		}
		if !utf8.ValidString(text.value) || strings.ContainsAny(text.value, "\x1b\n\u202e") {
			t.Errorf("%s is not clean: %q", field, text.value)
		}
	}
}

// TestVerifyPayloadTooLarge: no payload of such a size is fetched.
func TestVerifyPayloadTooLarge(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	large := append(payloadOf(t, digest), strings.Repeat(" ", 300<<10)...)
	signature := sign(t, b.sigstore, release, large)
	signature.Bundle = logged(t, b.sigstore, signature, time.Now())
	b.attach(digest, signature)
	mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, v1alpha1.VerdictUnknown, "RegistryResponseInvalid")
	b.attach(digest, b.good(digest, release))
	mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, verified, "Signed")
}
