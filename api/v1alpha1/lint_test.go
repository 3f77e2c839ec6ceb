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

package v1alpha1_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/lint"
	"github.com/karmada-io/image-trust/test/gen"
)

// response of the API server to an object, or the one that the linter predicts.
type response struct {
	Denied, Warned []string
}

// TestLint verifies that the linter predicts the response of the API server word for word.
func TestLint(t *testing.T) {
	linter, err := lint.New()
	if err != nil {
		t.Fatal(err)
	}
	c, warned := newWarningClient(t)
	total, agreed := 0, 0
	for name, object := range lintCases() {
		t.Run(name, func(t *testing.T) {
			want := response{Denied: messages(c.Create(t.Context(), object.DeepCopy(), client.DryRunAll)), Warned: warned.take()}
			got := predicted(linter.Lint(t.Context(), object))
			total++
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("the linter differs from the API server (-server +linter):\n%s", diff)
				return
			}
			agreed++
		})
	}
	fmt.Printf("figure: lint_agreement %d/%d\n", agreed, total)
}

// lintCases returns the objects of the tests of the schema and of the warnings, and some that are invalid in other ways.
func lintCases() map[string]*unstructured.Unstructured {
	cases := map[string]*unstructured.Unstructured{}
	for name, tc := range validationCases() {
		cases["validation: "+name] = gen.UnstructuredTrust(tc.spec)
	}
	for name, tc := range warningCases() {
		cases["warnings: "+name] = gen.UnstructuredTrust(tc.spec)
	}
	type object = map[string]any
	with := func(value any, path ...string) *unstructured.Unstructured {
		trust := gen.UnstructuredTrust(nil)
		parent := trust.Object
		for _, key := range path[:len(path)-1] {
			if parent[key] == nil {
				parent[key] = object{}
			}
			parent = parent[key].(object)
		}
		parent[path[len(path)-1]] = value
		return trust
	}
	for name, trust := range map[string]*unstructured.Unstructured{
		"unknown field":               with("a", "spec", "identityRegex"),
		"unknown fields":              gen.UnstructuredTrust(object{"trustroot": object{"name": "a"}, "verification": object{"interval": "1h", "secrets": []any{}}}),
		"unknown field in a list":     gen.UnstructuredTrust(object{"attestations": []any{object{"name": "a", "predicateType": "urn:a", "type": "b"}}}),
		"unknown field at the root":   with([]any{"a/b"}, "images"),
		"unknown field and an error":  gen.UnstructuredTrust(object{"issuer": nil, "issuers": []any{"https://a"}}),
		"unknown field of metadata":   with("a", "metadata", "title"),
		"name in upper case":          with("Karmada", "metadata", "name"),
		"name with a slash":           with("a/b", "metadata", "name"),
		"no name":                     with("", "metadata", "name"),
		"long name":                   with(strings.Repeat("a", 254), "metadata", "name"),
		"bad label":                   with(object{"a b": "c"}, "metadata", "labels"),
		"bad value of a label":        with(object{"a": "b c"}, "metadata", "labels"),
		"bad annotation":              with(object{"a/b/c": "d"}, "metadata", "annotations"),
		"bad name and bad glob":       with([]any{"a b"}, "spec", "images"),
		"namespace":                   with("default", "metadata", "namespace"),
		"number for a label":          with(object{"a": int64(1)}, "metadata", "labels"),
		"status":                      with(object{"observedGeneration": int64(1)}, "status"),
		"unknown field of the status": with(object{"phase": "a"}, "status"),
		"no spec":                     with(nil, "spec"),
		"string for the spec":         with("a", "spec"),
		"string for a list":           with("a/b", "spec", "images"),
		"null for a list":             with(nil, "spec", "images"),
		"null for a string":           with(nil, "spec", "issuer"),
		"null in a list":              with([]any{nil}, "spec", "images"),
		"number in a list":            with([]any{int64(1), "a/b"}, "spec", "images"),
		"null for a default":          with(nil, "spec", "enforcement"),
		"many errors":                 gen.UnstructuredTrust(object{"images": []any{"a/b:v1", "https://c", "d e"}, "issuer": nil, "enforcement": "deny", "attestations": []any{object{"name": "A"}}}),
		"many errors in values":       gen.UnstructuredTrust(object{"images": []any{"a/b:v1", "https://c", "d e"}, "issuer": nil, "verification": object{"interval": "1d"}, "trustRoot": object{"name": "A"}}),
	} {
		cases["object: "+name] = trust
	}
	cases["object: bad name and bad glob"].SetName("A")
	generated := gen.UnstructuredTrust(nil)
	generated.SetName("")
	generated.SetGenerateName("karmada-")
	cases["object: generated name"] = generated
	return cases
}

// messages returns the sorted messages of an error of the API server, without the prefix that is the same for all objects.
func messages(err error) []string {
	const undecoded = `KarmadaImageTrust in version "v1alpha1" cannot be handled as a KarmadaImageTrust: `
	status := apierrors.APIStatus(nil)
	switch {
	case err == nil:
		return nil
	case apierrors.IsInvalid(err) && errors.As(err, &status):
		var texts []string
		for _, cause := range status.Status().Details.Causes {
			texts = append(texts, cause.Field+": "+cause.Message)
		}
		slices.Sort(texts)
		return slices.Compact(texts)
	default:
		_, text, _ := strings.Cut(err.Error(), undecoded)
		return []string{text}
	}
}

// predicted converts findings to a response of the API server: it does not validate an object that it cannot decode, and
// warns only about objects that it accepts.
func predicted(findings []lint.Finding) response {
	var unknown, denied, warned []string
	for _, f := range findings {
		text := strings.TrimPrefix(f.Field+": "+f.Message, ": ")
		switch f.Rule {
		case lint.RuleUnknownField:
			message, _, _ := strings.Cut(f.Message, "; ")
			unknown = append(unknown, message)
		case lint.RuleUnchecked:
			denied = append(denied, "<nil>: Invalid value: null: "+f.Message)
		case lint.RuleSchemaViolation:
			denied = append(denied, strings.Replace(text, "metadata: json: ", "json: ", 1))
		case lint.RuleAdmissionWarning:
			// Admission warns about the only signer of a trust, and not about those of a list.
			if !strings.HasPrefix(f.Field, "spec.signers[") {
				warned = append(warned, text)
			}
		default: // not a rule of the API server
		}
	}
	slices.Sort(denied)
	slices.Sort(warned)
	switch {
	case len(unknown) > 0:
		return response{Denied: []string{"strict decoding error: " + strings.Join(unknown, ", ")}}
	case len(denied) > 0:
		return response{Denied: denied}
	}
	return response{Warned: warned}
}
