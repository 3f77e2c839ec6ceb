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
	"context"
	"fmt"
	"regexp"
	"strings"

	celtypes "github.com/google/cel-go/common/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
)

// warn returns what admission would warn of if an object were created. An expression that fails has nothing to say, as
// the policy's failurePolicy has it: advice never stands in the way.
func (a *advice) warn(u *unstructured.Unstructured) []Finding {
	ctx := context.Background()
	kind := u.GroupVersionKind()
	resource := a.resource(kind.GroupVersion())
	attributes := &admission.VersionedAttributes{
		Attributes: admission.NewAttributesRecord(u, nil, kind, "", u.GetName(), resource, "", admission.Create,
			&metav1.CreateOptions{}, false, &user.DefaultInfo{}),
		VersionedKind:   kind,
		VersionedObject: admission.NewLazyObject(u),
	}
	if a.conditions != nil {
		if result := a.conditions.Match(ctx, attributes, nil, nil); result.Error != nil || !result.Matches {
			return nil
		}
	}
	request := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(kind))
	none := cel.OptionalVariableBindings{}
	results, budget, err := a.validations.ForInput(ctx, attributes, request, none, nil, celconfig.RuntimeCELCostBudget)
	if err != nil {
		return nil
	}
	messages, _, err := a.messages.ForInput(ctx, attributes, request, none, nil, budget)
	if err != nil {
		return nil
	}

	var findings []Finding
	for i, validation := range a.policy.Spec.Validations {
		if results[i].Error != nil || results[i].EvalResult == celtypes.True {
			continue
		}
		var said cel.EvaluationResult
		if i < len(messages) {
			said = messages[i]
		}
		findings = append(findings, warning(text(validation, said)))
	}
	return findings
}

// resource that the policy is about; a CRD's manifest would know it too.
func (a *advice) resource(version schema.GroupVersion) schema.GroupVersionResource {
	if constraints := a.policy.Spec.MatchConstraints; constraints != nil {
		for _, rule := range constraints.ResourceRules {
			if len(rule.Resources) == 1 {
				return version.WithResource(rule.Resources[0])
			}
		}
	}
	return version.WithResource("")
}

// text is what a failed validation says: its messageExpression unless that is empty, too long or broken into lines, else
// its message, else the expression itself (validator.Validate of policy/validating).
func text(validation admissionregistrationv1.Validation, said cel.EvaluationResult) string {
	if said.Error == nil && said.EvalResult != nil {
		if s, ok := said.EvalResult.Value().(string); ok {
			s = strings.TrimSpace(s)
			if s != "" && len(s) <= celconfig.MaxEvaluatedMessageExpressionSizeBytes && !strings.Contains(s, "\n") {
				return s
			}
		}
	}
	if s := strings.TrimSpace(validation.Message); s != "" {
		return s
	}
	return fmt.Sprintf("failed expression: %v", strings.TrimSpace(validation.Expression))
}

// fieldFirst is a message that begins with the field it is about.
var fieldFirst = regexp.MustCompile(`^(spec[][A-Za-z0-9.]*): (.*)$`)

// warning makes a finding of what admission says.
func warning(text string) Finding {
	if m := fieldFirst.FindStringSubmatch(text); m != nil {
		return Finding{RuleAdmissionWarning, LevelWarning, m[1], m[2]}
	}
	return Finding{RuleAdmissionWarning, LevelWarning, "", text}
}
