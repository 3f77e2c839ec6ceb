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

import "regexp"

// What an identity may be made of. A workflow's is https://HOST/OWNER/REPOSITORY/FILE@REF (Fulcio, docs/oidc.md); a
// person's or a service account's is an e-mail address.
const (
	anyHost    = anyLabels + `(?::[0-9]+)?`
	anySegment = `[A-Za-z0-9._-]+`
	gitHubFile = `\.github/workflows/` + anySegment + `\.ya?ml`
	gitLabFile = `/\.gitlab-ci\.yml`
	anyRef     = `refs/[A-Za-z0-9._/-]+`
	anyMailbox = `[A-Za-z0-9._+-]+`
	anyPath    = `(?:/[A-Za-z0-9._/-]*)?`
	anyDomain  = anyLabels + `\.[a-z0-9-]+`
	// The dot comes first: it is found first where an expression has any character, and it is what its author saw there.
	anyLabels = `[a-z0-9-](?:\.[a-z0-9-]|[a-z0-9-])*`
)

// workflow is the identity of a workflow in its parts.
type workflow struct{ host, owner, repository, file, ref string }

// workflowParts take an identity apart.
var workflowParts = regexp.MustCompile(`^https://([^/]+)/([^/]+)/([^/]+)/([^@]+)@(.+)$`)

// addressParts take an e-mail address apart.
var addressParts = regexp.MustCompile(`^([^@]+)@([^@]+)$`)

// workflows are regular expressions for the identities that have some parts: each is one, and empty for any.
func workflows(parts workflow) []string {
	or := func(part, anything string) string {
		if part == "" {
			return anything
		}
		return part
	}
	files := []string{parts.file}
	if parts.file == "" {
		files = []string{gitHubFile, gitLabFile}
	}
	exprs := make([]string, 0, len(files))
	for _, file := range files {
		exprs = append(exprs, "https://"+or(parts.host, anyHost)+"/"+or(parts.owner, anySegment)+"/"+
			or(parts.repository, anySegment)+"/"+file+"@"+or(parts.ref, anyRef))
	}
	return exprs
}

// form that all identities of an issuer have.
type form struct {
	issuer string
	// expr that all identities match. It lets more through than there is.
	expr string
	// example of a regular expression for one.
	example string
}

// forms of identities, as Fulcio makes them of the tokens of these issuers (docs/oidc.md).
func forms() []form {
	const address = `name@example\.com`
	return []form{
		{"https://token.actions.githubusercontent.com", `https://github\.com/[^/@]+/[^/@]+/\.github/workflows/[^@]+\.ya?ml@[^@]+`,
			`https://github\.com/OWNER/REPOSITORY/\.github/workflows/FILE\.yml@refs/tags/v.+`},
		{"https://gitlab.com", `https://gitlab\.com/[^@]+//[^@]+@[^@]+`,
			`https://gitlab\.com/GROUP/PROJECT//\.gitlab-ci\.yml@refs/tags/v.+`},
		{"https://accounts.google.com", `[^@]+@[^@]+`, address},
		{"https://github.com/login/oauth", `[^@]+@[^@]+`, address},
	}
}
