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
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Cluster is the state that the decisions of admission depend on. Every decision of the zero value is Undetermined.
type Cluster struct {
	// Epoch is that of the State which the cluster is from: State.Since returns what has changed since then. It is 0 for one that
	// is from none.
	Epoch uint64
	// Validating and Mutating are policy-controller's webhooks, nil if they are not registered.
	Validating, Mutating *Webhook
	Policies             *Policies
	Config               Config
	// Versions of policy-controller that may be installed.
	Versions Versions
	// OfFiles reports whether the objects are those of files, to be created in a cluster that is not known. What a tool is meant
	// to replace in an image before that is undetermined, and images that no policy covers are left to that cluster.
	OfFiles bool
	// Namespace returns the labels of a namespace.
	Namespace func(name string) (labels map[string]string, known bool)
	// Keys of the TrustRoots that policy-controller can use.
	Keys Keys
	// TrustRoot returns whether admission can use the TrustRoot of a name. If it is nil, that is not known of any.
	TrustRoot func(name string) TrustRootUse
}

// UseOf returns whether admission can use a TrustRoot. The default root of trust has no name, and is always usable.
func (c *Cluster) UseOf(trustRoot string) TrustRootUse {
	switch {
	case trustRoot == "":
		return TrustRootUse{Usability: Usable}
	case c.TrustRoot == nil:
		return Keys(nil).Use(TrustRoot{Name: trustRoot})
	default:
		return c.TrustRoot(trustRoot)
	}
}

// Known reports whether the cluster was read and the version of policy-controller is one that is supported. Of a cluster that is not
// known, a missing webhook says nothing.
func (c *Cluster) Known() bool {
	return c.Versions.all(func(b Behavior) bool { return b.Version != "" }) && c.Policies != nil && c.Namespace != nil
}

// Target returns what a policy is rendered for in the cluster. The caller adds what the policy's TrustRoot has.
func (c *Cluster) Target() policy.Target { return c.Versions.Target(c.Config) }

// interceptions of an object by the webhooks. The zero value is unknown.
type interceptions struct {
	validating, mutating Interception
	// ephemeral is the interception, by the mutating webhook, of an ephemeral container, which is added by an update of a
	// subresource.
	ephemeral Interception
}

func (c *Cluster) intercepts(o *Object) interceptions {
	if !c.Known() {
		return interceptions{}
	}
	namespace, known := c.Namespace(o.Namespace)
	return interceptions{
		validating: c.Validating.intercepts(o, "", namespace, known),
		mutating:   c.Mutating.intercepts(o, "", namespace, known),
		ephemeral:  c.Mutating.intercepts(o, "ephemeralcontainers", namespace, known),
	}
}

// Interception returns whether the validating webhook intercepts the creation of an object.
func (c *Cluster) Interception(o Object) Interception { return c.intercepts(&o).validating }

// Decide returns the decision of admission on the creation of an object.
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

// SameDecision reports whether two objects with the same containers get the same decision: the same webhooks intercept
// them, and no policy selects objects.
func (c *Cluster) SameDecision(a, b Object) bool {
	return c.Known() && !c.Policies.selective() && c.intercepts(&a) == c.intercepts(&b)
}

// Examine returns the decision as it would be if both webhooks intercepted the object.
func (c *Cluster) Examine(o Object, judge Judge) Decision {
	by := interceptions{validating: Intercepted, mutating: Intercepted, ephemeral: WebhookMissing}
	if c.Mutating != nil {
		by.ephemeral = c.Mutating.matchRules(&o, "ephemeralcontainers")
	}
	return c.examine(o, by, judge)
}

// Uncovered returns the containers of an object whose images no policy covers by their names. A policy on a single
// digest may cover an image that is named by tag all the same; Decide resolves the tag.
func (c *Cluster) Uncovered(o Object) []Container {
	if !c.Known() {
		return nil
	}
	var uncovered []Container
	for _, container := range o.Containers {
		ref, err := name.ParseReference(container.Image)
		if err == nil && len(c.Policies.Covering(WithDigest(ref), o)) == 0 {
			uncovered = append(uncovered, container)
		}
	}
	return uncovered
}

func (c *Cluster) examine(o Object, by interceptions, judge Judge) Decision {
	e := examination{cluster: c, object: o, by: by, judge: judge, covering: map[string]bool{}}
	containers := slices.Clone(o.Containers)
	slices.SortStableFunc(containers, func(a, b Container) int {
		return cmp.Compare(fieldOrder(a.Field), fieldOrder(b.Field))
	})
	for _, container := range containers {
		if c.Known() {
			e.container(container)
		} else {
			e.add(container, "", "", EffectUndetermined, v1alpha1.AdmissionUnreadableReason,
				"the cluster's admission or the version of policy-controller is not known")
		}
	}
	return Decision{
		Outcome: e.outcome(), Interception: Intercepted,
		Findings: e.findings, Policies: slices.Sorted(maps.Keys(e.covering)), Uncovered: e.uncovered,
	}
}

// fieldOrder is the order in which policy-controller validates the fields of a pod's spec.
func fieldOrder(field string) int {
	return slices.Index([]string{workload.InitContainers, workload.Containers, workload.EphemeralContainers}, field)
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

func (e *examination) outcome() Outcome {
	has := func(effect Effect) bool {
		return slices.ContainsFunc(e.findings, func(f Finding) bool { return f.Effect == effect })
	}
	switch {
	case has(EffectDeny):
		return Denied
	case has(EffectUndetermined), !e.cluster.Known():
		return Undetermined
	default:
		return Allowed
	}
}

// maxMessage is the length of the longest message of a finding, in bytes. Messages quote users and registries.
const maxMessage = 512

func (e *examination) add(c Container, digest, policy string, effect Effect, reason, message string) {
	e.findings = append(e.findings, Finding{
		Container: c, Digest: digest, Policy: policy, Effect: effect, Reason: reason, Message: text.Truncate(message, maxMessage),
	})
}

// unresolved replaces the digest of a tag that is not known: policies cover images by name.
const unresolved = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// WholeName returns the whole name with a digest by which policies match an image of a workload; empty for one that admission cannot read.
func WholeName(written string) string {
	ref, err := name.ParseReference(written)
	if err != nil {
		return ""
	}
	return WithDigest(ref).Name()
}

// WithDigest returns a reference as policies match it: with a digest instead of a tag. The digest matters only to a
// policy on a single digest.
func WithDigest(ref name.Reference) name.Digest {
	if digest, ok := ref.(name.Digest); ok {
		return digest
	}
	return ref.Context().Digest(unresolved)
}

// container decides on one container in policy-controller's order: the mutating webhook adds a digest to every tag, and
// the validating webhook denies an image without a digest.
func (e *examination) container(c Container) {
	ref, err := imagename.Parse(c.Image)
	if err != nil {
		e.unreadable(c, err)
		return
	}
	digest := ""
	covering := e.cluster.Policies.Covering(WithDigest(ref), e.object)
	if image, pinned := ref.(name.Digest); pinned {
		digest = image.DigestStr()
	} else {
		if effect, problem := e.tag(c, covering); problem != "" {
			e.add(c, "", "", effect, v1alpha1.NotADigestReason, problem)
			e.cover(c, covering)
			return
		}
		if len(covering) > 0 || len(e.possible(WithDigest(ref))) > 0 || !e.cluster.decidesByName() {
			digest, covering = e.resolve(c, ref, covering)
		}
	}
	e.cover(c, covering)
	if len(covering) == 0 {
		e.noMatch(c, digest)
	}
	e.policies(c, ref, digest, covering)
	if digest != "" {
		e.possiblePolicies(c, ref, digest, e.possible(ref.Context().Digest(digest)))
	}
}

// possible returns the policies that may cover an image although they do not select the object.
func (e *examination) possible(image name.Digest) []*Policy {
	if !e.object.Partial {
		return nil
	}
	return e.cluster.Policies.mayCover(image, e.object)
}

// possiblePolicies evaluates the policies that may apply. It does not matter whether those do that accept the image.
func (e *examination) possiblePolicies(c Container, ref name.Reference, digest string, policies []*Policy) {
	in := e.evaluator(ref, digest)
	for _, p := range policies {
		if !p.Warn && in.policy(p).result != accepted {
			e.add(c, digest, p.Name, EffectUndetermined, v1alpha1.PolicyNotEvaluatedReason, "the policy does not accept the image, and it is "+
				"for some objects only: it is not known which objects, with which labels, are created here")
		}
	}
}

func (e *examination) evaluator(ref name.Reference, digest string) evaluator {
	return evaluator{
		ref: ref, digest: digest, namespace: e.object.Namespace, judge: e.judge, config: e.cluster.Config, useOf: e.cluster.UseOf,
	}
}

// unreadable decides on an image whose name cannot be parsed: the webhook denies it. One in a file that has a placeholder may be
// applied with another name. The webhook takes a scheme, and other names of no host, for the name of a registry, which it asks: that
// there is none cannot be known here.
func (e *examination) unreadable(c Container, err error) {
	if invalid, ok := errors.AsType[*imagename.InvalidError](err); ok && invalid.Placeholder != "" && e.cluster.OfFiles {
		e.add(c, "", "", EffectUndetermined, v1alpha1.PlaceholderReason, invalid.Problem)
		return
	}
	ref, rejected := name.ParseReference(c.Image)
	if rejected != nil {
		e.add(c, "", "", EffectDeny, v1alpha1.InvalidReferenceReason, err.Error())
		return
	}
	covering := e.cluster.Policies.Covering(WithDigest(ref), e.object)
	e.cover(c, covering)
	e.add(c, "", "", EffectUndetermined, v1alpha1.InvalidReferenceReason,
		fmt.Sprintf("%v; admission would ask a registry named %.100q for it", err, ref.Context().RegistryStr()))
	if len(covering) == 0 {
		e.noMatch(c, "")
	}
}

// resolve returns the digest of a tag and the policies that cover it. While the digest is not known, these are the policies that
// cover the image by its name.
func (e *examination) resolve(c Container, ref name.Reference, covering []*Policy) (string, []*Policy) {
	answer := e.judge(Question{Ref: ref, ResolveOnly: true, Namespace: e.object.Namespace})
	if answer.Digest == "" {
		e.add(c, "", "", EffectUndetermined, answer.Reason, answer.Message)
		return "", covering
	}
	return answer.Digest, e.cluster.Policies.Covering(ref.Context().Digest(answer.Digest), e.object)
}

// decidesByName reports whether the decision on an image by tag that no policy covers by its name does not depend on what its tag
// names. Its registry, which any user may have chosen, is not asked then.
//
// A policy on a single digest may cover what the tag names. Without one, no-match-policy decides, and the webhook denies the image
// if it cannot resolve the tag. So the image is denied either way if no-match-policy is deny, and it matters whether the tag can be
// resolved if it allows. That depends on the credentials in the cluster and on its network: of objects in files neither is known,
// nor is no-match-policy. Their plan is about the policies alone, and lists the image as covered by none.
func (c *Cluster) decidesByName() bool {
	if c.Policies.nameDigests() {
		return false
	}
	switch c.Config.NoMatch {
	case NoMatchAllow, NoMatchWarn:
		return c.OfFiles
	default:
		return true
	}
}

// cover records which policies cover a container. While the digest of a tag is not known, these are the policies that cover
// the image by its name.
func (e *examination) cover(c Container, covering []*Policy) {
	if len(covering) == 0 {
		e.uncovered = append(e.uncovered, c)
	}
	for _, p := range covering {
		e.covering[p.Name] = true
	}
}

// tag returns the problem of an image that is named by tag; it is empty if the tag is resolved to a digest.
func (e *examination) tag(c Container, covering []*Policy) (effect Effect, problem string) {
	mutating := e.by.mutating
	if c.Field == workload.EphemeralContainers {
		mutating = e.by.ephemeral
	}
	resolvesEvery := e.cluster.Versions.all(func(b Behavior) bool { return b.ResolvesEveryTag })
	switch {
	case mutating == InterceptionUnknown, mutating == Intercepted && len(covering) == 0 && !resolvesEvery:
		return EffectUndetermined, "the image is named by tag, and it is not known whether a webhook resolves the tag to a digest"
	case mutating == Intercepted:
		return EffectUndetermined, ""
	default:
		return EffectDeny, "the image is named by tag, and no webhook resolves the tag to a digest"
	}
}

// policies evaluates the covering policies, each of which must accept the image. A policy with mode warn does not deny.
func (e *examination) policies(c Container, ref name.Reference, digest string, covering []*Policy) {
	in := e.evaluator(ref, digest)
	for _, p := range covering {
		evaluated := in.policy(p)
		effect := EffectDeny
		switch {
		case evaluated.result == accepted:
			continue
		case p.Warn:
			effect = EffectWarn
		case evaluated.result == undetermined:
			effect = EffectUndetermined
		}
		e.add(c, digest, p.Name, effect, evaluated.reason, evaluated.message)
	}
}

func (e *examination) noMatch(c Container, digest string) {
	const uncovered = "no ClusterImagePolicy covers the image"
	switch e.cluster.Config.NoMatch {
	case NoMatchAllow:
	case NoMatchWarn:
		e.add(c, digest, "", EffectWarn, v1alpha1.NoMatchingPolicyReason, uncovered+", and no-match-policy is warn")
	default:
		effect := EffectDeny
		if digest == "" && e.cluster.Policies.nameDigests() {
			// A policy on the digest of the tag may cover it.
			effect = EffectUndetermined
		}
		e.add(c, digest, "", effect, v1alpha1.NoMatchingPolicyReason,
			fmt.Sprintf("%s, and no-match-policy is %s", uncovered, NoMatchDeny))
	}
}
