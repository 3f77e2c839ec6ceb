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
	"net/url"
	"slices"
)

// looseIssuer looks for other issuers in the language of an expression, and prefers a name to an expression in any case.
func looseIssuer(expr string, said []aspect) []Finding {
	accepted, err := newLanguage(expr)
	if expr == "" || err != nil || slices.Contains(said, ofHost) {
		return nil
	}
	const field = "spec.issuerRegexp"
	example, found := accepted.meetExpr("https://" + anyHost + anyPath)
	if found != common {
		return nil
	}
	meant, err := url.Parse(example)
	if err != nil {
		return nil
	}
	if hits := accepted.try(issuerProbes(meant.Host, meant.Path), said); len(hits) > 0 {
		return []Finding{{RuleLooseIssuer, LevelWarning, field,
			fmt.Sprintf("%s may vouch for the identity, e.g. %s; write issuer: with one whole URL", hits[0].who, short(hits[0].example))}}
	}
	if slices.Contains(said, ofDots) {
		return nil
	}
	return []Finding{{RuleLooseIssuer, LevelNote, field, "name the issuer instead, e.g. issuer: " + example}}
}
