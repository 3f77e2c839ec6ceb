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

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// compile returns what the operator would refuse: policies that no schema can tell from good ones.
func compile(spec v1alpha1.KarmadaImageTrustSpec) []Finding {
	_, err := policy.Compile(spec)
	if err == nil {
		return nil
	}
	var several interface{ Errors() []error }
	if !errors.As(err, &several) {
		return []Finding{{RuleInvalidSpec, LevelError, specField, err.Error()}}
	}
	var findings []Finding
	for _, e := range several.Errors() {
		if one, ok := errors.AsType[*field.Error](e); ok {
			findings = append(findings, Finding{RuleInvalidSpec, LevelError, one.Field, one.ErrorBody()})
			continue
		}
		findings = append(findings, Finding{RuleInvalidSpec, LevelError, specField, e.Error()})
	}
	return findings
}
