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
	"fmt"
	"regexp"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// impossibleIdentity compares an identity with the form of those that its issuer gives.
func impossibleIdentity(spec v1alpha1.KarmadaImageTrustSpec) []Finding {
	field, expr := "spec.identityRegexp", string(spec.IdentityRegexp)
	if spec.Identity != "" {
		field, expr = "spec.identity", regexp.QuoteMeta(spec.Identity)
	}
	if expr == "" {
		return nil
	}
	for _, f := range forms() {
		if f.issuer != spec.Issuer {
			continue
		}
		wanted, err := newLanguage(expr)
		if err != nil {
			return nil
		}
		if _, found := wanted.meetExpr(f.expr); found != disjoint {
			return nil
		}
		example := f.example
		if spec.Identity != "" {
			example = strings.ReplaceAll(strings.ReplaceAll(example, `v.+`, `v1.0.0`), `\`, "")
		}
		return []Finding{{RuleImpossibleIdentity, LevelWarning, field,
			fmt.Sprintf("%s gives no such identity, so every image would be refused; write e.g. %s", f.issuer, example)}}
	}
	return nil
}
