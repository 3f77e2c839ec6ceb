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

package lint

import (
	"github.com/google/cel-go/cel"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// These tell the compiler of k8s.io/apiserver where the expressions of a policy are and what they return. Its own types for
// that are in the package that would bring a server along.

type variable admissionregistrationv1.Variable

func (v variable) GetName() string { return v.Name }

func (v variable) GetExpression() string { return v.Expression }

func (v variable) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType, cel.DynType} }

type condition struct {
	admissionregistrationv1.Validation
}

func (c condition) GetExpression() string { return c.Expression }

func (c condition) ReturnTypes() []*cel.Type { return []*cel.Type{cel.BoolType} }

type message struct {
	admissionregistrationv1.Validation
}

func (m message) GetExpression() string { return m.MessageExpression }

func (m message) ReturnTypes() []*cel.Type { return []*cel.Type{cel.StringType} }
