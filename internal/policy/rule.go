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

package policy

import (
	"encoding/json"
	"slices"
	"strings"
)

// SignPredicate is the predicate type of the statement by which cosign signs an image in the bundle format (cosign v2.6.5
// pkg/types/predicate.go). A bundle with another statement is not a signature.
const SignPredicate = "https://sigstore.dev/cosign/sign/v1"

// Attestation that an image must have, signed by the same signer as the image.
type Attestation struct {
	// Name is the user's name for it.
	Name string
	// PredicateType of the in-toto statement, a URI.
	PredicateType string
	// CUE that the statement must satisfy; empty for none.
	CUE string
	// Formats that are accepted.
	Formats Formats
}

// SameExceptFormats reports whether two attestations differ at most in the formats that are accepted.
func (a Attestation) SameExceptFormats(b Attestation) bool {
	return a.Name == b.Name && a.PredicateType == b.PredicateType && a.CUE == b.CUE
}

// Rule is what an image must have to be trusted. It is immutable; NewRule makes one.
type Rule struct {
	// Signer that must have signed the image and its attestations.
	Signer Signer
	// Signature lists the formats in which a signature is accepted; empty if none is required.
	Signature Formats
	// Attestations that are required, all of them.
	Attestations []Attestation

	id      string
	matcher *Matcher
}

// NewRule returns a Rule, with its formats in the order in which they are tried.
func NewRule(signer Signer, signature Formats, attestations ...Attestation) *Rule {
	r := &Rule{
		Signer: signer, Signature: NewFormats(signature...), Attestations: slices.Clone(attestations),
		matcher: NewMatcher(signer),
	}
	for i := range r.Attestations {
		r.Attestations[i].Formats = NewFormats(r.Attestations[i].Formats...)
	}
	if encoded, err := json.Marshal(r); err == nil { // of strings: it cannot fail
		r.id = string(encoded)
	}
	return r
}

// ID identifies the requirements: rules with the same ID have the same verdicts. It is empty for nil.
func (r *Rule) ID() string {
	if r == nil {
		return ""
	}
	return r.id
}

// Matcher compares certificates with the rule's identity.
func (r *Rule) Matcher() *Matcher { return r.matcher }

// DecidedBy reports whether the verdict by another rule decides the verdict by this one: both require the same, and the
// formats that this one accepts are those that the other one tries first. An image that the other rule accepts in one of
// these formats is trusted by this rule; any other image is not, unless earlier formats were passed over (verify.Result).
func (r *Rule) DecidedBy(other *Rule) bool {
	return other != nil && r.Signer == other.Signer && (len(r.Signature) == 0) == (len(other.Signature) == 0) &&
		r.Signature.IsPrefixOf(other.Signature) &&
		slices.EqualFunc(r.Attestations, other.Attestations, func(a, b Attestation) bool {
			return a.SameExceptFormats(b) && a.Formats.IsPrefixOf(b.Formats)
		})
}

// Formats lists all formats in which the rule accepts anything.
func (r *Rule) Formats() Formats {
	formats := r.Signature
	for _, attestation := range r.Attestations {
		formats = formats.Union(attestation.Formats)
	}
	return formats
}

// AttestationNames lists the names of the required attestations.
func (r *Rule) AttestationNames() string {
	names := make([]string, 0, len(r.Attestations))
	for _, attestation := range r.Attestations {
		names = append(names, attestation.Name)
	}
	return strings.Join(names, ", ")
}
