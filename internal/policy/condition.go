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
	"slices"
	"strings"
)

// Groups of authorities. An authority is named after its group and the format that it accepts.
const (
	signatureGroup   = "signer"
	attestationGroup = "attestation."
)

// Condition is the Rego by which policy-controller demands that one authority of each group accepts an image: by itself
// one of all is enough for it. It depends on the names alone, so that it can be recognised.
func Condition(authorities []string) string {
	var groups []string
	var b strings.Builder
	b.WriteString("package sigstore\n\n")
	for _, authority := range authorities {
		group := AuthorityGroup(authority)
		if !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
		fmt.Fprintf(&b, "proved[%q] { input.authorityMatches[%q] }\n", group, authority)
	}
	quoted := make([]string, 0, len(groups))
	for _, group := range groups {
		quoted = append(quoted, fmt.Sprintf("%q", group))
	}
	fmt.Fprintf(&b, "\nwanted := {%s}\n\n", strings.Join(quoted, ", "))
	b.WriteString(`isCompliant[response] {
  missing := wanted - proved
  response := {
    "result": count(missing) == 0,
    "error": sprintf("not proved for the wanted identity: %s", [concat(", ", sort(missing))]),
  }
}
`)
	return b.String()
}
