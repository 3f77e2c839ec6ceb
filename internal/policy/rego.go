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

// Groups of authorities. An authority is named after its group and the format that it accepts.
const (
	signatureGroup   = "signer"
	attestationGroup = "attestation."
)

// RegoPolicy is the policy, written in Rego, of a ClusterImagePolicy with several groups of authorities: it requires that
// at least one authority of each group accepts the image. Without it, policy-controller accepts an image that any
// authority accepts. ParseRego recognises it.
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
	var groups []string
	var b strings.Builder
	b.WriteString("package sigstore\n\n")
	for _, authority := range r.Authorities {
		group := AuthorityGroup(authority)
		if !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
		fmt.Fprintf(&b, "verified[%q] { input.authorityMatches[%q] }\n", group, authority)
	}
	quoted := make([]string, 0, len(groups))
	for _, group := range groups {
		quoted = append(quoted, fmt.Sprintf("%q", group))
	}
	fmt.Fprintf(&b, "\nrequired := {%s}\n\n", strings.Join(quoted, ", "))
	b.WriteString(`isCompliant[response] {
  missing := required - verified
  response := {
    "result": count(missing) == 0,
    "error": sprintf("not verified for the declared identity: %s", [concat(", ", sort(missing))]),
  }
}
`)
	return b.String()
}
