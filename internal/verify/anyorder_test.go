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
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestAnyOrder tells whether the order matters in which policy-controller v0.15 verifies the bundles of an image.
func TestAnyOrder(t *testing.T) {
	b := newBenchWith(t, true)
	evil := workflow("evil/karmada", "refs/tags/v1")
	good := func(d name.Digest) { b.bundle(d, b.envelope(d, release, sigstore.SignPredicate)) }
	attestation := func(d name.Digest) { b.bundle(d, b.envelope(d, release, sigstore.SLSAPredicate)) }
	inRekorV2 := func(by sigstore.Identity, predicateType string, kind sigstore.EntryKind) func(name.Digest) {
		return func(d name.Digest) {
			envelope, err := b.sigstore.NewRekorV2Envelope(d, by, predicateType, map[string]any{}, kind)
			if err != nil {
				t.Fatal(err)
			}
			b.bundle(d, envelope)
		}
	}
	stamp := func(change func(*protobundle.Bundle)) func(name.Digest) {
		return func(d name.Digest) {
			envelope := b.envelope(d, release, sigstore.SignPredicate)
			if err := b.sigstore.StampStatement(&envelope, time.Now()); err != nil {
				t.Fatal(err)
			}
			b.attachBundle(d, envelope, change)
		}
	}
	refer := func(kind types.MediaType, content string) func(name.Digest) {
		return func(d name.Digest) { b.refer(d, kind, content) }
	}
	foreign := inRekorV2(evil, sigstore.SignPredicate, sigstore.HashedRekordEntry)
	const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	for what, test := range map[string]struct {
		store []func(name.Digest)
		want  bool
	}{
		"alone":                                 {[]func(name.Digest){good}, true},
		"beside an attestation":                 {[]func(name.Digest){good, attestation}, true},
		"beside one of another signer":          {[]func(name.Digest){good, func(d name.Digest) { b.bundle(d, b.envelope(d, evil, sigstore.SignPredicate)) }}, true},
		"beside something else":                 {[]func(name.Digest){good, refer("text/plain", "hello")}, true},
		"beside a bundle with no log entry":     {[]func(name.Digest){good, func(d name.Digest) { b.bundle(d, b.stamped(d, evil, time.Now(), b.sigstore)) }}, true},
		"beside Rekor v2":                       {[]func(name.Digest){good, foreign}, false},
		"two beside Rekor v2":                   {[]func(name.Digest){good, good, foreign}, false},
		"after Rekor v2":                        {[]func(name.Digest){foreign, good}, false},
		"beside Rekor v2 as dsse":               {[]func(name.Digest){good, inRekorV2(evil, sigstore.SignPredicate, sigstore.DSSEEntry)}, false},
		"beside an attestation in Rekor v2":     {[]func(name.Digest){good, inRekorV2(release, sigstore.SLSAPredicate, sigstore.HashedRekordEntry)}, false},
		"beside a malformed bundle":             {[]func(name.Digest){good, refer(bundleType, "{}")}, false},
		"accepted in both logs":                 {[]func(name.Digest){good, inRekorV2(release, sigstore.SignPredicate, sigstore.HashedRekordEntry), foreign}, true},
		"with a timestamp beside Rekor v2":      {[]func(name.Digest){stamp(func(*protobundle.Bundle) {}), foreign}, true},
		"also with a timestamp beside Rekor v2": {[]func(name.Digest){good, stamp(func(*protobundle.Bundle) {}), foreign}, true},
		"with a bad timestamp beside Rekor v2": {[]func(name.Digest){stamp(func(p *protobundle.Bundle) {
			p.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps = []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: []byte("x")}}
		}), foreign}, false},
		"with a signature beside Rekor v2": {[]func(name.Digest){func(d name.Digest) { b.attach(d, b.good(d, release)) }, good, foreign}, true},
		"Rekor v2 alone":                   {[]func(name.Digest){inRekorV2(release, sigstore.SignPredicate, sigstore.HashedRekordEntry), foreign}, true},
	} {
		t.Run(what, func(t *testing.T) {
			digest := b.push("karmada/order", what)
			for _, store := range test.store {
				store(digest)
			}
			if got := b.verifiedIn(t, digest, exactly(t, release)); got.AnyOrder != test.want {
				t.Errorf("any order %t, want %t", got.AnyOrder, test.want)
			}
		})
	}

	// One claim of two is enough.
	digest := b.push("karmada/order", "two claims")
	inRekorV2(release, sigstore.SignPredicate, sigstore.HashedRekordEntry)(digest)
	rule := exactly(t, release)
	attested := policy.NewRule(rule.Signer, rule.Signature,
		policy.Attestation{Name: "provenance", PredicateType: sigstore.SLSAPredicate, Formats: rule.Signature})
	attestation(digest)
	if got := b.verifiedIn(t, digest, attested); got.AnyOrder {
		t.Error("an attestation beside a signature in Rekor v2 is accepted in any order")
	}
	inRekorV2(release, sigstore.SLSAPredicate, sigstore.HashedRekordEntry)(digest)
	if got := b.verifiedIn(t, digest, attested); !got.AnyOrder {
		t.Error("with both in Rekor v2, the order matters")
	}
}

// TestAnyOrderUnknown: what is not found out about the other bundles matters, and costs a bounded number of requests.
func TestAnyOrderUnknown(t *testing.T) {
	b := newBenchWith(t, true)
	attach := func(d name.Digest, others int) {
		b.bundle(d, b.envelope(d, release, sigstore.SignPredicate))
		for i := range others {
			b.bundle(d, b.envelope(d, release, fmt.Sprintf("https://example.com/other/%d", i)))
		}
	}
	ten := b.push("karmada/order", "ten")
	attach(ten, 10)
	if got := b.verifiedIn(t, ten, exactly(t, release)); !got.AnyOrder {
		t.Error("the order matters for 11 bundles of Rekor v1")
	}
	more := b.push("karmada/order", "more")
	attach(more, 11)
	if got := b.verifiedIn(t, more, exactly(t, release)); got.AnyOrder {
		t.Error("the order does not matter although not all of 12 bundles are read")
	}

	// Each of the others fails at its manifest, or at its content.
	for _, stage := range []string{"bundle", "payload"} {
		failing := b.push("karmada/order", "fails at "+stage)
		b.bundle(failing, b.envelope(failing, release, sigstore.SignPredicate))
		b.bundle(failing, b.envelope(failing, release, sigstore.SLSAPredicate))
		requests := 0
		b.intercept(func(w http.ResponseWriter, r *http.Request) bool {
			if stageOf(r, failing) != stage {
				return false
			}
			if requests++; requests < 2 {
				return false
			}
			w.WriteHeader(http.StatusNotFound)
			return true
		})
		got := newCosign(time.Minute).Verify(t.Context(), failing, exactly(t, release), b.root)
		b.intercept(nil)
		// Either of the two may be listed first.
		if got.Verdict == verified && got.AnyOrder || requests < 2 {
			t.Errorf("%s: any order %t after %d requests", stage, got.AnyOrder, requests)
		}
	}
	if (verify.Result{}).AnyOrder {
		t.Error("the order does not matter where nothing says so")
	}
}

// verifiedIn verifies an image that has to be accepted.
func (b *bench) verifiedIn(t *testing.T, digest name.Digest, rule *policy.Rule) verify.Result {
	t.Helper()
	got := newCosign(time.Minute).Verify(t.Context(), digest, rule, b.root)
	if got.Verdict != verified {
		t.Fatalf("%s: %s", got.Reason, got.Message)
	}
	return got
}

// refer stores an artifact with one layer that refers to the image.
func (b *bench) refer(image name.Digest, kind types.MediaType, content string) {
	b.t.Helper()
	subject, err := remote.Head(image)
	if err != nil {
		b.t.Fatal(err)
	}
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.example")
	artifact, err = mutate.AppendLayers(artifact, static.NewLayer([]byte(content), kind))
	if err != nil {
		b.t.Fatal(err)
	}
	referring, ok := mutate.Subject(artifact, *subject).(v1.Image)
	if !ok {
		b.t.Fatal("not an image")
	}
	hash, err := referring.Digest()
	if err == nil {
		err = remote.Write(image.Context().Digest(hash.String()), referring)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
