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

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// authority of a policy. Exactly one of static, identities and unevaluable says how it is judged, but for
// a certain pass with an unevaluable rest.
type authority struct {
	static  string // pass or fail
	message string

	identities []policy.Identity
	trustRoot  string
	// searchesLog tells that policy-controller may find in the transparency log what does not stand beside the image:
	// a positive verdict holds, a negative one does not.
	searchesLog bool

	attestations bool
	// unevaluable names the feature that is not evaluated here.
	unevaluable string
}

func parseAuthority(w writtenAuthority) authority {
	a := authority{attestations: len(w.Attestations) > 0}
	switch {
	case w.Static != nil:
		if w.Static.Action != "pass" && w.Static.Action != "fail" {
			a.unevaluable = "a static action other than pass and fail"
			break
		}
		a.static, a.message = w.Static.Action, w.Static.Message
	case a.attestations:
		a.unevaluable = "attestations"
	case given(w.Key):
		a.unevaluable = "signatures by a key"
	case w.Keyless == nil:
		a.unevaluable = "an authority that is neither keyless nor static"
	case w.SignatureFormat != "" && w.SignatureFormat != "legacy":
		a.unevaluable = "signatureFormat " + w.SignatureFormat
	case len(w.Sources) > 0:
		a.unevaluable = "another source of signatures"
	case given(w.RFC3161Timestamp):
		a.unevaluable = "RFC 3161 timestamps"
	default:
		a.keyless(w)
	}
	return a
}

func given(raw []byte) bool { return len(raw) > 0 && string(raw) != "null" }

// keyless takes the two shapes in that mean what a trust means: the default root of trust, or a TrustRoot for
// certificates and log alike. With a TrustRoot for one of them only, policy-controller v0.14 leaves the log out
// (pkg/webhook/validator.go, checkOptsFromAuthority).
func (a *authority) keyless(w writtenAuthority) {
	k := w.Keyless
	logRoot, logURL := "", ""
	if w.CTLog != nil {
		logRoot, logURL = w.CTLog.TrustRootRef, w.CTLog.URL
	}
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
	case k.TrustRootRef != logRoot:
		a.unevaluable = "different roots of trust for certificates and log"
		return
	case w.CTLog != nil && k.TrustRootRef == "" && logURL == "":
		a.unevaluable = "a ctlog that names no log"
		return
	}
	a.trustRoot = k.TrustRootRef
	a.searchesLog = k.TrustRootRef == "" && w.CTLog != nil
	for _, id := range k.Identities {
		if (id.Issuer == "") == (id.IssuerRegexp == "") || (id.Subject == "") == (id.SubjectRegexp == "") {
			a.unevaluable, a.identities = "an identity without exactly one issuer and one subject", nil
			return
		}
		a.identities = append(a.identities, policy.Identity{
			Issuer: id.Issuer, IssuerRegexp: id.IssuerRegexp, Subject: id.Subject, SubjectRegexp: id.SubjectRegexp,
		})
	}
	if len(a.identities) == 0 {
		a.unevaluable = "a keyless authority without identities"
	}
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

// judge asks all that could matter, whatever the first answers are.
func (a *authority) judge(ref name.Reference, judge Judge) judgement {
	switch {
	case a.static == "pass":
		return judgement{result: passes}
	case a.static == "fail":
		return judgement{fails, v1alpha1.StaticPolicyReason, cmp.Or(a.message, "the policy refuses the image whatever its signatures")}
	case a.unevaluable != "":
		return judgement{open, v1alpha1.PolicyNotEvaluatedReason, "not evaluated: " + a.unevaluable}
	}
	var best judgement
	for i, identity := range a.identities {
		answer := judge(Question{Ref: ref, Identity: identity, TrustRoot: a.trustRoot})
		one := judgement{result: a.take(answer.Verdict), reason: answer.Reason, message: answer.Message}
		if i == 0 || one.result > best.result {
			best = one
		}
	}
	return best
}

func (a *authority) take(verdict v1alpha1.Verdict) result {
	switch {
	case verdict == v1alpha1.VerdictVerified:
		return passes
	case verdict == v1alpha1.VerdictUntrusted && !a.searchesLog:
		return fails
	default:
		return open
	}
}

// judge gives a policy's judgement: any authority suffices, and a condition on top may only turn a pass down.
func (p *Policy) judge(ref name.Reference, judge Judge) judgement {
	switch {
	case p.unreadable != "":
		return judgement{open, v1alpha1.PolicyNotEvaluatedReason, "the policy " + p.unreadable}
	case len(p.authorities) == 0:
		// policy-controller v0.14 drops the error (pkg/webhook/validator.go, errorsToFieldErrors).
		return judgement{result: passes}
	}
	var best judgement
	for i := range p.authorities {
		one := p.authorities[i].judge(ref, judge)
		if i == 0 || one.result > best.result {
			best = one
		}
	}
	if best.result == passes && p.condition != "" {
		return judgement{open, v1alpha1.PolicyNotEvaluatedReason, p.Unevaluable()}
	}
	return best
}
