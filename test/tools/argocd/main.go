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

// Argocd does with objects what Argo CD does, by Argo CD's own code: it tells their health, compares them with what is in Git, and
// reads Applications strictly. It is a program of its own, because Argo CD requires another version of Kubernetes than the operator
// does. It is for tests only.
//
//	argocd FILE...   answers requests, a Request in JSON per line of the input, by a Response per line of the output
//
// The files have ConfigMaps named argocd-cm, whose customizations of health are in force.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/gitops-engine/pkg/diff"
	"github.com/argoproj/gitops-engine/pkg/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Request is one question. The operation is health, diff or read.
type Request struct {
	Operation string `json:"operation"`
	// Object is the one in the cluster, for health and diff, or the one in Git, for read.
	Object *unstructured.Unstructured `json:"object"`
	// Desired is the object in Git, for diff.
	Desired *unstructured.Unstructured `json:"desired,omitempty"`
	// IgnoreDifferences is that of an Application, for diff.
	IgnoreDifferences []v1alpha1.ResourceIgnoreDifferences `json:"ignoreDifferences,omitempty"`
}

// Response is the answer.
type Response struct {
	// Status is the health, empty if Argo CD does not know the kind, and Message what Argo CD shows with it.
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	// OutOfSync reports whether Argo CD would apply the object in Git again. Live and Predicted are then what it compares.
	OutOfSync bool            `json:"outOfSync,omitempty"`
	Live      json.RawMessage `json:"live,omitempty"`
	Predicted json.RawMessage `json:"predicted,omitempty"`
	// Error is why the operation failed.
	Error string `json:"error,omitempty"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(files []string) error {
	overrides := lua.ResourceHealthOverrides{}
	for _, file := range files {
		if err := load(overrides, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	requests, responses := json.NewDecoder(bufio.NewReader(os.Stdin)), json.NewEncoder(os.Stdout)
	for {
		var request Request
		err := requests.Decode(&request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		response, err := answer(overrides, request)
		if err != nil {
			response.Error = err.Error()
		}
		if err := responses.Encode(response); err != nil {
			return fmt.Errorf("write a response: %w", err)
		}
	}
}

// prefix of the keys of argocd-cm that are customizations of health: GROUP_KIND follows.
const prefix = "resource.customizations.health."

func load(overrides lua.ResourceHealthOverrides, file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var settings struct {
		Data map[string]string `json:"data"`
	}
	if err := yaml.Unmarshal(content, &settings); err != nil {
		return err
	}
	for key, script := range settings.Data {
		kind, ok := strings.CutPrefix(key, prefix)
		if !ok {
			return fmt.Errorf("%s is not a customization of health", key)
		}
		overrides[strings.Replace(kind, "_", "/", 1)] = v1alpha1.ResourceOverride{HealthLua: script}
	}
	return nil
}

func answer(overrides lua.ResourceHealthOverrides, request Request) (response Response, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("Argo CD panicked: %v", r)
		}
	}()
	switch request.Operation {
	case "health":
		found, err := health.GetResourceHealth(request.Object, overrides)
		if found != nil {
			response.Status, response.Message = string(found.Status), found.Message
		}
		return response, err
	case "diff":
		normalizer, err := normalizers.NewIgnoreNormalizer(request.IgnoreDifferences, nil, normalizers.IgnoreNormalizerOpts{})
		if err != nil {
			return response, err
		}
		result, err := diff.Diff(request.Desired, request.Object, diff.WithNormalizer(normalizer))
		if err != nil || !result.Modified {
			return response, err
		}
		return Response{OutOfSync: true, Live: result.NormalizedLive, Predicted: result.PredictedLive}, nil
	case "read":
		return response, read(request.Object)
	}
	return response, fmt.Errorf("there is no operation %q", request.Operation)
}

// read decodes an object of Argo CD, all of whose fields must exist.
func read(object *unstructured.Unstructured) error {
	var typed any
	switch object.GetKind() {
	case "Application":
		typed = &v1alpha1.Application{}
	case "AppProject":
		typed = &v1alpha1.AppProject{}
	default:
		return fmt.Errorf("%s is not a kind of Argo CD that is known here", object.GetKind())
	}
	if got, want := object.GetAPIVersion(), v1alpha1.SchemeGroupVersion.String(); got != want {
		return fmt.Errorf("the API version is %s, want %s", got, want)
	}
	encoded, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	return decoder.Decode(typed)
}
