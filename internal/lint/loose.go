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

package lint

import (
	"fmt"
	"slices"
)

// looseIdentity looks for identities of others in the language of an expression.
func looseIdentity(expr string, said []aspect) []Finding {
	accepted, err := newLanguage(expr)
	if expr == "" || err != nil {
		return nil
	}
	var probes []probe
	if meant, ok := accepted.parts(workflowParts, workflows(workflow{})...); ok {
		probes = workflowProbes(workflow{meant[0], meant[1], meant[2], meant[3], meant[4]})
	} else if meant, ok := accepted.parts(addressParts, anyMailbox+"@"+anyDomain); ok {
		probes = addressProbes(meant[1])
	}
	hits := accepted.try(probes, said)

	var findings []Finding
	for _, group := range [][]aspect{{ofHost, ofDots, ofOwner, ofRepository, ofWorkflow}, {ofPullRequests, ofBranches}} {
		findings = append(findings, tell(hits, group)...)
	}
	return findings
}

// tell makes one finding of the hits of some aspects. Among places the widest says all; refs are as bad as each other.
func tell(hits []hit, group []aspect) []Finding {
	var told []hit
	for _, h := range hits {
		if slices.Contains(group, h.aspect) && (len(told) == 0 || h.aspect == ofBranches) {
			told = append(told, h)
		}
	}
	if len(told) == 0 {
		return nil
	}
	who := told[0].who
	if len(told) == 2 {
		who = "any pull request and any branch of the repository"
	}
	return []Finding{{RuleLooseIdentity, LevelWarning, "spec.identityRegexp",
		fmt.Sprintf("%s may sign, e.g. %s; %s", who, short(told[0].example), told[0].write)}}
}
