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
	"fmt"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"golang.org/x/sync/semaphore"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/tracing"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

const (
	// maxFetches is the number of different signatures or attestations of an image that are fetched for each way of storing
	// them.
	maxFetches = 50
	// maxExplained is the number of signatures or attestations that are examined although they cannot fulfil the claim, to say
	// why not.
	maxExplained = 4
	// maxDiagnosed is the number of signatures or attestations that are examined in full: for others it is not searched for the
	// reason why they are not accepted, which takes longer.
	maxDiagnosed = 50
	// maxPayload is the size of the largest payload of a signature that is fetched, in bytes; real ones have less than 1 KiB.
	maxPayload = 256 << 10
	// maxAttestation is the size of the largest attestation or bundle that is fetched, in bytes; a large SBOM has some MiB.
	maxAttestation = 6 << 20
	// maxTypes is the number of types of other attestations that a message lists.
	maxTypes = 3
)

// verification is the verification of one image by one rule.
type verification struct {
	registry *registry.Client
	image    name.Digest
	hash     v1.Hash
	rule     *policy.Rule
	material root.TrustedMaterial
	// proofs remembers what is proved by the root of trust with the fingerprint; nothing is remembered without either.
	proofs      *proofs
	fingerprint string
	// timestamps, logs and ctLogs report whether the root of trust has a timestamp authority, a transparency log and a
	// certificate transparency log.
	timestamps, logs, ctLogs bool
	keep                     bool // whether the Result includes the Material
	conditions               Conditions

	// habits say what to look for first, unless orderly is set.
	habits  *habits
	orderly bool

	// memory is shared by all examinations: see hold. Held is the part of it that this one has, in bytes.
	memory *semaphore.Weighted
	held   int64
	// brief reports whether it does not matter why something is not accepted.
	brief bool
	// fetched is the size of all signatures and attestations that were fetched, in bytes.
	fetched int64

	// referrers are listed at most once. Of content only findings are kept: types are those of statements by the descriptor
	// that led to them, failures the errors of blobs.
	referrers *listing
	types     map[v1.Hash]string
	failures  map[blobKey]error
}

// blobKey is a blob, and how much of it is read.
type blobKey struct {
	digest v1.Hash
	size   int64
}

// listing is the list of referrers of the image, or why it is unknown.
type listing struct {
	registry.Referrers
	err error
	// assumed reports whether it is the list of the fallback tag, and the registry was not asked whether it has one of its own.
	assumed bool
}

// claim is one requirement of a rule: the signature, or an attestation.
type claim struct {
	attestation *policy.Attestation // nil for the signature
	formats     policy.Formats
	// predicateType of the statement that fulfils the claim, in a bundle or in an attestation of any format.
	predicateType string
	// others are the types of statements that were skipped, at most maxTypes.
	others []string
	// withoutStamp is the digest of the manifest of the bundle that fulfils the claim, if it has no timestamp; otherwise nil.
	withoutStamp *v1.Hash
}

func (c *claim) maxSize() int64 {
	if c.attestation == nil {
		return maxPayload
	}
	return maxAttestation
}

// skip records a statement of another type.
func (c *claim) skip(predicateType string) {
	if predicateType != "" && !slices.Contains(c.others, predicateType) && len(c.others) < maxTypes {
		c.others = append(c.others, predicateType)
	}
}

// prefix of messages about the claim.
func (c *claim) prefix() string {
	if c.attestation == nil {
		return ""
	}
	return fmt.Sprintf("attestation %s: ", quoted(c.attestation.Name))
}

// kindName is what fulfils the claim, in messages.
func (c *claim) kindName() string {
	if c.attestation == nil {
		return "signature"
	}
	return "attestation"
}

// verifyAll verifies all claims of the rule. What was found before it was its turn counts only if there is nothing to doubt.
func (v *verification) verifyAll(ctx context.Context) Result {
	result := v.verifyClaims(ctx)
	if result.PassedOver && result.isInDoubt() {
		v.orderly = true
		return v.verifyClaims(ctx)
	}
	return result
}

// verifyClaims verifies all claims of the rule, the signature first, and returns the first Result that is not Verified.
func (v *verification) verifyClaims(ctx context.Context) Result {
	claims := v.claims()
	if len(claims) == 0 {
		return unknown(v1alpha1.InternalErrorReason, "the policy requires neither a signature nor an attestation")
	}
	var verified Result
	var formats []policy.Format
	otherCurve, expired, passedOver := false, false, false
	for i := range claims {
		result := v.verifyClaim(ctx, &claims[i])
		if result.Verdict != v1alpha1.VerdictVerified {
			result.Nearness += i * rankUnknown
			return result
		}
		formats = append(formats, result.Format)
		otherCurve, expired = otherCurve || result.OtherCurve, expired || result.ExpiredAuthority
		passedOver = passedOver || result.PassedOver
		if i == 0 {
			verified = result
		}
	}
	verified.Formats, verified.OtherCurve, verified.ExpiredAuthority = policy.NewFormats(formats...), otherCurve, expired
	verified.PassedOver = passedOver
	verified.Unlisted = v.referrers != nil && v.referrers.Refused && verified.Formats.HasStorage(v1alpha1.SignatureFormatBundle)
	verified.AnyOrder = v.anyOrder(ctx, claims)
	switch {
	case len(v.rule.Attestations) == 0:
	case len(v.rule.Signature) == 0:
		verified.Reason = v1alpha1.AttestedReason
		verified.Message = printable(fmt.Sprintf("%s attested by %s", v.rule.AttestationNames(), identified(verified.Signer)), maxMessage)
	default:
		verified.Message = printable(fmt.Sprintf("%s, with %s attested", verified.Message, v.rule.AttestationNames()), maxMessage)
	}
	return verified
}

func (v *verification) claims() []claim {
	var claims []claim
	if len(v.rule.Signature) > 0 {
		claims = append(claims, claim{formats: v.rule.Signature, predicateType: policy.SignPredicate})
	}
	for i := range v.rule.Attestations {
		attestation := &v.rule.Attestations[i]
		claims = append(claims, claim{attestation: attestation, formats: attestation.Formats, predicateType: attestation.PredicateType})
	}
	return claims
}

// verifyClaim searches for what fulfils a claim, in one format after the other. A format that could not be read might
// have fulfilled it, so that failure outranks findings about other formats.
func (v *verification) verifyClaim(ctx context.Context, c *claim) Result {
	switch found, ok := v.lookFirst(ctx, c); {
	case ok:
		return v.fulfilled(ctx, c, found)
	case found.stop && found.Reason == v1alpha1.RateLimitedReason:
		return found.Result // nothing else is asked for a while either
	}
	var best finding
	for _, s := range c.storages() {
		found := v.verifyEach(ctx, s, c)
		if found.Verdict == v1alpha1.VerdictVerified {
			return v.fulfilled(ctx, c, found)
		}
		best = best.or(found)
		if found.stop {
			break
		}
	}
	if best.rank == 0 {
		best.Result = v.noneFound(ctx, c)
	}
	if best.Verdict == v1alpha1.VerdictUntrusted {
		best.Nearness = best.rank
		best.Message = printable(c.prefix()+best.Message, maxMessage)
	}
	return best.Result
}

// fulfilled is the Result for a claim that is fulfilled.
func (v *verification) fulfilled(ctx context.Context, c *claim, found finding) Result {
	logr.FromContextOrDiscard(ctx).V(2).Info("Accepted "+c.kindName(),
		"image", v.image.Name(), "format", string(found.Format), "signer", found.Signer.Identity)
	if found.withoutStamp {
		c.withoutStamp = &found.entry
	}
	v.remember(c, found)
	return found.Result
}

// verifyEach verifies what is stored in one way, one entry after the other, until one fulfils the claim. Otherwise it
// returns the finding of the highest rank. What may fulfil the claim and was not examined makes it Unknown. What fulfils the claim
// in a format that comes later is returned only if nothing does in an earlier one, since verdicts in fewer formats depend on that:
// see policy.Rule.DecidedBy.
func (v *verification) verifyEach(ctx context.Context, s storage, c *claim) (outcome finding) {
	ctx, span := tracing.Start(ctx, tracing.Search+c.kindName())
	defer func() { endSearch(span, s, c, &outcome) }()
	listed, failure := s.list(ctx, v, c)
	if failure != nil {
		return *failure
	}
	span.SetAttributes(tracing.Listed.Int(len(listed.entries)))
	var best, accepted finding
	var budget fetches
	examined, explained := 0, 0
	for _, entry := range listed.entries {
		if other, known := v.types[entry.Digest]; known && other != c.predicateType {
			c.skip(other)
			examined++
			continue
		}
		if examined >= listed.candidates && explained >= maxExplained || !budget.allow(entry) {
			break
		}
		v.brief = examined >= maxDiagnosed || accepted.Verdict == v1alpha1.VerdictVerified
		found := v.verifyEntry(ctx, s, c, entry)
		if accepted = accepted.orAccepted(found); accepted.isFinal(c) {
			return accepted
		}
		c.skip(found.otherType)
		best = best.or(found)
		if found.stop {
			best.stop = true
			break
		}
		if examined++; examined > listed.candidates && found.rank > 0 {
			explained++
		}
	}
	switch {
	case accepted.Verdict == v1alpha1.VerdictVerified:
		return accepted
	case best.stop:
		return best
	default:
		return c.conclude(listed, best, examined)
	}
}

// conclude returns the finding about a list of which a number of entries were examined, with the best finding about these.
func (c *claim) conclude(listed entryList, best finding, examined int) finding {
	if best.Verdict == v1alpha1.VerdictUnknown {
		return best
	}
	switch total := len(listed.entries); {
	case listed.hidden != nil:
		return *listed.hidden
	case best.rank == 0 && examined < total:
		return c.tooMany(fmt.Sprintf("the first %d of %d attached artifacts hold no %s, and no more are examined", examined, total, c.kindName()))
	case min(examined, maxDiagnosed) < listed.candidates:
		return c.tooMany(fmt.Sprintf("of %d %ss the first %d were examined in full, and none is accepted; for example: %s",
			total, c.kindName(), min(examined, maxDiagnosed), best.Message))
	case listed.more:
		return c.tooMany("the image has more referrers than the registry returns in one page, and those of the first page hold no " +
			c.kindName() + " that is accepted")
	case examined < total:
		best.Result = untrusted(best.Reason,
			fmt.Sprintf("none of %d %ss is accepted; for example: %s", total, c.kindName(), best.Message))
	}
	return best
}

// tooMany is the finding about a claim that something might fulfil which is not examined.
func (c *claim) tooMany(message string) finding {
	return finding{Result: unknown(v1alpha1.TooManySignaturesReason, c.prefix()+message), rank: rankUnknown}
}

// fetches counts the content that is fetched, of entries of one list.
type fetches struct {
	seen  map[v1.Hash]bool
	count int
}

// allow reports whether the content of one more entry may be fetched. What the registry's client keeps does not count again.
func (f *fetches) allow(entry v1.Descriptor) bool {
	if f.seen[entry.Digest] && entry.Size <= registry.MaxCachedSize {
		return true
	}
	if f.count == maxFetches {
		return false
	}
	if f.seen == nil {
		f.seen = map[v1.Hash]bool{}
	}
	f.seen[entry.Digest] = true
	f.count++
	return true
}

// verifyEntry verifies one signature or attestation.
func (v *verification) verifyEntry(ctx context.Context, s storage, c *claim, entry v1.Descriptor) finding {
	content, problem := s.read(ctx, v, c, entry)
	release := v.release()
	if problem != nil {
		release()
		return *problem
	}
	found := v.verifyContent(ctx, s, c, entry, content, release)
	if found.otherType != "" {
		v.types[entry.Digest] = found.otherType
	}
	found.entry, found.stop = entry.Digest, ctx.Err() != nil
	return found
}

// verifyContent verifies the content of one signature or attestation, and then releases it. It sends no requests.
func (v *verification) verifyContent(
	ctx context.Context, s storage, c *claim, entry v1.Descriptor, content []byte, release func(),
) finding {
	return isolated(ctx, func() finding {
		defer release()
		text := content
		content = nil // the parts that are needed are copied
		parsed, problem := s.parse(v, c, entry, text)
		if problem != nil {
			return *problem
		}
		return v.decide(ctx, c, parsed)
	})
}

// blob fetches a part of a signature or a bundle. A blob that is missing or malformed is a problem of one signature; a
// registry that does not respond is one of all signatures.
func (v *verification) blob(ctx context.Context, layer v1.Descriptor, limit int64) ([]byte, *finding) {
	if layer.Size > limit {
		return nil, &finding{Result: unknown(v1alpha1.RegistryResponseInvalidReason,
			fmt.Sprintf("an attached artifact has %d bytes, more than the limit of %d", layer.Size, limit)), rank: rankUnknown}
	}
	// No more is read than is held.
	wanted := blobKey{digest: layer.Digest, size: max(layer.Size, maxPayload)}
	err, failed := v.failures[wanted]
	var content []byte
	if !failed {
		if problem := v.hold(ctx, layer.Size); problem != nil {
			return nil, problem
		}
		if content, err = v.registry.Blob(ctx, v.image.Context().Digest(layer.Digest.String()), wanted.size); err != nil {
			v.failures[wanted] = err
		}
	}
	switch {
	case isNotFound(err):
		return nil, &finding{Result: unknown(v1alpha1.RegistryResponseInvalidReason,
			"the registry has a signature of the image, but not its payload"), rank: rankUnknown}
	case err != nil:
		return nil, fetchFailure(err)
	}
	return content, nil
}

// fetchFailure is the finding about a request that failed. Only after an invalid response other requests may succeed.
func fetchFailure(err error) *finding {
	failure := registryFailure(err)
	return &finding{Result: failure, rank: rankUnknown, stop: failure.Reason != v1alpha1.RegistryResponseInvalidReason}
}

// noneFound is the Result for an image without anything that could fulfil the claim. The image itself is fetched to tell
// an image without signatures from one that does not exist.
func (v *verification) noneFound(ctx context.Context, c *claim) Result {
	stored, err := v.registry.Manifest(ctx, v.image)
	switch {
	case isNotFound(err):
		missing := imageNotFound(v.image)
		visible, err := v.registry.HasTags(ctx, v.image.Context())
		missing.Absent = err == nil && visible
		return missing
	case err != nil:
		return registryFailure(err)
	}
	if stored.MediaType.IsImage() {
		manifest, problem := parseManifest(stored, "the manifest of "+policy.DisplayName(v.image))
		switch {
		case problem != nil:
			return problem.Result
		case manifest == nil:
			return unknown(v1alpha1.RegistryResponseInvalidReason,
				fmt.Sprintf("the registry returns something else than a manifest for %s", policy.DisplayName(v.image)))
		}
		if kind := manifest.Config.MediaType; kind != "" && !kind.IsConfig() {
			return untrusted(v1alpha1.NotAnImageReason, fmt.Sprintf(
				"this is an artifact of type %s, not a container image, and it has no signature", quoted(string(kind))))
		}
	}
	if c.attestation != nil {
		return untrusted(v1alpha1.AttestationMissingReason, fmt.Sprintf(
			"the image has no attestation of type %s%s", quoted(c.predicateType), c.othersSuffix("")))
	}
	var places []string
	for _, s := range c.storages() {
		places = append(places, s.missing(v, c))
	}
	return untrusted(v1alpha1.UnsignedReason,
		"the image has no signature: "+strings.Join(places, ", and ")+c.othersSuffix(", which is not a signature"))
}

// othersSuffix lists the types of statements that were skipped, followed by a remark; it is empty if there are none.
func (c *claim) othersSuffix(remark string) string {
	if len(c.others) == 0 {
		return ""
	}
	types := make([]string, 0, len(c.others))
	for _, other := range c.others {
		types = append(types, printable(other, maxShortFact))
	}
	return "; it has an attestation of type " + strings.Join(types, ", ") + remark
}
