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

// Flux does with objects what Flux does, by Flux's own code: it tells their status by kstatus or by expressions in CEL, and reads
// Flux's objects strictly. It is a program of its own, so that the operator's module does not require Flux. It is for tests only.
//
//	flux   answers requests, a Request in JSON per line of the input, by a Response per line of the output
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	kustomizev1 "github.com/fluxcd/kustomize-controller/api/v1"
	"github.com/fluxcd/pkg/apis/kustomize"
	"github.com/fluxcd/pkg/runtime/cel"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Request is one question. The operation is status or read.
type Request struct {
	Operation string                     `json:"operation"`
	Object    *unstructured.Unstructured `json:"object"`
	// HealthCheckExprs is that of a Kustomization, for status. Where it has nothing about the kind, kstatus applies.
	HealthCheckExprs []kustomize.CustomHealthCheck `json:"healthCheckExprs,omitempty"`
}

// Response is the answer.
type Response struct {
	// Status is Current, InProgress, Failed or Terminating.
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	// Error is why the operation failed.
	Error string `json:"error,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
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
		response, err := answer(request)
		if err != nil {
			response.Error = err.Error()
		}
		if err := responses.Encode(response); err != nil {
			return fmt.Errorf("write a response: %w", err)
		}
	}
}

func answer(request Request) (response Response, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("Flux panicked: %v", r)
		}
	}()
	switch request.Operation {
	case "status":
		result, err := compute(request)
		if err != nil {
			return response, err
		}
		return Response{Status: string(result.Status), Message: result.Message}, nil
	case "read":
		return response, read(request.Object)
	}
	return response, fmt.Errorf("there is no operation %q", request.Operation)
}

func compute(request Request) (*status.Result, error) {
	for _, check := range request.HealthCheckExprs {
		if check.APIVersion != request.Object.GetAPIVersion() || check.Kind != request.Object.GetKind() {
			continue
		}
		evaluator, err := cel.NewStatusEvaluator(&check.HealthCheckExpressions)
		if err != nil {
			return nil, err
		}
		return evaluator.Evaluate(context.Background(), request.Object)
	}
	return status.Compute(request.Object)
}

// read decodes an object of Flux, all of whose fields must exist.
func read(object *unstructured.Unstructured) error {
	kinds := map[string]any{
		kustomizev1.GroupVersion.String() + "/Kustomization": &kustomizev1.Kustomization{},
		helmv2.GroupVersion.String() + "/HelmRelease":        &helmv2.HelmRelease{},
		sourcev1.GroupVersion.String() + "/GitRepository":    &sourcev1.GitRepository{},
		sourcev1.GroupVersion.String() + "/HelmRepository":   &sourcev1.HelmRepository{},
		sourcev1.GroupVersion.String() + "/OCIRepository":    &sourcev1.OCIRepository{},
	}
	kind := object.GetAPIVersion() + "/" + object.GetKind()
	typed, ok := kinds[kind]
	if !ok {
		return fmt.Errorf("%s is not a kind of Flux that is known here", kind)
	}
	encoded, err := object.MarshalJSON()
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	return decoder.Decode(typed)
}
