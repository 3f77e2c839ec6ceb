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
	"fmt"
	"slices"

	"github.com/karmada-io/image-trust/internal/policy"
)

// requirement is a rule that an image may meet to be accepted by an authority.
type requirement struct {
	rule      *policy.Rule
	trustRoot string
	// acceptsMore reports whether policy-controller may accept images that the rule does not: a verdict of Verified holds,
	// a verdict of Untrusted does not.
	acceptsMore bool
	// ignoresSCT reports whether policy-controller accepts a certificate that is in no certificate transparency log.
	ignoresSCT bool
	// viaAttestation reports whether policy-controller evaluates the requirement by attestations.
	viaAttestation bool
}

// combine merges requirements of which one suffices, where they require the same in different formats.
func combine(requirements []requirement) []requirement {
	var combined []requirement
	for _, r := range requirements {
		if i := slices.IndexFunc(combined, r.sameExceptFormat); i >= 0 {
			combined[i] = combined[i].union(r)
		} else {
			combined = append(combined, r)
		}
	}
	return combined
}

// sameExceptFormat reports whether two requirements differ at most in the formats of their signature, or of their only
// attestation.
func (r requirement) sameExceptFormat(other requirement) bool {
	if r.rule.Signer != other.rule.Signer || r.trustRoot != other.trustRoot || r.acceptsMore || other.acceptsMore ||
		r.ignoresSCT != other.ignoresSCT {
		return false
	}
	a, b := r.rule, other.rule
	switch {
	case len(a.Attestations) == 0 && len(b.Attestations) == 0:
		return true
	case len(a.Attestations) == 1 && len(b.Attestations) == 1 && len(a.Signature) == 0 && len(b.Signature) == 0:
		return a.Attestations[0].SameExceptFormats(b.Attestations[0])
	default:
		return false
	}
}

// union returns the requirement that accepts the formats of both. They must be sameExceptFormat.
func (r requirement) union(other requirement) requirement {
	attestations := slices.Clone(r.rule.Attestations)
	for i := range attestations {
		attestations[i].Formats = attestations[i].Formats.Union(other.rule.Attestations[i].Formats)
	}
	r.rule = policy.NewRule(r.rule.Signer, r.rule.Signature.Union(other.rule.Signature), attestations...)
	r.viaAttestation = r.viaAttestation || other.viaAttestation
	return r
}

// requireAll returns the requirements of a policy that requires an authority of each group of a signer, one requirement for each
// signer, of which one suffices; ok reports whether rules can express them.
func requireAll(authorities []authority) (requirements []requirement, ok bool) {
	var signers []string
	bySigner := map[string][]*authority{}
	for i := range authorities {
		a := &authorities[i]
		if a.static != "" || a.refusal != "" || a.unevaluable != "" {
			return nil, false
		}
		signer := policy.AuthoritySigner(a.name)
		if bySigner[signer] == nil {
			signers = append(signers, signer)
		}
		bySigner[signer] = append(bySigner[signer], a)
	}
	for _, signer := range signers {
		whole, ok := requireGroups(bySigner[signer])
		if !ok {
			return nil, false
		}
		requirements = append(requirements, whole)
	}
	return requirements, len(requirements) > 0
}

// requireGroups returns the one requirement of authorities of which one of each group is required; ok reports whether one rule
// can express it.
func requireGroups(authorities []*authority) (whole requirement, ok bool) {
	var names []string
	groups := map[string][]requirement{}
	for _, a := range authorities {
		group := policy.AuthorityGroup(a.name)
		if groups[group] == nil {
			names = append(names, group)
		}
		groups[group] = append(groups[group], a.requirements...)
	}
	var signature policy.Formats
	var attestations []policy.Attestation
	for i, group := range names {
		combined := combine(groups[group])
		if len(combined) != 1 || combined[0].acceptsMore {
			return requirement{}, false
		}
		one := combined[0]
		if i == 0 {
			whole = one
		} else if one.rule.Signer != whole.rule.Signer || one.trustRoot != whole.trustRoot || one.ignoresSCT != whole.ignoresSCT {
			return requirement{}, false
		}
		if len(one.rule.Signature) > 0 && len(signature) > 0 {
			return requirement{}, false
		}
		signature = signature.Union(one.rule.Signature)
		attestations = append(attestations, one.rule.Attestations...)
		whole.viaAttestation = whole.viaAttestation || one.viaAttestation
	}
	whole.rule = policy.NewRule(whole.rule.Signer, signature, attestations...)
	return whole, true
}

// acceptsMoreThan reports whether policy-controller may accept images that an answer does not: it does not look at a log that the
// answer's root of trust has.
func (r requirement) acceptsMoreThan(answer Answer) bool {
	return r.acceptsMore || r.ignoresSCT && !answer.NoCTLogs || r.rule.Formats().Has(policy.TimestampedBundle) && !answer.NoLogs
}

// uncertain says why a version of policy-controller may reject an image although the answer is Verified; empty if it accepts the
// image.
func (r requirement) uncertain(answer Answer, behavior Behavior) string {
	switch {
	case answer.OtherCurve && !behavior.OtherCurves:
		return fmt.Sprintf("it is signed with a bundle whose key is on another curve than P-256, which policy-controller %s may not verify",
			behavior.Version)
	case answer.ExpiredAuthority && behavior.VerifiesAuthorityTime:
		return fmt.Sprintf("a certificate authority above its certificate had expired when it was signed, which policy-controller %s may "+
			"not accept", behavior.Version)
	case answer.Unlisted:
		return fmt.Sprintf("the registry refuses to list what refers to the image, and policy-controller %s fails then: it does not look for "+
			"the bundle under the fallback tag", behavior.Version)
	case !answer.AnyOrder && behavior.OrderMatters && r.rule.Formats().Has(policy.Bundle):
		return fmt.Sprintf("it is signed or attested with a bundle that has no timestamp, and may have another bundle with a log entry of "+
			"Rekor v2; policy-controller %s verifies them in parallel and accepts the image or not by chance", behavior.Version)
	default:
		return ""
	}
}
