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

package provenance

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const commit = "e5277b6317ac1a4717f5fac4057caf51a5d248fc"

var baseDigest = strings.Repeat("ab", 32)

func environment() map[string]string {
	return map[string]string{
		"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "karmada-io/image-trust", "GITHUB_REF": "refs/tags/v1.2.3",
		"GITHUB_WORKFLOW_REF": "karmada-io/image-trust/.github/workflows/release.yaml@refs/tags/v1.2.3", "GITHUB_SHA": commit,
		"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_EVENT_NAME": "push", "GITHUB_REPOSITORY_ID": "1",
		"GITHUB_REPOSITORY_OWNER_ID": "2", "RUNNER_ENVIRONMENT": "github-hosted",
	}
}

func TestFromActions(t *testing.T) {
	env := environment()
	encoded, err := FromActions(func(name string) string { return env[name] }, "gcr.io/base@sha256:"+baseDigest)
	if err != nil {
		t.Fatal(err)
	}
	const workflow = ".github/workflows/release.yaml"
	type object = map[string]any
	want := object{
		"buildDefinition": object{
			"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": object{"workflow": object{
				"ref": "refs/tags/v1.2.3", "repository": "https://github.com/karmada-io/image-trust", "path": workflow,
			}},
			"internalParameters": object{"github": object{
				"event_name": "push", "repository_id": "1", "repository_owner_id": "2", "runner_environment": "github-hosted",
			}},
			"resolvedDependencies": []any{
				object{"uri": "git+https://github.com/karmada-io/image-trust@refs/tags/v1.2.3", "digest": object{"gitCommit": commit}},
				object{"uri": "docker://gcr.io/base", "digest": object{"sha256": baseDigest}},
			},
		},
		"runDetails": object{
			"builder":  object{"id": "https://github.com/karmada-io/image-trust/" + workflow + "@refs/tags/v1.2.3"},
			"metadata": object{"invocationId": "https://github.com/karmada-io/image-trust/actions/runs/7/attempts/2"},
		},
	}
	var got object
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFromActionsOfNothing(t *testing.T) {
	for name := range environment() {
		env := environment()
		delete(env, name)
		if _, err := FromActions(func(name string) string { return env[name] }); !errors.Is(err, ErrNotInActions) || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	env := environment()
	env["GITHUB_WORKFLOW_REF"] = "somebody/else/.github/workflows/release.yaml@refs/tags/v1.2.3"
	if _, err := FromActions(func(name string) string { return env[name] }); err == nil {
		t.Error("a workflow of another repository is accepted")
	}
	env = environment()
	if _, err := FromActions(func(name string) string { return env[name] }, "gcr.io/base:nonroot"); err == nil {
		t.Error("an image without a digest is accepted")
	}
}
