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

package sigstore

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/sigstore/fulcio/pkg/certificate"
)

// GitHubIssuer is the OIDC issuer of GitHub Actions.
const GitHubIssuer = "https://token.actions.githubusercontent.com"

// Identity is who a certificate is issued to.
type Identity struct {
	// Issuer is the OIDC issuer that issued the subject.
	Issuer string
	// Subject becomes the subject alternative name: a URI if it has a scheme,
	// else an e-mail address.
	Subject string
	// Workflow holds the facts of a GitHub Actions run; the zero value is an
	// identity without them, as people and other issuers have.
	Workflow Workflow
	// Extensions are the certificate extensions of another CI system, where
	// Workflow is the zero value. Their issuer is Issuer.
	Extensions certificate.Extensions
}

// Workflow is what Fulcio records of the GitHub Actions run that signs.
type Workflow struct {
	Repository string // owner/name
	Name       string // the workflow's display name
	Trigger    string // the event, for example push or release
	Ref        string // for example refs/tags/v1.0.0
	SHA        string // the commit
}

// GitHubWorkflow is the identity of the workflow file in repository
// (owner/name) at ref. The workflow is named after its file, and triggered by
// a release for a tag and by a push otherwise; both may be changed in the
// value returned.
func GitHubWorkflow(repository, file, ref, sha string) Identity {
	trigger := "push"
	if strings.HasPrefix(ref, "refs/tags/") {
		trigger = "release"
	}
	return Identity{
		Issuer:   GitHubIssuer,
		Subject:  fmt.Sprintf("https://github.com/%s/.github/workflows/%s@%s", repository, file, ref),
		Workflow: Workflow{Repository: repository, Name: file, Trigger: trigger, Ref: ref, SHA: sha},
	}
}

// extensions are the certificate extensions that Fulcio derives from the token
// of id (https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md).
func (id Identity) extensions() certificate.Extensions {
	w := id.Workflow
	if w == (Workflow{}) {
		extensions := id.Extensions
		extensions.Issuer = id.Issuer
		return extensions
	}
	repositoryURI := "https://github.com/" + w.Repository
	owner, _, _ := strings.Cut(w.Repository, "/")
	return certificate.Extensions{
		Issuer:                              id.Issuer,
		GithubWorkflowTrigger:               w.Trigger,
		GithubWorkflowSHA:                   w.SHA,
		GithubWorkflowName:                  w.Name,
		GithubWorkflowRepository:            w.Repository,
		GithubWorkflowRef:                   w.Ref,
		BuildSignerURI:                      id.Subject,
		BuildSignerDigest:                   w.SHA,
		RunnerEnvironment:                   "github-hosted",
		SourceRepositoryURI:                 repositoryURI,
		SourceRepositoryDigest:              w.SHA,
		SourceRepositoryRef:                 w.Ref,
		SourceRepositoryOwnerURI:            "https://github.com/" + owner,
		BuildConfigURI:                      id.Subject,
		BuildConfigDigest:                   w.SHA,
		BuildTrigger:                        w.Trigger,
		RunInvocationURI:                    repositoryURI + "/actions/runs/1/attempts/1",
		SourceRepositoryVisibilityAtSigning: "public",
	}
}

// subjectAlternativeName is id's subject, as a URI or as an e-mail address.
func (id Identity) subjectAlternativeName() (uris []*url.URL, emails []string, err error) {
	u, err := url.Parse(id.Subject)
	switch {
	case err == nil && u.Scheme != "":
		return []*url.URL{u}, nil, nil
	case strings.Contains(id.Subject, "@"):
		return nil, []string{id.Subject}, nil
	default:
		return nil, nil, fmt.Errorf("subject %q is neither a URI nor an e-mail address", id.Subject)
	}
}
