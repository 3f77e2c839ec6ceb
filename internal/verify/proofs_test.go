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
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// counting counts the certificates that are verified by a root of trust.
type counting struct {
	root.TrustedMaterial
	verified *atomic.Int64
}

// FulcioCertificateAuthorities returns those that count.
func (m counting) FulcioCertificateAuthorities() []root.CertificateAuthority {
	var all []root.CertificateAuthority
	for _, authority := range m.TrustedMaterial.FulcioCertificateAuthorities() {
		all = append(all, countingAuthority{authority, m.verified})
	}
	return all
}

type countingAuthority struct {
	root.CertificateAuthority
	verified *atomic.Int64
}

// Verify counts, and answers as before.
func (a countingAuthority) Verify(cert *x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	a.verified.Add(1)
	return a.CertificateAuthority.Verify(cert, at)
}

// TestProofIsSharedByRules has 200 rules on one image, half of which require another identity. What it takes to prove the signature
// is done once, however many ask at the same time; and what is wrong with one is found out once, too.
func TestProofIsSharedByRules(t *testing.T) {
	discardLog(t)
	const rules = 200
	s := newMutationSuite(t)
	var verified atomic.Int64
	s.root.Material = counting{s.root.Material, &verified}
	all := append(s.signatures(), s.bundles()...)
	unsound := all[0]
	unsound.fields = append([][]byte{[]byte(strings.Replace(string(unsound.fields[0]), "critical", "Critical", 1))}, unsound.fields[1:]...)
	unsound.genuine = false
	for i, target := range append(all, unsound) {
		if i%4 != 0 && i < len(all) {
			continue
		}
		verified.Store(0)
		s.proofs = newProofs()
		_ = target.examine(t.Context(), s, target.fields)
		s.proofs = newProofs()
		once := verified.Swap(0)
		var callers sync.WaitGroup
		for number := range rules {
			callers.Go(func() {
				suite := *s
				if number%2 == 1 {
					suite.rule = policy.NewRule(policy.Signer{Issuer: s.id.Issuer, Subject: fmt.Sprint("other ", number)}, s.rule.Signature, s.rule.Attestations...)
				}
				got := target.examine(t.Context(), &suite, target.fields)
				if want := target.genuine && number%2 == 0; (got.Verdict == v1alpha1.VerdictVerified) != want {
					t.Errorf("%s %d, rule %d: %s %s (%s)", target.kind, i, number, got.Verdict, got.Reason, got.Message)
				}
			})
		}
		callers.Wait()
		if many := verified.Load(); many != once || once == 0 {
			t.Errorf("%s %d: %d certificates were verified for %d rules, %d for one", target.kind, i, many, rules, once)
		}
	}
}

// TestProofIsOfItsOwn lets a verifier remember each artefact, and then examines each of the others, for another image, and by another
// root of trust: it finds what one finds that remembers nothing.
func TestProofIsOfItsOwn(t *testing.T) {
	discardLog(t)
	s, other := newMutationSuite(t), newMutationSuite(t)
	targets := append(s.signatures(), s.bundles()...)
	moved := *s
	moved.image = s.image.Context().Digest(digestOf([]byte("another")))
	foreign := *s
	foreign.root = other.root
	noLogs := *s
	noLogs.root = rootOfFewer(t, s)
	for _, suite := range []*mutationSuite{s, &moved, &foreign, &noLogs, s} {
		for i, target := range targets {
			for j, from := range targets {
				if from.kind != target.kind || i%8 != 0 && i != j {
					continue
				}
				// One part of another artefact: its payload, its signature, its certificate, its chain, its log entry or its timestamp.
				for part := range target.fields {
					mixed := append([][]byte(nil), target.fields...)
					mixed[part] = from.fields[part]
					warm := target.examine(t.Context(), suite, mixed)
					if problem := differs(warm, target.examine(t.Context(), suite.forgetful(), mixed)); problem != "" {
						t.Errorf("%s %d with part %d of %d: %s %s (%s): %s", target.kind, i, part, j, warm.Verdict, warm.Reason, warm.Message, problem)
					}
				}
			}
		}
	}
}

// rootOfFewer is the root of trust of an instance without its logs.
func rootOfFewer(t *testing.T, s *mutationSuite) *trustroot.Root {
	t.Helper()
	object, err := s.instance.TrustRoot("private", sigstore.WithTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	unstructured.RemoveNestedField(object.Object, "spec", "sigstoreKeys", "tLogs")
	without, err := trustroot.FromTrustRoot(object)
	if err != nil {
		t.Fatal(err)
	}
	return without
}

// TestProofsAreBounded remembers more than there is room for.
func TestProofsAreBounded(t *testing.T) {
	p := newProofs()
	add := func(key proofKey, found outcome) {
		t.Helper()
		if _, err := p.find(t.Context(), key, func() (outcome, error) { return found, nil }); err != nil {
			t.Fatal(err)
		}
	}
	large := &rejection{message: strings.Repeat("x", maxOutcome-1000)}
	for i := range 2 * maxProofs {
		key := proofKey{root: "root"}
		key.artefact[0], key.artefact[1] = byte(i), byte(i>>8)
		add(key, outcome{cause: large})
		if p.size > maxProofBytes || p.known.Len() > maxProofs {
			t.Fatalf("%d outcomes of %d bytes", p.known.Len(), p.size)
		}
	}
	if p.known.Len() < maxProofBytes/maxOutcome {
		t.Errorf("only %d outcomes are remembered", p.known.Len())
	}
	known := p.known.Len()
	add(proofKey{root: "another"}, outcome{cause: &rejection{message: strings.Repeat("x", maxOutcome)}})
	if p.known.Len() != known {
		t.Error("an outcome of any size is remembered")
	}
}

// TestProofsOfFailures lets the one that finds out fail, panic and take long.
func TestProofsOfFailures(t *testing.T) {
	p := newProofs()
	asked := 0
	failing := func() (outcome, error) {
		asked++
		return outcome{}, errors.New("for now")
	}
	for range 2 {
		if _, err := p.find(t.Context(), proofKey{}, failing); err == nil {
			t.Error("no error")
		}
	}
	if asked != 2 {
		t.Error("a failure is remembered")
	}
	started, release := make(chan struct{}), make(chan struct{})
	go func() {
		defer func() { _ = recover() }()
		_, _ = p.find(context.WithoutCancel(t.Context()), proofKey{}, func() (outcome, error) {
			close(started)
			<-release
			panic("hostile")
		})
	}()
	<-started
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.find(ended, proofKey{}, failing); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v while another one finds out, want the end of the context", err)
	}
	time.AfterFunc(10*time.Millisecond, func() { close(release) })
	found, err := p.find(t.Context(), proofKey{}, func() (outcome, error) { return outcome{sound: true}, nil })
	if err != nil || !found.sound {
		t.Errorf("got %v, %v after a panic, want an outcome of its own", found, err)
	}
	if len(p.running) != 0 {
		t.Error("the one that panicked still runs")
	}
}

// TestHashParts hashes lists of parts that are the same when they are written one after the other.
func TestHashParts(t *testing.T) {
	seen := map[[32]byte]bool{}
	for _, parts := range [][]string{{"ab", "c"}, {"a", "bc"}, {"abc"}, {"abc", ""}, {"", "abc"}, {}, {""}} {
		seen[hashParts("kind", parts...)] = true
		seen[hashParts("kin", append([]string{"d"}, parts...)...)] = true
	}
	if len(seen) != 14 {
		t.Errorf("%d hashes of 14 lists", len(seen))
	}
}

// TestNameOfAUser has an identity that is neither a URI nor an e-mail address, so that Go's parser does not know the extension of the
// certificate that names it. By a root of trust that remembers no chains it is accepted like others, in both formats.
func TestNameOfAUser(t *testing.T) {
	s := newSuite(t, newInstance(t))
	id := s.id
	id.Subject = "kärmada!example.com"
	rule := policy.NewRule(policy.Signer{Issuer: id.Issuer, Subject: id.Subject}, s.rule.Signature)
	for _, problem := range s.judge(t.Context(), id, map[string]*policy.Rule{"exact": rule}, v1alpha1.SignedReason) {
		t.Error(problem)
	}
}
