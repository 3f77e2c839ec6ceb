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

package conformance

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/corpus"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// corpusTag is the tag of the images whose manifest is known.
const corpusTag = "real"

// corpusQuestion is a question about an entry. It has its own image, with the artifacts of the entry.
type corpusQuestion struct {
	entry corpus.Entry
	// name of the policy, and of the trust if there is one.
	name string
	// reference of the image: a tag if its manifest is known.
	reference string
	spec      v1alpha1.KarmadaImageTrustSpec
	// trust that expresses the question; nil: it is about an attestation without a signature, which no trust expresses.
	trust *v1alpha1.KarmadaImageTrust

	want expectedVerdict
	// accepted reports that the image was verified.
	accepted bool
}

// questionsAbout returns the questions about an entry: with its own identity, and with an expression that lacks the
// last character of it.
func questionsAbout(t *testing.T, entry corpus.Entry) []*corpusQuestion {
	t.Helper()
	predicateType, err := entry.PredicateType()
	if err != nil {
		t.Fatal(err)
	}
	shorter := entry.Identity[:len(entry.Identity)-1]
	own := v1alpha1.KarmadaImageTrustSpec{Issuer: entry.Issuer, Identity: entry.Identity}
	near := v1alpha1.KarmadaImageTrustSpec{Issuer: entry.Issuer, IdentityRegexp: v1alpha1.Regexp(regexp.QuoteMeta(shorter))}
	ownWanted, nearWanted := expectedVerdict{isUntrusted, ""}, expectedVerdict{isUntrusted, ""}
	if entry.Verifies() {
		ownWanted, nearWanted = expectedVerdict{isVerified, v1alpha1.SignedReason}, expectedVerdict{isUntrusted, v1alpha1.IdentityMismatchReason}
	}
	if predicateType == "" || predicateType == policy.SignPredicate {
		return []*corpusQuestion{
			newQuestion(entry, "own", own, ownWanted).asTrust(),
			newQuestion(entry, "near", near, nearWanted).asTrust(),
		}
	}
	for _, spec := range []*v1alpha1.KarmadaImageTrustSpec{&own, &near} {
		spec.Attestations = []v1alpha1.Attestation{{Name: "attested", PredicateType: predicateType}}
	}
	if entry.Verifies() {
		ownWanted.reason = v1alpha1.AttestedReason
	}
	// There is an attestation, but no signature. That is certain only if the image itself is known.
	unsigned := expectedVerdict{isUntrusted, v1alpha1.UnsignedReason}
	if entry.ImageManifest == "" {
		unsigned = expectedVerdict{v1alpha1.VerdictUnknown, v1alpha1.ImageNotFoundReason}
	}
	return []*corpusQuestion{
		newQuestion(entry, "signed", own, unsigned).asTrust(),
		newQuestion(entry, "own", own, ownWanted),
		newQuestion(entry, "near", near, nearWanted),
	}
}

// expectedVerdict is a verdict and its reason; empty: any reason.
type expectedVerdict struct {
	verdict v1alpha1.Verdict
	reason  string
}

// newQuestion puts the image under one registry's name: for the registries of some clouds policy-controller would
// request credentials outside of this machine.
func newQuestion(entry corpus.Entry, what string, spec v1alpha1.KarmadaImageTrustSpec, want expectedVerdict) *corpusQuestion {
	_, repository, _ := strings.Cut(entry.DockerReference, "/")
	repository = path.Join("corpus.example", repository, entry.ID, what)
	q := &corpusQuestion{
		entry: entry, name: "corpus-" + entry.ID + "-" + what, reference: repository + "@" + entry.Digest, spec: spec, want: want,
	}
	if entry.ImageManifest != "" {
		q.reference = repository + ":" + corpusTag
	}
	q.spec.Images = []v1alpha1.ImageGlob{v1alpha1.ImageGlob(repository)}
	return q
}

func (q *corpusQuestion) asTrust() *corpusQuestion {
	q.trust = labtest.NewTrust(q.name, "", q.reference)
	q.spec.Verification = q.trust.Spec.Verification
	q.trust.Spec = q.spec
	return q
}

func (q *corpusQuestion) compile(t *testing.T) *policy.Policy {
	t.Helper()
	compiled, err := policy.Compile(q.spec)
	if err != nil {
		t.Fatal(err)
	}
	compiled.Signers[0].Rule = policy.NewRule(compiled.Signers[0].Rule.Signer, nil, compiled.Signers[0].Rule.Attestations...)
	return compiled
}

// rule requires the attestation alone.
func (q *corpusQuestion) rule(t *testing.T) *policy.Rule {
	t.Helper()
	return q.compile(t).Signers[0].Rule
}

// policy requires the attestation alone.
func (q *corpusQuestion) policy(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	return q.compile(t).ClusterImagePolicy(q.name, admission.V014().Target(admission.Config{}))
}

func (q *corpusQuestion) digest(t *testing.T) name.Digest {
	t.Helper()
	reference, err := name.ParseReference(q.reference)
	if err != nil {
		t.Fatal(err)
	}
	return reference.Context().Digest(q.entry.Digest)
}
