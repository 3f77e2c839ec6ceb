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
	"testing"
)

// TestUncoveredTagsAreNotAskedAbout counts the questions about the images of a workload: the registry of an image that no
// policy covers is chosen by whoever creates the workload, and is asked only where the answer can matter.
func TestUncoveredTagsAreNotAskedAbout(t *testing.T) {
	const images = 5
	elsewhere := []string{"evil.example/aa:1", "10.96.0.1:443/bb:1", "localhost:8080/cc:1", "evil.example/dd:1", "evil.example/ee:1"}
	ofTrust := parsePolicy(t, "{images: [{glob: 'index.docker.io/karmada/*'}], authorities: ["+right+"]}")
	ofDigest := parsePolicy(t, "{images: [{glob: 'evil.example/aa@sha256:"+unresolved[len("sha256:"):]+"'}], authorities: ["+right+"]}")
	for name, tc := range map[string]struct {
		policies []*Policy
		noMatch  NoMatch
		ofFiles  bool
		want     int
		outcome  Outcome
	}{
		"deny":  {[]*Policy{ofTrust}, NoMatchDeny, false, 0, Denied},
		"unset": {[]*Policy{ofTrust}, "", false, 0, Denied},
		// A tag that cannot be resolved is denied, so it matters whether it can.
		"allow": {[]*Policy{ofTrust}, NoMatchAllow, false, images, Allowed},
		"warn":  {[]*Policy{ofTrust}, NoMatchWarn, false, images, Allowed},
		// The digest decides whether the policy covers the image.
		"deny, and a policy on a digest": {[]*Policy{ofTrust, ofDigest}, NoMatchDeny, false, images, Denied},
		// Whether the cluster can resolve the tag is not known of objects in files.
		"files":                       {[]*Policy{ofTrust}, NoMatchAllow, true, 0, Allowed},
		"files, deny":                 {[]*Policy{ofTrust}, NoMatchDeny, true, 0, Denied},
		"files, a policy on a digest": {[]*Policy{ofTrust, ofDigest}, NoMatchAllow, true, images, Allowed},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(tc.policies...)
			c.Config.NoMatch, c.OfFiles = tc.noMatch, tc.ofFiles
			var asked []Question
			decision := c.Decide(newPod(append([]string{"docker.io/karmada/karmada-agent:v1"}, elsewhere...)...), judgeBySubject(&asked))
			others := 0
			for _, q := range asked {
				if q.Ref.Context().RegistryStr() != "index.docker.io" {
					others++
				}
				if q.Namespace != "in" {
					t.Errorf("a question about %s for namespace %q, want in", q.Ref, q.Namespace)
				}
			}
			if others != tc.want || decision.Outcome != tc.outcome || len(decision.Uncovered) != images {
				t.Errorf("%d questions about images that no policy covers, %s, %d uncovered; want %d, %s, %d: %+v",
					others, decision.Outcome, len(decision.Uncovered), tc.want, tc.outcome, images, decision.Findings)
			}
			if len(asked) == others {
				t.Error("no question about the image that a policy covers")
			}
		})
	}
}
