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

// Package requests predicts the requests that policy-controller sends to registries while it admits a rollout. policy-controller keeps
// no results: each admission of each object asks the registry anew, for every container, policy and authority, with a handshake for
// each thing that it reads. The rule is that of its sources, and the same in the versions v0.13, v0.14 and v0.15. The package has no
// network access: what registries have comes from its caller.
package requests

import "github.com/karmada-io/image-trust/internal/admission"

// Count of requests, by what they ask for. policy-controller sends no others: it never asks with HEAD.
type Count struct {
	// Total of the others.
	Total int64 `json:"total"`
	// Pings are GETs of /v2/, which begin each handshake.
	Pings int64 `json:"pings"`
	// Tokens are requests for a token, to whatever host the registry names.
	Tokens int64 `json:"tokens"`
	// ManifestGets are those that registries limit, Docker Hub for one.
	ManifestGets  int64 `json:"manifestGets"`
	BlobGets      int64 `json:"blobGets"`
	ReferrersGets int64 `json:"referrersGets"`
}

func (c Count) plus(other Count) Count {
	return Count{
		Total: c.Total + other.Total, Pings: c.Pings + other.Pings, Tokens: c.Tokens + other.Tokens,
		ManifestGets: c.ManifestGets + other.ManifestGets, BlobGets: c.BlobGets + other.BlobGets,
		ReferrersGets: c.ReferrersGets + other.ReferrersGets,
	}
}

func (c Count) times(n int64) Count {
	return Count{
		Total: n * c.Total, Pings: n * c.Pings, Tokens: n * c.Tokens, ManifestGets: n * c.ManifestGets, BlobGets: n * c.BlobGets,
		ReferrersGets: n * c.ReferrersGets,
	}
}

// of returns the count of some requests.
func of(pings, tokens, manifests, blobs, referrers int64) Count {
	return Count{
		Total: pings + tokens + manifests + blobs + referrers, Pings: pings, Tokens: tokens, ManifestGets: manifests, BlobGets: blobs,
		ReferrersGets: referrers,
	}
}

// Kind of a Question.
type Kind uint8

// The kinds.
const (
	// Challenge asks whether a registry wants a token.
	Challenge Kind = iota
	// Signatures, Attestations and Bundles ask what the registry has of an image for the search of that name.
	Signatures
	Attestations
	Bundles
)

// Question asks what a registry has, or how it wants to be asked. Questions that are equal have the same answer.
type Question struct {
	Kind Kind
	// Of is the host of a registry for Challenge, and otherwise an image by digest.
	Of string
}

// Answer to a Question.
type Answer struct {
	// Token reports whether the registry wants a token after a handshake.
	Token bool
	// Layers of the manifest under the tag for signatures or attestations; none if there is no such tag.
	Layers int
	// Referrers are the manifests in the list of what refers to the image, and Bundles those of them that have a bundle.
	Referrers, Bundles int
	// Tagged reports whether the registry has no such list, so that the one under the fallback tag is read.
	Tagged bool
}

// Knowledge answers questions. An answer that is not known comes with the reason.
type Knowledge func(Question) (answer Answer, unknown string)

// resolve is what it takes to resolve a tag: a handshake, and its manifest (cosign pkg/oci/remote/digest.go).
func resolve(token bool) Count { return handshakes(1, token).plus(of(0, 0, 1, 0, 0)) }

// handshakes are made anew for each thing that is read, because cosign shares no transport between them
// (go-containerregistry pkg/v1/remote/fetcher.go, makeFetcher).
func handshakes(n int, token bool) Count {
	tokens := int64(0)
	if token {
		tokens = int64(n)
	}
	return of(int64(n), tokens, 0, 0, 0)
}

// kindOf returns the kind of the question that a search raises.
func kindOf(search admission.Search) Kind {
	switch search {
	case admission.SearchSignatures:
		return Signatures
	case admission.SearchAttestations:
		return Attestations
	default:
		return Bundles
	}
}

// lookup is what a search takes, by what the registry has.
func lookup(kind Kind, has Answer, token bool) Count {
	if kind != Bundles {
		return handshakes(1, token).plus(of(0, 0, 1, int64(has.Layers), 0))
	}
	listed := of(0, 0, 0, 0, 1)
	if has.Tagged {
		listed = of(0, 0, 1, 0, 1)
	}
	return handshakes(1+has.Referrers, token).plus(listed).plus(of(0, 0, int64(has.Referrers), int64(has.Bundles), 0))
}
