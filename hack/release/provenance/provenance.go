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

// Package provenance says where the artefacts of a release come from, in the format of SLSA (https://slsa.dev/spec/v1.0/provenance).
package provenance

import (
	"errors"
	"fmt"
	"strings"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// BuildType of a workflow of GitHub Actions, whose parameters https://actions.github.io/buildtypes/workflow/v1 describes.
const BuildType = "https://actions.github.io/buildtypes/workflow/v1"

// ErrNotInActions says that this is no run of GitHub Actions, so that there is nothing to tell.
var ErrNotInActions = errors.New("not in a run of GitHub Actions")

// run is what the environment says about a run of GitHub Actions.
type run struct {
	repository, workflowPath, workflowRef, ref, commit string
	invocation                                         string
	internal                                           map[string]any
}

// FromActions returns the provenance of what a run of GitHub Actions builds, from the variables of its environment: a predicate in
// JSON. The images are other things that went into it, by digest: NAME@ALGORITHM:DIGEST.
func FromActions(getenv func(string) string, images ...string) ([]byte, error) {
	from, err := readRun(getenv)
	if err != nil {
		return nil, err
	}
	external, err := structpb.NewStruct(map[string]any{
		"workflow": map[string]any{"ref": from.workflowRef, "repository": from.repository, "path": from.workflowPath},
	})
	if err != nil {
		return nil, fmt.Errorf("making the provenance: %w", err)
	}
	internal, err := structpb.NewStruct(map[string]any{"github": from.internal})
	if err != nil {
		return nil, fmt.Errorf("making the provenance: %w", err)
	}
	dependencies := []*intoto.ResourceDescriptor{{
		Uri: "git+" + from.repository + "@" + from.ref, Digest: map[string]string{"gitCommit": from.commit},
	}}
	for _, image := range images {
		name, digest, _ := strings.Cut(image, "@")
		algorithm, value, ok := strings.Cut(digest, ":")
		if !ok {
			return nil, fmt.Errorf("making the provenance: %q has no digest", image)
		}
		dependencies = append(dependencies, &intoto.ResourceDescriptor{Uri: "docker://" + name, Digest: map[string]string{algorithm: value}})
	}
	predicate := &slsa.Provenance{
		BuildDefinition: &slsa.BuildDefinition{
			BuildType: BuildType, ExternalParameters: external, InternalParameters: internal, ResolvedDependencies: dependencies,
		},
		RunDetails: &slsa.RunDetails{
			Builder:  &slsa.Builder{Id: from.repository + "/" + from.workflowPath + "@" + from.workflowRef},
			Metadata: &slsa.BuildMetadata{InvocationId: from.invocation},
		},
	}
	if err := predicate.Validate(); err != nil {
		return nil, fmt.Errorf("making the provenance: %w", err)
	}
	return protojson.Marshal(predicate)
}

func readRun(getenv func(string) string) (run, error) {
	var missing []string
	get := func(name string) string {
		value := getenv(name)
		if value == "" {
			missing = append(missing, name)
		}
		return value
	}
	project, definition := get("GITHUB_REPOSITORY"), get("GITHUB_WORKFLOW_REF")
	out := run{repository: get("GITHUB_SERVER_URL") + "/" + project, ref: get("GITHUB_REF"), commit: get("GITHUB_SHA")}
	out.invocation = out.repository + "/actions/runs/" + get("GITHUB_RUN_ID") + "/attempts/" + get("GITHUB_RUN_ATTEMPT")
	out.internal = map[string]any{
		"event_name": get("GITHUB_EVENT_NAME"), "repository_id": get("GITHUB_REPOSITORY_ID"),
		"repository_owner_id": get("GITHUB_REPOSITORY_OWNER_ID"), "runner_environment": get("RUNNER_ENVIRONMENT"),
	}
	if len(missing) > 0 {
		return run{}, fmt.Errorf("%w: %s not set", ErrNotInActions, strings.Join(missing, ", "))
	}
	path, ref, _ := strings.Cut(definition, "@")
	path, ok := strings.CutPrefix(path, project+"/")
	if !ok || ref == "" {
		return run{}, fmt.Errorf("%s is no workflow of %s", definition, project)
	}
	out.workflowPath, out.workflowRef = path, ref
	return out, nil
}
