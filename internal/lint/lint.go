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

// Package lint says what is wrong and what is weak about a trust, without a cluster: what the API server would refuse, what
// admission would warn of, what the operator could not work by, and what lets more in than is meant. It judges by the
// manifests that are installed, with the API server's own code. It knows no client, no files, no clock and no network.
package lint

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/config"
)

// Linter judges trusts. It may be used by several goroutines at once.
type Linter struct {
	crd    *crd
	advice *advice
}

// New returns a Linter that judges by the manifests in config.
func New() (*Linter, error) {
	c, err := newCRD(config.CustomResourceDefinition())
	if err != nil {
		return nil, fmt.Errorf("read the CustomResourceDefinition: %w", err)
	}
	a, err := newAdvice(config.Warnings())
	if err != nil {
		return nil, fmt.Errorf("read the ValidatingAdmissionPolicy: %w", err)
	}
	return &Linter{crd: c, advice: a}, nil
}

// Lint returns what there is to say about one object: errors first. The object does not change.
// What is refused is looked at further only where it is not refused, so that one look shows as much as possible.
func (l *Linter) Lint(object *unstructured.Unstructured) []Finding {
	admitted, findings := l.crd.admit(object)
	if admitted == nil {
		return findings
	}
	refused := slices.Clone(findings)

	warned := l.advice.warn(admitted)
	more := slices.Clone(warned)
	trust := &v1alpha1.KarmadaImageTrust{}
	switch err := runtime.DefaultUnstructuredConverter.FromUnstructured(admitted.Object, trust); {
	case err == nil:
		more = append(more, compile(trust.Spec)...)
		more = append(more, weaknesses(trust.Spec, warned)...)
	case len(refused) == 0:
		more = append(more, Finding{RuleInvalidSpec, LevelError, specField, err.Error()})
	}
	for _, f := range more {
		if !slices.ContainsFunc(refused, func(r Finding) bool { return silences(r, f) }) {
			findings = append(findings, f)
		}
	}
	return findings
}

const specField = "spec"

// silences tells whether there is nothing to say about a field, because it, a part of it or what it is a part of is
// refused. A rule of the whole spec is about a combination of fields, and silences only what the operator says of the same.
func silences(refused, later Finding) bool {
	if refused.Rule == RuleUnchecked {
		return false
	}
	if later.Rule == RuleInvalidSpec {
		return true
	}
	return refused.Field != specField && (within(later.Field, refused.Field) || within(refused.Field, later.Field))
}
