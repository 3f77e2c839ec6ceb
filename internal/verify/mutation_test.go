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
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// mutationSeed is the seed of all mutations, so that a run can be repeated. Keys and signatures differ from run to run.
const mutationSeed = 2026

// mutations is the number of mutated artefacts, of which the environment variable MUTATIONS asks for another number.
func mutations(t *testing.T) int {
	t.Helper()
	if wanted := os.Getenv("MUTATIONS"); wanted != "" {
		number, err := strconv.Atoi(wanted)
		if err != nil || number < 1 {
			t.Fatalf("MUTATIONS is %q, want a number", wanted)
		}
		return number
	}
	if testing.Short() {
		return 2000
	}
	return 100_000
}

// coldEvery is how often a verdict is compared with that of a verifier which remembers nothing.
const coldEvery = 20

// mutationTarget is an artefact that is mutated, and what examines it.
type mutationTarget struct {
	kind   string
	fields [][]byte
	// others are artefacts of the same kind, from which parts are taken.
	others [][][]byte
	// genuine reports whether the artefact as it is proves that the declared identity signed the image.
	genuine bool
	// exact reports whether any change must be noticed.
	exact bool
	// logged reports whether a transparency log has to prove it.
	logged bool
	// credentials reports whether the artefact only gives access. A failure to get access is never a verdict.
	credentials bool
	// examine verifies the artefact by the image, the rule, the root of trust and the memory of a suite.
	examine func(ctx context.Context, by *mutationSuite, fields [][]byte) Result
}

// authentic is what the declared identity signed about the image, and when.
type authentic struct {
	signed      []byte // the payload of a signature, or a statement
	certificate []byte
	logIndex    int64
	time        int64
}

// wrong says what is wrong with the verdict on a mutated artefact. Accepting it is right only if what was accepted is, byte
// for byte, what the declared identity has signed about this image, with the certificate that was issued to it, and with the
// entry of the log or the time that was recorded for that signature. A mutation that changes something else, such as white space,
// the order of keys or an annotation, leaves the meaning of the artefact as it was, and may be accepted.
func (s *mutationSuite) wrong(target *mutationTarget, got Result) string {
	switch {
	case got.Reason == v1alpha1.InternalErrorReason:
		return "the verifier failed"
	case got.Verdict == v1alpha1.VerdictUntrusted && target.credentials:
		return "no access, and yet a verdict"
	case got.Verdict != v1alpha1.VerdictVerified:
		return ""
	case target.exact:
		return "accepted, but its digest is another"
	case target.logged && got.LogIndex < 0:
		return "accepted without the log"
	case got.Material == nil || got.Signer == nil || got.Signer.Identity != s.id.Subject || got.Signer.Issuer != s.id.Issuer:
		return "accepted without the declared identity"
	}
	signed := got.Material.Payload
	var envelope dsse.Envelope
	if json.Unmarshal(signed, &envelope) == nil && envelope.Payload != "" {
		signed, _ = envelope.DecodeB64Payload()
	}
	for _, one := range s.authentic {
		if bytes.Equal(signed, one.signed) && bytes.Equal(got.Material.Certificate.Raw, one.certificate) &&
			got.LogIndex == one.logIndex && got.IntegratedTime.Unix() == one.time {
			return ""
		}
	}
	return "accepted, but it is not what the declared identity signed"
}

// mutationSuite is an image, what the declared identity signed about it, and much that others signed.
type mutationSuite struct {
	t         testing.TB
	instance  *sigstore.Sigstore
	root      *trustroot.Root
	id        sigstore.Identity
	image     name.Digest
	rule      *policy.Rule
	authentic []authentic
	// proofs are remembered from one artefact to the next, as in the operator; nil if they are not.
	proofs *proofs
	// lean reports whether no Result includes the Material, as in the operator.
	lean bool
}

func newMutationSuite(tb testing.TB) *mutationSuite {
	tb.Helper()
	s := newSuite(tb, newInstance(tb))
	s.root.Material = remembering(s.root.Material)
	return s
}

// newSuite returns a suite of an instance.
func newSuite(tb testing.TB, instance *sigstore.Sigstore) *mutationSuite {
	tb.Helper()
	s := &mutationSuite{
		t: tb, proofs: newProofs(), id: sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", strings.Repeat("c", 40)),
	}
	s.instance = instance
	encoded, err := s.instance.TrustedRoot()
	s.must(err)
	s.root, err = trustroot.FromJSON(encoded)
	s.must(err)
	s.image, err = name.NewDigest("registry.example/karmada/app@" + digestOf([]byte(mutatedImage)))
	s.must(err)
	all := policy.NewFormats(policy.SimpleSigning, policy.Timestamped, policy.Bundle, policy.RekorV2Bundle, policy.TimestampedBundle)
	s.rule = policy.NewRule(policy.Signer{Issuer: s.id.Issuer, Subject: s.id.Subject}, all,
		policy.Attestation{Name: "provenance", PredicateType: sigstore.SLSAPredicate, Formats: all})
	return s
}

func newInstance(tb testing.TB) *sigstore.Sigstore {
	tb.Helper()
	instance, err := sigstore.New()
	if err != nil {
		tb.Fatal(err)
	}
	return instance
}

func (s *mutationSuite) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// differs says how a verdict with what is remembered of other artefacts differs from one without; empty if it does not.
func differs(warm, cold Result) string {
	if warm.Verdict == cold.Verdict && warm.Reason == cold.Reason && warm.Message == cold.Message && warm.Format == cold.Format &&
		warm.LogIndex == cold.LogIndex && warm.IntegratedTime.Equal(cold.IntegratedTime) {
		return ""
	}
	return fmt.Sprintf("without what is remembered it is %s %s (%s)", cold.Verdict, cold.Reason, cold.Message)
}

// forgetful returns the same suite without a memory.
func (s *mutationSuite) forgetful() *mutationSuite {
	other := *s
	other.proofs = nil
	return &other
}

// verification is that of the image, without a registry.
func (s *mutationSuite) verification() *verification {
	hash, err := v1.NewHash(s.image.DigestStr())
	if err != nil {
		panic(err) // isolated reports it
	}
	return &verification{
		image: s.image, hash: hash, rule: s.rule, material: s.root.Material, keep: !s.lean, proofs: s.proofs, fingerprint: s.root.Fingerprint,
		timestamps: s.root.Timestamps(), logs: s.root.Logs(), ctLogs: s.root.CTLogs(),
		types: map[v1.Hash]string{}, failures: map[blobKey]error{},
	}
}

// discardLog discards the log of cosign's library, which warns of each timestamp.
func discardLog(tb testing.TB) {
	tb.Helper()
	log.SetOutput(io.Discard)
	tb.Cleanup(func() { log.SetOutput(os.Stderr) })
}

// TestMutations changes signatures, attestations, bundles, manifests, lists of referrers and answers about tokens at random.
// None of it may end the verifier, leave goroutines behind, or be accepted wrongly: see wrong.
func TestMutations(t *testing.T) {
	discardLog(t)
	s := newMutationSuite(t)
	manifests, lists, tokens := s.registries()
	kinds := [][]mutationTarget{s.signatures(), s.bundles(), manifests, lists, tokens}
	targets := slices.Concat(kinds...)
	for _, target := range targets {
		target.exact = false // it is not changed yet
		got := target.examine(t.Context(), s, target.fields)
		if accepted := got.Verdict == v1alpha1.VerdictVerified; accepted != target.genuine {
			t.Fatalf("%s as it is: %s %s (%s)", target.kind, got.Verdict, got.Reason, got.Message)
		}
		if problem := s.wrong(&target, got); problem != "" {
			t.Fatalf("%s as it is: %s", target.kind, problem)
		}
	}
	before := runtime.NumGoroutine()
	number := mutations(t)
	var next, wrong, accepted, examined atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= number || wrong.Load() > 10 {
					return
				}
				m := newMutator(mutationSeed, uint64(i)) //nolint:gosec // not negative
				kind := kinds[i%len(kinds)]
				target := &kind[m.IntN(len(kind))]
				mutant := m.artefact(target.fields, target.others)
				got := target.examine(t.Context(), s, mutant)
				examined.Add(1)
				if got.Verdict == v1alpha1.VerdictVerified {
					accepted.Add(1)
				}
				problem := s.wrong(target, got)
				if problem == "" && i%coldEvery == 0 {
					problem = differs(got, target.examine(t.Context(), s.forgetful(), mutant))
				}
				if problem != "" {
					wrong.Add(1)
					t.Errorf("mutation %d of %s: %s: %s %s (%s)\n%q", i, target.kind, problem, got.Verdict, got.Reason, got.Message, mutant)
				}
			}
		})
	}
	workers.Wait()
	http.DefaultClient.CloseIdleConnections()
	after := runtime.NumGoroutine()
	for deadline := time.Now().Add(time.Minute); after > before && time.Now().Before(deadline); after = runtime.NumGoroutine() {
		time.Sleep(10 * time.Millisecond)
	}
	if after > before {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after\n%s", before, after, stacks[:runtime.Stack(stacks, true)])
	}
	t.Logf("%d mutations of %d artefacts, %d of which mean the same as before", examined.Load(), len(targets), accepted.Load())
	if accepted.Load() == 0 {
		t.Error("no mutation was accepted, not even of what nobody signs: the artefacts do not reach the verifier")
	}
	if !testing.Short() {
		fmt.Printf("figure: mutated_artefacts %d\nfigure: mutated_wrong_accepts %d\n", examined.Load(), wrong.Load())
	}
}
