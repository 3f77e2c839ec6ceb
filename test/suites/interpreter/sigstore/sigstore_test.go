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

// Package sigstore tests how Karmada interprets the kinds of policy-controller, in Karmada's own interpreter.
package sigstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/lab/interpret"
)

const (
	directory  = "config/karmada/interpreter/policy.sigstore.dev/v1alpha1/"
	policies   = directory + "ClusterImagePolicy/customizations.yaml"
	trustRoots = directory + "TrustRoot/customizations.yaml"

	generation   = 4
	transitioned = "2026-11-26T19:15:55Z"
	// maxReflected is the most that a member may make the control plane keep, and maxAggregated what all of them may, in bytes.
	maxReflected  = 8 << 10
	maxAggregated = 64 << 10
)

// object is what JSON decodes to.
type object = map[string]any

// TestInKarmadasForm runs the tests that are offered to Karmada with the customizations.
func TestInKarmadasForm(t *testing.T) {
	interpret.RunTests(t, policies)
	interpret.RunTests(t, trustRoots)
}

// kinds are those whose healths, reflections and aggregations are the same.
func kinds() []string { return []string{"ClusterImagePolicy", "TrustRoot"} }

func TestHealth(t *testing.T) {
	tests := map[string]struct {
		status any
		want   bool
	}{
		"ready":                 {status(4, condition("Ready", "True", "")), true},
		"not ready":             {status(4, condition("Ready", "False", "")), false},
		"undecided":             {status(4, condition("Ready", "Unknown", "")), false},
		"of an older spec":      {status(3, condition("Ready", "True", "")), false},
		"another condition":     {status(4, condition("KeysInlined", "True", "")), false},
		"no status":             {nil, false},
		"empty status":          {object{}, false},
		"no observedGeneration": {object{"conditions": []any{condition("Ready", "True", "")}}, false},
		"conditions as text":    {object{"observedGeneration": 4, "conditions": "Ready"}, false},
		"a condition as text":   {object{"observedGeneration": 4, "conditions": []any{"Ready"}}, false},
	}
	i := interpret.Start(t, policies, trustRoots)
	for _, kind := range kinds() {
		for name, test := range tests {
			t.Run(kind+"/"+name, func(t *testing.T) {
				response := call(t, i, interpret.Request{
					Operation: interpret.InterpretHealth, Observed: encode(t, of(kind, test.status, nil)),
				})
				if got := response.Results.Healthy; got == nil || *got != test.want {
					t.Errorf("healthy: %v, want %v", got, test.want)
				}
			})
		}
	}
}

func TestReflection(t *testing.T) {
	// A little less than what etcd accepts.
	long := strings.Repeat(`"<\é`, 2000)
	many := make([]any, 100)
	for i := range many {
		many[i] = condition(fmt.Sprintf("Type%d", i), "False", long)
	}
	tests := map[string]struct {
		status any
		want   []object // nil: only the size is checked
	}{
		"as policy-controller reports": {
			status(4, condition("KeysInlined", "True", ""), condition("Ready", "False", `secret "key" not found`)),
			[]object{condition("KeysInlined", "True", ""), condition("Ready", "False", `secret "key" not found`)},
		},
		"characters that steer a terminal": {
			status(4, condition("Ready", "False", "a\nb\x1b[31mc\u0085d\u202Ee\u2066f — é")),
			[]object{condition("Ready", "False", "a b [31mc d e f — é")},
		},
		"no conditions at all": {
			object{"conditions": []any{
				"text", 5, object{}, object{"type": "Ready"}, object{"type": "Re ady", "status": "True"}, object{"type": 5, "status": true},
				object{"type": strings.Repeat("R", 65), "status": "True"},
			}},
			[]object{},
		},
		"fields of other types": {
			object{"conditions": []any{object{
				"type": "Ready", "status": "True", "reason": 5, "message": object{"a": "b"}, "lastTransitionTime": []any{}, "other": "x",
			}}},
			[]object{{"type": "Ready", "status": "True"}},
		},
		"much":              {status(4, many...), nil},
		"text for status":   {"Ready", []object{}},
		"no status":         {nil, []object{}},
		"text for a list":   {object{"conditions": long}, []object{}},
		"object for a list": {object{"conditions": object{"0": "Ready"}}, []object{}},
	}
	i := interpret.Start(t, policies, trustRoots)
	for _, kind := range kinds() {
		for name, test := range tests {
			t.Run(kind+"/"+name, func(t *testing.T) {
				response := call(t, i, interpret.Request{
					Operation: interpret.InterpretStatus, Observed: encode(t, of(kind, test.status, nil)),
				})
				if size := len(response.Results.Status); size > maxReflected {
					t.Errorf("%d bytes are reflected, want at most %d", size, maxReflected)
				}
				var reflected struct {
					Conditions []object
				}
				decode(t, response.Results.Status, &reflected)
				if test.want == nil {
					if len(reflected.Conditions) == 0 {
						t.Error("nothing is reflected")
					}
					return
				}
				if diff := cmp.Diff(test.want, append([]object{}, reflected.Conditions...)); diff != "" {
					t.Errorf("conditions (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestGenerations checks what the aggregation compares.
func TestGenerations(t *testing.T) {
	i := interpret.Start(t, policies, trustRoots)
	for _, kind := range kinds() {
		observed := of(kind, status(4), nil)
		observed["metadata"] = object{
			"name": "x", "generation": 4, "annotations": object{"resourcetemplate.karmada.io/generation": "7"},
		}
		response := call(t, i, interpret.Request{Operation: interpret.InterpretStatus, Observed: encode(t, observed)})
		var got object
		decode(t, response.Results.Status, &got)
		want := object{"generation": 4.0, "observedGeneration": 4.0, "resourceTemplateGeneration": 7.0}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("status (-want +got):\n%s", diff)
		}
	}
}

// call fails the test if the script failed.
func call(t *testing.T, i *interpret.Interpreter, request interpret.Request) interpret.Response {
	t.Helper()
	response := i.Call(t, request)
	if response.Error != "" {
		t.Fatalf("%s: %s", request.Operation, response.Error)
	}
	if response.Duration() > time.Second {
		t.Errorf("%s took %s, and Karmada stops it after a second", request.Operation, response.Duration())
	}
	return response
}

// of is an object of a kind, with a generation.
func of(kind string, status any, spec object) object {
	o := object{
		"apiVersion": "policy.sigstore.dev/v1alpha1", "kind": kind, "metadata": object{"name": "x", "generation": generation},
	}
	if status != nil {
		o["status"] = status
	}
	if spec != nil {
		o["spec"] = spec
	}
	return o
}

func status(observedGeneration int, conditions ...any) object {
	s := object{"observedGeneration": observedGeneration}
	if len(conditions) > 0 {
		s["conditions"] = conditions
	}
	return s
}

func condition(kind, status, message string) object {
	c := object{"type": kind, "status": status, "lastTransitionTime": transitioned}
	if message != "" {
		c["message"] = message
		c["reason"] = "InliningKeysFailed"
	}
	return c
}

func encode(t *testing.T, value any) json.RawMessage {
	t.Helper()
	encoded, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

func decode(t *testing.T, encoded []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(encoded, into); err != nil {
		t.Fatalf("%v in %s", err, encoded)
	}
}
