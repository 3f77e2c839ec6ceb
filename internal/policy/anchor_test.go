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

package policy

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
)

// TestAnchorsHold has regular expressions that try to leave the anchors around them. Each is refused, or matches a whole value only,
// as cosign and policy-controller match: anywhere in the value.
func TestAnchorsHold(t *testing.T) {
	expressions := []string{
		"good", "good|good", "|good", "good|", "(good)", "(?:good)", "^good", "good$", "^good$", `\Agood`, `good\z`, `\Agood\z`, "(?m)good",
		"(?m)^good$", "(?m)good$", "(?m:^good$)", "(?s)good", "(?U)good", "(?ms)^good$", "(?m)good|good", `\Qgood\E`, `\Qgood`, `good\Q`, `good\`,
		"good)", "(good", "good)|(?:good", ")|(good", "good)$|^(?:", "a)|(?:b", "(?m)good)|(?:good", "good[", "[", "good(?#", "(?P<x>good)", "(?",
		"(?m)(?-m)good", `\bgood\b`, `(?m:$)|good`, `good(?m:$)`, `(?m:^)good`, "good(?i)", "good{1}", "good*?",
	}
	refused := 0
	for _, expr := range expressions {
		compiled, err := Compile(gen.Spec(gen.WithImages("docker.io/karmada/*"), gen.WithIssuer("https://issuer"),
			gen.WithIdentityRegexp(v1alpha1.Regexp(expr))))
		if err != nil {
			refused++
			continue
		}
		signer := compiled.Signers[0].Rule.Signer
		asCosign, err := regexp.Compile(signer.SubjectRegexp)
		if err != nil {
			t.Errorf("%q: %v", expr, err)
			continue
		}
		matcher := NewMatcher(signer)
		for _, value := range []string{
			"evil", "evilgood", "goodevil", "good\n", "\ngood", "evil\ngood", "good\nevil", "evil\ngood\nevil", "good\x00", "\x00good",
			"good\u2028evil", "good evil", "evil good", "good\r\n", "good)", "(good", "good|evil", "xgoodx",
		} {
			if asCosign.MatchString(value) || matcher.SubjectMatches(value) {
				t.Errorf("%q matches %q", expr, value)
			}
		}
	}
	if refused == 0 || refused == len(expressions) {
		t.Errorf("%d of %d expressions are refused", refused, len(expressions))
	}
	fmt.Printf("figure: anchor_expressions %d\n", len(expressions))
}
