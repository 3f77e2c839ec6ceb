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
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/sigstore/policy-controller/pkg/apis/glob"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/internal/policy"
)

// Policy is a ClusterImagePolicy as admission applies it.
type Policy struct {
	Name string
	// Warn tells that it warns only (mode warn).
	Warn bool

	globs []*regexp.Regexp
	// namesDigest tells that a glob is about one digest.
	namesDigest bool
	matches     []match
	authorities []authority
	// alternatives of which one suffices, of all authorities.
	alternatives []alternative
	// condition is what spec.policy is written in; empty where there is none.
	condition string
	// unreadable says why nothing of it can be told. Such a policy may cover anything.
	unreadable string
}

// match limits a policy to a resource.
type match struct {
	group, version, resource string
	selector                 labels.Selector
}

// What is read of the spec of a ClusterImagePolicy (policy-controller v0.14 pkg/apis/policy/v1alpha1).
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

// ParsePolicy reads a ClusterImagePolicy. It never fails: of what cannot be read nothing is told, and everything
// may be covered by it.
func ParsePolicy(cip *unstructured.Unstructured) *Policy {
	p := &Policy{Name: cip.GetName()}
	encoded, err := json.Marshal(cip.Object["spec"])
	if err != nil {
		return p.cannotBeRead(err)
	}
	var written writtenPolicy
	if err := json.Unmarshal(encoded, &written); err != nil {
		return p.cannotBeRead(err)
	}
	p.Warn = written.Mode == "warn"
	for _, image := range written.Images {
		if image.Glob == "" {
			continue
		}
		compiled, err := glob.Compile(image.Glob)
		if err != nil {
			return p.cannotBeRead(err)
		}
		p.globs = append(p.globs, compiled)
		p.namesDigest = p.namesDigest || strings.Contains(image.Glob, "sha256:")
	}
	for _, m := range written.Match {
		limit := match{group: m.Group, version: m.Version, resource: m.Resource, selector: labels.Everything()}
		if m.Selector != nil {
			if limit.selector, err = metav1.LabelSelectorAsSelector(m.Selector); err != nil {
				return p.cannotBeRead(err)
			}
		}
		p.matches = append(p.matches, limit)
	}
	for _, a := range written.Authorities {
		p.authorities = append(p.authorities, parseAuthority(a))
	}
	p.conclude(written.Policy)
	return p
}

// conclude says what an image needs by all authorities together. Of conditions on top of them the one that trusts are
// rendered with is known.
func (p *Policy) conclude(condition *writtenCondition) {
	var names []string
	var alternatives []alternative
	for i := range p.authorities {
		names = append(names, p.authorities[i].name)
		alternatives = append(alternatives, p.authorities[i].alternatives...)
	}
	p.alternatives = merge(alternatives)
	if condition == nil {
		return
	}
	if condition.Type == "rego" && condition.Data == policy.Condition(names) {
		if whole, ok := all(p.authorities); ok {
			p.alternatives = []alternative{whole}
			return
		}
	}
	p.condition = condition.Type
}

func (p *Policy) cannotBeRead(err error) *Policy {
	return &Policy{Name: p.Name, unreadable: bound(fmt.Sprintf("cannot be read: %s", err))}
}

// CoversImage tells whether the policy's globs select an image by its whole name, as name.Reference spells it.
func (p *Policy) CoversImage(image string) bool {
	return p.unreadable != "" || slices.ContainsFunc(p.globs, func(g *regexp.Regexp) bool { return g.MatchString(image) })
}

// applies tells whether the policy is about objects such as this one (policy-controller v0.14
// pkg/apis/config.GetMatchingPolicies): "*" stands for any version, and for nothing else.
func (p *Policy) applies(o *Object) bool {
	if p.unreadable != "" || len(p.matches) == 0 {
		return true
	}
	resource, _ := apimeta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: o.Group, Version: o.Version, Kind: o.Kind})
	return slices.ContainsFunc(p.matches, func(m match) bool {
		return m.resource == resource.Resource && m.group == o.Group && (m.version == o.Version || m.version == "*") &&
			m.selector.Matches(labels.Set(o.Labels))
	})
}

// Covers tells whether the policy is about an image, by its whole name, in an object.
func (p *Policy) Covers(image string, o *Object) bool {
	return p.applies(o) && p.CoversImage(image)
}

// Attestations tells whether the policy asks for attestations.
func (p *Policy) Attestations() bool {
	return slices.ContainsFunc(p.authorities, func(a authority) bool { return a.attestations })
}

// Unevaluable names what of the policy is not evaluated here; empty where all is.
func (p *Policy) Unevaluable() string {
	if p.unreadable != "" {
		return p.unreadable
	}
	var features []string
	for i := range p.authorities {
		if feature := p.authorities[i].unevaluable; feature != "" && !slices.Contains(features, feature) {
			features = append(features, feature)
		}
	}
	if p.condition != "" {
		features = append(features, "a condition in "+strings.ToUpper(p.condition)+" (spec.policy)")
	}
	if len(features) == 0 {
		return ""
	}
	return bound("not evaluated: " + strings.Join(features, ", "))
}

// maxMessage bounds what users and registries wrote, in bytes.
const maxMessage = 512

func bound(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}
