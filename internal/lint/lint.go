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

// Package lint checks KarmadaImageTrusts without a cluster. It reports what the API server would deny, what admission
// would warn about, what the operator could not compile, and what accepts more images or signers than was probably
// intended. It evaluates the manifests in config with the API server's own code, and does no I/O.
package lint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/config"
	"github.com/karmada-io/image-trust/internal/policy"
)

// Level is the severity of a finding. The levels are those of SARIF.
type Level string

const (
	// LevelError means that the trust cannot work: the API server would deny it, or the operator could not compile it.
	LevelError Level = "error"
	// LevelWarning means that the trust is valid, but probably not what was intended.
	LevelWarning Level = "warning"
	// LevelNote means that the trust may be as intended, but that the consequence should be known.
	LevelNote Level = "note"
)

// Finding is one problem of a trust.
type Finding struct {
	// Rule that the trust violates.
	Rule Rule
	// Level of this finding. It can differ from the default level of the rule.
	Level Level
	// Field that the finding is about as the API server writes it, such as spec.images[0]. It is empty for the whole object.
	Field string
	// Message describes the problem and says what to write instead.
	Message string
}

// Linter checks trusts. It is safe for concurrent use.
type Linter struct {
	conditions []policy.Conditions
	schema     *crdSchema
	warnings   *warningPolicy
}

// New returns a Linter that evaluates the manifests in config. It fails if one of them is invalid. Conditions in CUE are checked
// by conditions, as policy.Compile does.
func New(conditions ...policy.Conditions) (*Linter, error) {
	l := &Linter{conditions: conditions}
	var errs [2]error
	var compiling sync.WaitGroup // at once: most runs of the plugin check one small file, and this is what they take
	compiling.Go(func() {
		if l.schema, errs[0] = newSchema(config.CustomResourceDefinition()); errs[0] != nil {
			errs[0] = fmt.Errorf("read the CustomResourceDefinition: %w", errs[0])
		}
	})
	compiling.Go(func() {
		if l.warnings, errs[1] = newWarningPolicy(config.Warnings()); errs[1] != nil {
			errs[1] = fmt.Errorf("read the ValidatingAdmissionPolicy: %w", errs[1])
		}
	})
	compiling.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	return l, nil
}

// Lint returns the findings about one object, errors first. It does not modify the object. Valid fields are checked further
// even if others are invalid, so that one run reports as many problems as possible.
func (l *Linter) Lint(ctx context.Context, object *unstructured.Unstructured) []Finding {
	created, findings := l.schema.create(ctx, object)
	if created == nil {
		return findings
	}
	violations := slices.Clone(findings)

	warnings := l.warnings.evaluate(ctx, created)
	var more []Finding
	for _, w := range warnings {
		more = append(more, w.finding())
	}
	trust := &v1alpha1.KarmadaImageTrust{}
	switch err := runtime.DefaultUnstructuredConverter.FromUnstructured(created.Object, trust); {
	case err == nil:
		more = append(more, l.compile(trust.Spec)...)
		more = append(more, l.weaknesses(ctx, created, trust.Spec, warnings)...)
	case len(violations) == 0:
		more = append(more, Finding{RuleInvalidSpec, LevelError, specField, err.Error()})
	}
	for _, f := range more {
		if !slices.ContainsFunc(violations, func(v Finding) bool { return supersedes(v, f) }) {
			findings = append(findings, f)
		}
	}
	return findings
}

const specField = "spec"

// supersedes reports whether a violation of the schema makes a later finding redundant, because the field of the finding,
// a part of it, or its parent is invalid. A violation of the whole spec concerns a combination of fields, and only
// supersedes what Compile reports about the same combination.
func supersedes(violation, later Finding) bool {
	if violation.Rule == RuleUnchecked {
		return false
	}
	if later.Rule == RuleInvalidSpec {
		return true
	}
	return violation.Field != specField && (within(later.Field, violation.Field) || within(violation.Field, later.Field))
}

// within reports whether a field is equal to another one or a part of it.
func within(field, outer string) bool {
	rest, ok := strings.CutPrefix(field, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// compile returns the errors of policy.Compile, which checks more than a schema can express.
func (l *Linter) compile(spec v1alpha1.KarmadaImageTrustSpec) []Finding {
	_, err := policy.Compile(spec, l.conditions...)
	if err == nil {
		return nil
	}
	var list interface{ Errors() []error }
	if !errors.As(err, &list) {
		return []Finding{{RuleInvalidSpec, LevelError, specField, err.Error()}}
	}
	var findings []Finding
	for _, e := range list.Errors() {
		if invalid, ok := errors.AsType[*field.Error](e); ok {
			findings = append(findings, Finding{RuleInvalidSpec, LevelError, invalid.Field, invalid.ErrorBody()})
			continue
		}
		findings = append(findings, Finding{RuleInvalidSpec, LevelError, specField, e.Error()})
	}
	return findings
}

// weaknesses returns the findings about a valid spec, except for those that the warnings already report.
func (l *Linter) weaknesses(
	ctx context.Context, object *unstructured.Unstructured, spec v1alpha1.KarmadaImageTrustSpec, warnings []warning,
) []Finding {
	return slices.Concat(
		looseSigner(v1alpha1.TrustedSigner{
			Issuer: spec.Issuer, IssuerRegexp: spec.IssuerRegexp, Identity: spec.Identity, IdentityRegexp: spec.IdentityRegexp,
			TrustRoot: spec.TrustRoot,
		}, warnings),
		l.looseSigners(ctx, object, spec),
		redundantSigners(spec),
		misspeltTypes(spec.Attestations),
		broadImages(spec.Images, func(glob v1alpha1.ImageGlob) bool { return l.warnings.coverGlob(ctx, object, glob) }),
		notEnforced(spec.Enforcement),
	)
}

// notEnforced reports an enforcement under which admission denies nothing.
func notEnforced(enforcement v1alpha1.Enforcement) []Finding {
	const field = "spec.enforcement"
	switch enforcement {
	case v1alpha1.EnforcementAudit:
		return []Finding{{RuleNotEnforced, LevelNote, field,
			"Audit only reports, and admission does not verify these images; set Enforce once the status reports no violations"}}
	case v1alpha1.EnforcementWarn:
		return []Finding{{RuleNotEnforced, LevelNote, field,
			"Warn allows images that fail the trust, with a warning; set Enforce once the status reports no violations"}}
	default:
		return nil
	}
}
