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
	"net/url"
	"regexp"
	"slices"
)

// Expressions for the parts of an identity. That of a workflow is https://HOST/OWNER/REPOSITORY/FILE@REF (Fulcio,
// docs/oidc.md), and that of a person or service account is an e-mail address.
const (
	anyHost    = anyLabels + `(?::[0-9]+)?`
	anySegment = `[A-Za-z0-9._-]+`
	gitHubFile = `\.github/workflows/` + anySegment + `\.ya?ml`
	gitLabFile = `/\.gitlab-ci\.yml`
	anyRef     = `refs/[A-Za-z0-9._/-]+`
	anyMailbox = `[A-Za-z0-9._+-]+`
	anyPath    = `(?:/[A-Za-z0-9._/-]*)?`
	anyDomain  = anyLabels + `\.[a-z0-9-]+`
	// The dot comes first, so that it is found first in an expression that accepts any character there: the author of
	// the expression most likely meant a dot.
	anyLabels = `[a-z0-9-](?:\.[a-z0-9-]|[a-z0-9-])*`
)

// workflow is the identity of a workflow in its parts.
type workflow struct{ host, owner, repository, file, ref string }

var (
	// workflowPattern has the parts of a workflow's identity as its submatches.
	workflowPattern = regexp.MustCompile(`^https://([^/]+)/([^/]+)/([^/]+)/([^@]+)@(.+)$`)
	// addressPattern has the parts of an e-mail address as its submatches.
	addressPattern = regexp.MustCompile(`^([^@]+)@([^@]+)$`)
)

// workflows returns regular expressions for the identities of workflows with the given parts. Each part is a regular
// expression, and an empty one allows any value.
func workflows(parts workflow) []string {
	orAny := func(part, anyValue string) string {
		if part == "" {
			return anyValue
		}
		return part
	}
	files := []string{parts.file}
	if parts.file == "" {
		files = []string{gitHubFile, gitLabFile}
	}
	exprs := make([]string, 0, len(files))
	for _, file := range files {
		exprs = append(exprs, "https://"+orAny(parts.host, anyHost)+"/"+orAny(parts.owner, anySegment)+"/"+
			orAny(parts.repository, anySegment)+"/"+file+"@"+orAny(parts.ref, anyRef))
	}
	return exprs
}

// looseIdentity reports unintended identities that an expression accepts.
func looseIdentity(expr string, skip []aspect) []Finding {
	accepted, err := newLanguage(expr)
	if expr == "" || err != nil {
		return nil
	}
	var probes []probe
	if parts, ok := accepted.submatches(workflowPattern, workflows(workflow{})...); ok {
		probes = workflowProbes(workflow{parts[0], parts[1], parts[2], parts[3], parts[4]})
	} else if parts, ok := accepted.submatches(addressPattern, anyMailbox+"@"+anyDomain); ok {
		probes = addressProbes(parts[1])
	}
	matches := accepted.matches(probes, skip)

	var findings []Finding
	for _, group := range [][]aspect{
		{aspectHost, aspectDots, aspectOwner, aspectRepository, aspectWorkflow},
		{aspectPullRequests, aspectBranches},
	} {
		findings = append(findings, looseIdentityFinding(matches, group)...)
	}
	return findings
}

// looseIdentityFinding returns one finding for the matches of a group of aspects. Of hosts, owners, repositories and
// workflows only the broadest match is reported, because it includes the others; pull requests and branches are independent.
func looseIdentityFinding(matches []match, group []aspect) []Finding {
	var reported []match
	for _, m := range matches {
		if slices.Contains(group, m.aspect) && (len(reported) == 0 || m.aspect == aspectBranches) {
			reported = append(reported, m)
		}
	}
	if len(reported) == 0 {
		return nil
	}
	who := reported[0].who
	if len(reported) == 2 {
		who = "any pull request and any branch of the repository"
	}
	return []Finding{{RuleLooseIdentity, LevelWarning, "spec.identityRegexp",
		fmt.Sprintf("%s may sign, for example %s; %s", who, reported[0].example, reported[0].fix)}}
}

// looseIssuer reports unintended issuers that an expression accepts, and otherwise that an exact issuer is preferable.
func looseIssuer(expr string, skip []aspect) []Finding {
	accepted, err := newLanguage(expr)
	if expr == "" || err != nil || slices.Contains(skip, aspectHost) {
		return nil
	}
	const field = "spec.issuerRegexp"
	example, found := accepted.intersectExpr("https://" + anyHost + anyPath)
	if found != common {
		return nil
	}
	intended, err := url.Parse(example)
	if err != nil {
		return nil
	}
	if matches := accepted.matches(issuerProbes(intended.Host, intended.Path), skip); len(matches) > 0 {
		return []Finding{{RuleLooseIssuer, LevelWarning, field, fmt.Sprintf(
			"an identity from %s may sign, for example from %s; set issuer to the whole URL instead", matches[0].who, matches[0].example)}}
	}
	if slices.Contains(skip, aspectDots) {
		return nil
	}
	return []Finding{{RuleLooseIssuer, LevelNote, field, "set issuer to the whole URL instead, for example issuer: " + example}}
}
