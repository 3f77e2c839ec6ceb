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

package admission

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Search is what policy-controller looks up in a registry to evaluate one authority for one image. The zero value is not known.
type Search uint8

// The searches.
const (
	SearchUnknown Search = iota
	// SearchNothing is that of an authority that is evaluated without a registry.
	SearchNothing
	// SearchSignatures reads the manifest under the tag for signatures, sha256-….sig, and each of its layers.
	SearchSignatures
	// SearchAttestations reads the manifest under the tag for attestations, sha256-….att, and each of its layers.
	SearchAttestations
	// SearchBundles lists what refers to the image, and reads each manifest of the list, with its layer if that is a bundle.
	SearchBundles
)

// Searches are those for one container. Policies and authorities are evaluated all, whatever the first ones find
// (policy-controller pkg/webhook/validator.go, validatePolicies and ValidatePolicy).
type Searches struct {
	Known []Search
	// Unknown says why there may be others; empty if there are none.
	Unknown string
}

// Searches returns what policy-controller looks up to evaluate all policies for an image in an object.
func (c *Cluster) Searches(o Object, image name.Digest) Searches {
	if !c.Known() {
		return Searches{Unknown: "the version of policy-controller, or the state of the cluster, is not known"}
	}
	var all Searches
	if o.Partial && len(c.Policies.mayCover(image, o)) > 0 {
		all.Unknown = "which policies select the pods is not known"
	}
	for _, p := range c.Policies.Covering(image, o) {
		found := p.searches(c)
		all.Known = append(all.Known, found.Known...)
		if found.Unknown != "" {
			all.Unknown = found.Unknown
		}
	}
	return all
}

// searches for the authorities of a policy, as far as all versions that may be installed agree.
func (p *Policy) searches(c *Cluster) Searches {
	if p.invalid != "" || len(p.readings) == 0 {
		return Searches{Unknown: "policy " + p.Name + " is not evaluated here"}
	}
	first := p.readings[0].searches(c)
	for i := range p.readings[1:] {
		if !slices.Equal(first, p.readings[1+i].searches(c)) {
			return Searches{Unknown: "versions of policy-controller look up different things for policy " + p.Name}
		}
	}
	var all Searches
	for _, one := range first {
		switch one {
		case SearchUnknown:
			all.Unknown = "what is looked up for policy " + p.Name + " is not known"
		case SearchNothing:
		default:
			all.Known = append(all.Known, one)
		}
	}
	return all
}

// searches for the authorities, in their order.
func (r *reading) searches(c *Cluster) []Search {
	all := make([]Search, 0, len(r.authorities)+1)
	for i := range r.authorities {
		all = append(all, r.authorities[i].searchIn(c, r.behavior))
	}
	if r.fetchesConfig {
		all = append(all, SearchUnknown) // an index has a configuration for each platform
	}
	return all
}

// searchIn returns the search in a cluster. Without a usable TrustRoot nothing is looked up (checkOptsFromAuthority). With
// enable-oci11, versions that know it list referrers first, and what they do then depends on what they find
// (pkg/webhook/validation.go, validAttestations; cosign pkg/cosign/verify.go, VerifyImageSignatures).
func (a *authority) searchIn(c *Cluster, behavior Behavior) Search {
	if a.search == SearchUnknown || a.search == SearchNothing {
		return a.search
	}
	found := a.search
	for _, name := range a.trustRoots {
		switch use := c.UseOf(name); use.Usability {
		case NotUsable:
			return SearchNothing
		case Usable:
		default:
			found = SearchUnknown
		}
	}
	if c.Config.EnableOCI11 && !behavior.VerifiesOCI11Attestations {
		return SearchUnknown
	}
	return found
}

// search returns what an authority makes policy-controller look up. The versions v0.13, v0.14 and v0.15 do the same
// (pkg/webhook/validator.go, ValidatePolicy, and what it calls; pkg/oci/remote of cosign v2.5.0 and v3.0.5).
func (p authorityParser) search(w *writtenAuthority) Search {
	switch {
	case w.Static != nil:
		return SearchNothing
	case len(w.Sources) > 0:
		return SearchUnknown // it is in another repository
	case w.SignatureFormat == bundleFormat:
		return p.searchBundles(w)
	case w.Keyless != nil && w.Keyless.URL == "" && isSet(w.Keyless.CACert):
		return SearchNothing // it fails without a URL
	case w.Keyless == nil && !oneKey(w.Key):
		return SearchUnknown // each key is tried in turn, until one verifies a signature
	case len(w.Attestations) > 0:
		return SearchAttestations
	default:
		return SearchSignatures
	}
}

// searchBundles returns the search of an authority that accepts bundles. policy-controller rejects some without looking anything up.
func (p authorityParser) searchBundles(w *writtenAuthority) Search {
	switch {
	case !p.behavior.Bundles:
		return SearchUnknown
	case w.Keyless == nil, w.Keyless.URL == "" && isSet(w.Keyless.CACert),
		w.RFC3161Timestamp != nil && w.RFC3161Timestamp.TrustRootRef != w.Keyless.TrustRootRef,
		w.CTLog != nil && w.CTLog.TrustRootRef != w.Keyless.TrustRootRef:
		return SearchNothing
	case len(w.Attestations) == 0 && p.behavior.SignatureBundles:
		return SearchUnknown
	case len(w.Attestations) == 0:
		return SearchNothing
	default:
		return SearchBundles
	}
}

// oneKey reports whether the key of an authority is certainly one: that of a key management system, or one in PEM.
func oneKey(written []byte) bool {
	var key struct {
		Data string `json:"data"`
		KMS  string `json:"kms"`
	}
	if !isSet(written) || json.Unmarshal(written, &key) != nil {
		return false
	}
	return strings.Count(key.Data, "-----BEGIN ") == 1 || key.Data == "" && key.KMS != ""
}

// Calls are the calls of policy-controller's webhooks for the creation of an object, as they are once the namespace has opted in.
type Calls struct{ Mutating, Validating Interception }

// Calls returns which webhooks are called for the creation of an object once its namespace has opted in. Where no webhook is
// registered, both are called for all kinds, as policy-controller registers them.
func (c *Cluster) Calls(o Object) Calls {
	switch {
	case !c.Known():
		return Calls{}
	case c.Validating == nil:
		return Calls{Mutating: Intercepted, Validating: Intercepted}
	default:
		return Calls{Mutating: c.Mutating.calledFor(&o), Validating: c.Validating.calledFor(&o)}
	}
}

// calledFor returns whether the webhook intercepts an object in a namespace that has opted in.
func (w *Webhook) calledFor(o *Object) Interception {
	if w == nil {
		return WebhookMissing
	}
	opted := *w
	opted.namespaceSelector = parseSelector(nil)
	return opted.intercepts(o, "", nil, true)
}
