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
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// Cluster is what admission's answers depend on.
type Cluster struct {
	// Validating and Mutating are policy-controller's webhooks, nil where they are not registered.
	Validating, Mutating *Webhook
	Policies             *Policies
	Config               Config
	// Behavior of the version of policy-controller.
	Behavior Behavior
	// Namespace returns the labels of a namespace.
	Namespace func(name string) (labels map[string]string, known bool)
}

// Target returns what a policy is rendered for in the cluster. The caller adds what the policy's TrustRoot has.
func (c *Cluster) Target() policy.Target { return c.Behavior.Target(c.Config) }

// interceptions by the webhooks.
type interceptions struct {
	validating, mutating Interception
	// debugging is that by the mutating webhook of an ephemeral container, which is added by an update of a subresource.
	debugging Interception
}

func (c *Cluster) intercepts(o *Object) interceptions {
	namespace, known := c.Namespace(o.Namespace)
	return interceptions{
		validating: c.Validating.intercepts(o, "", namespace, known),
		mutating:   c.Mutating.intercepts(o, "", namespace, known),
		debugging:  c.Mutating.intercepts(o, "ephemeralcontainers", namespace, known),
	}
}

// Decide gives the answer of admission to the creation of an object.
func (c *Cluster) Decide(o Object, judge Judge) Decision {
	by := c.intercepts(&o)
	switch by.validating {
	case Intercepted:
		return c.examine(o, by, judge)
	case InterceptionUnknown:
		decision := c.examine(o, by, judge)
		decision.Interception = InterceptionUnknown
		if decision.Outcome == Denied {
			decision.Outcome = Undetermined
			for i := range decision.Findings {
				if decision.Findings[i].Effect == EffectDeny {
					decision.Findings[i].Effect = EffectUndetermined
				}
			}
		}
		return decision
	default:
		return Decision{Outcome: Allowed, Interception: by.validating}
	}
}

// Alike tells that two objects with the same containers get the same answer: both or neither are looked at, and no policy
// tells objects apart.
func (c *Cluster) Alike(a, b Object) bool {
	return !c.Policies.selective() && c.intercepts(&a) == c.intercepts(&b)
}

// Examine gives the answer as it would be if both webhooks looked at the object.
func (c *Cluster) Examine(o Object, judge Judge) Decision {
	by := interceptions{validating: Intercepted, mutating: Intercepted, debugging: WebhookMissing}
	if c.Mutating != nil {
		by.debugging = c.Mutating.ruled(&o, "ephemeralcontainers")
	}
	return c.examine(o, by, judge)
}

func (c *Cluster) examine(o Object, by interceptions, judge Judge) Decision {
	e := examination{cluster: c, object: o, by: by, judge: judge, covering: map[string]bool{}}
	containers := slices.Clone(o.Containers)
	slices.SortStableFunc(containers, func(a, b Container) int {
		return cmp.Compare(turn(a.Field), turn(b.Field))
	})
	for _, container := range containers {
		e.container(container)
	}
	decision := Decision{Outcome: Allowed, Interception: Intercepted, Findings: e.findings, Uncovered: e.uncovered}
	for covering := range e.covering {
		decision.Policies = append(decision.Policies, covering)
	}
	slices.Sort(decision.Policies)
	has := func(effect Effect) bool {
		return slices.ContainsFunc(e.findings, func(f Finding) bool { return f.Effect == effect })
	}
	switch {
	case has(EffectDeny):
		decision.Outcome = Denied
	case has(EffectUndetermined):
		decision.Outcome = Undetermined
	}
	return decision
}

// turn of a field of a pod's spec, in the order that policy-controller takes them.
func turn(field string) int {
	return slices.Index([]string{"initContainers", "containers", "ephemeralContainers"}, field)
}

// examination of one object.
type examination struct {
	cluster *Cluster
	object  Object
	by      interceptions
	judge   Judge

	findings  []Finding
	covering  map[string]bool
	uncovered []Container
}

func (e *examination) find(c Container, digest, policy string, effect Effect, reason, message string) {
	e.findings = append(e.findings, Finding{
		Container: c, Digest: digest, Policy: policy, Effect: effect, Reason: reason, Message: bound(message),
	})
}

// unresolved stands for the digest of a tag that is not known: policies cover images by name.
const unresolved = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// WithDigest is a reference as policies see it, with a digest in the place of a tag. Which one matters only to a policy
// on a single digest.
func WithDigest(ref name.Reference) name.Digest {
	if digest, ok := ref.(name.Digest); ok {
		return digest
	}
	return ref.Context().Digest(unresolved)
}

// container is judged as policy-controller v0.14 does (pkg/webhook/validator.go): the mutating webhook puts a digest
// beside every tag, whether or not a policy covers the image (resolvePodSpec), and the validating one refuses what
// has none (refOrFieldError).
func (e *examination) container(c Container) {
	ref, err := name.ParseReference(c.Image)
	if err != nil {
		e.find(c, "", "", EffectDeny, v1alpha1.InvalidReferenceReason, err.Error())
		return
	}
	covering := e.cluster.Policies.Covering(WithDigest(ref), e.object)
	image, pinned := ref.(name.Digest)
	if !pinned {
		if effect, problem := e.tagged(c); effect != "" {
			e.cover(c, covering)
			e.find(c, "", "", effect, v1alpha1.NotADigestReason, problem)
			return
		}
		answer := e.judge(Question{Ref: ref})
		if answer.Digest == "" {
			e.find(c, "", "", EffectUndetermined, answer.Reason, answer.Message)
		} else {
			image = ref.Context().Digest(answer.Digest)
			covering = e.cluster.Policies.Covering(image, e.object)
		}
	}
	e.cover(c, covering)
	digest := ""
	if image != (name.Digest{}) {
		digest = image.DigestStr()
	}
	if len(covering) == 0 {
		e.noMatch(c, digest)
	}
	e.policies(c, ref, digest, covering)
}

// cover records which policies cover a container's image. While the digest of a tag is not known these are the policies that
// cover the image by its name.
func (e *examination) cover(c Container, covering []*Policy) {
	if len(covering) == 0 {
		e.uncovered = append(e.uncovered, c)
	}
	for _, p := range covering {
		e.covering[p.Name] = true
	}
}

// tagged says what is wrong with an image that is named by tag, if anything is.
func (e *examination) tagged(c Container) (effect Effect, problem string) {
	mutating := e.by.mutating
	if c.Field == "ephemeralContainers" {
		mutating = e.by.debugging
	}
	switch mutating {
	case Intercepted:
		return "", ""
	case InterceptionUnknown:
		return EffectUndetermined, "the image is named by tag, and it is not known whether a webhook turns it into a digest"
	default:
		return EffectDeny, "the image is named by tag, and no webhook turns it into a digest"
	}
}

// policies must all pass; one that warns only does not refuse.
func (e *examination) policies(c Container, ref name.Reference, digest string, covering []*Policy) {
	for _, p := range covering {
		judgement := p.judge(ref, e.judge, e.cluster.Config.EnableOCI11)
		effect := EffectDeny
		switch {
		case judgement.result == passes:
			continue
		case p.Warn:
			effect = EffectWarn
		case judgement.result == open:
			effect = EffectUndetermined
		}
		e.find(c, digest, p.Name, effect, judgement.reason, judgement.message)
	}
}

func (e *examination) noMatch(c Container, digest string) {
	const nobody = "no ClusterImagePolicy covers the image"
	switch e.cluster.Config.NoMatch {
	case NoMatchAllow:
	case NoMatchWarn:
		e.find(c, digest, "", EffectWarn, v1alpha1.NoMatchingPolicyReason, nobody+", and no-match-policy is warn")
	default:
		effect := EffectDeny
		if digest == "" && e.cluster.Policies.nameDigests() {
			// A policy on the digest may cover it.
			effect = EffectUndetermined
		}
		e.find(c, digest, "", effect, v1alpha1.NoMatchingPolicyReason,
			fmt.Sprintf("%s, and no-match-policy is %s", nobody, NoMatchDeny))
	}
}
