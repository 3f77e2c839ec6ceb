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
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

func TestVerifyIndex(t *testing.T) {
	b := newBench(t)
	index, _, err := images.PushIndex(t.Context(), b.host+"/karmada/app:v1", "app")
	if err != nil {
		t.Fatal(err)
	}
	c := newCosign(time.Minute)
	mustBe(t.Context(), t, c, index, exactly(t, release), b.root, untrusted, "Unsigned")
	b.attach(index, b.good(index, release))
	mustBe(t.Context(), t, c, index, exactly(t, release), b.root, verified, "Signed")
}

func TestVerifyWithoutRoot(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	for _, trust := range []*trustroot.Root{nil, {}} {
		mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), trust, unknown, "TrustRootUnavailable")
	}
}

// TestVerifyByTrustRootObject proves by a root of trust that is an object in the cluster.
func TestVerifyByTrustRootObject(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	b.attach(digest, b.good(digest, release))
	for _, test := range []struct {
		of      *sigstore.Sigstore
		verdict v1alpha1.Verdict
		reason  string
	}{
		{b.sigstore, verified, "Signed"},
		{newSigstore(t), untrusted, "UntrustedCertificate"},
	} {
		object, err := test.of.TrustRoot("private")
		if err != nil {
			t.Fatal(err)
		}
		trust, err := trustroot.FromTrustRoot(object)
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), trust, test.verdict, test.reason)
	}
}

// TestVerifyIncompleteIdentity checks that an identity without an issuer or a subject accepts nobody, unlike in cosign.
func TestVerifyIncompleteIdentity(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	b.attach(digest, b.good(digest, release))
	for _, want := range []policy.Signer{{}, {Issuer: release.Issuer}, {Subject: release.Subject}} {
		mustBe(t.Context(), t, newCosign(time.Minute), digest, policy.NewRule(want, policy.NewFormats(policy.SimpleSigning)), b.root, unknown, "InternalError")
	}
}

func TestVerifyOtherArtifacts(t *testing.T) {
	b := newBench(t)
	c := newCosign(time.Minute)
	chart := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	ref, err := name.NewTag(b.host + "/karmada/chart:v1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, chart, remote.WithContext(t.Context())); err != nil {
		t.Fatal(err)
	}
	digest, failure := c.Resolve(t.Context(), ref)
	if failure != nil {
		t.Fatal(failure)
	}
	got := mustBe(t.Context(), t, c, digest, exactly(t, release), b.root, untrusted, "NotAnImage")
	if !strings.Contains(got.Message, "application/vnd.cncf.helm.config.v1+json") {
		t.Errorf("got message %q", got.Message)
	}
}

func TestVerifyMissingImage(t *testing.T) {
	b := newBench(t)
	missing := b.push("karmada/app", "app").Context().Digest("sha256:" + strings.Repeat("0", 64))
	mustBe(t.Context(), t, newCosign(time.Minute), missing, exactly(t, release), b.root, unknown, "ImageNotFound")
}

// TestVerifySignaturesOfMissingImage checks that, like by cosign, a signature is verified even if the image is missing.
func TestVerifySignaturesOfMissingImage(t *testing.T) {
	b := newBench(t)
	missing := b.push("karmada/app", "app").Context().Digest("sha256:" + strings.Repeat("0", 64))
	b.attach(missing, b.good(missing, release))
	mustBe(t.Context(), t, newCosign(time.Minute), missing, exactly(t, release), b.root, verified, "Signed")
}

// TestVerifyNoManifestOfSignatures covers what may stand under the tag of signatures and is none.
func TestVerifyNoManifestOfSignatures(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	hash, err := v1.NewHash(digest.DigestStr())
	if err != nil {
		t.Fatal(err)
	}
	tag := digest.Context().Tag("sha256-" + hash.Hex + ".sig")
	if err := remote.Write(tag, mutate.MediaType(empty.Image, types.OCIManifestSchema1)); err != nil {
		t.Fatal(err)
	}
	mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, untrusted, "Unsigned")
	if err := remote.WriteIndex(tag, empty.Index); err != nil {
		t.Fatal(err)
	}
	mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, release), b.root, unknown, "RegistryResponseInvalid")
}

func TestVerifyContextEnded(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the test ends it"))
	mustBe(ctx, t, newCosign(time.Minute), digest, exactly(t, release), b.root, unknown, "Timeout")
}

func TestResolve(t *testing.T) {
	b := newBench(t)
	digest := b.push("karmada/app", "app")
	c := newCosign(time.Minute)
	got, failure := c.Resolve(t.Context(), digest.Context().Tag("v1"))
	if failure != nil || got.String() != digest.String() {
		t.Errorf("got %s and %+v, want %s", got, failure, digest)
	}
	if _, failure = c.Resolve(t.Context(), digest.Context().Tag("v2")); failure == nil ||
		failure.Verdict != unknown || failure.Reason != v1alpha1.ImageNotFoundReason {
		t.Errorf("a missing tag: got %+v", failure)
	}
	unreachable, err := name.NewDigest("registry.invalid/karmada/app@" + digest.DigestStr())
	if err != nil {
		t.Fatal(err)
	}
	if got, failure := c.Resolve(t.Context(), unreachable); failure != nil || got != unreachable {
		t.Errorf("a digest costs a request: got %s and %+v", got, failure)
	}
}
