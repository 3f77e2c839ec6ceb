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

package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// RegoPolicy is the policy, written in Rego, of a ClusterImagePolicy with several groups of authorities: it requires that
// at least one authority of each group accepts the image. If the groups are those of several signers, it requires this of all
// groups of at least one of them. Without it, policy-controller accepts an image that any authority accepts. ParseRego
// recognises it.
type RegoPolicy struct {
	// Authorities are the names of all authorities, in the order of the ClusterImagePolicy.
	Authorities []string
}

// acceptedBy matches the line of RegoPolicy.String about an authority.
var acceptedBy = regexp.MustCompile(`(?m)^verified\["[^"\\]*"\] \{ input\.authorityMatches\["([^"\\]*)"\] \}$`)

// ParseRego reads a policy in Rego, and reports whether it is a RegoPolicy. Any other text, even one that requires the
// same, is not.
func ParseRego(source string) (RegoPolicy, bool) {
	var parsed RegoPolicy
	for _, match := range acceptedBy.FindAllStringSubmatch(source, -1) {
		parsed.Authorities = append(parsed.Authorities, match[1])
	}
	if len(parsed.Authorities) == 0 || parsed.String() != source {
		return RegoPolicy{}, false
	}
	return parsed, true
}

// String returns the policy in Rego.
func (r RegoPolicy) String() string {
	var signers []string
	groups := map[string][]string{} // by signer
	var b strings.Builder
	b.WriteString("package sigstore\n\n")
	for _, authority := range r.Authorities {
		group, signer := AuthorityGroup(authority), AuthoritySigner(authority)
		if !slices.Contains(signers, signer) {
			signers = append(signers, signer)
		}
		if !slices.Contains(groups[signer], group) {
			groups[signer] = append(groups[signer], group)
		}
		fmt.Fprintf(&b, "verified[%q] { input.authorityMatches[%q] }\n", group, authority)
	}
	if len(signers) == 1 {
		fmt.Fprintf(&b, "\nrequired := %s\n\n%s", regoSet(groups[signers[0]]), ofOneSigner)
		return b.String()
	}
	sets := make([]string, 0, len(signers))
	for _, signer := range signers {
		sets = append(sets, fmt.Sprintf("%q: %s", signer, regoSet(groups[signer])))
	}
	fmt.Fprintf(&b, "\nrequired := {%s}\n\n%s", strings.Join(sets, ", "), ofSeveralSigners)
	return b.String()
}

func regoSet(members []string) string {
	quoted := make([]string, 0, len(members))
	for _, member := range members {
		quoted = append(quoted, fmt.Sprintf("%q", member))
	}
	return "{" + strings.Join(quoted, ", ") + "}"
}

// The last rules of a RegoPolicy.
const (
	ofOneSigner = `isCompliant[response] {
  missing := required - verified
  response := {
    "result": count(missing) == 0,
    "error": sprintf("not verified for the declared identity: %s", [concat(", ", sort(missing))]),
  }
}
`
	ofSeveralSigners = `complete[signer] {
  groups := required[signer]
  count(groups - verified) == 0
}

missing[group] {
  groups := required[_]
  groups[group]
  not verified[group]
}

isCompliant[response] {
  response := {
    "result": count(complete) > 0,
    "error": sprintf("not verified for any of the declared signers: %s", [concat(", ", sort(missing))]),
  }
}
`
)
