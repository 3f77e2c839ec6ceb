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
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestNamesOfNoHost: policy-controller takes a scheme for the name of a registry, and asks it. No such image is predicted to be
// allowed, and no registry is asked for it here.
func TestNamesOfNoHost(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("d", 64)
	for image, words := range map[string]string{
		"oci://docker.io/karmada/x1:v1":          `write it without oci://: "docker.io/karmada/x1:v1"; admission would ask a registry named "oci:" for it`,
		"oci://docker.io/karmada/x1" + digest:    "write it without oci://",
		"https://docker.io/karmada/x1:v1":        "write it without https://",
		"docker-pullable://karmada/x1" + digest:  "write it without docker-pullable://",
		"<account>.dkr.example.com/karmada/x:v1": `the placeholder "<account>"`,
		"docker.io//karmada/x1:v1":               "a slash too many",
	} {
		for noMatch, want := range map[NoMatch]Outcome{NoMatchAllow: Undetermined, NoMatchWarn: Undetermined, NoMatchDeny: Denied} {
			for covered, glob := range map[bool]string{false: "index.docker.io/karmada/*", true: "**"} {
				c := newCluster(parsePolicy(t, "{images: [{glob: '"+glob+"'}], authorities: ["+right+"]}"))
				c.Config.NoMatch = noMatch
				var asked []Question
				decision := c.Decide(newPod(image), judgeBySubject(&asked))
				want := want
				if covered {
					want = Undetermined
				}
				if decision.Outcome != want || len(asked) > 0 {
					t.Errorf("%s, %s, covered %t: %s after %d questions, want %s after none", image, noMatch, covered, decision.Outcome, len(asked), want)
				}
				if f := decision.Findings[0]; f.Reason != v1alpha1.InvalidReferenceReason || !strings.Contains(f.Message, words) {
					t.Errorf("%s: got %s: %s, want %q in it", image, f.Reason, f.Message, words)
				}
			}
		}
	}
}
