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
	"strings"

	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/internal/policy"
)

// authority of a policy. Exactly one of static, requirements, refusal and unevaluable is set.
type authority struct {
	name    string
	static  string // pass or fail
	message string

	// requirements of which an image must meet one.
	requirements []requirement

	// refusal is why the authority accepts nothing, as long as attestations are verified.
	refusal string

	attestations bool
	// trustRoots that the authority names.
	trustRoots []string
	// unevaluable names the feature that is not evaluated.
	unevaluable string
	// search is what is looked up in a registry, whatever else is known of the authority.
	search Search
}

// authorityParser reads authorities as a version of policy-controller does.
type authorityParser struct{ behavior Behavior }

func (p authorityParser) parse(w writtenAuthority) authority {
	a := authority{name: w.Name, attestations: len(w.Attestations) > 0, trustRoots: w.trustRoots(), search: p.search(&w)}
	switch {
	case w.Static != nil:
		if w.Static.Action != "pass" && w.Static.Action != "fail" {
			a.unevaluable = "a static action other than pass and fail"
			break
		}
		a.static, a.message = w.Static.Action, w.Static.Message
	case w.SignatureFormat != "" && w.SignatureFormat != "legacy" && w.SignatureFormat != bundleFormat:
		a.unevaluable = "signatureFormat " + w.SignatureFormat
	case len(w.Sources) > 0:
		a.unevaluable = "another source of signatures"
	default:
		a.requirements, a.unevaluable = p.requirements(w)
		if len(a.requirements) > 1 && w.SignatureFormat == bundleFormat {
			// In every version (cosign v2.5.0 and v3.0.5 pkg/cosign/verify.go, verificationOptions).
			a.requirements, a.refusal = nil, "policy-controller accepts no bundle by an authority with several identities"
		}
	}
	return a
}

// trustRoots returns the names of the TrustRoots that an authority names, of which admission needs every one.
func (w *writtenAuthority) trustRoots() []string {
	var names []string
	if w.Keyless != nil && w.Keyless.TrustRootRef != "" {
		names = append(names, w.Keyless.TrustRootRef)
	}
	if w.CTLog != nil && w.CTLog.TrustRootRef != "" {
		names = append(names, w.CTLog.TrustRootRef)
	}
	if w.RFC3161Timestamp != nil && w.RFC3161Timestamp.TrustRootRef != "" {
		names = append(names, w.RFC3161Timestamp.TrustRootRef)
	}
	return names
}

// bundleFormat is the signatureFormat of an authority that accepts Sigstore bundles.
const bundleFormat = "bundle"

func isSet(raw []byte) bool { return len(raw) > 0 && string(raw) != "null" }

// requirements of an authority, one for each signer, or the feature that is not evaluated. Evaluated are the default root
// of trust, and a TrustRoot for certificates and log alike: if a TrustRoot is named for one of them only,
// policy-controller does not verify the log entry (pkg/webhook/validator.go, checkOptsFromAuthority).
func (p authorityParser) requirements(w writtenAuthority) (requirements []requirement, unevaluable string) {
	signers, trustRoot, unevaluable := w.signers()
	if unevaluable != "" {
		return nil, unevaluable
	}
	format, unevaluable := p.format(w, trustRoot)
	if unevaluable != "" {
		return nil, unevaluable
	}
	for _, signer := range signers {
		rule, unevaluable := w.rule(signer, format.Within(p.behavior.Capabilities))
		if unevaluable != "" {
			return nil, unevaluable
		}
		requirements = append(requirements, requirement{
			rule: rule, trustRoot: trustRoot, viaAttestation: len(w.Attestations) > 0,
			ignoresSCT:  w.Keyless.InsecureIgnoreSCT,
			acceptsMore: trustRoot == "" && w.CTLog != nil && w.SignatureFormat != bundleFormat && p.behavior.SearchesLog,
		})
	}
	return requirements, ""
}

// format that an authority under a root of trust accepts, or the feature that is not evaluated.
func (p authorityParser) format(w writtenAuthority, root string) (format policy.Format, unevaluable string) {
	logRoot, logURL := "", ""
	if w.CTLog != nil {
		logRoot, logURL = w.CTLog.TrustRootRef, w.CTLog.URL
	}
	switch {
	case w.RFC3161Timestamp != nil && w.SignatureFormat == bundleFormat:
		return p.timestampedBundleFormat(w, root)
	case w.RFC3161Timestamp != nil && !w.isRenderedForTimestamps(root):
		return "", "RFC 3161 timestamps"
	case w.RFC3161Timestamp != nil:
		return policy.AuthorityFormat("", true), ""
	case root != logRoot:
		return "", "different roots of trust for certificates and log"
	case w.CTLog != nil && root == "" && logURL == "":
		return "", "a ctlog that names no log"
	case w.SignatureFormat == bundleFormat:
		return p.bundleFormat(root, len(w.Attestations) > 0)
	default:
		return policy.AuthorityFormat("", false), ""
	}
}

// bundleFormat is the format of an authority that accepts bundles, if this version of policy-controller verifies them.
func (p authorityParser) bundleFormat(root string, attested bool) (format policy.Format, unevaluable string) {
	switch {
	case root == "" && !p.behavior.Bundles:
		return "", "bundles"
	case root != "" && !p.behavior.TrustRootBundles:
		return "", "bundles by a TrustRoot"
	case !attested && !p.behavior.SignatureBundles:
		return "", "bundles without attestations"
	default:
		return policy.AuthorityFormat(bundleFormat, false), ""
	}
}

// timestampedBundleFormat is the format of an authority that accepts bundles by their timestamp, and does not look at the log.
func (p authorityParser) timestampedBundleFormat(w writtenAuthority, root string) (format policy.Format, unevaluable string) {
	switch {
	case root == "" || w.RFC3161Timestamp.TrustRootRef != root || w.CTLog != nil || !p.behavior.TimestampedBundles:
		return "", "RFC 3161 timestamps"
	case !w.Keyless.InsecureIgnoreSCT:
		return "", "bundles by the certificate transparency log of a TrustRoot"
	case len(w.Attestations) == 0 && !p.behavior.SignatureBundles:
		return "", "bundles without attestations"
	default:
		return policy.AuthorityFormat(bundleFormat, true), ""
	}
}

// isRenderedForTimestamps reports whether the authority is that of a rendered policy for a TrustRoot with a timestamp
// authority. Others are not evaluated, because policy-controller does not verify the log entry with them.
func (w *writtenAuthority) isRenderedForTimestamps(root string) bool {
	return root != "" && w.RFC3161Timestamp.TrustRootRef == root && w.CTLog == nil &&
		policy.AuthorityGroup(w.Name) != w.Name
}

// rule of an authority for a signer: it requires attestations, one of which may be cosign's signature in a bundle, or
// a signature.
func (w *writtenAuthority) rule(signer policy.Signer, formats policy.Formats) (rule *policy.Rule, unevaluable string) {
	if len(w.Attestations) == 0 {
		return policy.NewRule(signer, formats), ""
	}
	var signature policy.Formats
	var attestations []policy.Attestation
	for _, a := range w.Attestations {
		attestation := policy.Attestation{Name: a.Name, PredicateType: a.PredicateType, Formats: formats}
		switch {
		case a.Policy != nil && (a.Policy.Type != "cue" || a.Policy.Data == ""):
			return nil, "a condition on an attestation that is not inline CUE"
		case a.Policy != nil:
			if err := condition.Check(a.Policy.Data); err != nil {
				return nil, "a condition on an attestation in CUE (" + err.Error() + ")"
			}
			attestation.CUE = a.Policy.Data
		case a.PredicateType == policy.SignPredicate && w.SignatureFormat == bundleFormat:
			signature = formats
			continue
		}
		if !strings.Contains(a.PredicateType, ":") {
			return nil, "the predicate type " + a.PredicateType + ", which is not a URI"
		}
		attestations = append(attestations, attestation)
	}
	return policy.NewRule(signer, signature, attestations...), ""
}
