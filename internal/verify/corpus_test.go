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
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/corpus"
)

// TestCorpus verifies real signatures. With -short only every eighth is verified.
func TestCorpus(t *testing.T) {
	found := corpus.Read(t)
	encoded, err := os.ReadFile(found.TrustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := trustroot.FromJSON(encoded)
	if err != nil {
		t.Fatal(err)
	}
	b, c := newBench(t), newCosign(time.Minute)
	for i, entry := range found.Entries {
		if testing.Short() && i%8 != 0 {
			continue
		}
		t.Run(entry.ID, func(t *testing.T) {
			repository, err := name.NewRepository(fmt.Sprintf("%s/corpus/%s", b.host, entry.ID))
			if err != nil {
				t.Fatal(err)
			}
			image := repository.Digest(entry.Digest)
			moved := repository.Digest("sha256:" + strings.Repeat("a", 64))
			b.store(entry, image, moved)
			checkExpected(t, c, entry, image, trust)
			checkMismatch(t, c, entry, image, moved, trust)
		})
	}
	if !testing.Short() {
		fmt.Printf("figure: corpus_entries %d\n", len(found.Entries))
	}
}

// checkExpected verifies an entry by its own identity, exact and as a regexp.
func checkExpected(t *testing.T, c *verify.Cosign, entry corpus.Entry, image name.Digest, trust *trustroot.Root) {
	t.Helper()
	expected := untrusted
	if entry.Verifies() {
		expected = verified
	}
	for _, spec := range []v1alpha1.KarmadaImageTrustSpec{
		{Issuer: entry.Issuer, Identity: entry.Identity},
		{
			IssuerRegexp:   v1alpha1.Regexp(regexp.QuoteMeta(entry.Issuer)),
			IdentityRegexp: v1alpha1.Regexp(regexp.QuoteMeta(entry.Identity)),
		},
	} {
		want := ruleFor(t, entry, spec)
		got := c.Verify(t.Context(), image, want, trust)
		checkResult(t, got)
		if got.Verdict != expected {
			t.Errorf("got %s %s (%s), want %s", got.Verdict, got.Reason, got.Message, expected)
		}
		if accepted := acceptedByCosign(t, image, want.Signer, trust); entry.Kind == corpus.SimpleSigning && accepted != (got.Verdict == verified) {
			t.Errorf("got %s, but cosign verify accepts it: %t", got.Verdict, accepted)
		}
		if got.Verdict == verified && (got.Signer.Identity != entry.Identity || got.Signer.Issuer != entry.Issuer ||
			got.LogIndex != entry.LogIndex || got.IntegratedTime.Unix() != entry.IntegratedTime) {
			t.Errorf("got %s of %s, log entry %d of %s; want %s of %s, %d of %d", got.Signer.Identity, got.Signer.Issuer,
				got.LogIndex, got.IntegratedTime, entry.Identity, entry.Issuer, entry.LogIndex, entry.IntegratedTime)
		}
	}
}

// checkMismatch verifies an entry by identities that are nearly its own, and as a signature of another image.
func checkMismatch(t *testing.T, c *verify.Cosign, entry corpus.Entry, image, moved name.Digest, trust *trustroot.Root) {
	t.Helper()
	whole, shorter := entry.Identity, entry.Identity[:len(entry.Identity)-1]
	for what, test := range map[string]struct {
		image name.Digest
		spec  v1alpha1.KarmadaImageTrustSpec
	}{
		"another issuer":         {image, v1alpha1.KarmadaImageTrustSpec{Issuer: entry.Issuer + "x", Identity: whole}},
		"a shortened identity":   {image, v1alpha1.KarmadaImageTrustSpec{Issuer: entry.Issuer, Identity: shorter}},
		"a regexp without end":   {image, likeSpec(entry.Issuer, shorter)},
		"a regexp without start": {image, likeSpec(entry.Issuer, whole[1:])},
		"another digest":         {moved, v1alpha1.KarmadaImageTrustSpec{Issuer: entry.Issuer, Identity: whole}},
	} {
		got := c.Verify(t.Context(), test.image, ruleFor(t, entry, test.spec), trust)
		checkResult(t, got)
		if got.Verdict != untrusted {
			t.Errorf("%s: got %s %s (%s), want it untrusted", what, got.Verdict, got.Reason, got.Message)
		}
	}
}

func likeSpec(issuer, identity string) v1alpha1.KarmadaImageTrustSpec {
	return v1alpha1.KarmadaImageTrustSpec{Issuer: issuer, IdentityRegexp: v1alpha1.Regexp(regexp.QuoteMeta(identity))}
}

// ruleFor returns a rule that requires what an entry is: a signature, or an attestation of its type.
func ruleFor(t *testing.T, entry corpus.Entry, spec v1alpha1.KarmadaImageTrustSpec) *policy.Rule {
	t.Helper()
	rule := ruleOf(t, spec)
	predicateType, err := entry.PredicateType()
	if err != nil {
		t.Fatal(err)
	}
	if predicateType == "" || predicateType == policy.SignPredicate {
		return rule
	}
	return policy.NewRule(rule.Signer, nil, policy.Attestation{Name: "attested", PredicateType: predicateType, Formats: rule.Signature})
}

// store attaches an entry's signature to each of the digests.
func (b *bench) store(entry corpus.Entry, images ...name.Digest) {
	b.t.Helper()
	for _, image := range images {
		for digest, content := range entry.Blobs {
			b.upload(http.MethodPost, fmt.Sprintf("/v2/%s/blobs/uploads/?digest=%s", image.RepositoryStr(), digest), "application/octet-stream", content)
		}
		tag := strings.Replace(image.DigestStr(), ":", "-", 1)
		const manifest = "application/vnd.oci.image.manifest.v1+json"
		switch entry.Kind {
		case corpus.SimpleSigning:
			b.upload(http.MethodPut, fmt.Sprintf("/v2/%s/manifests/%s.sig", image.RepositoryStr(), tag), manifest, []byte(entry.Manifest))
		case corpus.Attestation:
			b.upload(http.MethodPut, fmt.Sprintf("/v2/%s/manifests/%s.att", image.RepositoryStr(), tag), manifest, []byte(entry.Manifest))
		default:
			digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(entry.Manifest)))
			b.upload(http.MethodPut, fmt.Sprintf("/v2/%s/manifests/%s", image.RepositoryStr(), digest), manifest, []byte(entry.Manifest))
			b.upload(http.MethodPut, fmt.Sprintf("/v2/%s/manifests/%s", image.RepositoryStr(), tag), "application/vnd.oci.image.index.v1+json",
				fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[`+
					`{"mediaType":%q,"digest":%q,"size":%d}]}`, manifest, digest, len(entry.Manifest)))
		}
	}
}

func (b *bench) upload(method, path, contentType string, content []byte) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, "http://"+b.host+path, bytes.NewReader(content))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		b.t.Fatalf("%s %s answers %s", method, path, resp.Status)
	}
}
