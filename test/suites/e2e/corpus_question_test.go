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

package e2e

import (
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/corpus"
)

// corpusTag is that of the images whose manifest is known.
const corpusTag = "real"

// corpusQuestion asks about an entry. It has an image of its own, with what the entry is stored beside it.
type corpusQuestion struct {
	entry corpus.Entry
	// name of the policy, and of the trust if there is one.
	name string
	// reference of the image: a tag where its manifest is known.
	reference string
	spec      v1alpha1.KarmadaImageTrustSpec
	// trust that asks, nil where the policy asks for an attestation alone, without a signature, which no trust does.
	trust *trust

	want corpusWanted
	// accepted is what became of it.
	accepted bool
}

// questionsAbout an entry: by its own identity, and by an expression that lacks the last character of it.
func questionsAbout(t *testing.T, entry corpus.Entry) []*corpusQuestion {
	t.Helper()
	predicateType, err := entry.PredicateType()
	if err != nil {
		t.Fatal(err)
	}
	shorter := entry.Identity[:len(entry.Identity)-1]
	own := v1alpha1.KarmadaImageTrustSpec{Issuer: entry.Issuer, Identity: entry.Identity}
	near := v1alpha1.KarmadaImageTrustSpec{Issuer: entry.Issuer, IdentityRegexp: v1alpha1.Regexp(regexp.QuoteMeta(shorter))}
	ownWanted, nearWanted := corpusWanted{isUntrusted, ""}, corpusWanted{isUntrusted, ""}
	if entry.Verifies() {
		ownWanted, nearWanted = corpusWanted{isVerified, v1alpha1.SignedReason}, corpusWanted{isUntrusted, v1alpha1.IdentityMismatchReason}
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
	// There is no signature beside the attestation. That is certain only where the image itself is known.
	unsigned := corpusWanted{isUntrusted, v1alpha1.UnsignedReason}
	if entry.ImageManifest == "" {
		unsigned = corpusWanted{v1alpha1.VerdictUnknown, v1alpha1.ImageNotFoundReason}
	}
	return []*corpusQuestion{
		newQuestion(entry, "signed", own, unsigned).asTrust(),
		newQuestion(entry, "own", own, ownWanted),
		newQuestion(entry, "near", near, nearWanted),
	}
}

// corpusWanted is a verdict and its reason, empty where any will do.
type corpusWanted struct {
	verdict v1alpha1.Verdict
	reason  string
}

// newQuestion has the image below one registry's name: by those of some clouds policy-controller would look for
// credentials outside of this machine.
func newQuestion(entry corpus.Entry, what string, spec v1alpha1.KarmadaImageTrustSpec, want corpusWanted) *corpusQuestion {
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
	q.trust = newTrust(q.name, "", q.reference)
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
	compiled.Rule = policy.NewRule(compiled.Rule.Identity, 0, compiled.Rule.Attestations...)
	return compiled
}

// rule asks for the attestation alone.
func (q *corpusQuestion) rule(t *testing.T) *policy.Rule {
	t.Helper()
	return q.compile(t).Rule
}

// policy that asks for the attestation alone.
func (q *corpusQuestion) policy(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	return q.compile(t).ClusterImagePolicy(q.name, policy.Surroundings{})
}

func (q *corpusQuestion) digest(t *testing.T) name.Digest {
	t.Helper()
	reference, err := name.ParseReference(q.reference)
	if err != nil {
		t.Fatal(err)
	}
	return reference.Context().Digest(q.entry.Digest)
}
