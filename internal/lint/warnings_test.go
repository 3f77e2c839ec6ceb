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

// policyOf returns a manifest of a policy with some lines in its spec, and of a binding with an action.
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

// TestWarningPolicy covers features of policies that config/admission does not use.
func TestWarningPolicy(t *testing.T) {
	const fails = "  validations: [{expression: 'false', message: 'spec.issuer: a'}]"
	tests := map[string]struct {
		spec string
		want []warning
	}{
		"a message":                {spec: fails, want: []warning{{field: "spec.issuer", message: "a"}}},
		"without a field":          {spec: "  validations: [{expression: 'false', message: 'a: b'}]", want: []warning{{message: "a: b"}}},
		"no message":               {spec: "  validations: [{expression: '1 == 2'}]", want: []warning{{message: "failed expression: 1 == 2"}}},
		"no warning":               {spec: "  validations: [{expression: 'true', message: a}]"},
		"an expression that fails": {spec: "  validations: [{expression: 'object.spec.bakeTime == 1', message: a}]"},
		"a message in an expression": {
			spec: `  validations: [{expression: 'false', messageExpression: '" " + request.resource.resource + " " + request.operation + " "'}]`,
			want: []warning{{message: "karmadaimagetrusts CREATE"}},
		},
		"a message that fails": {
			spec: "  validations: [{expression: 'false', message: b, messageExpression: 'string(object.spec.bakeTime)'}]",
			want: []warning{{message: "b"}},
		},
		"a message of two lines": {
			spec: `  validations: [{expression: 'false', message: b, messageExpression: '"c\nd"'}]`,
			want: []warning{{message: "b"}},
		},
		"an empty message": {
			spec: `  validations: [{expression: 'false', message: b, messageExpression: '" "'}]`,
			want: []warning{{message: "b"}},
		},
		"a variable": {spec: "  variables: [{name: a, expression: 'object.spec.issuer'}]\n  validations: [{expression: 'variables.a == \"b\"', message: c}]", want: []warning{{message: "c"}}},
		"an identifier": {
			spec: "  variables: [{name: tooWide, expression: 'true'}]\n  validations: [{expression: '!variables.tooWide', message: 'spec.images: a'}]",
			want: []warning{{id: "tooWide", field: "spec.images", message: "a"}},
		},
		"a condition":            {spec: "  matchConditions: [{name: a, expression: 'object.metadata.name == \"karmada\"'}]\n" + fails, want: []warning{{field: "spec.issuer", message: "a"}}},
		"a false condition":      {spec: "  matchConditions: [{name: a, expression: 'object.metadata.name == \"b\"'}]\n" + fails},
		"a condition that fails": {spec: "  matchConditions: [{name: a, expression: 'object.spec.bakeTime == 1'}]\n" + fails},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := newWarningPolicy(policyOf(tc.spec, "Warn"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, p.evaluate(t.Context(), makeTrust(nil)), cmp.AllowUnexported(warning{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNewWarningPolicyErrors verifies that a policy is not ignored silently if it is invalid or does not warn.
func TestNewWarningPolicyErrors(t *testing.T) {
	const validations = "  validations: [{expression: 'false'}]"
	for name, tc := range map[string]struct{ manifest, want string }{
		"a binding that denies": {policyOf(validations, "Deny"), "Warn as its only action"},
		"no policy":             {"", "Warn as its only action"},
		"two policies":          {policyOf(validations, "Warn") + "---\n" + policyOf(validations, "Warn"), "another ValidatingAdmissionPolicy"},
		"an unknown field":      {policyOf("  validation: []", "Warn"), `unknown field "spec.validation"`},
		"a wrong expression":    {policyOf("  validations: [{expression: 'a('}]", "Warn"), "compilation failed"},
		"a wrong message":       {policyOf("  validations: [{expression: 'false', messageExpression: '1'}]", "Warn"), "must evaluate to string"},
		"a wrong variable":      {policyOf("  variables: [{name: a, expression: 'b'}]\n"+validations, "Warn"), "variable a"},
		"a wrong condition":     {policyOf("  matchConditions: [{name: a, expression: '1'}]\n"+validations, "Warn"), "must evaluate to bool"},
		"invalid YAML":          {"a: [", "yaml"},
	} {
		if _, err := newWarningPolicy(tc.manifest); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// TestWarningIDs verifies that each validation of config/admission has an identifier that this package knows, and that its
// message begins with a field, so that no other code depends on the wording.
func TestWarningIDs(t *testing.T) {
	known := []warningID{
		identityMatchesEverything, identityBeginsWithWildcard, identityMatchesAnyTag, identityMatchesAnyRef, identityMatchesAnyWorkflow,
		identityMatchesAnyRepository, identityHasUnescapedDot, issuerMatchesEverything, issuerBeginsWithWildcard, issuerEndsWithWildcard,
		issuerHasUnescapedDot, issuerIsNotHTTPS, issuerRegexpIsNotHTTPS, imagesMatchEveryRegistry, imagesMatchOneRegistry,
		imagesMatchOfficialImages, imagesMatchOnePart,
	}
	var got []warningID
	for _, validation := range newLinter(t).warnings.policy.Spec.Validations {
		got = append(got, idOf(validation))
		message := validation.Message + strings.TrimPrefix(validation.MessageExpression, "'")
		if !strings.HasPrefix(message, "spec.") {
			t.Errorf("%s: message %q does not begin with a field", validation.Expression, message)
		}
	}
	if diff := cmp.Diff(known, got); diff != "" {
		t.Errorf("identifiers (-known +manifest):\n%s", diff)
	}
}
