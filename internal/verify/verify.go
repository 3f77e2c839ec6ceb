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

// Package verify verifies images: whether an image is signed by the expected identity, and has the required attestations.
// The cryptography and its rules are cosign's and sigstore's. This package fetches signatures and attestations from
// registries that may be slow, unavailable or hostile, passes them to cosign one by one, and explains why none was
// accepted.
//
// A verdict of Untrusted requires complete and valid responses of the registry. Anything less is Unknown.
package verify

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/semaphore"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// DefaultTimeout bounds the verification of one image, including all its requests.
const DefaultTimeout = time.Minute

// Result is the verdict on one image. It is a value, never an error.
type Result struct {
	Verdict v1alpha1.Verdict
	// Reason is one of the reasons of an image's verdict in api/v1alpha1.
	Reason string
	// Message is for users: at most 1 KiB, printable, and the same for the same cause.
	Message string
	// Signer is the signer that the certificate names: of the verified signature or, with reason IdentityMismatch, of a
	// valid one by another identity. Otherwise nil.
	Signer *v1alpha1.Signer
	// LogIndex is that of the signature's entry in the transparency log, and Log the URL of this log, as the root of trust has it.
	// Without a verified entry they are -1 and empty.
	LogIndex int64
	Log      string
	// IntegratedTime is the time of signing: that of the log's entry or of the timestamp, whichever Format says. It is zero without a
	// Signer.
	IntegratedTime time.Time
	// Format of the signature; empty without a Signer.
	Format policy.Format
	// Formats of everything that the rule requires; empty unless the verdict is Verified.
	Formats policy.Formats
	// OtherCurve reports whether a Sigstore bundle that fulfils the rule is signed with a key on another elliptic curve than
	// P-256, which not every verifier of bundles takes.
	OtherCurve bool
	// ExpiredAuthority reports whether the rule is fulfilled by a signature at whose time a certificate authority between its
	// certificate and the root was not valid, which not every verifier accepts.
	ExpiredAuthority bool
	// Unlisted reports whether a Sigstore bundle that fulfils the rule is found under the fallback tag only, because the registry
	// refuses to list what refers to the image: see registry.Referrers.
	Unlisted bool
	// PassedOver reports whether a verdict of Verified is by a Sigstore bundle that was looked for first, so that it is not known
	// whether the image fulfils the rule in an earlier format too.
	PassedOver bool
	// AnyOrder reports whether a verdict of Verified does not depend on the order in which a verifier reads the bundles of the
	// image that requires a timestamp of every bundle once it has read one of Rekor v2, as cosign v3.0.5 does. Where it is false,
	// the order may matter: a bundle without a timestamp fulfils the rule, and another bundle of the image may be one of Rekor v2,
	// whoever made it.
	AnyOrder bool
	// Nearness orders the Results of several rules on one image that are Untrusted: a greater one is nearer to being accepted.
	Nearness int
	// RetryAfter is the time to wait that a registry requested; 0 if it requested none.
	RetryAfter time.Duration
	// Transient reports whether the registry may answer if it is asked again soon.
	Transient bool
	// Absent reports whether the registry has no such image in a repository that can be read, so that the image is nowhere
	// else in it. The reason is ImageNotFound then.
	Absent bool
	// Material of the verified signature, if WithMaterial is set; otherwise nil.
	Material *Material
}

// Material is a verified signature as it is stored.
type Material struct {
	// Payload that is signed: cosign's document about the image, or an in-toto statement.
	Payload []byte
	// Certificate of the signer.
	Certificate *x509.Certificate
	// Bundle contains the proof of time: cosign's entry of the transparency log, or the whole Sigstore bundle. It is JSON;
	// nil if there is none.
	Bundle json.RawMessage
}

// Cosign verifies keyless signatures as cosign stores them. It is safe for concurrent use.
type Cosign struct {
	registry *registry.Client
	timeout  time.Duration
	material bool
	// conditions evaluates conditions on attestations.
	conditions Conditions
	// memory bounds what all examinations hold at the same time: see verification.hold.
	memory *semaphore.Weighted
	// habits of those who sign, as far as they are known.
	habits *habits
	// proofs of artefacts, as far as they are remembered.
	proofs *proofs
}

// Option of Cosign.
type Option func(*Cosign)

// WithRegistry sets the client that reads from registries.
func WithRegistry(client *registry.Client) Option {
	return func(c *Cosign) { c.registry = client }
}

// Conditions evaluate conditions in CUE on in-toto statements: see child.Evaluator.
type Conditions interface {
	Evaluate(ctx context.Context, source string, statement []byte) error
}

// noConditions evaluates no conditions.
type noConditions struct{}

func (noConditions) Evaluate(context.Context, string, []byte) error {
	return fmt.Errorf("%w: nothing evaluates conditions here", condition.ErrUnavailable)
}

// WithConditions sets what evaluates conditions. Without it the verdict on an image that has to meet one is Unknown.
func WithConditions(conditions Conditions) Option {
	return func(c *Cosign) { c.conditions = conditions }
}

// WithTimeout sets the timeout of the verification of one image; the default is DefaultTimeout.
func WithTimeout(timeout time.Duration) Option {
	return func(c *Cosign) { c.timeout = timeout }
}

// WithMaterial adds the Material of the signature to each Result. It may be large.
func WithMaterial() Option {
	return func(c *Cosign) { c.material = true }
}

// New returns a Cosign.
func New(opts ...Option) *Cosign {
	c := &Cosign{timeout: DefaultTimeout, memory: semaphore.NewWeighted(maxHeld), habits: newHabits(), proofs: newProofs()}
	for _, opt := range opts {
		opt(c)
	}
	if c.registry == nil {
		c.registry = registry.New()
	}
	if c.conditions == nil {
		c.conditions = noConditions{}
	}
	return c
}

// Verify verifies one image by a rule and a root of trust. Without either the verdict is Unknown.
func (c *Cosign) Verify(ctx context.Context, image name.Digest, rule *policy.Rule, trust *trustroot.Root) (result Result) {
	defer func() {
		if r := recover(); r != nil {
			result = panicked(ctx, r)
		}
	}()
	if trust == nil || trust.Material == nil {
		return unknown(v1alpha1.TrustRootUnavailableReason, "the root of trust is not available")
	}
	if rule == nil {
		return unknown(v1alpha1.InternalErrorReason, "the policy requires nothing")
	}
	if !rule.Signer.IsComplete() {
		return unknown(v1alpha1.InternalErrorReason, "the policy names no issuer or no identity")
	}
	hash, err := v1.NewHash(image.DigestStr())
	if err != nil {
		return unknown(v1alpha1.InternalErrorReason, fmt.Sprintf("%q is not a digest", image.DigestStr()))
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	v := &verification{
		registry: c.registry, image: image, hash: hash, rule: rule, keep: c.material, conditions: c.conditions,
		proofs: c.proofs, fingerprint: trust.Fingerprint, material: trust.Material,
		timestamps: trust.Timestamps(), logs: trust.Logs(), ctLogs: trust.CTLogs(),
		habits: c.habits, memory: c.memory, types: map[v1.Hash]string{}, failures: map[blobKey]error{},
	}
	return v.verifyAll(ctx)
}

// Resolve returns the digest of what a reference names. A tag is resolved by its content, as policy-controller does, and not by
// what the registry says that the digest is. A reference by digest costs no request. The Result is nil on success, and says why
// the digest is unknown otherwise.
func (c *Cosign) Resolve(ctx context.Context, ref name.Reference) (digest name.Digest, failure *Result) {
	defer func() {
		if r := recover(); r != nil {
			result := panicked(ctx, r)
			digest, failure = name.Digest{}, &result
		}
	}()
	if pinned, ok := ref.(name.Digest); ok {
		return pinned, nil
	}
	tag, ok := ref.(name.Tag)
	if !ok {
		result := unknown(v1alpha1.InternalErrorReason, "the image has neither a tag nor a digest")
		return name.Digest{}, &result
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	hash, err := c.registry.Resolve(ctx, tag)
	if err != nil {
		result := registryFailure(err)
		if isNotFound(err) {
			result = imageNotFound(ref)
		}
		return name.Digest{}, &result
	}
	return ref.Context().Digest(hash.String()), nil
}

func unknown(reason, message string) Result {
	return Result{Verdict: v1alpha1.VerdictUnknown, Reason: reason, Message: printable(message, maxMessage)}
}

func untrusted(reason, message string) Result {
	return Result{Verdict: v1alpha1.VerdictUntrusted, Reason: reason, Message: printable(message, maxMessage)}
}

// imageNotFound is Unknown, not Untrusted: the image is in use, so it has existed.
func imageNotFound(ref name.Reference) Result {
	return unknown(v1alpha1.ImageNotFoundReason, "the registry has no "+policy.DisplayName(ref))
}

// NotInRepository is the verdict on a digest that a node runs although its repository, which can be read, does not have it.
// There is nothing that could verify it.
func NotInRepository(image name.Digest) Result {
	return untrusted(v1alpha1.NotInRepositoryReason, "a container runs a digest that its repository does not have: "+
		policy.DisplayName(image)+". It was loaded into the node or comes from another repository, or the repository has deleted it")
}

func isNotFound(err error) bool {
	var failure *registry.Error
	return errors.As(err, &failure) && failure.Kind == registry.NotFound
}

// registryFailure is the Result of a request that failed.
func registryFailure(err error) Result {
	var failure *registry.Error
	if !errors.As(err, &failure) {
		return unknown(v1alpha1.InternalErrorReason, "the request to the registry failed")
	}
	reason := v1alpha1.RegistryUnreachableReason
	switch failure.Kind {
	case registry.Unauthorized:
		reason = v1alpha1.RegistryUnauthorizedReason
	case registry.RateLimited:
		reason = v1alpha1.RateLimitedReason
	case registry.Timeout:
		reason = v1alpha1.TimeoutReason
	case registry.InvalidResponse, registry.NotFound:
		reason = v1alpha1.RegistryResponseInvalidReason
	case registry.Unreachable:
	}
	result := unknown(reason, failure.Error())
	result.RetryAfter, result.Transient = failure.RetryAfter, failure.Transient()
	return result
}
