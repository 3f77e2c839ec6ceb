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
	"context"
	"crypto/elliptic"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/in-toto/in-toto-golang/in_toto"
)

// URLs of a GitHub-like instance, which stand in roots of trust.
const (
	GitHubFulcioURL = "https://fulcio.github.test"
	GitHubTSAURL    = "https://timestamp.github.test"
)

// errNoLog is the answer of an instance that has no transparency log.
var errNoLog = errors.New("the instance has no transparency log")

// NewGitHub makes an instance as GitHub runs one for private repositories: a
// certificate authority and a timestamp authority, and no logs. Its
// certificates are in no certificate transparency log. It can sign statements
// with NewGitHubAttestation, and cannot be saved.
func NewGitHub() (*Sigstore, error) {
	s := &Sigstore{organization: "GitHub, Inc.", fulcioURL: GitHubFulcioURL, tsaURL: GitHubTSAURL}
	var err error
	if s.ca, err = newAuthority(s.organization, elliptic.P384(), time.Now().Add(-backdated), time.Time{}); err != nil {
		return nil, fmt.Errorf("making the certificate authority: %w", err)
	}
	if s.tsa, err = newTimestampAuthority(s.organization, s.ca.root.NotBefore); err != nil {
		return nil, fmt.Errorf("making the timestamp authority: %w", err)
	}
	return s, nil
}

// NewGitHubAttestation attests the provenance of an image as
// actions/attest-build-provenance does in a run of the workflow that id is. On
// the instance of NewGitHub the bundle has a timestamp alone; on others it has
// an entry of Rekor v1 too, as that of a public repository.
func (s *Sigstore) NewGitHubAttestation(ctx context.Context, digest name.Digest, id Identity) (Envelope, error) {
	signer, err := s.Issue(id)
	if err != nil {
		return Envelope{}, err
	}
	statement, err := newStatement(in_toto.StatementInTotoV1, SLSAPredicate, githubProvenance(id), digest)
	if err != nil {
		return Envelope{}, err
	}
	envelope, err := signer.SignStatement(statement)
	if err != nil {
		return Envelope{}, err
	}
	if s.rekor != nil {
		if err := s.LogStatement(ctx, &envelope, time.Now()); err != nil {
			return Envelope{}, err
		}
	}
	err = s.StampStatement(&envelope, time.Now())
	return envelope, err
}

// githubProvenance is the predicate for a run of the workflow that id is.
func githubProvenance(id Identity) map[string]any {
	repository := "https://github.com/" + id.Workflow.Repository
	path, _, _ := strings.Cut(strings.TrimPrefix(id.Subject, repository+"/"), "@")
	return map[string]any{
		"buildDefinition": map[string]any{
			"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": map[string]any{
				"workflow": map[string]any{"ref": id.Workflow.Ref, "repository": repository, "path": path},
			},
			"internalParameters": map[string]any{
				"github": map[string]any{
					"event_name": id.Workflow.Trigger, "repository_id": "1", "repository_owner_id": "1", "runner_environment": "github-hosted",
				},
			},
			"resolvedDependencies": []any{map[string]any{
				"uri":    "git+" + repository + "@" + id.Workflow.Ref,
				"digest": map[string]any{"gitCommit": id.Workflow.SHA},
			}},
		},
		"runDetails": map[string]any{
			"builder":  map[string]any{"id": id.Subject},
			"metadata": map[string]any{"invocationId": repository + "/actions/runs/1/attempts/1"},
		},
	}
}
