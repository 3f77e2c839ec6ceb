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
	"maps"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/gen"
)

type object = map[string]any

// makeTrust returns a trust without findings, with some fields of its spec replaced, or removed if nil.
func makeTrust(fields object) *unstructured.Unstructured {
	spec := object{"images": []any{"docker.io/karmada/karmada-scheduler"}}
	maps.Copy(spec, fields)
	return gen.UnstructuredTrust(spec)
}

func newLinter(t *testing.T) *Linter {
	t.Helper()
	linter, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return linter
}

// TestLint verifies the findings and their order. The tests of the API compare the messages with those of an API server.
func TestLint(t *testing.T) {
	unchecked := Finding{RuleUnchecked, LevelNote, "", "some validation rules were not checked because the object was invalid;" +
		" correct the existing errors to complete validation"}
	tests := map[string]struct {
		object *unstructured.Unstructured
		want   []Finding
	}{
		"valid": {object: makeTrust(nil)},
		"invalid": {
			object: makeTrust(object{"images": []any{"a/b", "docker.io/karmada/"}}),
			want: []Finding{{RuleSchemaViolation, LevelError, "spec.images[1]",
				`Invalid value: "docker.io/karmada/": must not end with "/"; write "docker.io/karmada/**" to match every repository below it`}},
		},
		"several invalid fields, sorted": {
			object: makeTrust(object{"images": []any{"https://a/b"}, "issuer": "", "trustRoot": object{"name": "A"}}),
			want: []Finding{
				{RuleSchemaViolation, LevelError, "spec.images[0]", `Invalid value: "https://a/b": must not begin with a scheme; remove "https://"`},
				{RuleSchemaViolation, LevelError, "spec.issuer", `Invalid value: "": spec.issuer in body should be at least 1 chars long`},
				{RuleSchemaViolation, LevelError, "spec.trustRoot.name", `Invalid value: "A": must be the name of a TrustRoot: lower case letters, digits, "-" and "."`},
			},
		},
		"invalid before all rules were evaluated": {
			object: makeTrust(object{"enforcement": "deny"}),
			want: []Finding{
				{RuleSchemaViolation, LevelError, "spec.enforcement", `Unsupported value: "deny": supported values: "Audit", "Warn", "Enforce"`},
				unchecked,
			},
		},
		"invalid, with a warning about another field": {
			object: makeTrust(object{"images": []any{"a/b:v1"}, "identity": nil, "identityRegexp": ".*"}),
			want: []Finding{
				{RuleSchemaViolation, LevelError, "spec.images[0]", `Invalid value: "a/b:v1": must not contain a tag, because policy-controller compares globs with digests only;` +
					` remove ":v1" and limit the versions in identityRegexp instead, for example with @refs/tags/v1\.16\.[0-9]+$`},
				{RuleAdmissionWarning, LevelWarning, "spec.identityRegexp", "matches every identity: anyone with an account at the issuer may sign"},
			},
		},
		"invalid, with a warning about the same list": {
			object: makeTrust(object{"images": []any{"docker.io/karmada/*", "docker.io/karmada/*"}}),
			want:   []Finding{{RuleSchemaViolation, LevelError, "spec.images[1]", `Duplicate value: "docker.io/karmada/*"`}, unsigned("spec.images[0]", "docker.io/karmada/*", 4)},
		},
		"not an expression": {
			object: makeTrust(object{"identity": nil, "identityRegexp": "("}),
			want: []Finding{{RuleSchemaViolation, LevelError, "spec.identityRegexp",
				"Invalid value: \"string\": error parsing regexp: missing closing ): `(` evaluating rule: must be a regular expression in RE2 syntax; it is evaluated as ^(?:REGEXP)$"}},
		},
		"misspelt": {
			object: makeTrust(object{"identity": nil, "identityRegex": "a"}),
			want: []Finding{
				{RuleUnknownField, LevelError, "spec.identityRegex", `unknown field "spec.identityRegex"; did you mean "identityRegexp"?`},
				{RuleSchemaViolation, LevelError, "spec", "Invalid value: set exactly one of identity and identityRegexp: the subject of the signing certificate," +
					` for example identityRegexp: https://github\.com/karmada-io/karmada/\.github/workflows/dockerhub-released-image\.yml@refs/tags/v.+`},
			},
		},
		"not deep enough": {
			object: makeTrust(object{"references": []any{}}),
			want:   []Finding{{RuleUnknownField, LevelError, "spec.references", `unknown field "spec.references"; it belongs to "spec.verification"`}},
		},
		"misspelt in a list": {
			object: makeTrust(object{"attestations": []any{object{"name": "a", "predicateType": "urn:a", "Cue": "b"}}}),
			want: []Finding{{RuleUnknownField, LevelError, "spec.attestations[0].Cue",
				`unknown field "spec.attestations[0].Cue"; did you mean "cue"?`}},
		},
		"unknown": {
			object: makeTrust(object{"frobnicate": true}),
			want:   []Finding{{RuleUnknownField, LevelError, "spec.frobnicate", `unknown field "spec.frobnicate"`}},
		},
		"another kind": {
			object: &unstructured.Unstructured{Object: object{"apiVersion": "v1", "kind": "Pod"}},
			want: []Finding{
				{RuleSchemaViolation, LevelError, "apiVersion", `Invalid value: "v1": must be trust.karmada.io/v1alpha1`},
				{RuleSchemaViolation, LevelError, "kind", `Invalid value: "Pod": must be KarmadaImageTrust`},
			},
		},
		"another version": {
			object: &unstructured.Unstructured{Object: object{"apiVersion": "trust.karmada.io/v1", "kind": "KarmadaImageTrust"}},
			want:   []Finding{{RuleSchemaViolation, LevelError, "apiVersion", `Invalid value: "trust.karmada.io/v1": must be trust.karmada.io/v1alpha1`}},
		},
		"no object": {
			object: &unstructured.Unstructured{},
			want: []Finding{
				{RuleSchemaViolation, LevelError, "apiVersion", `Invalid value: "": must be trust.karmada.io/v1alpha1`},
				{RuleSchemaViolation, LevelError, "kind", `Invalid value: "": must be KarmadaImageTrust`},
			},
		},
		"not encodable as JSON": {
			object: &unstructured.Unstructured{Object: object{"spec": math.NaN()}},
			want:   []Finding{{RuleSchemaViolation, LevelError, "", "json: unsupported value: NaN"}},
		},
		"invalid metadata": {
			object: &unstructured.Unstructured{Object: object{
				"apiVersion": "trust.karmada.io/v1alpha1", "kind": "KarmadaImageTrust", "metadata": object{"labels": object{"a": true}},
			}},
			want: []Finding{{RuleSchemaViolation, LevelError, "metadata", "json: cannot unmarshal bool into Go struct field ObjectMeta.labels of type string"}},
		},
		"a reference that no glob matches": {
			object: makeTrust(object{"verification": object{"references": []any{"ghcr.io/other/a:v1"}}}),
			want: []Finding{{RuleInvalidSpec, LevelError, "spec.verification.references[0]",
				`Invalid value: "ghcr.io/other/a:v1": must match one of the globs in images; add a glob, or remove the reference`}},
		},
		"an unsigned image in Audit": {
			object: makeTrust(object{"images": []any{"karmada/karmada-dashboard-web"}, "enforcement": "Audit"}),
			want: []Finding{
				{RuleUnsignedImages, LevelWarning, "spec.images[0]", `"karmada/karmada-dashboard-web" matches images that are published without a` +
					` signature: docker.io/karmada/karmada-dashboard-web; list the signed repositories one by one`},
				{RuleNotEnforced, LevelNote, "spec.enforcement",
					"Audit only reports, and admission does not verify these images; set Enforce once the status reports no violations"},
			},
		},
	}
	linter := newLinter(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, linter.Lint(t.Context(), tc.object), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// unsigned returns the finding about a glob that matches the first n unsigned images of Karmada.
func unsigned(field, glob string, n int) Finding {
	images := []string{
		"docker.io/karmada/karmada-dashboard-api", "docker.io/karmada/karmada-dashboard-web", "docker.io/karmada/kubernetes-dashboard-api", "docker.io/karmada/karmada",
	}
	return Finding{RuleUnsignedImages, LevelWarning, field, `"` + glob + `" matches images that are published without a signature: ` +
		strings.Join(images[:n], ", ") + "; list the signed repositories one by one"}
}

// TestBadCUE verifies that errors of the operator are reported. The message is that of the CUE library.
func TestBadCUE(t *testing.T) {
	findings := newLinter(t).Lint(t.Context(), makeTrust(object{
		"attestations": []any{object{"name": "a", "predicateType": "urn:a", "cue": "predicate: {"}},
	}))
	if len(findings) != 1 || findings[0].Rule != RuleInvalidSpec || findings[0].Field != "spec.attestations[0].cue" {
		t.Errorf("findings: %+v, want one of %s about the CUE", findings, RuleInvalidSpec)
	}
}

// TestSamples verifies the findings about the samples: none about those for releases, and those that the comments of the other one
// describe.
func TestSamples(t *testing.T) {
	tests := map[string][]Finding{
		"karmada-release.yaml": nil,
		"signers.yaml":         nil,
		"self.yaml":            nil,
		"karmada.yaml": {
			{RuleAdmissionWarning, LevelWarning, "spec.identityRegexp", `ends with ".*": any workflow, branch and pull request of the repository may sign`},
			{RuleAdmissionWarning, LevelWarning, "spec.identityRegexp", `"." matches any character: "github.com" also matches "githubxcom"; write "github\.com"`},
			unsigned("spec.images[0]", "docker.io/karmada/*", 4),
		},
	}
	linter := newLinter(t)
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile("../../config/samples/" + name)
			if err != nil {
				t.Fatal(err)
			}
			u := &unstructured.Unstructured{}
			if err := yaml.Unmarshal(content, &u.Object); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, linter.Lint(t.Context(), u), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDescriptions verifies that each rule is described once.
func TestDescriptions(t *testing.T) {
	described := map[Rule]bool{}
	for _, d := range Descriptions() {
		if described[d.Rule] || d.Level == "" || d.Summary == "" || d.Help == "" {
			t.Errorf("%s is described twice or incompletely", d.Rule)
		}
		described[d.Rule] = true
	}
	for _, rule := range []Rule{
		RuleUnknownField, RuleSchemaViolation, RuleUnchecked, RuleAdmissionWarning, RuleInvalidSpec, RuleLooseIdentity, RuleImpossibleIdentity,
		RuleLooseIssuer, RuleUnsignedImages, RuleWideGlob, RuleNotEnforced, RuleUnusableTrustRoot, RuleTargetsDirectory,
	} {
		if !described[rule] {
			t.Errorf("%s is not described", rule)
		}
	}
}
