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

// Package admission says what policy-controller v0.14 answers when an object is submitted to the API server, from
// the cluster's state and from verdicts on images. It knows no client, no clock and no network, and never guesses:
// what it cannot evaluate leaves the answer open, and says so.
package admission

import (
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// Object is what is submitted to the API server, as far as admission looks at it.
type Object struct {
	Group, Version, Kind string
	// Namespace and Name of the object; the name may be empty.
	Namespace, Name string
	// Labels of the object itself, not of its pod template: selectors look at these.
	Labels     map[string]string
	Containers []Container
}

// Container of a pod or a pod template.
type Container struct {
	// Field is initContainers, containers or ephemeralContainers.
	Field, Name string
	// Image as written.
	Image string
}

// Question about one image. Without a rule only the digest that a tag names is asked for.
type Question struct {
	Ref  name.Reference
	Rule *policy.Rule
	// TrustRoot is the name of the root of trust; empty for the default one.
	TrustRoot string
}

// QuestionKey is the same for questions that ask for the same.
type QuestionKey struct{ ref, rule, trustRoot string }

// Key of the question.
func (q Question) Key() QuestionKey { return QuestionKey{q.Ref.Name(), q.Rule.ID(), q.TrustRoot} }

// Answer to a Question.
type Answer struct {
	// Digest that the reference names; empty while it is not known.
	Digest          string
	Verdict         v1alpha1.Verdict
	Reason, Message string
}

// Judge answers questions, and does so at once: what is not known yet is Unknown. The same question has the same
// answer throughout a decision. A judge that answers Unknown to all is asked everything that could matter.
type Judge func(Question) Answer

// Outcome of admission.
type Outcome string

// The outcomes.
const (
	Allowed Outcome = "Allowed"
	Denied  Outcome = "Denied"
	// Undetermined: what is known does not tell.
	Undetermined Outcome = "Undetermined"
)

// Interception tells whether a webhook looks at an object.
type Interception string

// The interceptions.
const (
	Intercepted    Interception = "Intercepted"
	WebhookMissing Interception = "WebhookMissing"
	// NamespaceNotOptedIn: the webhook's namespaceSelector leaves the namespace out.
	NamespaceNotOptedIn Interception = "NamespaceNotOptedIn"
	// RulesExclude: the webhook's rules do not name the kind.
	RulesExclude Interception = "RulesExclude"
	// ObjectExcluded: the webhook's objectSelector leaves the object out.
	ObjectExcluded Interception = "ObjectExcluded"
	// InterceptionUnknown: the namespace is not known, or the webhook has conditions that are not evaluated here.
	InterceptionUnknown Interception = "InterceptionUnknown"
)

// Effect of a Finding.
type Effect string

// The effects.
const (
	EffectDeny Effect = "Deny"
	EffectWarn Effect = "Warn"
	// EffectUndetermined: the answer is open as far as this finding goes.
	EffectUndetermined Effect = "Undetermined"
)

// Finding is what admission has to say about one container under one policy.
type Finding struct {
	Container Container
	// Digest that is judged; empty while it is not known.
	Digest string
	// Policy is the name of the ClusterImagePolicy; empty where none is involved.
	Policy          string
	Effect          Effect
	Reason, Message string
}

// Decision on one object.
type Decision struct {
	Outcome Outcome
	// Interception by the validating webhook.
	Interception Interception
	// Findings by container, init containers first and ephemeral ones last, and then by policy.
	Findings []Finding
	// Policies that cover any container, by name.
	Policies []string
	// Uncovered are the containers that no policy covers.
	Uncovered []Container
}
