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

// Package verify judges images: is an image signed by the wanted identity, and attested as is wanted? Signature logic
// and cryptography are cosign's and sigstore's. What is done here is around them: fetch signatures and attestations
// from registries that may be slow, down or hostile, hand them over one by one, and say in words why
// none was accepted.
//
// A verdict of Untrusted needs complete and sound answers from the registry. Anything less is Unknown.
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

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// DefaultTimeout bounds the examination of one image as a whole.
const DefaultTimeout = time.Minute

// Result is the verdict on one image. It is a value, never an error.
type Result struct {
	Verdict v1alpha1.Verdict
	// Reason is one of the reasons of an image's verdict in api/v1alpha1.
	Reason string
	// Message is for users: at most maxMessage bytes, printable, and the same for the same cause.
	Message string
	// Signer is who signed as the certificate says: of the proved signature, or, with
	// IdentityMismatch, of the sound one by somebody else. Otherwise nil.
	Signer *v1alpha1.Signer
	// LogIndex and IntegratedTime are of that signature's proved entry in the transparency log. Where a timestamp
	// stands in for it, LogIndex is -1 and the time is the timestamp's. The time is zero where nothing was proved.
	LogIndex       int64
	IntegratedTime time.Time
	// Format of the signature; empty if none was verified.
	Format policy.Format
	// Formats of everything that the rule requires; empty unless the verdict is Verified.
	Formats policy.Formats
	// RetryAfter is how long a registry asked to be left alone; 0 if it did not ask.
	RetryAfter time.Duration
	// Proof of the signature where it was proved, for those who asked WithMaterial; otherwise nil.
	Material *Material
}

// Material is a verified signature as it is stored.
type Material struct {
	// Payload that is signed: cosign's document about the image, or an in-toto statement.
	Payload []byte
	// Certificate of who signed.
	Certificate *x509.Certificate
	// Bundle proves the time: cosign's entry of the transparency log, or the whole Sigstore bundle. JSON; nil where there is
	// none.
	Bundle json.RawMessage
}

// Cosign verifies keyless signatures as cosign stores them. It is safe for concurrent use.
type Cosign struct {
	registry *registry.Client
	timeout  time.Duration
	proofs   bool
}

// Option of Cosign.
type Option func(*Cosign)

// WithRegistry sets the client that reads from registries.
func WithRegistry(client *registry.Client) Option {
	return func(c *Cosign) { c.registry = client }
}

// WithTimeout bounds the examination of one image, in place of DefaultTimeout.
func WithTimeout(timeout time.Duration) Option {
	return func(c *Cosign) { c.timeout = timeout }
}

// WithMaterial has each Result hold the Proof of the signature, which may be large.
func WithMaterial() Option {
	return func(c *Cosign) { c.proofs = true }
}

// New returns a Cosign.
func New(opts ...Option) *Cosign {
	c := &Cosign{timeout: DefaultTimeout}
	for _, opt := range opts {
		opt(c)
	}
	if c.registry == nil {
		c.registry = registry.New()
	}
	return c
}

// Verify judges one image by what it must have and the root of trust that vouches for it. Without a root the verdict is
// Unknown.
func (c *Cosign) Verify(ctx context.Context, image name.Digest, rule *policy.Rule, trust *trustroot.Root) (result Result) {
	defer func() {
		if r := recover(); r != nil {
			result = panicked(ctx, r)
		}
	}()
	if trust == nil || trust.Material == nil {
		return unknown(v1alpha1.TrustRootUnavailableReason, "there is no root of trust to verify signatures by")
	}
	if rule == nil || len(rule.Signature) == 0 && len(rule.Attestations) == 0 {
		return unknown(v1alpha1.InternalErrorReason, "the policy requires neither a signature nor an attestation")
	}
	identity := rule.Identity
	if identity.Issuer == "" && identity.IssuerRegexp == "" || identity.Subject == "" && identity.SubjectRegexp == "" {
		// cosign would take a missing half for "anybody".
		return unknown(v1alpha1.InternalErrorReason, "the policy names no issuer or no identity")
	}
	hash, err := v1.NewHash(image.DigestStr())
	if err != nil {
		return unknown(v1alpha1.InternalErrorReason, fmt.Sprintf("%q is not a digest", image.DigestStr()))
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	e := &examination{
		registry: c.registry, image: image, hash: hash, rule: rule, proofs: c.proofs,
		material: trust.Material, timestamps: trust.Timestamps(), blobs: map[v1.Hash]fetched{},
	}
	return e.run(ctx)
}

// Resolve looks up which digest a tag stands for. A reference by digest costs no request. The Result
// is nil on success, and says why the image is Unknown otherwise.
func (c *Cosign) Resolve(ctx context.Context, ref name.Reference) (name.Digest, *Result) {
	if digest, ok := ref.(name.Digest); ok {
		return digest, nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	hash, err := c.registry.Digest(ctx, ref)
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
	return Result{Verdict: v1alpha1.VerdictUnknown, Reason: reason, Message: bounded(message, maxMessage)}
}

func untrusted(reason, message string) Result {
	return Result{Verdict: v1alpha1.VerdictUntrusted, Reason: reason, Message: bounded(message, maxMessage)}
}

// imageNotFound is Unknown: somebody runs the image, so it has been somewhere.
func imageNotFound(ref name.Reference) Result {
	return unknown(v1alpha1.ImageNotFoundReason, "the registry has no "+policy.DisplayName(ref))
}

func isNotFound(err error) bool {
	var failure *registry.Error
	return errors.As(err, &failure) && failure.Kind == registry.NotFound
}

// registryFailure is the Result of a request that failed.
func registryFailure(err error) Result {
	var failure *registry.Error
	if !errors.As(err, &failure) {
		return unknown(v1alpha1.InternalErrorReason, "the registry could not be asked")
	}
	reason := v1alpha1.RegistryUnreachableReason
	switch failure.Kind {
	case registry.Unauthorized:
		reason = v1alpha1.RegistryUnauthorizedReason
	case registry.RateLimited:
		reason = v1alpha1.RateLimitedReason
	case registry.Timeout:
		reason = v1alpha1.TimeoutReason
	case registry.InvalidAnswer, registry.NotFound:
		reason = v1alpha1.RegistryResponseInvalidReason
	case registry.Unreachable:
	}
	result := unknown(reason, failure.Error())
	result.RetryAfter = failure.RetryAfter
	return result
}
