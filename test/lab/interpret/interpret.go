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

// Package interpret runs ResourceInterpreterCustomizations in Karmada's own interpreter, by the program in
// test/tools/interpret, which has a module of its own because Karmada requires another version of Kubernetes.
package interpret

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/test/lab/tool"
)

// module is the directory of the program in the repository.
const module = "test/tools/interpret"

// The operations of the interpreter.
const (
	AggregateStatus     = "AggregateStatus"
	InterpretDependency = "InterpretDependency"
	InterpretHealth     = "InterpretHealth"
	InterpretStatus     = "InterpretStatus"
	Retain              = "Retain"
)

// Item is what Karmada knows of the object in one cluster.
type Item struct {
	ClusterName string          `json:"clusterName"`
	Status      json.RawMessage `json:"status,omitempty"`
	Applied     bool            `json:"applied,omitempty"`
	// AppliedMessage says why the object is not applied.
	AppliedMessage string `json:"appliedMessage,omitempty"`
	// Health is Healthy, Unhealthy or Unknown.
	Health string `json:"health,omitempty"`
}

// Request is one call of the interpreter. Desired is the object on the control plane, for Retain, AggregateStatus and
// InterpretDependency, and Observed that in the member cluster, for Retain, InterpretStatus and InterpretHealth.
type Request struct {
	Operation string          `json:"operation"`
	Desired   json.RawMessage `json:"desired,omitempty"`
	Observed  json.RawMessage `json:"observed,omitempty"`
	Items     []Item          `json:"items,omitempty"`
}

// Response is what the interpreter answers. Error says why it failed, and Nanoseconds how long the call took.
type Response struct {
	Results struct {
		AggregatedStatus json.RawMessage `json:"aggregatedStatus"` // the whole object
		Status           json.RawMessage `json:"status"`           // what is reflected
		Retained         json.RawMessage `json:"retained"`
		Dependencies     json.RawMessage `json:"dependencies"`
		Healthy          *bool           `json:"healthy"`
	} `json:"results"`
	Error       string `json:"error"`
	Nanoseconds int64  `json:"nanoseconds"`
}

// Duration is how long the call took.
func (r Response) Duration() time.Duration { return time.Duration(r.Nanoseconds) }

// Interpreter is a running process with the customizations of some files.
type Interpreter struct {
	tool *tool.Tool
}

// Start starts the interpreter with the customizations in the files, whose paths are relative to the repository. It is
// stopped when the test ends. If Karmada's webhook denies one of them, the first call fails and says so.
func Start(t *testing.T, files ...string) *Interpreter {
	t.Helper()
	return &Interpreter{tool: tool.Start(t, module, files...)}
}

// attempts is how often a call is made that takes more than the second that Karmada gives it, which is of the clock: Karmada
// tries again, too, and a machine may be busy.
const attempts = 5

// Call runs one operation. A failed operation is in the response; the test ends if there is none.
func (i *Interpreter) Call(t *testing.T, request Request) Response {
	t.Helper()
	response := i.call(t, request)
	for n := 1; n < attempts && strings.Contains(response.Error, context.DeadlineExceeded.Error()); n++ {
		response = i.call(t, request)
	}
	return response
}

func (i *Interpreter) call(t *testing.T, request Request) Response {
	t.Helper()
	var response Response
	i.tool.Call(t, request, &response)
	return response
}

// RunTests runs the customizations_tests.yaml next to each of the files, in the form of Karmada's own customizations.
func RunTests(t *testing.T, files ...string) {
	t.Helper()
	output, err := tool.Command(t, module, []string{"-tests"}, files...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}
