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

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	"github.com/karmada-io/karmada/pkg/resourceinterpreter/customized/declarative"
	rules "github.com/karmada-io/karmada/pkg/util/interpreter"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Request is one call of the interpreter.
type Request struct {
	// Operation of the interpreter, for example AggregateStatus.
	Operation string `json:"operation"`
	// Desired is the object on the control plane, for Retain, AggregateStatus and InterpretDependency.
	Desired *unstructured.Unstructured `json:"desired,omitempty"`
	// Observed is the object in the member cluster, for Retain, InterpretStatus and InterpretHealth.
	Observed *unstructured.Unstructured `json:"observed,omitempty"`
	// Items are what the clusters reported, for AggregateStatus.
	Items []workv1alpha2.AggregatedStatusItem `json:"items,omitempty"`
	// Replicas is the number of replicas, for ReviseReplica.
	Replicas int64 `json:"replicas,omitempty"`
}

// Response is the result of one call of the interpreter.
type Response struct {
	// Results are what the operation yields, by the names that Karmada gives them: aggregatedStatus, status, healthy, retained,
	// dependencies, and others.
	Results map[string]any `json:"results,omitempty"`
	// Error is why the operation failed.
	Error string `json:"error,omitempty"`
	// Nanoseconds is how long the call took.
	Nanoseconds int64 `json:"nanoseconds"`
}

func serve(files []file, in io.Reader, out io.Writer) error {
	i := interpreter(files...)
	requests, responses := json.NewDecoder(bufio.NewReader(in)), bufio.NewWriter(out)
	for {
		var request Request
		err := requests.Decode(&request)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		if err := json.NewEncoder(responses).Encode(answer(i, request)); err != nil {
			return fmt.Errorf("write a response: %w", err)
		}
		if err := responses.Flush(); err != nil {
			return err
		}
	}
}

func answer(i *declarative.ConfigurableInterpreter, request Request) (response Response) {
	defer func() {
		if r := recover(); r != nil {
			response = Response{Error: fmt.Sprintf("Karmada's interpreter panicked: %v", r)}
		}
	}()
	rule := rules.Rules(rules.AllResourceInterpreterCustomizationRules).GetByOperation(request.Operation)
	if rule == nil {
		return Response{Error: fmt.Sprintf("there is no operation %q", request.Operation)}
	}
	began := time.Now()
	result := rule.Run(i, rules.RuleArgs{
		Desired: request.Desired, Observed: request.Observed, Status: request.Items, Replica: request.Replicas,
	})
	response.Nanoseconds = time.Since(began).Nanoseconds()
	if result.Err != nil {
		response.Error = result.Err.Error()
		return response
	}
	response.Results = make(map[string]any, len(result.Results))
	for _, r := range result.Results {
		response.Results[r.Name] = r.Value
	}
	return response
}
