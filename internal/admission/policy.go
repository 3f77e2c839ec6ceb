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
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/karmada-io/image-trust/internal/imageglob"
	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// Policy is a ClusterImagePolicy as admission applies it.
type Policy struct {
	Name string
	// Warn reports whether the policy only warns (mode warn).
	Warn bool

	globs []imageglob.Glob
	// registries are those of the globs that have no wildcard in them, in their one spelling.
	registries []string
	// namesDigest reports whether a glob selects a single digest.
	namesDigest bool
	matches     []match
	// readings of the authorities, one for each version of policy-controller that may be installed.
	readings []reading
	// invalid says why the policy cannot be parsed. Such a policy may cover any image, and its result is undetermined.
	invalid string
}

// reading is what a version of policy-controller takes the authorities of a policy for.
type reading struct {
	behavior    Behavior
	authorities []authority
	// requirements of all authorities, one of which suffices.
	requirements []requirement
	// condition is the language of a policy on top of the authorities (spec.policy) that is not evaluated; empty if there is
	// none.
	condition string
	// fetchesConfig reports whether the policy on top of the authorities is given the configuration of the image.
	fetchesConfig bool
}

// match limits a policy to a resource.
type match struct {
	group, version, resource string
	selector                 labels.Selector
}

// The fields of a ClusterImagePolicy's spec that are read (policy-controller pkg/apis/policy/v1alpha1).
type (
	writtenPolicy struct {
		Images []struct {
			Glob string `json:"glob"`
		} `json:"images"`
		Authorities []writtenAuthority `json:"authorities"`
		Policy      *writtenCondition  `json:"policy"`
		Mode        string             `json:"mode"`
		Match       []struct {
			Group    string                `json:"group"`
			Version  string                `json:"version"`
			Resource string                `json:"resource"`
			Selector *metav1.LabelSelector `json:"selector"`
		} `json:"match"`
	}
	writtenCondition struct {
		Type string `json:"type"`
		Data string `json:"data"`
		// FetchConfigFile is raw because it decides nothing but the number of requests.
		FetchConfigFile json.RawMessage `json:"fetchConfigFile"`
	}
	writtenAuthority struct {
		Name    string          `json:"name"`
		Key     json.RawMessage `json:"key"`
		Keyless *struct {
			URL        string `json:"url"`
			Identities []struct {
				Issuer        string `json:"issuer"`
				IssuerRegexp  string `json:"issuerRegExp"`
				Subject       string `json:"subject"`
				SubjectRegexp string `json:"subjectRegExp"`
			} `json:"identities"`
			CACert            json.RawMessage `json:"ca-cert"`
			TrustRootRef      string          `json:"trustRootRef"`
			InsecureIgnoreSCT bool            `json:"insecureIgnoreSCT"`
		} `json:"keyless"`
		Static *struct {
			Action  string `json:"action"`
			Message string `json:"message"`
		} `json:"static"`
		Sources []json.RawMessage `json:"source"`
		CTLog   *struct {
			URL          string `json:"url"`
			TrustRootRef string `json:"trustRootRef"`
		} `json:"ctlog"`
		Attestations []struct {
			Name          string            `json:"name"`
			PredicateType string            `json:"predicateType"`
			Policy        *writtenCondition `json:"policy"`
		} `json:"attestations"`
		RFC3161Timestamp *struct {
			TrustRootRef string `json:"trustRootRef"`
		} `json:"rfc3161timestamp"`
		SignatureFormat string `json:"signatureFormat"`
	}
)

// ParsePolicy parses a ClusterImagePolicy as each of some versions of policy-controller does. It never fails: an invalid
// policy may cover any image, and its result is undetermined.
func ParsePolicy(cip *unstructured.Unstructured, versions ...Behavior) *Policy {
	p := &Policy{Name: cip.GetName()}
	encoded, err := json.Marshal(cip.Object["spec"])
	if err != nil {
		return p.unparsable(err)
	}
	var written writtenPolicy
	if err := json.Unmarshal(encoded, &written); err != nil {
		return p.unparsable(err)
	}
	p.Warn = written.Mode == "warn"
	for _, image := range written.Images {
		if image.Glob == "" {
			continue
		}
		compiled, err := imageglob.Compile(image.Glob)
		if err != nil {
			return p.unparsable(err)
		}
		p.globs = append(p.globs, compiled)
		if registry := imagename.RegistryOfGlob(image.Glob); registry != "" {
			p.registries = append(p.registries, registry)
		}
		p.namesDigest = p.namesDigest || strings.Contains(image.Glob, "sha256:")
	}
	for _, m := range written.Match {
		limit := match{group: m.Group, version: m.Version, resource: m.Resource, selector: labels.Everything()}
		if m.Selector != nil {
			if limit.selector, err = metav1.LabelSelectorAsSelector(m.Selector); err != nil {
				return p.unparsable(err)
			}
		}
		p.matches = append(p.matches, limit)
	}
	for _, behavior := range versions {
		p.readings = append(p.readings, read(&written, behavior))
	}
	return p
}

// read reads the authorities of a policy as a version of policy-controller does.
func read(written *writtenPolicy, behavior Behavior) reading {
	r := reading{behavior: behavior}
	parser := authorityParser{behavior}
	for _, a := range written.Authorities {
		r.authorities = append(r.authorities, parser.parse(a))
	}
	r.combine(written.Policy)
	r.fetchesConfig = written.Policy != nil && isSet(written.Policy.FetchConfigFile) && string(written.Policy.FetchConfigFile) != "false"
	return r
}

// combine derives the requirements on an image from all authorities together. Of the policies on top of them (spec.policy)
// only policy.RegoPolicy is evaluated.
func (r *reading) combine(condition *writtenCondition) {
	var names []string
	var requirements []requirement
	for i := range r.authorities {
		names = append(names, r.authorities[i].name)
		requirements = append(requirements, r.authorities[i].requirements...)
	}
	r.requirements = combine(requirements)
	if condition == nil {
		return
	}
	if rego, ok := policy.ParseRego(condition.Data); ok && condition.Type == "rego" && slices.Equal(rego.Authorities, names) {
		if all, ok := requireAll(r.authorities); ok {
			r.requirements = all
			return
		}
	}
	r.condition = cmp.Or(condition.Type, "an unknown language")
}

func (p *Policy) unparsable(err error) *Policy {
	return &Policy{Name: p.Name, invalid: text.Truncate(fmt.Sprintf("is not valid: %s", err), maxMessage)}
}

// CoversImage reports whether the policy's globs match the whole name of an image, as name.Reference spells it.
func (p *Policy) CoversImage(image string) bool {
	return p.invalid != "" || slices.ContainsFunc(p.globs, func(g imageglob.Glob) bool { return g.Match(image) })
}

// applies reports whether the policy selects an object, as pkg/apis/config.GetMatchingPolicies of policy-controller does:
// "*" is a wildcard for versions only.
func (p *Policy) applies(o *Object) bool {
	if p.always() {
		return true
	}
	resource := resourceOf(o)
	return slices.ContainsFunc(p.matches, func(m match) bool {
		return m.resource == resource && m.group == o.Group && (m.version == o.Version || m.version == "*") &&
			m.selector.Matches(labels.Set(o.Labels))
	})
}

// always reports whether the policy selects every object.
func (p *Policy) always() bool { return p.invalid != "" || len(p.matches) == 0 }

// Covers reports whether the policy covers an image, by its whole name, in an object.
func (p *Policy) Covers(image string, o *Object) bool {
	return p.applies(o) && p.CoversImage(image)
}

// Attestations reports whether the policy requires attestations.
func (p *Policy) Attestations() bool {
	return slices.ContainsFunc(p.readings, func(r reading) bool {
		return slices.ContainsFunc(r.authorities, func(a authority) bool { return a.attestations })
	})
}

// Unevaluable names the features of the policy that are not evaluated; it is empty if all are.
func (p *Policy) Unevaluable() string {
	if p.invalid != "" {
		return p.invalid
	}
	var features []string
	for i := range p.readings {
		features = append(features, p.readings[i].unevaluable()...)
	}
	return notEvaluated(features)
}

// unevaluable returns the features that are not evaluated.
func (r *reading) unevaluable() []string {
	var features []string
	for i := range r.authorities {
		if feature := r.authorities[i].unevaluable; feature != "" {
			features = append(features, feature)
		}
	}
	if r.condition != "" {
		features = append(features, "a condition in "+strings.ToUpper(r.condition)+" (spec.policy)")
	}
	return features
}

// notEvaluated is the message on features, each of which it names once.
func notEvaluated(features []string) string {
	var distinct []string
	for _, feature := range features {
		if !slices.Contains(distinct, feature) {
			distinct = append(distinct, feature)
		}
	}
	if len(distinct) == 0 {
		return ""
	}
	return text.Truncate("not evaluated: "+strings.Join(distinct, ", "), maxMessage)
}
