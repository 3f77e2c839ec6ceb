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
	"cmp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// authority of a policy. Exactly one of static, alternatives and unevaluable says how it is judged.
type authority struct {
	name    string
	static  string // pass or fail
	message string

	// alternatives of which one suffices.
	alternatives []alternative

	attestations bool
	// unevaluable names the feature that is not evaluated here.
	unevaluable string
}

// alternative is what an image may have to pass an authority.
type alternative struct {
	rule      *policy.Rule
	trustRoot string
	// lenient tells that policy-controller may accept what the rule does not: a positive verdict holds, a negative one
	// does not.
	lenient bool
	// attested tells that policy-controller takes it for attestations.
	attested bool
}

func parseAuthority(w writtenAuthority) authority {
	a := authority{name: w.Name, attestations: len(w.Attestations) > 0}
	switch {
	case w.Static != nil:
		if w.Static.Action != "pass" && w.Static.Action != "fail" {
			a.unevaluable = "a static action other than pass and fail"
			break
		}
		a.static, a.message = w.Static.Action, w.Static.Message
	case given(w.Key):
		a.unevaluable = "signatures by a key"
	case w.Keyless == nil:
		a.unevaluable = "an authority that is neither keyless nor static"
	case w.SignatureFormat != "" && w.SignatureFormat != "legacy" && w.SignatureFormat != bundleFormat:
		a.unevaluable = "signatureFormat " + w.SignatureFormat
	case len(w.Sources) > 0:
		a.unevaluable = "another source of signatures"
	default:
		a.keyless(w)
	}
	return a
}

const bundleFormat = "bundle"

func given(raw []byte) bool { return len(raw) > 0 && string(raw) != "null" }

// keyless takes the shapes in that mean what a trust means: the default root of trust, or a TrustRoot for
// certificates and log alike. With a TrustRoot for one of them only, policy-controller v0.14 leaves the log out
// (pkg/webhook/validator.go, checkOptsFromAuthority).
func (a *authority) keyless(w writtenAuthority) {
	k := w.Keyless
	switch {
	case given(k.CACert):
		a.unevaluable = "keyless.ca-cert"
		return
	case k.InsecureIgnoreSCT:
		a.unevaluable = "keyless.insecureIgnoreSCT"
		return
	case k.URL == "":
		a.unevaluable = "a keyless authority without url"
		return
	}
	form, problem := w.form()
	if problem != "" {
		a.unevaluable = problem
		return
	}
	for _, id := range k.Identities {
		if (id.Issuer == "") == (id.IssuerRegexp == "") || (id.Subject == "") == (id.SubjectRegexp == "") {
			a.unevaluable, a.alternatives = "an identity without exactly one issuer and one subject", nil
			return
		}
		rule, problem := w.rule(policy.Identity{
			Issuer: id.Issuer, IssuerRegexp: id.IssuerRegexp, Subject: id.Subject, SubjectRegexp: id.SubjectRegexp,
		}, form)
		if problem != "" {
			a.unevaluable, a.alternatives = problem, nil
			return
		}
		a.alternatives = append(a.alternatives, alternative{
			rule: rule, trustRoot: k.TrustRootRef, attested: a.attestations,
			// It searches the log for what does not stand beside the image.
			lenient: k.TrustRootRef == "" && w.CTLog != nil,
		})
	}
	if len(a.alternatives) == 0 {
		a.unevaluable = "a keyless authority without identities"
	}
}

// form in which an authority takes proofs, or what of it is not evaluated.
func (w *writtenAuthority) form() (form policy.Format, problem string) {
	root, logRoot, logURL := w.Keyless.TrustRootRef, "", ""
	if w.CTLog != nil {
		logRoot, logURL = w.CTLog.TrustRootRef, w.CTLog.URL
	}
	switch {
	case w.RFC3161Timestamp != nil:
		// A policy of our own for a root of trust with a timestamp authority. It leaves the log out.
		if root == "" || w.RFC3161Timestamp.TrustRootRef != root || w.CTLog != nil || w.SignatureFormat == bundleFormat ||
			policy.AuthorityGroup(w.Name) == w.Name {
			return "", "RFC 3161 timestamps"
		}
		return policy.AuthorityFormat("", true), ""
	case root != logRoot:
		return "", "different roots of trust for certificates and log"
	case w.CTLog != nil && root == "" && logURL == "":
		return "", "a ctlog that names no log"
	case w.SignatureFormat != bundleFormat:
		return policy.AuthorityFormat("", false), ""
	case root != "":
		return "", "bundles by a TrustRoot"
	case len(w.Attestations) == 0:
		return "", "bundles without attestations"
	default:
		return policy.AuthorityFormat(bundleFormat, false), ""
	}
}

// rule by which an authority judges: attestations, of which one in a bundle may be cosign's signature, or a signature.
func (w *writtenAuthority) rule(identity policy.Identity, form policy.Format) (rule *policy.Rule, problem string) {
	if len(w.Attestations) == 0 {
		return policy.NewRule(identity, policy.NewFormats(form)), ""
	}
	var signature policy.Formats
	var attestations []policy.Attestation
	for _, a := range w.Attestations {
		attestation := policy.Attestation{Name: a.Name, PredicateType: a.PredicateType, Formats: policy.NewFormats(form)}
		switch {
		case a.Policy != nil && (a.Policy.Type != "cue" || a.Policy.Data == ""):
			return nil, "a condition on an attestation that is not inline CUE"
		case a.Policy != nil:
			attestation.CUE = a.Policy.Data
		case a.PredicateType == policy.SignPredicate && form.Storage() == v1alpha1.SignatureFormatBundle:
			signature = policy.NewFormats(form)
			continue
		}
		if !strings.Contains(a.PredicateType, ":") {
			return nil, "the predicate type " + a.PredicateType + ", which is no URI"
		}
		attestations = append(attestations, attestation)
	}
	return policy.NewRule(identity, signature, attestations...), ""
}

// merge makes one alternative of those that ask for the same in different forms.
func merge(alternatives []alternative) []alternative {
	var merged []alternative
	for _, a := range alternatives {
		if i := slices.IndexFunc(merged, a.likes); i >= 0 {
			merged[i] = merged[i].or(a)
		} else {
			merged = append(merged, a)
		}
	}
	return merged
}

// likes tells whether two alternatives differ in the form of one single thing only.
func (a alternative) likes(b alternative) bool {
	if a.rule.Identity != b.rule.Identity || a.trustRoot != b.trustRoot || a.lenient || b.lenient {
		return false
	}
	switch {
	case len(a.rule.Attestations) == 0 && len(b.rule.Attestations) == 0:
		return true
	case len(a.rule.Attestations) == 1 && len(b.rule.Attestations) == 1 && len(a.rule.Signature) == 0 && len(b.rule.Signature) == 0:
		return a.rule.Attestations[0].SameExceptFormats(b.rule.Attestations[0])
	default:
		return false
	}
}

func (a alternative) or(b alternative) alternative {
	attestations := slices.Clone(a.rule.Attestations)
	for i := range attestations {
		attestations[i].Formats = attestations[i].Formats.Union(b.rule.Attestations[i].Formats)
	}
	a.rule = policy.NewRule(a.rule.Identity, a.rule.Signature.Union(b.rule.Signature), attestations...)
	a.attested = a.attested || b.attested
	return a
}

// all makes one alternative of groups of authorities of which each must be passed; ok tells whether that is possible.
func all(authorities []authority) (whole alternative, ok bool) {
	var names []string
	groups := map[string][]alternative{}
	for i := range authorities {
		a := &authorities[i]
		if a.static != "" || a.unevaluable != "" {
			return alternative{}, false
		}
		group := policy.AuthorityGroup(a.name)
		if groups[group] == nil {
			names = append(names, group)
		}
		groups[group] = append(groups[group], a.alternatives...)
	}
	var signature policy.Formats
	var attestations []policy.Attestation
	for i, group := range names {
		merged := merge(groups[group])
		if len(merged) != 1 || merged[0].lenient {
			return alternative{}, false
		}
		if i == 0 {
			whole = merged[0]
		} else if merged[0].rule.Identity != whole.rule.Identity || merged[0].trustRoot != whole.trustRoot {
			return alternative{}, false
		}
		if len(merged[0].rule.Signature) > 0 && len(signature) > 0 {
			return alternative{}, false
		}
		signature = signature.Union(merged[0].rule.Signature)
		attestations = append(attestations, merged[0].rule.Attestations...)
		whole.attested = whole.attested || merged[0].attested
	}
	whole.rule = policy.NewRule(whole.rule.Identity, signature, attestations...)
	return whole, len(names) > 0
}

// judgement of a policy or an authority on an image.
type judgement struct {
	result          result
	reason, message string
}

type result int

const (
	fails result = iota
	open
	passes
)

// judge asks all that could matter, whatever the first answers are. Unverified tells that policy-controller may accept
// attestations that nobody signed.
func (a *alternative) judge(ref name.Reference, judge Judge, unverified bool) judgement {
	answer := judge(Question{Ref: ref, Rule: a.rule, TrustRoot: a.trustRoot})
	one := judgement{result: open, reason: answer.Reason, message: answer.Message}
	switch {
	case answer.Verdict == v1alpha1.VerdictVerified:
		one.result = passes
	case answer.Verdict == v1alpha1.VerdictUntrusted && !a.lenient && (!unverified || !a.attested):
		one.result = fails
	}
	return one
}

// judge gives a policy's judgement: any authority suffices, and a condition on top may only turn a pass down.
func (p *Policy) judge(ref name.Reference, judge Judge, unverified bool) judgement {
	switch {
	case p.unreadable != "":
		return judgement{open, v1alpha1.PolicyNotEvaluatedReason, "the policy " + p.unreadable}
	case len(p.authorities) == 0:
		// policy-controller v0.14 drops the error (pkg/webhook/validator.go, errorsToFieldErrors).
		return judgement{result: passes}
	}
	var judgements []judgement
	for i := range p.authorities {
		switch a := &p.authorities[i]; {
		case a.static == "pass":
			judgements = append(judgements, judgement{result: passes})
		case a.static == "fail":
			judgements = append(judgements, judgement{fails, v1alpha1.StaticPolicyReason,
				cmp.Or(a.message, "the policy refuses the image whatever its signatures")})
		case a.unevaluable != "":
			judgements = append(judgements, judgement{open, v1alpha1.PolicyNotEvaluatedReason, "not evaluated: " + a.unevaluable})
		}
	}
	for i := range p.alternatives {
		judgements = append(judgements, p.alternatives[i].judge(ref, judge, unverified))
	}
	best := judgements[0]
	for _, one := range judgements[1:] {
		if one.result > best.result {
			best = one
		}
	}
	if best.result == passes && p.condition != "" {
		return judgement{open, v1alpha1.PolicyNotEvaluatedReason, p.Unevaluable()}
	}
	return best
}
