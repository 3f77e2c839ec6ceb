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

package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/fulcio/pkg/certificate"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestSigner checks the details of signers of the CI systems that Fulcio supports. Their certificates have the extensions
// of config/identity/config.yaml in sigstore/fulcio v1.8.4.
func TestSigner(t *testing.T) {
	github := sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", commit)
	withoutDeprecated := sigstore.Identity{Issuer: github.Issuer, Subject: github.Subject, Extensions: certificate.Extensions{
		BuildSignerURI:         github.Subject,
		SourceRepositoryURI:    "https://github.com/karmada-io/karmada",
		SourceRepositoryDigest: commit,
		SourceRepositoryRef:    "refs/tags/v1.16.0",
		BuildTrigger:           "release",
	}}
	gitlab := sigstore.Identity{
		Issuer: "https://gitlab.com", Subject: "https://gitlab.com/karmada/karmada//.gitlab-ci.yml@refs/heads/main",
		Extensions: certificate.Extensions{
			BuildSignerURI:                      "https://gitlab.com/karmada/karmada//.gitlab-ci.yml@refs/heads/main",
			BuildSignerDigest:                   commit,
			RunnerEnvironment:                   "gitlab-hosted",
			SourceRepositoryURI:                 "https://gitlab.com/karmada/karmada",
			SourceRepositoryDigest:              commit,
			SourceRepositoryRef:                 "refs/heads/main",
			SourceRepositoryIdentifier:          "42831435",
			SourceRepositoryOwnerURI:            "https://gitlab.com/karmada",
			SourceRepositoryOwnerIdentifier:     "1730270",
			BuildConfigURI:                      "https://gitlab.com/karmada/karmada//.gitlab-ci.yml@refs/heads/main",
			BuildConfigDigest:                   commit,
			BuildTrigger:                        "push",
			RunInvocationURI:                    "https://gitlab.com/karmada/karmada/-/jobs/3818189430",
			SourceRepositoryVisibilityAtSigning: "public",
		},
	}
	buildkite := sigstore.Identity{
		Issuer: "https://agent.buildkite.com", Subject: "https://buildkite.com/karmada/release",
		Extensions: certificate.Extensions{
			RunInvocationURI:       "https://buildkite.com/karmada/release/builds/7#0184990a-4d5a-4b2e-9b1c-3b6f0f3f3f3f",
			RunnerEnvironment:      "self-hosted",
			SourceRepositoryDigest: commit,
			BuildTrigger:           "webhook",
		},
	}
	hostile := sigstore.Identity{
		Issuer: "https://gitlab.com", Subject: "https://gitlab.com/somebody/else",
		Extensions: certificate.Extensions{
			SourceRepositoryURI:    "https://gitlab.com/" + strings.Repeat("a", 1000),
			SourceRepositoryDigest: strings.Repeat("f", 1000),
			SourceRepositoryRef:    "refs/heads/\x1b[31m\nmain\u202e",
			BuildTrigger:           strings.Repeat("é", 100),
		},
	}
	for name, tc := range map[string]struct {
		id   sigstore.Identity
		want v1alpha1.Signer
	}{
		"GitHub": {github, v1alpha1.Signer{
			SourceRepository: "karmada-io/karmada", SourceRef: "refs/tags/v1.16.0", SourceCommit: commit,
			WorkflowName: "release.yml", WorkflowTrigger: "release",
		}},
		"GitHub without the deprecated extensions": {withoutDeprecated, v1alpha1.Signer{
			SourceRepository: "karmada-io/karmada", SourceRef: "refs/tags/v1.16.0", SourceCommit: commit, WorkflowTrigger: "release",
		}},
		"GitLab": {gitlab, v1alpha1.Signer{
			SourceRepository: "https://gitlab.com/karmada/karmada", SourceRef: "refs/heads/main", SourceCommit: commit, WorkflowTrigger: "push",
		}},
		"Buildkite":          {buildkite, v1alpha1.Signer{SourceCommit: commit, WorkflowTrigger: "webhook"}},
		"a person at Google": {sigstore.Identity{Issuer: "https://accounts.google.com", Subject: "someone@karmada.io"}, v1alpha1.Signer{}},
		"text that is too long": {hostile, v1alpha1.Signer{
			SourceRepository: "https://gitlab.com/" + strings.Repeat("a", 512-len("https://gitlab.com/")-len("…")) + "…",
			SourceCommit:     strings.Repeat("f", 128-len("…")) + "…",
			SourceRef:        "refs/heads/?[31m?main?",
			WorkflowTrigger:  strings.Repeat("é", 62) + "…",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			digest := b.push("karmada/signed", name)
			b.attach(digest, b.good(digest, tc.id))
			want := tc.want
			want.Issuer, want.Identity = tc.id.Issuer, tc.id.Subject
			got := mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, tc.id), b.root, verified, "Signed")
			if diff := cmp.Diff(&want, got.Signer); diff != "" {
				t.Errorf("signer (-want +got):\n%s", diff)
			}
			if bundled := signerOfBundle(t, b, tc.id); !cmp.Equal(bundled, got.Signer) {
				t.Errorf("signer of a bundle (-tag +bundle):\n%s", cmp.Diff(got.Signer, bundled))
			}
		})
	}
}

// signerOfBundle is the signer of an image that is signed with a Sigstore bundle.
func signerOfBundle(t *testing.T, b *bench, id sigstore.Identity) *v1alpha1.Signer {
	t.Helper()
	digest := b.push("karmada/bundled", id.Subject)
	b.bundle(digest, b.envelope(digest, id, "https://sigstore.dev/cosign/sign/v1"))
	return mustBe(t.Context(), t, newCosign(time.Minute), digest, exactly(t, id), b.root, verified, "Signed").Signer
}
