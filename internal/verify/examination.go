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
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

const (
	// maxExamined is how many signatures or attestations of an image are examined in one form, in the order they are
	// stored.
	maxExamined = 50
	// maxPayload is the largest payload of a signature that is fetched, in bytes; real ones have less than 1 KiB.
	maxPayload = 256 << 10
	// maxAttestation is the largest attestation or bundle that is fetched, in bytes; a large SBOM has some MiB.
	maxAttestation = 8 << 20
	// maxTypes is how many types of other attestations a message names.
	maxTypes = 3
)

// examination is one run over one image.
type examination struct {
	registry   *registry.Client
	image      name.Digest
	hash       v1.Hash
	rule       *policy.Rule
	material   root.TrustedMaterial
	timestamps bool // whether the root of trust has a timestamp authority
	proofs     bool // whether the Result is to hold the Proof

	// What is fetched at most once: what refers to the image, and what its signatures share.
	referrers *listing
	blobs     map[v1.Hash]fetched
}

// listing is what refers to the image, or why it is not known.
type listing struct {
	registry.Referrers
	err error
}

// fetched is a blob, or why there is none.
type fetched struct {
	content []byte
	err     error
}

// claim is one thing that a rule asks for: the signature, or an attestation.
type claim struct {
	attestation *policy.Attestation // nil for the signature
	formats     policy.Formats
	// predicateType of the statement that makes the claim in a bundle, or in an attestation of any form.
	predicateType string
	// others are the types of statements that were passed over.
	others []string
}

func (c *claim) limit() int64 {
	if c.attestation == nil {
		return maxPayload
	}
	return maxAttestation
}

// passOver notes a statement that is about something else.
func (c *claim) passOver(predicateType string) {
	if !slices.Contains(c.others, predicateType) && len(c.others) < maxTypes {
		c.others = append(c.others, predicateType)
	}
}

// about begins what is said of the claim.
func (c *claim) about() string {
	if c.attestation == nil {
		return ""
	}
	return fmt.Sprintf("attestation %s: ", quoted(c.attestation.Name))
}

// run establishes all claims of the rule, the signature first.
func (e *examination) run(ctx context.Context) Result {
	var proved Result
	var formats policy.Formats
	for i, c := range e.claims() {
		result := e.establish(ctx, &c)
		if result.Verdict != v1alpha1.VerdictVerified {
			return result
		}
		formats = formats.Union(policy.NewFormats(result.Format))
		if i == 0 {
			proved = result
		}
	}
	proved.Formats = formats
	if len(e.rule.Attestations) > 0 {
		proved.Message = bounded(fmt.Sprintf("%s, with %s attested", proved.Message, e.rule.AttestationNames()), maxMessage)
	}
	return proved
}

func (e *examination) claims() []claim {
	var claims []claim
	if len(e.rule.Signature) > 0 {
		claims = append(claims, claim{formats: e.rule.Signature, predicateType: policy.SignPredicate})
	}
	for i := range e.rule.Attestations {
		attestation := &e.rule.Attestations[i]
		claims = append(claims, claim{attestation: attestation, formats: attestation.Formats, predicateType: attestation.PredicateType})
	}
	return claims
}

// establish looks for what makes the claim, in one form after the other. A form that could not be looked at might have
// made it, so it outranks what another form lacks.
func (e *examination) establish(ctx context.Context, c *claim) Result {
	var telling finding
	for _, look := range []func(context.Context, *claim) (finding, bool){e.attached, e.referring} {
		found, goOn := look(ctx, c)
		if found.Verdict == v1alpha1.VerdictVerified {
			return found.Result
		}
		telling = telling.or(found)
		if !goOn {
			break
		}
	}
	if telling.rank == 0 {
		telling.Result = e.nothing(ctx, c)
	}
	if telling.Verdict == v1alpha1.VerdictUntrusted {
		telling.Message = bounded(c.about()+telling.Message, maxMessage)
	}
	return telling.Result
}

// first examines stored things one by one until one makes the claim. Otherwise it returns the finding that says most,
// and whether it makes sense to go on elsewhere.
func (c *claim) first(total int, examine func(i int) (finding, bool)) (telling finding, goOn bool) {
	for i := range min(total, maxExamined) {
		found, next := examine(i)
		if found.Verdict == v1alpha1.VerdictVerified {
			return found, false
		}
		telling = telling.or(found)
		if !next {
			return telling, false
		}
	}
	switch {
	case total > maxExamined && telling.rank == 0:
		telling = finding{Result: untrusted(v1alpha1.TooManySignaturesReason,
			fmt.Sprintf("there is no %s among the first %d of %d things that are stored beside the image, and more are not examined",
				c.noun(), maxExamined, total)), rank: rankInvalid}
	case total > maxExamined && telling.Verdict == v1alpha1.VerdictUntrusted:
		telling.Result = untrusted(v1alpha1.TooManySignaturesReason,
			fmt.Sprintf("none of the first %d of %d %ss is accepted, and more are not examined; for example: %s",
				maxExamined, total, c.noun(), telling.Message))
	}
	return telling, true
}

// blob fetches what a signature or a bundle consists of. What is wrong with one need not be wrong with the next; a
// registry that is down is down.
func (e *examination) blob(ctx context.Context, layer v1.Descriptor, limit int64) (content []byte, problem finding, goOn bool) {
	if layer.Size > limit {
		return nil, finding{
			Result: unknown(v1alpha1.RegistryResponseInvalidReason,
				fmt.Sprintf("something stored beside the image has %d bytes, too many to examine it", layer.Size)),
			rank: rankUnknown,
		}, true
	}
	known, ok := e.blobs[layer.Digest]
	if !ok {
		known.content, known.err = e.registry.Blob(ctx, e.image.Context().Digest(layer.Digest.String()), limit)
		e.blobs[layer.Digest] = known
	}
	switch {
	case isNotFound(known.err):
		missing := unknown(v1alpha1.RegistryResponseInvalidReason, "the registry has a signature of the image, but not its payload")
		return nil, finding{Result: missing, rank: rankUnknown}, true
	case known.err != nil:
		problem, goOn = unreadable(known.err)
		return nil, problem, goOn
	}
	return known.content, finding{}, true
}

// unreadable is the finding about what the registry did not give, and whether it makes sense to ask for more.
func unreadable(err error) (finding, bool) {
	failure := registryFailure(err)
	return finding{Result: failure, rank: rankUnknown}, failure.Reason == v1alpha1.RegistryResponseInvalidReason
}

// nothing judges an image beside which nothing is stored that could make a claim. That the registry has the image
// tells what is missing from an image that is gone.
func (e *examination) nothing(ctx context.Context, c *claim) Result {
	stored, err := e.registry.Manifest(ctx, e.image)
	switch {
	case isNotFound(err):
		return imageNotFound(e.image)
	case err != nil:
		return registryFailure(err)
	}
	if stored.MediaType.IsImage() {
		manifest, err := v1.ParseManifest(bytes.NewReader(stored.Content))
		if err != nil {
			return unknown(v1alpha1.RegistryResponseInvalidReason,
				fmt.Sprintf("what the registry has as %s is not a manifest", policy.DisplayName(e.image)))
		}
		if kind := manifest.Config.MediaType; kind != "" && !kind.IsConfig() {
			return untrusted(v1alpha1.NotAnImageReason, fmt.Sprintf(
				"this is not a container image but an artifact of type %s, and no signature is stored beside it", quoted(string(kind))))
		}
	}
	if c.attestation != nil {
		return untrusted(v1alpha1.AttestationMissingReason, fmt.Sprintf(
			"no attestation of type %s is stored beside the image%s", quoted(c.predicateType), c.only("")))
	}
	return untrusted(v1alpha1.UnsignedReason, e.unsigned(c))
}

// unsigned says where a signature was looked for.
func (e *examination) unsigned(c *claim) string {
	var places []string
	if c.formats.HasStorage(v1alpha1.SignatureFormatSimpleSigning) {
		places = append(places, fmt.Sprintf("%s has no tag %s", policy.DisplayName(e.image.Context()), attachedTag(e.hash, c)))
	}
	if c.formats.HasStorage(v1alpha1.SignatureFormatBundle) {
		places = append(places, "no bundle with a signature refers to it")
	}
	return "no signature is stored beside the image: " + strings.Join(places, ", and ") + c.only(", which is no signature")
}

// only lists what is there instead.
func (c *claim) only(remark string) string {
	if len(c.others) == 0 {
		return ""
	}
	types := make([]string, 0, len(c.others))
	for _, other := range c.others {
		types = append(types, bounded(other, maxShortFact))
	}
	return "; there is an attestation of type " + strings.Join(types, ", ") + remark
}
