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
	"math/bits"
	"slices"
	"strings"
)

// Forms is a set of forms in which a proof is stored beside an image.
type Forms uint8

const (
	// SimpleSigning is cosign v2's: a tag beside the image (.sig, .att), and an entry of the transparency log.
	SimpleSigning Forms = 1 << iota
	// Timestamped is SimpleSigning with an RFC 3161 timestamp where there is no entry of the log.
	Timestamped
	// Bundle is a Sigstore bundle, found as a referrer of the image, with an entry of the transparency log.
	Bundle
	// TimestampedBundle is a Bundle whose time comes from an RFC 3161 timestamp.
	TimestampedBundle
)

// Has tells whether any of some forms is in the set.
func (f Forms) Has(some Forms) bool { return f&some != 0 }

// leads tells whether the set has all forms of another one up to its own last: forms are looked for in their order, so
// that the answer on all tells the answer on these.
func (f Forms) leads(all Forms) bool { return all&(1<<bits.Len8(uint8(f))-1) == f }

// SignPredicate is the type of the statement by which cosign signs an image in the bundle format (cosign v2.6.5
// pkg/types/predicate.go). A bundle with another statement is no signature.
const SignPredicate = "https://sigstore.dev/cosign/sign/v1"

// Attestation that an image must have, by the same identity as its signature.
type Attestation struct {
	// Name is the user's name for it.
	Name string
	// PredicateType of the in-toto statement, a URI.
	PredicateType string
	// CUE that the statement must unify with; empty for none.
	CUE string
	// Forms in which it counts.
	Forms Forms
}

// Rule is what an image must have to be trusted. It does not change.
type Rule struct {
	// Identity that must have made all of it.
	Identity Identity
	// Signature is in which forms a signature counts; zero where none is asked for.
	Signature Forms
	// Attestations that are asked for: all of them.
	Attestations []Attestation

	id string
}

// NewRule returns a Rule.
func NewRule(identity Identity, signature Forms, attestations ...Attestation) *Rule {
	r := &Rule{Identity: identity, Signature: signature, Attestations: slices.Clone(attestations)}
	if encoded, err := json.Marshal(r); err == nil { // of strings and numbers: it cannot fail
		r.id = string(encoded)
	}
	return r
}

// ID is the same for rules that ask for the same. It is empty for nil.
func (r *Rule) ID() string {
	if r == nil {
		return ""
	}
	return r.id
}

// Narrows tells whether the rule asks for the same as another one, in forms that are looked for first: an image that the
// other accepts in one of these forms is accepted by this one, and otherwise it is not.
func (r *Rule) Narrows(other *Rule) bool {
	return other != nil && r.Identity == other.Identity && (r.Signature == 0) == (other.Signature == 0) &&
		r.Signature.leads(other.Signature) &&
		slices.EqualFunc(r.Attestations, other.Attestations, func(a, b Attestation) bool {
			forms, all := a.Forms, b.Forms
			a.Forms, b.Forms = 0, 0
			return a == b && forms.leads(all)
		})
}

// Forms is all forms in which the rule takes anything.
func (r *Rule) Forms() Forms {
	forms := r.Signature
	for _, attestation := range r.Attestations {
		forms |= attestation.Forms
	}
	return forms
}

// AttestationNames lists the attestations that are asked for.
func (r *Rule) AttestationNames() string {
	names := make([]string, 0, len(r.Attestations))
	for _, attestation := range r.Attestations {
		names = append(names, attestation.Name)
	}
	return strings.Join(names, ", ")
}
