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
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// policyOf is a manifest with some lines in the policy's spec, and a binding with an action.
func policyOf(spec, action string) string {
	return `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: a}
spec:
  failurePolicy: Ignore
  matchConstraints:
    resourceRules:
    - {apiGroups: [trust.karmada.io], apiVersions: [v1alpha1], operations: [CREATE], resources: [karmadaimagetrusts]}
` + spec + `
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: a}
spec: {policyName: a, validationActions: [` + action + `]}
`
}

// TestAdvice holds what a policy can do that the one that is installed does not.
func TestAdvice(t *testing.T) {
	const fails = "  validations: [{expression: 'false', message: 'spec.issuer: a'}]"
	tests := map[string]struct {
		spec string
		want []Finding
	}{
		"a message":               {spec: fails, want: []Finding{{RuleAdmissionWarning, LevelWarning, "spec.issuer", "a"}}},
		"about the whole":         {spec: "  validations: [{expression: 'false', message: 'a: b'}]", want: []Finding{{RuleAdmissionWarning, LevelWarning, "", "a: b"}}},
		"no message":              {spec: "  validations: [{expression: '1 == 2'}]", want: []Finding{{RuleAdmissionWarning, LevelWarning, "", "failed expression: 1 == 2"}}},
		"nothing":                 {spec: "  validations: [{expression: 'true', message: a}]"},
		"an expression that errs": {spec: "  validations: [{expression: 'object.spec.bakeTime == 1', message: a}]"},
		"a message in an expression": {
			spec: `  validations: [{expression: 'false', messageExpression: '" " + request.resource.resource + " " + request.operation + " "'}]`,
			want: []Finding{{RuleAdmissionWarning, LevelWarning, "", "karmadaimagetrusts CREATE"}},
		},
		"a message that errs": {
			spec: "  validations: [{expression: 'false', message: b, messageExpression: 'string(object.spec.bakeTime)'}]",
			want: []Finding{{RuleAdmissionWarning, LevelWarning, "", "b"}},
		},
		"a message of two lines": {
			spec: `  validations: [{expression: 'false', message: b, messageExpression: '"c\nd"'}]`,
			want: []Finding{{RuleAdmissionWarning, LevelWarning, "", "b"}},
		},
		"a message of nothing": {
			spec: `  validations: [{expression: 'false', message: b, messageExpression: '" "'}]`,
			want: []Finding{{RuleAdmissionWarning, LevelWarning, "", "b"}},
		},
		"a variable":            {spec: "  variables: [{name: a, expression: 'object.spec.issuer'}]\n  validations: [{expression: 'variables.a == \"b\"', message: c}]", want: []Finding{{RuleAdmissionWarning, LevelWarning, "", "c"}}},
		"a condition":           {spec: "  matchConditions: [{name: a, expression: 'object.metadata.name == \"karmada\"'}]\n" + fails, want: []Finding{{RuleAdmissionWarning, LevelWarning, "spec.issuer", "a"}}},
		"another's condition":   {spec: "  matchConditions: [{name: a, expression: 'object.metadata.name == \"b\"'}]\n" + fails},
		"a condition that errs": {spec: "  matchConditions: [{name: a, expression: 'object.spec.bakeTime == 1'}]\n" + fails},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := newAdvice(policyOf(tc.spec, "Warn"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, a.warn(makeTrust(nil)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNewAdvice holds that a policy that the linter would misread is no silent gap.
func TestNewAdvice(t *testing.T) {
	const validations = "  validations: [{expression: 'false'}]"
	for name, tc := range map[string]struct{ manifest, want string }{
		"a binding that denies":  {policyOf(validations, "Deny"), "bound to warn"},
		"no policy":              {"", "bound to warn"},
		"two policies":           {policyOf(validations, "Warn") + "---\n" + policyOf(validations, "Warn"), "another ValidatingAdmissionPolicy"},
		"an unknown field":       {policyOf("  validation: []", "Warn"), `unknown field "spec.validation"`},
		"a wrong expression":     {policyOf("  validations: [{expression: 'a('}]", "Warn"), "compilation failed"},
		"a wrong message":        {policyOf("  validations: [{expression: 'false', messageExpression: '1'}]", "Warn"), "must evaluate to string"},
		"a wrong variable":       {policyOf("  variables: [{name: a, expression: 'b'}]\n"+validations, "Warn"), "variable a"},
		"a wrong condition":      {policyOf("  matchConditions: [{name: a, expression: '1'}]\n"+validations, "Warn"), "must evaluate to bool"},
		"what is no YAML at all": {"a: [", "yaml"},
	} {
		if _, err := newAdvice(tc.manifest); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}
