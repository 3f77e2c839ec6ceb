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

// Package gitops asks Argo CD and Flux, by their own code, what they make of objects: see test/tools/argocd and test/tools/flux.
package gitops

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/test/lab/tool"
)

// The directories of the programs in the repository, and the customizations of Argo CD.
const (
	argoModule     = "test/tools/argocd"
	fluxModule     = "test/tools/flux"
	customizations = "config/argocd/argocd-cm.yaml"
)

// Answer is what a tool says of an object.
type Answer struct {
	// Status is the health: in Argo CD Healthy, Progressing, Degraded, Suspended, or empty if it does not know the kind; in Flux Current,
	// InProgress, Failed or Terminating.
	Status  string `json:"status"`
	Message string `json:"message"`
	// OutOfSync reports whether Argo CD would apply the object in Git again, with what it compares.
	OutOfSync       bool            `json:"outOfSync"`
	Live, Predicted json.RawMessage `json:",omitempty"`
	// Error is why the tool failed.
	Error string `json:"error"`
}

// request is one question to either tool.
type request struct {
	Operation         string                     `json:"operation"`
	Object            *unstructured.Unstructured `json:"object"`
	Desired           *unstructured.Unstructured `json:"desired,omitempty"`
	IgnoreDifferences any                        `json:"ignoreDifferences,omitempty"`
	HealthCheckExprs  json.RawMessage            `json:"healthCheckExprs,omitempty"`
}

// Argo is Argo CD with the customizations in config/argocd.
type Argo struct{ tool *tool.Tool }

// StartArgo starts it until the test ends. Further files with an argocd-cm, whose paths are relative to the repository, are in force,
// too.
func StartArgo(t *testing.T, files ...string) *Argo {
	t.Helper()
	return &Argo{tool.Start(t, argoModule, append([]string{customizations}, files...)...)}
}

// Health is the health of an object in a cluster.
func (a *Argo) Health(t *testing.T, object *unstructured.Unstructured) Answer {
	t.Helper()
	return ask(t, a.tool, request{Operation: "health", Object: object})
}

// Diff compares an object in Git with the one in the cluster, without the differences that an Application ignores.
func (a *Argo) Diff(t *testing.T, desired, live *unstructured.Unstructured, ignoreDifferences any) Answer {
	t.Helper()
	return ask(t, a.tool, request{Operation: "diff", Desired: desired, Object: live, IgnoreDifferences: ignoreDifferences})
}

// Read decodes one of Argo CD's own objects strictly; the error is in the answer.
func (a *Argo) Read(t *testing.T, object *unstructured.Unstructured) Answer {
	t.Helper()
	return ask(t, a.tool, request{Operation: "read", Object: object})
}

// Flux is Flux.
type Flux struct{ tool *tool.Tool }

// StartFlux starts it until the test ends.
func StartFlux(t *testing.T) *Flux {
	t.Helper()
	return &Flux{tool.Start(t, fluxModule)}
}

// Status is the status of an object in a cluster, by the healthCheckExprs of a Kustomization, if there are any, and by kstatus.
func (f *Flux) Status(t *testing.T, object *unstructured.Unstructured, healthCheckExprs json.RawMessage) Answer {
	t.Helper()
	return ask(t, f.tool, request{Operation: "status", Object: object, HealthCheckExprs: healthCheckExprs})
}

// Read decodes one of Flux's own objects strictly; the error is in the answer.
func (f *Flux) Read(t *testing.T, object *unstructured.Unstructured) Answer {
	t.Helper()
	return ask(t, f.tool, request{Operation: "read", Object: object})
}

func ask(t *testing.T, asked *tool.Tool, question request) Answer {
	t.Helper()
	var answer Answer
	asked.Call(t, question, &answer)
	return answer
}
