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

package admission

import (
	"fmt"
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

// byVersion is what a version of policy-controller decides.
type byVersion struct {
	version string
	evaluation
}

// agree returns what all versions of policy-controller that may be installed decide. Where they differ, it is undetermined.
func agree(results []byVersion) evaluation {
	first := results[0].evaluation
	if !slices.ContainsFunc(results, func(r byVersion) bool { return r.result != first.result }) {
		return first
	}
	versions := map[result][]string{}
	open, refused := evaluation{}, evaluation{}
	for _, r := range results {
		versions[r.result] = append(versions[r.result], r.version)
		switch {
		case r.result == undetermined && open.reason == "":
			open = r.evaluation
		case r.result == rejected && refused.reason == "":
			refused = r.evaluation
		}
	}
	if len(versions[undetermined]) > 0 {
		// What is not known yet may be all that they differ in.
		open.message = fmt.Sprintf("%s (with policy-controller %s; it is not known which version is installed)",
			open.message, text.Alternatives(versions[undetermined]))
		return open
	}
	return evaluation{undetermined, v1alpha1.PolicyControllerVersionReason, fmt.Sprintf(
		"policy-controller %s accepts the image, %s does not (%s: %s), and it is not known which version is installed",
		text.Alternatives(versions[accepted]), text.Alternatives(versions[rejected]), refused.reason, refused.message)}
}
