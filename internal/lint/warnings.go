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
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	celtypes "github.com/google/cel-go/common/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/admission"
	admissioncel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// warningPolicy is a compiled ValidatingAdmissionPolicy whose binding warns. It is evaluated like in k8s.io/apiserver v0.37
// pkg/admission/plugin/policy/validating, with the same compiler; that package itself depends on a whole API server.
type warningPolicy struct {
	policy      *admissionregistrationv1.ValidatingAdmissionPolicy
	conditions  matchconditions.Matcher // nil if the policy has none
	validations admissioncel.ConditionEvaluator
	messages    admissioncel.ConditionEvaluator
}

// warning is one failed validation of the policy.
type warning struct {
	// id of the validation, or empty if it has none.
	id warningID
	// field that the warning is about, or empty for the whole object.
	field string
	// message without the field.
	message string
}

func (w warning) finding() Finding {
	return Finding{RuleAdmissionWarning, LevelWarning, w.field, w.message}
}

// warningID identifies a validation of the policy independently of its message. It is the name of the variable that the
// validation negates: config/admission/warnings.yaml declares one for each.
type warningID string

// The warnings of config/admission/warnings.yaml.
const (
	identityMatchesEverything    warningID = "identityMatchesEverything"
	identityBeginsWithWildcard   warningID = "identityBeginsWithWildcard"
	identityMatchesAnyTag        warningID = "identityMatchesAnyTag"
	identityMatchesAnyRef        warningID = "identityMatchesAnyRef"
	identityMatchesAnyWorkflow   warningID = "identityMatchesAnyWorkflow"
	identityMatchesAnyRepository warningID = "identityMatchesAnyRepository"
	identityHasUnescapedDot      warningID = "identityHasUnescapedDot"
	issuerMatchesEverything      warningID = "issuerMatchesEverything"
	issuerBeginsWithWildcard     warningID = "issuerBeginsWithWildcard"
	issuerEndsWithWildcard       warningID = "issuerEndsWithWildcard"
	issuerHasUnescapedDot        warningID = "issuerHasUnescapedDot"
	issuerIsNotHTTPS             warningID = "issuerIsNotHTTPS"
	issuerRegexpIsNotHTTPS       warningID = "issuerRegexpIsNotHTTPS"
	imagesMatchEveryRegistry     warningID = "imagesMatchEveryRegistry"
	imagesMatchOneRegistry       warningID = "imagesMatchOneRegistry"
	imagesMatchOfficialImages    warningID = "imagesMatchOfficialImages"
	imagesMatchOnePart           warningID = "imagesMatchOnePart"
)

// aspects returns the aspects of an identity or issuer that a warning is about, so that they are not reported twice.
func (id warningID) aspects() []aspect {
	switch id {
	case identityMatchesEverything, issuerMatchesEverything:
		return []aspect{aspectHost, aspectDots, aspectOwner, aspectRepository, aspectWorkflow, aspectPullRequests, aspectBranches}
	case identityBeginsWithWildcard, issuerBeginsWithWildcard:
		return []aspect{aspectHost, aspectDots, aspectOwner, aspectRepository}
	case identityMatchesAnyRepository:
		return []aspect{aspectOwner, aspectRepository, aspectWorkflow, aspectPullRequests, aspectBranches}
	case identityMatchesAnyWorkflow:
		return []aspect{aspectWorkflow, aspectPullRequests, aspectBranches}
	case issuerEndsWithWildcard:
		return []aspect{aspectHost, aspectOwner}
	case identityHasUnescapedDot, issuerHasUnescapedDot:
		return []aspect{aspectDots}
	default:
		return nil
	}
}

// alreadyWarned returns the aspects of a field that warnings are about.
func alreadyWarned(warnings []warning, field string) []aspect {
	var aspects []aspect
	for _, w := range warnings {
		if w.field == field {
			aspects = append(aspects, w.id.aspects()...)
		}
	}
	return aspects
}

// newWarningPolicy compiles the policy of a manifest. It fails unless the manifest contains one policy with valid expressions
// and a binding that warns.
func newWarningPolicy(manifest string) (*warningPolicy, error) {
	policy, err := readWarningPolicy(manifest)
	if err != nil {
		return nil, err
	}
	return compileWarningPolicy(policy)
}

func readWarningPolicy(manifest string) (*admissionregistrationv1.ValidatingAdmissionPolicy, error) {
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
			return nil, fmt.Errorf("must contain one policy and its binding, not another %s", u.GetKind())
		}
	}
	if policy == nil || !warns {
		return nil, errors.New("must contain a policy whose binding has Warn as its only action")
	}
	return policy, nil
}

// compileWarningPolicy does the same as compilePolicy in policy/validating.
func compileWarningPolicy(policy *admissionregistrationv1.ValidatingAdmissionPolicy) (*warningPolicy, error) {
	const mode = environment.StoredExpressions
	compiler, err := admissioncel.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	if err != nil {
		return nil, err
	}
	declared := admissioncel.OptionalVariableDeclarations{HasAuthorizer: true}
	for _, v := range policy.Spec.Variables {
		if result := compiler.CompileAndStoreVariable(variableAccessor(v), declared, mode); result.Error != nil {
			return nil, fmt.Errorf("variable %s: %w", v.Name, result.Error)
		}
	}
	var conditions, validations, messages []admissioncel.ExpressionAccessor
	for i := range policy.Spec.MatchConditions {
		conditions = append(conditions, (*matchconditions.MatchCondition)(&policy.Spec.MatchConditions[i]))
	}
	for _, v := range policy.Spec.Validations {
		validations = append(validations, conditionAccessor{v})
		if v.MessageExpression == "" {
			messages = append(messages, nil)
		} else {
			messages = append(messages, messageAccessor{v})
		}
	}
	p := &warningPolicy{
		policy:      policy,
		validations: compiler.CompileCondition(validations, declared, mode),
		messages:    compiler.CompileCondition(messages, admissioncel.OptionalVariableDeclarations{}, mode),
	}
	filter := compiler.CompileCondition(conditions, declared, mode)
	if len(conditions) > 0 {
		p.conditions = matchconditions.NewMatcher(filter, policy.Spec.FailurePolicy, "policy", "validate", policy.Name)
	}
	return p, errors.Join(slices.Concat(filter.CompilationErrors(), p.validations.CompilationErrors(), p.messages.CompilationErrors())...)
}

// evaluate returns the warnings that admission would return if the object were created. A validation whose expression fails
// is skipped, because the failurePolicy is Ignore.
func (p *warningPolicy) evaluate(ctx context.Context, u *unstructured.Unstructured) []warning {
	kind := u.GroupVersionKind()
	resource := p.resource(kind.GroupVersion())
	attributes := &admission.VersionedAttributes{
		Attributes: admission.NewAttributesRecord(u, nil, kind, "", u.GetName(), resource, "", admission.Create,
			&metav1.CreateOptions{}, false, &user.DefaultInfo{}),
		VersionedKind:   kind,
		VersionedObject: admission.NewLazyObject(u),
	}
	if p.conditions != nil {
		if result := p.conditions.Match(ctx, attributes, nil, nil); result.Error != nil || !result.Matches {
			return nil
		}
	}
	request := admissioncel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(kind))
	none := admissioncel.OptionalVariableBindings{}
	results, budget, err := p.validations.ForInput(ctx, attributes, request, none, nil, celconfig.RuntimeCELCostBudget)
	if err != nil {
		return nil
	}
	messages, _, err := p.messages.ForInput(ctx, attributes, request, none, nil, budget)
	if err != nil {
		return nil
	}

	var warnings []warning
	for i, validation := range p.policy.Spec.Validations {
		if results[i].Error != nil || results[i].EvalResult == celtypes.True {
			continue
		}
		var message admissioncel.EvaluationResult
		if i < len(messages) {
			message = messages[i]
		}
		warnings = append(warnings, newWarning(idOf(validation), messageOf(validation, message)))
	}
	return warnings
}

// coverGlob reports whether the policy warns about a glob of an object if it is the only one.
func (p *warningPolicy) coverGlob(ctx context.Context, u *unstructured.Unstructured, glob v1alpha1.ImageGlob) bool {
	u = u.DeepCopy()
	if err := unstructured.SetNestedSlice(u.Object, []any{string(glob)}, "spec", "images"); err != nil {
		return false
	}
	return slices.ContainsFunc(p.evaluate(ctx, u), func(w warning) bool {
		switch w.id {
		case imagesMatchEveryRegistry, imagesMatchOneRegistry, imagesMatchOfficialImages, imagesMatchOnePart:
			return true
		default:
			return false
		}
	})
}

// resource returns the resource that the policy matches, in a version.
func (p *warningPolicy) resource(version schema.GroupVersion) schema.GroupVersionResource {
	if constraints := p.policy.Spec.MatchConstraints; constraints != nil {
		for _, rule := range constraints.ResourceRules {
			if len(rule.Resources) == 1 {
				return version.WithResource(rule.Resources[0])
			}
		}
	}
	return version.WithResource("")
}

// messageOf returns the message of a failed validation, like validator.Validate in policy/validating: its messageExpression
// unless the result is empty, too long or has several lines, else its message, else the expression itself.
func messageOf(validation admissionregistrationv1.Validation, evaluated admissioncel.EvaluationResult) string {
	if evaluated.Error == nil && evaluated.EvalResult != nil {
		if s, ok := evaluated.EvalResult.Value().(string); ok {
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

var negatedVariable = regexp.MustCompile(`^!variables\.([A-Za-z]+)$`)

// idOf returns the name of the variable that a validation negates, or nothing if it is another expression.
func idOf(validation admissionregistrationv1.Validation) warningID {
	if m := negatedVariable.FindStringSubmatch(strings.TrimSpace(validation.Expression)); m != nil {
		return warningID(m[1])
	}
	return ""
}

// fieldAndMessage matches a message that begins with the field it is about.
var fieldAndMessage = regexp.MustCompile(`^(spec[][A-Za-z0-9.]*): (.*)$`)

func newWarning(id warningID, message string) warning {
	if m := fieldAndMessage.FindStringSubmatch(message); m != nil {
		return warning{id: id, field: m[1], message: m[2]}
	}
	return warning{id: id, message: message}
}

// The accessors give the expressions of a policy and their types to the compiler. The API server's own accessors are in the
// package that depends on a whole API server.

type variableAccessor admissionregistrationv1.Variable

func (v variableAccessor) GetName() string { return v.Name }

func (v variableAccessor) GetExpression() string { return v.Expression }

func (v variableAccessor) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType, cel.DynType} }

type conditionAccessor struct {
	admissionregistrationv1.Validation
}

func (c conditionAccessor) GetExpression() string { return c.Expression }

func (c conditionAccessor) ReturnTypes() []*cel.Type { return []*cel.Type{cel.BoolType} }

type messageAccessor struct {
	admissionregistrationv1.Validation
}

func (m messageAccessor) GetExpression() string { return m.MessageExpression }

func (m messageAccessor) ReturnTypes() []*cel.Type { return []*cel.Type{cel.StringType} }
