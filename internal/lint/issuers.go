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
	"regexp"
	"slices"
	"strings"
)

// Expressions for the refs in identities. Names of refs are those of git-check-ref-format(1), but for the endings .lock and a
// dot, and @{, which refProblem checks.
const (
	refCharacter = `[^\x00-\x20\x7f~^:?*\[\\/.]`
	refComponent = refCharacter + `+(?:\.` + refCharacter + `+)*`
	refName      = refComponent + `(?:/` + refComponent + `)*`
	commitID     = `[0-9a-f]{40}(?:[0-9a-f]{24})?`
	// gitHubRef is the ref that a workflow ran for, or the commit by which a reusable workflow was called.
	gitHubRef = `(?:refs/(?:heads|tags)/` + refName + `|refs/pull/[0-9]+/(?:merge|head)|` + commitID + `)`
	gitLabRef = `refs/(?:heads|tags|merge-requests)/` + refName

	gitHubPath = `/[A-Za-z0-9_-]+/[A-Za-z0-9._-]+/\.github/workflows/[^/@*<>\\]+\.ya?ml@`
	gitLabPath = `/[^@*<>\\ ]+//[^@*<>\\]+@`
	emailForm  = `[^@:<>\\\s]+@[^@:/*<>\\\s]+\.[^@:/*<>\\\s]+`
)

// issuerKind is a kind of well-known issuers whose identities have the same form. The forms are those that Fulcio creates
// (docs/oidc.md and config/identity/config.yaml of Fulcio v1.8).
type issuerKind struct {
	// name of whom the issuers issue identities for.
	name string
	// issuers are their URLs.
	issuers []string
	// more is a regular expression for further issuers of the kind, or empty.
	more string
	// form is a regular expression for all identities of the issuers, and possibly others. It is empty if it is not known.
	form string
	// anyRef is the same with any text in place of the ref, or empty if there is no ref.
	anyRef string
	// own reports whether nobody else issues identities of the form.
	own bool
	// example of a regular expression for an identity.
	example string
}

const gitHubExample = `https://github\.com/OWNER/REPOSITORY/\.github/workflows/FILE\.yml@refs/tags/v.+`

// issuerKinds returns the kinds of well-known issuers.
func issuerKinds() []issuerKind {
	kinds := []issuerKind{{
		name: "GitHub Actions", issuers: []string{gitHubActions},
		// Issuers of enterprises have the enterprise's name behind the host.
		more: regexp.QuoteMeta(gitHubActions) + `/[A-Za-z0-9_-]+`,
		form: `https://github\.com` + gitHubPath + gitHubRef, anyRef: `https://github\.com` + gitHubPath + `(?s:.*)`,
		own: true, example: gitHubExample,
	}, {
		name: "addresses", issuers: []string{
			googleAccounts, gitHubLogin, "https://login.microsoftonline.com", "https://issuer.hello.coop",
			"https://sigstore.verify.ibm.com/oauth2", "https://www.kaggle.com/api/v1/models/signing",
			"https://auth.eclipse.org/auth/realms/foundation-service-accounts",
		},
		form: emailForm, example: `name@example\.com`,
	}, {
		name: "Buildkite", issuers: []string{"https://agent.buildkite.com"}, own: true,
		form: `https://buildkite\.com/[^/@*\\]+/[^/@*\\]+`, example: `https://buildkite\.com/ORGANIZATION/PIPELINE`,
	}, {
		name: "CircleCI", issuers: []string{"https://oidc.circleci.com"}, more: `https://oidc\.circleci\.com/org/[A-Za-z0-9-]+`, own: true,
		form:    `https://circleci\.com/api/v2/projects/[^/@*\\]+/pipeline-definitions/[^/@*\\]+`,
		example: `https://circleci\.com/api/v2/projects/PROJECT-ID/pipeline-definitions/DEFINITION-ID`,
	}, {
		name: "Codefresh", issuers: []string{"https://oidc.codefresh.io"},
		form:    `https://[^/@]+/[^/@]+/[^@]+:[^/@]+/[^/@]+`,
		example: `https://g\.codefresh\.io/ACCOUNT/PROJECT/PIPELINE:ACCOUNT-ID/PIPELINE-ID`,
	}, {
		name: "Kubernetes", more: `https://oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?/id/[A-Z0-9]+` +
			`|https://container\.googleapis\.com/v1/projects/[a-z0-9:-]+/locations/[a-z0-9-]+/clusters/[a-z0-9-]+` +
			`|https://(?:[a-z0-9-]+\.oic|oidc)\.prod-aks\.azure\.com/[a-z0-9/-]+`,
		form:    `https://kubernetes\.io/namespaces/[a-z0-9-]+/serviceaccounts/[a-z0-9.-]+`,
		example: `https://kubernetes\.io/namespaces/NAMESPACE/serviceaccounts/NAME`,
	}}
	for _, host := range []string{"gitlab.com", "ops.gitlab.net", "dev.gitlab.org", "gitlab.archlinux.org"} {
		quoted := `https://` + regexp.QuoteMeta(host)
		kinds = append(kinds, issuerKind{
			name: "GitLab pipelines", issuers: []string{"https://" + host},
			form: quoted + gitLabPath + gitLabRef, anyRef: quoted + gitLabPath + `(?s:.*)`,
			own: true, example: quoted + `/GROUP/PROJECT//\.gitlab-ci\.yml@refs/tags/v.+`,
		})
	}
	return kinds
}

const (
	gitHubActions  = "https://token.actions.githubusercontent.com"
	gitHubLogin    = "https://github.com/login/oauth"
	googleAccounts = "https://accounts.google.com"
)

// issues reports whether an issuer is of the kind.
func (k issuerKind) issues(issuer string) bool {
	if slices.Contains(k.issuers, issuer) {
		return true
	}
	if k.more == "" {
		return false
	}
	matches, err := regexp.MatchString("^(?:"+k.more+")$", issuer)
	return err == nil && matches
}

// shown returns one of the issuers for messages.
func (k issuerKind) shown() string {
	if len(k.issuers) == 0 {
		return "of " + k.name
	}
	return k.issuers[0]
}

// expr returns a regular expression for all issuers of the kind.
func (k issuerKind) expr() string {
	var all []string
	for _, issuer := range k.issuers {
		all = append(all, regexp.QuoteMeta(issuer))
	}
	if k.more != "" {
		all = append(all, k.more)
	}
	return strings.Join(all, "|")
}

// exampleOf returns an example of an identity, or of a regular expression for one.
func (k issuerKind) exampleOf(exact bool) string {
	if !exact {
		return k.example
	}
	return strings.ReplaceAll(strings.ReplaceAll(k.example, `v.+`, `v1.0.0`), `\`, "")
}

// kindOf returns the kind of an issuer.
func kindOf(issuer string) (issuerKind, bool) {
	for _, kind := range issuerKinds() {
		if kind.issues(issuer) {
			return kind, true
		}
	}
	return issuerKind{}, false
}

// meantIssuer returns the well-known issuer that was probably meant by an address that no issuer has. The address is that of the
// issuer in another spelling, differs in a letter or two, or is another address of the same service.
func meantIssuer(issuer string) (string, bool) {
	if _, known := kindOf(issuer); known || issuer == "" {
		return "", false
	}
	address := plainAddress(issuer)
	if _, known := kindOf("https://" + address); known {
		return "https://" + address, true
	}
	if similar, ok := similarIssuer(address); ok {
		return similar, true
	}
	meant := ofService(address)
	return meant, meant != ""
}

// similarIssuer returns the well-known issuer with the same host as an address, or one that differs in a letter or two.
func similarIssuer(address string) (string, bool) {
	host, _, _ := strings.Cut(address, "/")
	best, fewest := "", 3
	for _, kind := range issuerKinds() {
		for _, known := range kind.issuers {
			other := plainAddress(known)
			// Microsoft's has a path for each tenant, which a Fulcio of one's own may accept.
			if host == other && !strings.HasPrefix(other, "login.microsoftonline.") {
				return known, true
			}
			if d := distance(address, other); d < fewest && (d == 1 || len(other) >= 20) {
				best, fewest = known, d
			}
		}
	}
	return best, best != ""
}

// ofService returns the issuer of the well-known service that an address belongs to.
func ofService(address string) string {
	host, path, _ := strings.Cut(address, "/")
	switch {
	case host == "github.com" && (path == "login" || strings.HasPrefix(path, "login/")):
		return gitHubLogin
	case host == "github.com", strings.HasSuffix(host, ".github.com"), strings.HasSuffix(host, ".githubusercontent.com"):
		return gitHubActions
	case host == "google.com", host == "www.google.com", host == "oauth2.googleapis.com":
		return googleAccounts
	case host == "www.gitlab.com", host == "registry.gitlab.com":
		return "https://gitlab.com"
	case host == "buildkite.com":
		return "https://agent.buildkite.com"
	case host == "circleci.com", host == "app.circleci.com":
		return "https://oidc.circleci.com/org/ORGANIZATION-ID"
	case host == "codefresh.io", host == "g.codefresh.io":
		return "https://oidc.codefresh.io"
	default:
		return ""
	}
}

// plainAddress returns an issuer in lower case without the scheme, slashes at the end, and what OpenID Connect adds to it for
// its documents.
func plainAddress(issuer string) string {
	address := strings.ToLower(strings.TrimSpace(issuer))
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	address, _, _ = strings.Cut(address, "/.well-known")
	return strings.TrimRight(strings.TrimSuffix(address, ":443"), "/.")
}
