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

package requests

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/workload"
)

const (
	// maxHosts and maxUnknown bound the lists of a prediction: images name hosts, and anybody names images.
	maxHosts   = 8
	maxUnknown = 5
	// maxReason bounds why something is not known, in bytes.
	maxReason = 256
)

// Prediction of the requests that a rollout causes.
type Prediction struct {
	// Count is nil if not all is known. It is never a guess: what is known is AtLeast then.
	*Count
	AtLeast *Count `json:"atLeast,omitempty"`
	// Unknown says why not all is known.
	Unknown []string `json:"unknown,omitempty"`
	// Pods is the number of pods that it is about; nil if it is not known.
	Pods *int64 `json:"pods,omitempty"`
	// PerPod is what each pod adds, as far as it is known.
	PerPod *Count `json:"perPod,omitempty"`
	// ByHost are the registries that get the most requests, as far as they are known, and MoreHosts is the number of the others.
	ByHost    []Host `json:"byHost,omitempty"`
	MoreHosts int    `json:"moreHosts,omitempty"`

	// hosts are all of them.
	hosts hosts
}

// Host is a registry with the requests to it. Those for tokens may go to another host that it names.
type Host struct {
	Host         string `json:"host"`
	Total        int64  `json:"total"`
	ManifestGets int64  `json:"manifestGets"`
}

// Known returns what is known, and whether that is all.
func (p *Prediction) Known() (known Count, all bool) {
	switch {
	case p.Count != nil:
		return *p.Count, true
	case p.AtLeast != nil:
		return *p.AtLeast, false
	default:
		return Count{}, false
	}
}

// Rollout is a workload that is created, with all that its controllers create.
type Rollout struct {
	// Objects are those that admission sees, in the order in which they are created.
	Objects []admission.Object
	// Pods are created in the end, if one of the objects is a pod.
	Pods workload.Pods
	// Finishes reports whether the pods are those of a Job. Its controller removes a finalizer of each pod that has ended, and that
	// update is admitted as the creation was.
	Finishes bool
	// Retried reports whether a controller, and not a user, creates the first of the objects.
	Retried bool
}

// Predictor predicts requests.
type Predictor struct {
	Cluster *admission.Cluster
	// Decide returns the decision on an object, once its namespace has opted in.
	Decide func(admission.Object) admission.Decision
	// Judge resolves tags.
	Judge admission.Judge
	Know  Knowledge
}

// Predict predicts the requests for a rollout.
func (p Predictor) Predict(r Rollout) Prediction {
	one := rollout{Predictor: p, all: hosts{}, digests: map[admission.Container]name.Digest{}}
	exist := true // whether the objects are created, as far as that is known
	for i, object := range r.Objects {
		times := int64(1)
		each := one.admit(object)
		if object.Kind == podKind && object.Group == "" {
			if r.Finishes {
				each.add(one.admit(object), 1) // its image has a digest by now
			}
			times = r.Pods.Count
			if !r.Pods.Known {
				one.unknown("the number of pods is not known")
			}
			one.perPod = new(each.sum())
		}
		if !exist {
			continue
		}
		decision := one.Decide(object)
		if decision.Outcome == admission.Denied {
			if i > 0 || r.Retried {
				one.unknown(fmt.Sprintf("the %s is denied, and its controller tries again and again", object.Kind))
			}
			one.all.add(each, 1)
			return one.prediction(nil)
		}
		one.all.add(each, times)
		if decision.Outcome == admission.Undetermined {
			one.unknown(fmt.Sprintf("whether the %s is admitted is not known", object.Kind))
			exist = false
		}
	}
	if !r.Pods.Known {
		return one.prediction(nil)
	}
	return one.prediction(&r.Pods.Count)
}

// podKind is the kind of pods, in the core group.
const podKind = "Pod"

// rollout is what is predicted so far of one.
type rollout struct {
	Predictor

	all hosts
	// perPod is what each pod adds; nil if there is none.
	perPod *Count
	// digests are those of the containers that a webhook has resolved: objects that are created later have them.
	digests map[admission.Container]name.Digest
	reasons []string
}

// hosts are requests by the registry that they are sent to.
type hosts map[string]Count

func (h hosts) add(other hosts, times int64) {
	for host, count := range other {
		h[host] = h[host].plus(count.times(times))
	}
}

func (h hosts) sum() Count {
	var all Count
	for _, count := range h {
		all = all.plus(count)
	}
	return all
}

// unknown notes why not all is known.
func (r *rollout) unknown(reason string) {
	if reason = text.Truncate(reason, maxReason); !slices.Contains(r.reasons, reason) && len(r.reasons) < maxUnknown {
		r.reasons = append(r.reasons, reason)
	}
}

// admit returns the requests for one admission of an object.
func (r *rollout) admit(object admission.Object) hosts {
	calls := r.Cluster.Calls(object)
	if calls.Mutating == admission.InterceptionUnknown || calls.Validating == admission.InterceptionUnknown {
		r.unknown(fmt.Sprintf("whether a webhook is called for the %s is not known", object.Kind))
	}
	each := hosts{}
	for _, container := range object.Containers {
		image, ok := r.resolved(object, container, calls.Mutating == admission.Intercepted, each)
		if ok && calls.Validating == admission.Intercepted {
			r.validate(object, image, each)
		}
	}
	return each
}

// resolved returns the image of a container by digest, if it has one when it is validated: the mutating webhook resolves a tag,
// whether or not a policy covers the image (resolvePodSpec).
func (r *rollout) resolved(object admission.Object, container admission.Container, mutated bool, each hosts) (name.Digest, bool) {
	ref, err := imagename.Parse(container.Image)
	if err != nil {
		if _, rejected := name.ParseReference(container.Image); rejected == nil {
			r.unknown(err.Error())
		}
		return name.Digest{}, false // it is denied without asking a registry
	}
	if image, pinned := ref.(name.Digest); pinned {
		return image, true
	}
	if known, ok := r.digests[container]; ok {
		return known, true
	}
	if !mutated {
		return name.Digest{}, false // an image by tag is denied without asking a registry
	}
	host := ref.Context().RegistryStr()
	each.add(hosts{host: resolve(r.token(ref.Context()))}, 1)
	image := admission.WithDigest(ref)
	if searches := r.Cluster.Searches(object, image); len(searches.Known) > 0 || searches.Unknown != "" {
		answer := r.Judge(admission.Question{Ref: ref, ResolveOnly: true, Namespace: object.Namespace})
		if answer.Digest == "" {
			r.unknown(cmp.Or(answer.Message, "the digest of "+container.Image+" is not known"))
			return name.Digest{}, false
		}
		image = ref.Context().Digest(answer.Digest)
	}
	r.digests[container] = image
	return image, true
}

// validate adds the requests to evaluate all policies for an image.
func (r *rollout) validate(object admission.Object, image name.Digest, each hosts) {
	searches := r.Cluster.Searches(object, image)
	if searches.Unknown != "" {
		r.unknown(searches.Unknown)
	}
	if len(searches.Known) == 0 {
		return
	}
	token := r.token(image.Context())
	for _, search := range searches.Known {
		kind := kindOf(search)
		has, unknown := r.Know(Question{Kind: kind, Of: image.Name()})
		if unknown != "" {
			r.unknown(unknown)
		}
		each.add(hosts{image.Context().RegistryStr(): lookup(kind, has, token)}, 1)
	}
}

// token reports whether the registry of a repository wants a token.
func (r *rollout) token(repository name.Repository) bool {
	answer, unknown := r.Know(Question{Kind: Challenge, Of: repository.RegistryStr()})
	if unknown != "" {
		r.unknown(unknown)
	}
	return answer.Token
}

// prediction returns what is predicted.
func (r *rollout) prediction(pods *int64) Prediction {
	p := Prediction{Unknown: r.reasons, Pods: pods, PerPod: r.perPod, hosts: r.all}
	p.conclude()
	return p
}

// conclude sets what follows from the requests to each host.
func (p *Prediction) conclude() {
	p.ByHost, p.MoreHosts = p.hosts.largest()
	if total := p.hosts.sum(); len(p.Unknown) == 0 {
		p.Count = &total
	} else if total.Total > 0 {
		p.AtLeast = &total
	}
}

// Sum returns the prediction for several rollouts.
func Sum(predictions []Prediction) Prediction {
	all := rollout{all: hosts{}}
	pods := new(int64)
	for i := range predictions {
		p := &predictions[i]
		all.all.add(p.hosts, 1)
		for _, reason := range p.Unknown {
			all.unknown(reason)
		}
		switch {
		case p.Pods == nil:
			pods = nil
		case pods != nil:
			*pods += *p.Pods
		}
	}
	return all.prediction(pods)
}

// largest returns the hosts with the most requests, and the number of the others.
func (h hosts) largest() (list []Host, more int) {
	for host, count := range h {
		if count.Total > 0 {
			list = append(list, Host{Host: host, Total: count.Total, ManifestGets: count.ManifestGets})
		}
	}
	slices.SortFunc(list, func(a, b Host) int { return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Host, b.Host)) })
	more = max(0, len(list)-maxHosts)
	return list[:len(list)-more], more
}
