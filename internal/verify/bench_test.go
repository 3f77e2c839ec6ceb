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
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcrregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const commit = "e5277b6317ac1a4717f5fac4057caf51a5d248fc"

// release is the identity that signs in most tests.
var release = sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", commit)

// bench is a registry and a Sigstore.
type bench struct {
	t        *testing.T
	sigstore *sigstore.Sigstore
	root     *trustroot.Root
	content  http.Handler
	host     string

	mu     sync.Mutex
	before func(w http.ResponseWriter, r *http.Request) (answered bool)
}

// newBench returns a bench with a registry that lacks the referrers API, like most.
func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchWith(t, false)
}

func newBenchWith(t *testing.T, referrers bool) *bench {
	t.Helper()
	b := &bench{
		t: t, sigstore: newSigstore(t),
		content: ggcrregistry.New(ggcrregistry.Logger(log.New(io.Discard, "", 0)), ggcrregistry.WithReferrersSupport(referrers)),
	}
	b.root = rootOf(t, b.sigstore)
	b.serve()
	return b
}

// front returns another server of the same registry, with requests of its own to intercept.
func (b *bench) front(t *testing.T) *bench {
	t.Helper()
	other := &bench{t: t, sigstore: b.sigstore, root: b.root, content: b.content}
	other.serve()
	return other
}

// serve starts the server.
func (b *bench) serve() {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		before := b.before
		b.mu.Unlock()
		if before == nil || !before(w, r) {
			b.content.ServeHTTP(w, r)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	b.t.Cleanup(server.Close)
	b.host = strings.TrimPrefix(server.URL, "http://")
}

// intercept sets a function that may answer requests instead of the registry; nil removes it.
func (b *bench) intercept(before func(w http.ResponseWriter, r *http.Request) (answered bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before = before
}

func newSigstore(t *testing.T) *sigstore.Sigstore {
	t.Helper()
	s, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rootOf(t *testing.T, s *sigstore.Sigstore) *trustroot.Root {
	t.Helper()
	encoded, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	trust, err := trustroot.FromJSON(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// push pushes an image of the given content as repository:v1.
func (b *bench) push(repository, content string) name.Digest {
	b.t.Helper()
	digest, err := images.Push(b.t.Context(), b.host+"/"+repository+":v1", content)
	if err != nil {
		b.t.Fatal(err)
	}
	return digest
}

func (b *bench) attach(digest name.Digest, signatures ...sigstore.Signature) {
	b.t.Helper()
	if err := sigstore.Attach(b.t.Context(), digest, signatures); err != nil {
		b.t.Fatal(err)
	}
}

// envelope is a valid statement about a digest.
func (b *bench) envelope(digest name.Digest, id sigstore.Identity, predicateType string) sigstore.Envelope {
	b.t.Helper()
	envelope, err := b.sigstore.NewEnvelope(b.t.Context(), digest, id, predicateType, map[string]any{"builder": "test"})
	if err != nil {
		b.t.Fatal(err)
	}
	return envelope
}

// bundle stores a statement as a bundle that refers to the image.
func (b *bench) bundle(digest name.Digest, envelope sigstore.Envelope) {
	b.t.Helper()
	made, err := envelope.Bundle()
	if err != nil {
		b.t.Fatal(err)
	}
	predicateType, err := policy.PredicateType(envelope.Statement)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := sigstore.AttachBundle(b.t.Context(), digest, made, predicateType); err != nil {
		b.t.Fatal(err)
	}
}

func payloadOf(t *testing.T, digest name.Digest) []byte {
	t.Helper()
	payload, err := sigstore.Payload(digest)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// sign makes a signature that is not logged, with a certificate by the given instance.
func sign(t *testing.T, by *sigstore.Sigstore, id sigstore.Identity, payload []byte, opts ...sigstore.IssueOption) sigstore.Signature {
	t.Helper()
	signer, err := by.Issue(id, opts...)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func logged(t *testing.T, by *sigstore.Sigstore, signature sigstore.Signature, at time.Time) *bundle.RekorBundle {
	t.Helper()
	entry, err := by.Log(t.Context(), signature, at)
	if err != nil {
		t.Fatal(err)
	}
	return entry
}

// good is a valid signature of a digest.
func (b *bench) good(digest name.Digest, id sigstore.Identity) sigstore.Signature {
	b.t.Helper()
	signature, err := b.sigstore.NewSignature(b.t.Context(), digest, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return signature
}

// newCosign returns a verifier without credentials.
func newCosign(requestTimeout time.Duration, opts ...registry.Option) *verify.Cosign {
	return verify.New(verify.WithRegistry(registry.New(append(opts,
		registry.WithKeychain(authn.NewMultiKeychain()),
		registry.WithRequestTimeout(requestTimeout),
		registry.WithLoopback(),
	)...)))
}

// exactly is the rule of a policy that accepts exactly id.
func exactly(t *testing.T, id sigstore.Identity) *policy.Rule {
	t.Helper()
	return ruleOf(t, v1alpha1.KarmadaImageTrustSpec{Issuer: id.Issuer, Identity: id.Subject})
}

// like is the rule of a policy that accepts GitHub workflows by a regexp.
func like(t *testing.T, expr v1alpha1.Regexp) *policy.Rule {
	t.Helper()
	return ruleOf(t, v1alpha1.KarmadaImageTrustSpec{Issuer: sigstore.GitHubIssuer, IdentityRegexp: expr})
}

func ruleOf(t *testing.T, spec v1alpha1.KarmadaImageTrustSpec) *policy.Rule {
	t.Helper()
	spec.Images = []v1alpha1.ImageGlob{"docker.io/karmada/*"}
	compiled, err := policy.Compile(spec)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Signers[0].Rule
}

// checkResult checks what every Result fulfils.
func checkResult(t *testing.T, got verify.Result) {
	t.Helper()
	if got.Reason == "" || got.Message == "" {
		t.Errorf("a result without reason or message: %+v", got)
	}
	if len(got.Message) > 1024 {
		t.Errorf("a message of %d bytes", len(got.Message))
	}
	if got.Verdict == v1alpha1.VerdictVerified && (got.Signer == nil || got.IntegratedTime.IsZero()) {
		t.Errorf("verified without a signer or a time: %+v", got)
	}
	if got.Verdict != v1alpha1.VerdictUnknown && got.RetryAfter != 0 {
		t.Errorf("a verdict with a time to retry: %+v", got)
	}
}

// mustBe verifies an image, and checks verdict and reason.
func mustBe(ctx context.Context, t *testing.T, c *verify.Cosign, image name.Digest, want *policy.Rule, trust *trustroot.Root, verdict v1alpha1.Verdict, reason string) verify.Result {
	t.Helper()
	got := c.Verify(ctx, image, want, trust)
	checkResult(t, got)
	if got.Verdict != verdict || got.Reason != reason {
		t.Errorf("got %s %s (%s), want %s %s", got.Verdict, got.Reason, got.Message, verdict, reason)
	}
	return got
}
