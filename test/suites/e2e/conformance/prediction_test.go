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

package conformance

import (
	"fmt"
	"testing"

	"github.com/karmada-io/image-trust/test/suites/e2e/internal/agreement"
)

// TestPrediction compares predictions of admission with its real answers, on workloads of all kinds. The suite versions
// does it for the other versions of policy-controller.
func TestPrediction(t *testing.T) {
	p := agreement.Run(t, lab)
	fmt.Printf("figure: admission_agreement %d/%d\n", p.Agreed, p.Asked)
}

// TestGitHubAttestations compares the answers to the plugin's preset for GitHub with those to GitHub's own policy. The suite
// versions does it for the other versions of policy-controller.
func TestGitHubAttestations(t *testing.T) { agreement.RunGitHub(t, lab) }
