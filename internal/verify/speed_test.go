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
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// The benchmarks verify a signature and a bundle whose bytes are at hand, as those of a new image by a known root of trust. Each also
// reports the processor time, which other programs on the machine disturb less.

// processorTime has a benchmark report the processor time that it takes from now on until the returned function is called.
func processorTime(b *testing.B) (report func()) {
	b.Helper()
	used := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := used()
	return func() {
		b.Helper()
		b.ReportMetric(float64(used()-before)/float64(b.N), "cpu-ns/op")
	}
}

// BenchmarkVerifyECDSA verifies one signature on P-256 by its hash, which the others are compared with.
func BenchmarkVerifyECDSA(b *testing.B) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	hash := sha256.Sum256([]byte("payload"))
	signed, err := ecdsa.SignASN1(rand.Reader, key, hash[:])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	defer processorTime(b)()
	for b.Loop() {
		if !ecdsa.VerifyASN1(&key.PublicKey, hash[:], signed) {
			b.Fatal("not verified")
		}
	}
}

// curves are those of the certificate authority: with the first one, each verification takes about the same time, and the second is
// that of the public instance.
func curves() map[string]elliptic.Curve {
	return map[string]elliptic.Curve{"P256": elliptic.P256(), "P384": elliptic.P384()}
}

// benchmarkTarget verifies an artefact of an instance, with nothing remembered of it.
func benchmarkTarget(b *testing.B, curve string, target func(*mutationSuite) mutationTarget) {
	b.Helper()
	instance, err := sigstore.NewOnCurve(curves()[curve])
	if err != nil {
		b.Fatal(err)
	}
	s := newSuite(b, instance).forgetful()
	s.lean = true
	one := target(s)
	b.ReportAllocs()
	defer processorTime(b)()
	for b.Loop() {
		if got := one.examine(b.Context(), s, one.fields); got.Verdict != v1alpha1.VerdictVerified {
			b.Fatal(got.Message)
		}
	}
}

// newSignature is a signature of cosign v2 with an entry of the log.
func newSignature(s *mutationSuite) mutationTarget {
	made, err := s.instance.NewSignature(s.t.Context(), s.image, s.id)
	s.must(err)
	return mutationTarget{
		kind: "signature", genuine: true, examine: stored(0),
		fields: [][]byte{made.Payload, []byte(made.Base64), made.Certificate, made.Chain, s.encode(made.Bundle), nil},
	}
}

// newBundle is a bundle with an entry of the log.
func newBundle(s *mutationSuite) mutationTarget {
	envelope, err := s.instance.NewEnvelope(s.t.Context(), s.image, s.id, policy.SignPredicate, map[string]any{})
	s.must(err)
	return bundled(0, s.bundle(&envelope), true, true)
}

func BenchmarkVerifySignatureP256(b *testing.B) { benchmarkTarget(b, "P256", newSignature) }

func BenchmarkVerifySignatureP384(b *testing.B) { benchmarkTarget(b, "P384", newSignature) }

func BenchmarkVerifyBundleP256(b *testing.B) { benchmarkTarget(b, "P256", newBundle) }

func BenchmarkVerifyBundleP384(b *testing.B) { benchmarkTarget(b, "P384", newBundle) }

// BenchmarkVerifyRules verifies a signature and a bundle by 200 rules each, and reports how many times each was proved.
func BenchmarkVerifyRules(b *testing.B) {
	const rules = 200
	s := newSuite(b, newInstance(b))
	var verified atomic.Int64
	s.root.Material = counting{s.root.Material, &verified}
	targets := []mutationTarget{newSignature(s), newBundle(s)}
	proved := 0.0
	b.ReportAllocs()
	for b.Loop() {
		for _, target := range targets {
			_ = target.examine(b.Context(), s.forgetful(), target.fields)
			once := verified.Swap(0)
			s.proofs = newProofs()
			for i := range rules {
				by := *s
				if i%2 == 1 {
					by.rule = policy.NewRule(policy.Signer{Issuer: s.id.Issuer, Subject: fmt.Sprint("other ", i)}, s.rule.Signature)
				}
				_ = target.examine(b.Context(), &by, target.fields)
			}
			proved = max(proved, float64(verified.Swap(0))/float64(once))
		}
	}
	b.ReportMetric(proved, "proofs")
}

// TestCanonicalEntries changes signatures at random, and compares what proveCanonical accepts with cosign: it accepts nothing that
// cosign does not.
func TestCanonicalEntries(t *testing.T) {
	const mutants = 3000
	discardLog(t)
	s := newMutationSuite(t)
	targets := s.signatures()
	accepted := 0
	for i := range mutants {
		m := newMutator(mutationSeed, uint64(i))
		target := &targets[m.IntN(len(targets))]
		fields := m.artefact(target.fields, target.others)
		v := s.verification()
		c := &v.claims()[0]
		parsed, problem := simpleSigningStorage{}.parse(v, c, layerOf(fields), fields[0])
		p, ok := parsed.(simpleSigning)
		if problem != nil || !ok || !p.isCanonical() || p.proveCanonical() != nil {
			continue
		}
		accepted++
		if logged, err := p.verifyWith(t.Context(), p.options()); err != nil || !logged {
			t.Errorf("mutation %d: accepted, but cosign says %v\n%q", i, err, fields)
		}
		if err := p.verifySCTs(); err != nil {
			t.Errorf("mutation %d: accepted, but %v", i, err)
		}
	}
	if accepted == 0 {
		t.Error("nothing is accepted, not even what nobody changed")
	}
}

// TestPromise compares the text that a log signs with the canonical JSON that cosign makes of an entry.
func TestPromise(t *testing.T) {
	log := strings.Repeat("0a", sha256.Size)
	exact := func(entry bundle.RekorPayload) bool {
		plain, err := json.Marshal(entry)
		if err != nil {
			t.Fatal(err)
		}
		canonical, err := jsoncanonicalizer.Transform(plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := promise(entry)
		if err == nil && !bytes.Equal(got, canonical) {
			t.Errorf("got %s, want %s", got, canonical)
		}
		return err == nil
	}
	for _, number := range []int64{0, 1, 9, 10, 1 << 31, 1 << 32, 1_795_000_000, 1<<53 - 1, 1 << 53} {
		for _, body := range []string{"", "AAAA", "+/+/", "AA==", "AAA="} {
			if !exact(bundle.RekorPayload{Body: body, IntegratedTime: number, LogIndex: number, LogID: log}) {
				t.Errorf("no text for number %d and body %q", number, body)
			}
		}
	}
	for name, entry := range map[string]bundle.RekorPayload{
		"a negative time":    {Body: "", IntegratedTime: -1, LogID: log},
		"a negative index":   {Body: "", LogIndex: -1, LogID: log},
		"a large index":      {Body: "", LogIndex: 1<<53 + 1, LogID: log},
		"no text":            {Body: 1, LogID: log},
		"other bits":         {Body: "AB==", LogID: log},
		"a line":             {Body: "AAAA\n", LogID: log},
		"a quote":            {Body: `","logIndex":1,"x":"`, LogID: log},
		"a log in uppercase": {Body: "", LogID: strings.ToUpper(log)},
		"a log with a quote": {Body: "", LogID: `"`},
	} {
		if exact(entry) {
			t.Errorf("%s: a text, want an error", name)
		}
	}
}
