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

// Package admission predicts what policy-controller decides when an object is submitted to the API server. A decision
// follows from the state of the cluster, from the behavior of a version of policy-controller, and from verdicts on
// images. The package has no client, no clock and no network access, and never guesses: a decision that it cannot
// derive is Undetermined, and its findings give the reason.
package admission

import (
	"cmp"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Object is an object that is submitted to the API server, with the fields that admission depends on.
type Object struct {
	Group, Version, Kind string
	// Namespace and Name of the object; the name may be empty.
	Namespace, Name string
	// Labels of the object itself, not of its pod template: selectors match these.
	Labels map[string]string
	// Partial reports whether it is a pod of a controller that is not known, which may give it more labels, and may create other
	// objects with the same containers. Policies that select objects may apply then although they do not select this one.
	Partial bool
	// Containers of the pod or of its template. Image volumes are not among them: no version of policy-controller up to 0.15.1
	// looks at them.
	Containers []Container
}

// Container is a container of a pod or of a pod template.
type Container = workload.Container

// Question asks for the verdict of a rule on an image or, if it is ResolveOnly, for the digest of a tag. The answer to a
// question that is neither is Unknown.
type Question struct {
	Ref name.Reference
	// ResolveOnly asks for the digest that Ref names, and for no verdict.
	ResolveOnly bool
	// Rule that the verdict is about.
	Rule *policy.Rule
	// TrustRoot is the name of the TrustRoot to verify by; empty for the default root of trust.
	TrustRoot string
	// Namespace of the object that the question arose from. It is not part of the question: it says who makes it be asked.
	Namespace string
}

// QuestionKey identifies a question: questions with the same key have the same answer.
type QuestionKey struct {
	ref, rule, trustRoot string
	resolveOnly          bool
}

// Key returns the key of the question.
func (q Question) Key() QuestionKey {
	return QuestionKey{q.Ref.Name(), q.Rule.ID(), q.TrustRoot, q.ResolveOnly}
}

// Answer is the answer to a Question.
type Answer struct {
	// Digest of the reference; empty while it is not known.
	Digest          string
	Verdict         v1alpha1.Verdict
	Reason, Message string
	// NoLogs and NoCTLogs report whether the root of trust of the verdict has no transparency log and no certificate
	// transparency log.
	NoLogs, NoCTLogs bool
	// OtherCurve reports whether a verdict of Verified is by a bundle that is signed with a key on another curve than P-256.
	OtherCurve bool
	// ExpiredAuthority reports whether a verdict of Verified is by a signature at whose time a certificate authority was not valid.
	ExpiredAuthority bool
	// Unlisted reports whether a verdict of Verified is by a bundle that is found under the fallback tag only, because the registry
	// refuses to list what refers to the image: see verify.Result.
	Unlisted bool
	// AnyOrder reports whether a verdict of Verified does not depend on the order in which the bundles of the image are verified,
	// where one of Rekor v2 makes the verifier require a timestamp of the others: see verify.Result.
	AnyOrder bool
}

// TagMoved is the answer to a question about a tag that named one digest in one examination and another one in the next. A
// verdict on one of them says nothing about the other. Either may be empty, while it is not known.
func TagMoved(first, second string) Answer {
	digest := func(known string) string { return cmp.Or(known, "an unknown digest") }
	return Answer{
		Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.TagMovedReason,
		Message: fmt.Sprintf("the tag was moved while the image was examined: verdicts are about %s and about %s", digest(first), digest(second)),
	}
}

// Judge answers questions. It returns at once: a verdict that is not known yet is Unknown. It gives the same answer to
// the same question throughout a decision. A Judge that answers Unknown to every question receives every question
// that the decision could depend on.
type Judge func(Question) Answer

// Outcome of admission. The zero value is Undetermined.
type Outcome uint8

// The outcomes.
const (
	// Undetermined means that the decision does not follow from what is known.
	Undetermined Outcome = iota
	Allowed
	Denied
)

// String returns the name of the outcome.
func (o Outcome) String() string {
	switch o {
	case Allowed:
		return "Allowed"
	case Denied:
		return "Denied"
	default:
		return "Undetermined"
	}
}

// MarshalText encodes the outcome as its name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText decodes the name of an outcome.
func (o *Outcome) UnmarshalText(text []byte) error {
	for _, known := range []Outcome{Undetermined, Allowed, Denied} {
		if known.String() == string(text) {
			*o = known
			return nil
		}
	}
	return fmt.Errorf("%q is not an outcome of admission: write Allowed, Denied or Undetermined", text)
}

// Interception says whether the API server sends an object to a webhook. The zero value is InterceptionUnknown.
type Interception uint8

// The interceptions.
const (
	// InterceptionUnknown means that the namespace is not known, or that the webhook has matchConditions, which are not
	// evaluated.
	InterceptionUnknown Interception = iota
	Intercepted
	// WebhookMissing means that the webhook is not registered.
	WebhookMissing
	// NamespaceNotOptedIn means that the webhook's namespaceSelector excludes the namespace.
	NamespaceNotOptedIn
	// RulesExclude means that the webhook's rules do not include the kind.
	RulesExclude
	// ObjectExcluded means that the webhook's objectSelector excludes the object.
	ObjectExcluded
)

// String returns the name of the interception.
func (i Interception) String() string {
	switch i {
	case Intercepted:
		return "Intercepted"
	case WebhookMissing:
		return "WebhookMissing"
	case NamespaceNotOptedIn:
		return "NamespaceNotOptedIn"
	case RulesExclude:
		return "RulesExclude"
	case ObjectExcluded:
		return "ObjectExcluded"
	default:
		return "InterceptionUnknown"
	}
}

// Effect of a Finding. The zero value is EffectUndetermined.
type Effect uint8

// The effects.
const (
	// EffectUndetermined means that the finding may deny the object.
	EffectUndetermined Effect = iota
	EffectWarn
	EffectDeny
)

// String returns the name of the effect.
func (e Effect) String() string {
	switch e {
	case EffectWarn:
		return "Warn"
	case EffectDeny:
		return "Deny"
	default:
		return "Undetermined"
	}
}

// Finding is an objection of admission to one container under one policy.
type Finding struct {
	Container Container
	// Digest of the image; empty while it is not known.
	Digest string
	// Policy is the name of the ClusterImagePolicy; empty if the finding is not about a policy.
	Policy          string
	Effect          Effect
	Reason, Message string
}

// Decision on one object. The zero value is undetermined.
type Decision struct {
	Outcome Outcome
	// Interception by the validating webhook.
	Interception Interception
	// Findings are sorted by container, init containers first and ephemeral ones last, and then by policy.
	Findings []Finding
	// Policies that cover at least one container, by name.
	Policies []string
	// Uncovered are the containers that no policy covers, so that no-match-policy applies to them.
	Uncovered []Container
}
