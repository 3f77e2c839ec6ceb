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
	"strings"
	"testing"
)

// pair is an issuer and an identity of a signer. A text that begins with a tilde is a regular expression.
type pair struct{ issuer, identity string }

const (
	actions       = "https://token.actions.githubusercontent.com"
	google        = "https://accounts.google.com"
	login         = "https://github.com/login/oauth"
	gitlab        = "https://gitlab.com"
	appFile       = "https://github.com/acme/app/.github/workflows/release.yml"
	appExpression = `~https://github\.com/acme/app/\.github/workflows/release\.yml`
	released      = appFile + "@refs/tags/v1.0.0"
	pipeline      = "https://gitlab.com/acme/team/app//.gitlab-ci.yml"
)

// possiblePairs are signers of which nothing is reported.
func possiblePairs() []pair {
	return []pair{
		{actions, released},
		{actions, appFile + "@refs/heads/main"},
		{actions, appFile + "@refs/heads/feature/a+b@c"},
		{actions, appFile + "@refs/heads/gh-readonly-queue/main/pr-1-0123abc"},
		{actions, appFile + "@refs/heads/Ünï"},
		{actions, appFile + "@refs/pull/12/merge"},
		{actions, appFile + "@refs/tags/v1.0.0-rc.1+build.5"},
		{actions, appFile + "@refs/tags/release/2026.11"},
		{actions, appFile + "@0123456789abcdef0123456789abcdef01234567"},
		{actions, "https://github.com/acme_corp/app.js/.github/workflows/Release_1.yaml@refs/tags/v1"},
		{actions, appExpression + `@refs/tags/v.+`},
		{actions, appExpression + `@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+(-(alpha|beta|rc)\.[0-9]+)?`},
		{actions, appExpression + `@refs/(heads/main|tags/v[0-9.]+)`},
		{actions, appExpression + `@refs/tags/v\d*\.\d*`},
		{actions, appExpression + `@[0-9a-f]{40}`},
		{actions, `~^https://github\.com/acme/app/\.github/workflows/[^/]+\.yml@refs/tags/.+$`},
		{actions + "/acme-enterprise", released},
		{actions + "/acme-enterprise", appExpression + `@refs/tags/v.+`},
		{"~" + `https://token\.actions\.githubusercontent\.com`, released},
		{"~" + `https://token\.actions\.githubusercontent\.com(/acme)?`, released},
		{"~.+", released},
		{"~" + `https://(token\.actions\.githubusercontent\.com|dex\.example\.com)`, "me@example.com"},
		{google, "me@example.com"},
		{google, "signer@project-1.iam.gserviceaccount.com"},
		{google, `~[a-z]+@project-1\.iam\.gserviceaccount\.com`},
		{google, "o'hara+x{y@example.co.uk"},
		{"~" + `https://accounts\.google\.com`, "me@example.com"},
		{login, "me@users.noreply.github.com"},
		{login, `~(me|you)@example\.com`},
		{"~" + `https://github\.com/login/oauth|https://accounts\.google\.com`, "me@example.com"},
		{"https://login.microsoftonline.com", "me@example.com"},
		{"https://login.microsoftonline.com/0000-1111/v2.0", "me@example.com"},
		{"https://sts.windows.net/0000-1111/", "me@example.com"},
		{gitlab, pipeline + "@refs/tags/v1.0.0"},
		{gitlab, pipeline + "@refs/heads/main"},
		{gitlab, "https://gitlab.com/acme/app//ci/release.yml@refs/heads/main"},
		{gitlab, `~https://gitlab\.com/acme/[^/]+//\.gitlab-ci\.yml@refs/tags/v1\..+`},
		{"https://ops.gitlab.net", "https://ops.gitlab.net/a/b//.gitlab-ci.yml@refs/heads/main"},
		{"https://gitlab.example.com", "https://gitlab.example.com/a/b//.gitlab-ci.yml@refs/heads/main"},
		{"https://gitlab.example.com:8443", `~https://gitlab\.example\.com:8443/a/b//\.gitlab-ci\.yml@refs/tags/v.+`},
		{"https://github.example.com/_services/token", "https://github.example.com/acme/app/.github/workflows/a.yml@refs/heads/main"},
		{"https://token.actions.acme.ghe.com", "https://acme.ghe.com/acme/app/.github/workflows/a.yml@refs/heads/main"},
		{"https://agent.buildkite.com", "https://buildkite.com/acme/release"},
		{"https://oidc.circleci.com/org/0a1b-2c", "https://circleci.com/api/v2/projects/1a-2b/pipeline-definitions/3c-4d"},
		{"https://oidc.codefresh.io", "https://g.codefresh.io/acme/project/pipeline:5f5f/64f4"},
		{"https://issuer.enforce.dev", "https://issuer.enforce.dev/0123abcd/ef01"},
		{"https://jenkins.example.com/oidc", "https://jenkins.example.com/job/release/"},
		{"https://jenkins.example.com/oidc", "job/release/main"},
		{"https://spire.example.com", "spiffe://example.com/ns/ci/sa/signer"},
		{"https://spire.example.com", `~spiffe://example\.com/ns/[^/]+/sa/signer`},
		{"https://kubernetes.default.svc", "https://kubernetes.io/namespaces/tekton-chains/serviceaccounts/tekton-chains-controller"},
		{"https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C", "https://kubernetes.io/namespaces/ci/serviceaccounts/signer"},
		{"https://container.googleapis.com/v1/projects/p/locations/l/clusters/c", "https://kubernetes.io/namespaces/ci/serviceaccounts/signer"},
		{"https://westeurope.oic.prod-aks.azure.com/0000/1111/", "https://kubernetes.io/namespaces/ci/serviceaccounts/signer"},
		{"~" + `https://oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/[A-Z0-9]+`, "https://kubernetes.io/namespaces/ci/serviceaccounts/signer"},
		{"https://dex.example.com", "me@example.com"},
		{"https://dex.example.com/", "system:serviceaccount:ci:signer"},
		{"https://keycloak.example.com/realms/acme", `~[a-z.]+@example\.com`},
		{"https://vault.example.com/v1/identity/oidc", "anything"},
		{"https://gitea.example.com/api/actions", "https://gitea.example.com/acme/app/.gitea/workflows/a.yml@refs/heads/main"},
		{"https://app.terraform.io", "organization:acme:project:p:workspace:w"},
	}
}

// impossiblePairs are signers that nobody can be. The words are those that the message must contain: what to write, at least.
func impossiblePairs() map[pair][]string {
	const write = "identityRegexp: " + `https://github\.com/acme/app/\.github/workflows/release\.yml@refs/tags/`
	return map[pair][]string{
		// Wildcards and expressions where texts are compared.
		{actions, appFile + "@refs/tags/v*"}: {`has a "*"`, write + "v.+"},
		{actions, appFile + "@*"}:            {`has a "*"`, write + ".+"},
		{actions, appFile + "@refs/tags/**"}: {`has a "*"`, write + ".+"},
		{actions, "https://github.com/acme/*/.github/workflows/release.yml@refs/tags/v1"}: {`https://github\.com/acme/[^/@]+/\.github/workflows/release\.yml@refs/tags/v1`},
		{actions, "https://github.com/*/app/.github/workflows/*@refs/tags/v1"}:            {`https://github\.com/[^/@]+/app/\.github/workflows/[^/@]+@refs/tags/v1`},
		{actions, appFile + "@refs/tags/v.+"}:                                             {"is a regular expression", write + "v.+"},
		{actions, appFile + "@refs/tags/v.*"}:                                             {"is a regular expression", write + "v.*"},
		{actions, appFile + `@refs/tags/v[0-9]+.[0-9]+`}:                                  {"is a regular expression", write + `v[0-9]+\.[0-9]+`},
		{actions, appFile + `@refs/tags/v[0-9]+\.[0-9]+`}:                                 {"is a regular expression"},
		{actions, appFile + `@refs/(heads/main|tags/v1)`}:                                 {"is a regular expression", "identityRegexp"},
		{actions, "^" + released}:                                                         {"is a regular expression"},
		{actions, released + "$"}:                                                         {"is a regular expression"},
		{"https://spire.example.com", "spiffe://example.com/*"}:                           {`has a "*"`, `identityRegexp: spiffe://example\.com/[^/@]+`},
		{"https://dex.example.com", `https://a\.b/c`}:                                     {"is a regular expression"},
		{"https://dex.example.com", "^me@example.com$"}:                                   {"is a regular expression"},
		{"https://dex.example.com", "me@*.example.com"}:                                   {`has a "*"`},
		// Placeholders and blanks.
		{actions, "https://github.com/<OWNER>/app/.github/workflows/a.yml@refs/heads/main"}:              {"placeholder", "<OWNER>"},
		{actions, "https://github.com/${{ github.repository }}/.github/workflows/a.yml@refs/heads/main"}: {"placeholder", "${{ github.repository }}"},
		{google, "${SIGNER}@example.com"}:         {"placeholder", "${SIGNER}"},
		{actions, released + " "}:                 {"remove the blank"},
		{actions, appFile + "@ refs/tags/v1.0.0"}: {"it has a blank", "@refs/tags/v1.0.0"},
		{google, "me@example.com\n"}:              {"line break"},
		{actions, appFile + "\n@refs/heads/main"}: {"control character"},
		{actions, "https://github.com/YOUR_ORG/app/.github/workflows/a.yml@refs/heads/main"}: {"placeholder", "YOUR_ORG"},
		{google, "*@example.com"}:                                                               {`has a "*"`, `identityRegexp: [^/@]+@example\.com`},
		{actions, appExpression + "@refs/tags/v.+\n"}:                                           {"line break", "|-"},
		{actions, appExpression + "@refs/tags/v.+ "}:                                            {"remove the blank"},
		{actions, `~https://github\\.com/acme/app/\\.github/workflows/a\\.yml@refs/heads/main`}: {"matches a backslash", "doubled"},
		{actions, "~https://github.com/acme/app/.github/workflows/\build.yml@refs/heads/main"}:  {"single quotes"},
		// Expressions for a part, as cosign takes them.
		{google, `~@example\.com$`}:                            {"the whole identity", "unlike in cosign"},
		{actions, `~^https://github\.com/acme/app/`}:           {"the whole identity", "unlike in cosign"},
		{actions, `~acme/app/\.github/workflows/release\.yml`}: {"the whole identity", "unlike in cosign"},
		// Refs.
		{actions, appFile + "@"}:                     {"no ref", "@refs/tags/v1.0.0"},
		{actions, appFile}:                           {"write for example " + "https://github.com/OWNER/REPOSITORY/.github/workflows/FILE.yml@refs/tags/v1.0.0"},
		{actions, appFile + "@v1.0.0"}:               {"not a whole ref", "write @refs/tags/v1.0.0"},
		{actions, appFile + "@1.0.0"}:                {"not a whole ref", "write @refs/tags/1.0.0"},
		{actions, appFile + "@main"}:                 {"not a whole ref", "write @refs/heads/main"},
		{actions, appFile + "@develop"}:              {"write @refs/heads/develop for a branch, or @refs/tags/develop for a tag"},
		{actions, appFile + "@heads/main"}:           {"write @refs/heads/main"},
		{actions, appFile + "@tags/v1.0.0"}:          {"write @refs/tags/v1.0.0"},
		{actions, appFile + "@refs/tag/v1.0.0"}:      {"write @refs/tags/v1.0.0"},
		{actions, appFile + "@refs/head/main"}:       {"write @refs/heads/main"},
		{actions, appFile + "@refs/branches/main"}:   {"write @refs/heads/main"},
		{actions, appFile + "@refs/main"}:            {"write @refs/heads/main"},
		{actions, appFile + "@refs/pull/main"}:       {"write @refs/pull/NUMBER/merge"},
		{actions, appFile + "@refs/tags"}:            {"write @refs/tags/v1.0.0"},
		{actions, appFile + "@refs/tags/"}:           {"slash"},
		{actions, appFile + "@/refs/tags/v1"}:        {"slash"},
		{actions, appFile + "@refs//tags/v1"}:        {"slash"},
		{actions, appFile + "@refs/tags/v1..2"}:      {"two dots"},
		{actions, appFile + "@refs/tags/v1."}:        {"ends with a dot"},
		{actions, appFile + "@refs/heads/.main"}:     {"begins with a dot"},
		{actions, appFile + "@refs/heads/main.lock"}: {".lock"},
		{actions, appFile + "@refs/heads/main@{1}"}:  {`"@{"`},
		{actions, appFile + "@refs/heads/a~1"}:       {`"~"`},
		{actions, appFile + "@refs/tags/v1:v2"}:      {`":"`},
		{actions, appFile + "@refs/tags/v?"}:         {`"?"`},
		{"https://github.example.com/_services/token", "https://github.example.com/a/b/.github/workflows/c.yml@main"}: {"write @refs/heads/main"},
		{"https://gitlab.example.com", "https://gitlab.example.com/a/b//.gitlab-ci.yml@v1.0.0"}:                       {"write @refs/tags/v1.0.0"},
		{gitlab, pipeline + "@main"}: {"write @refs/heads/main"},
		// Expressions that match no ref.
		{actions, appExpression + `@refs/tags/*`}:                                          {`write "/.+"`},
		{actions, appExpression + `@refs/tags/v*`}:                                         {`write "v.+"`},
		{actions, appExpression + `@refs/heads/release-*$`}:                                {`write "-.+"`},
		{actions, appExpression + `@v.+`}:                                                  {"no whole ref", "write for example @refs/tags/v.+"},
		{actions, appExpression + `@main`}:                                                 {"no whole ref"},
		{actions, appExpression + `@refs/tag/.+`}:                                          {"no whole ref"},
		{actions, `~https://github\.com/acme/*/\.github/workflows/a\.yml@refs/heads/main`}: {"not a glob", "[^/]+"},
		{"https://github.example.com/_services/token", `~https://github\.example\.com/a/b/\.github/workflows/c\.yml@v[0-9.]+`}: {"no whole ref"},
		// What GitHub calls the same by other names.
		{actions, "github.com/acme/app/.github/workflows/release.yml@refs/tags/v1"}:                      {"never issues", "https://github.com/OWNER"},
		{actions, "repo:acme/app:ref:refs/heads/main"}:                                                   {"never issues"},
		{actions, "https://github.com/acme/app"}:                                                         {"never issues"},
		{actions, "https://github.com/acme/app/blob/main/.github/workflows/release.yml@refs/heads/main"}: {"never issues"},
		{actions, "https://github.com/acme/app/.github/workflows/release@refs/heads/main"}:               {"never issues"},
		{gitlab, "https://gitlab.com/acme/app/.gitlab-ci.yml@refs/heads/main"}:                           {"never issues", "//.gitlab-ci.yml"},
		// Issuers of another kind.
		{google, released}:                                            {"issuer: " + actions},
		{login, released}:                                             {"issuer: " + actions},
		{login, appExpression + "@refs/tags/v.+"}:                     {"issuer: " + actions},
		{gitlab, released}:                                            {"issuer: " + actions},
		{actions, pipeline + "@refs/heads/main"}:                      {"issuer: " + gitlab},
		{actions, "me@example.com"}:                                   {"never issues"},
		{actions, "signer@p.iam.gserviceaccount.com"}:                 {"never issues"},
		{actions, "spiffe://example.com/a"}:                           {"never issues"},
		{login, "signer@p.iam.gserviceaccount.com"}:                   {"issuer: " + google},
		{login, `~.+@p\.iam\.gserviceaccount\.com`}:                   {"issuer: " + google},
		{google, "acme"}:                                              {"never issues"},
		{"https://agent.buildkite.com", released}:                     {"issuer: " + actions},
		{"https://oidc.eks.eu-west-1.amazonaws.com/id/0A", released}:  {"issuer: " + actions},
		{"https://dex.example.com", released}:                         {"issuer: " + actions},
		{"https://dex.example.com", appExpression + "@refs/tags/v.+"}: {"issuer: " + actions},
		// Issuers in another spelling, and addresses of the same services.
		{actions + "/", released}:                                       {"issuer: " + actions},
		{actions + "/.well-known/openid-configuration", released}:       {"issuer: " + actions},
		{actions + "/a/b", released}:                                    {"issuer: " + actions},
		{"https://Token.Actions.GitHubUserContent.com", released}:       {"issuer: " + actions},
		{"https://token.action.githubusercontent.com", released}:        {"issuer: " + actions},
		{"https://tokens.actions.githubusercontent.com", released}:      {"issuer: " + actions},
		{"https://token.actions.githubusercontent.co", released}:        {"issuer: " + actions},
		{"https://token.actions.github.com", released}:                  {"issuer: " + actions},
		{"https://actions.githubusercontent.com", released}:             {"issuer: " + actions},
		{"https://github.com", released}:                                {"issuer: " + actions},
		{"https://github.com/acme", released}:                           {"issuer: " + actions},
		{"https://github.com", "me@example.com"}:                        {"issuer: " + login},
		{login + "/", "me@example.com"}:                                 {"issuer: " + login},
		{"https://github.com/login/oauth/authorize", "me@example.com"}:  {"issuer: " + login},
		{"https://github.com/login", "me@example.com"}:                  {"issuer: " + login},
		{google + "/", "me@example.com"}:                                {"issuer: " + google},
		{"https://acounts.google.com", "me@example.com"}:                {"issuer: " + google},
		{"https://google.com", "me@example.com"}:                        {"issuer: " + google},
		{gitlab + "/", pipeline + "@refs/heads/main"}:                   {"issuer: " + gitlab},
		{"https://www.gitlab.com", pipeline + "@refs/heads/main"}:       {"issuer: " + gitlab},
		{"https://oauth2.sigstore.dev/auth", "me@example.com"}:          {login, google},
		{"https://fulcio.sigstore.dev", "me@example.com"}:               {login, google},
		{"https://buildkite.com", "https://buildkite.com/acme/release"}: {"issuer: https://agent.buildkite.com"},
		{actions + "\n", released}:                                      {"line break"},
		{" " + actions, released}:                                       {"remove the blank"},
		{"https://${ISSUER}", "me@example.com"}:                         {"placeholder", "${ISSUER}"},
		{"*", "me@example.com"}:                                         {"is an expression", "issuerRegexp"},
		{`https://token\.actions\.githubusercontent\.com`, released}:    {"is an expression", "issuerRegexp"},
		{"https://*.example.com", "me@example.com"}:                     {"is an expression", "issuerRegexp"},
		// Expressions for issuers.
		{"~" + `https://accounts\\.google\\.com`, "me@example.com"}:                {"matches a backslash"},
		{"~" + `.*\.github\.com.*`, released}:                                      {"issuer: " + actions},
		{"~" + `https://github\.com`, released}:                                    {"issuer: " + actions},
		{"~" + `https://token\.actions\.githubusercontent\.com/`, released}:        {"issuer: " + actions},
		{"~" + `https://dex\.example\.com`, released}:                              {"issuer: " + actions},
		{"~" + `https://accounts\.google\.com/`, "me@example.com"}:                 {"issuer: " + google},
		{"~" + `https://token\.actions\.githubusercontent\.com`, "me@example.com"}: {"never issues"},
		{"~" + `https://accounts\.google\.com`, released}:                          {"issuer: " + actions},
	}
}

func signerOf(p pair) object {
	spec := object{"issuer": p.issuer, "identity": p.identity}
	if expr, ok := strings.CutPrefix(p.issuer, "~"); ok {
		spec["issuer"], spec["issuerRegexp"] = nil, expr
	}
	if expr, ok := strings.CutPrefix(p.identity, "~"); ok {
		spec["identity"], spec["identityRegexp"] = nil, expr
	}
	return spec
}

func impossible(t *testing.T, linter *Linter, spec object) []string {
	t.Helper()
	var found []string
	for _, f := range linter.Lint(t.Context(), makeTrust(spec)) {
		if f.Level == LevelError {
			t.Errorf("the spec is invalid: %s: %s", f.Field, f.Message)
		}
		if f.Rule == RuleImpossibleIdentity || f.Rule == RuleImpossibleIssuer {
			found = append(found, f.Field+": "+f.Message)
		}
	}
	return found
}

func TestPossibleSigners(t *testing.T) {
	linter := newLinter(t)
	for _, p := range possiblePairs() {
		if found := impossible(t, linter, signerOf(p)); len(found) > 0 {
			t.Errorf("%s and %s: %s", p.issuer, p.identity, found)
		}
	}
	fmt.Printf("figure: possible_signers %d\n", len(possiblePairs()))
}

// TestImpossibleSigners has each mistake once, and the message says what to write instead.
func TestImpossibleSigners(t *testing.T) {
	linter := newLinter(t)
	for p, words := range impossiblePairs() {
		found := impossible(t, linter, signerOf(p))
		if len(found) != 1 {
			t.Errorf("%s and %q: %d findings %q, want 1", p.issuer, p.identity, len(found), found)
			continue
		}
		for _, word := range words {
			if !strings.Contains(found[0], word) {
				t.Errorf("%s and %q: the message has no %q: %s", p.issuer, p.identity, word, found[0])
			}
		}
	}
	fmt.Printf("figure: impossible_signers %d\n", len(impossiblePairs()))
}

// TestIssuerWithoutHTTPS has one finding about an issuer that admission warns of, and those about the identity of the issuer that
// was meant.
func TestIssuerWithoutHTTPS(t *testing.T) {
	linter := newLinter(t)
	for _, issuer := range []string{
		"token.actions.githubusercontent.com", "http://token.actions.githubusercontent.com", "HTTPS://token.actions.githubusercontent.com/",
	} {
		findings := linter.Lint(t.Context(), makeTrust(object{"issuer": issuer, "identity": appFile + "@main"}))
		if len(findings) != 2 || findings[0].Field != "spec.issuer" || findings[1].Rule != RuleImpossibleIdentity {
			t.Errorf("%s: got %+v, want a warning about the issuer and one about the identity", issuer, findings)
		}
	}
}
