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
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/cel/environment"
)

// advice is what a ValidatingAdmissionPolicy warns of. It does what k8s.io/apiserver v0.37
// pkg/admission/plugin/policy/validating does, with the same compiler; that package itself would bring a server along.
type advice struct {
	policy      *admissionregistrationv1.ValidatingAdmissionPolicy
	conditions  matchconditions.Matcher // nil for none
	validations cel.ConditionEvaluator
	messages    cel.ConditionEvaluator
}

func newAdvice(manifest string) (*advice, error) {
	policy, err := readAdvice(manifest)
	if err != nil {
		return nil, err
	}
	return compileAdvice(policy)
}

// readAdvice reads the one policy of a manifest, which a binding lets warn.
func readAdvice(manifest string) (*admissionregistrationv1.ValidatingAdmissionPolicy, error) {
	var policy *admissionregistrationv1.ValidatingAdmissionPolicy
	warns := false
	for decoder := yamlstream.NewYAMLOrJSONDecoder(strings.NewReader(manifest), len(manifest)); ; {
		u := &unstructured.Unstructured{}
		if err := decoder.Decode(&u.Object); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		switch {
		case u.GetKind() == "ValidatingAdmissionPolicy" && policy == nil:
			policy = &admissionregistrationv1.ValidatingAdmissionPolicy{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, policy, true); err != nil {
				return nil, err
			}
		case u.GetKind() == "ValidatingAdmissionPolicyBinding":
			binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(u.Object, binding, true); err != nil {
				return nil, err
			}
			warns = slices.Equal(binding.Spec.ValidationActions, []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn})
		default:
			return nil, fmt.Errorf("want one policy and its binding, not another %s", u.GetKind())
		}
	}
	if policy == nil || !warns {
		return nil, errors.New("want a policy that is bound to warn, and to do nothing else")
	}
	return policy, nil
}

// compileAdvice is compilePolicy of policy/validating.
func compileAdvice(policy *admissionregistrationv1.ValidatingAdmissionPolicy) (*advice, error) {
	const mode = environment.StoredExpressions
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return nil, err
	}
	declared := cel.OptionalVariableDeclarations{HasAuthorizer: true}
	for _, v := range policy.Spec.Variables {
		if result := compiler.CompileAndStoreVariable(variable(v), declared, mode); result.Error != nil {
			return nil, fmt.Errorf("variable %s: %w", v.Name, result.Error)
		}
	}
	var conditions, validations, messages []cel.ExpressionAccessor
	for i := range policy.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&policy.Spec.MatchConditions[i]))
	}
	for _, v := range policy.Spec.Validations {
		validations = append(validations, condition{v})
		if v.MessageExpression == "" {
			messages = append(messages, nil)
		} else {
			messages = append(messages, message{v})
		}
	}
	a := &advice{
		policy:      policy,
		validations: compiler.CompileCondition(validations, declared, mode),
		messages:    compiler.CompileCondition(messages, cel.OptionalVariableDeclarations{}, mode),
	}
	filter := compiler.CompileCondition(conditions, declared, mode)
	if len(conditions) > 0 {
		a.conditions = matchconditions.NewMatcher(filter, policy.Spec.FailurePolicy, "policy", "validate", policy.Name)
	}
	return a, errors.Join(slices.Concat(filter.CompilationErrors(), a.validations.CompilationErrors(), a.messages.CompilationErrors())...)
}
