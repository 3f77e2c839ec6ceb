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

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// TestPartialObjects has a policy for some objects only, and a pod of a controller that is not known.
func TestPartialObjects(t *testing.T) {
	const forPods = "match: [{resource: pods, version: v1, selector: {matchLabels: {app: x}}}]"
	const forDeployments = "match: [{group: apps, resource: deployments, version: v1}]"
	open := []string{"Undetermined", "policy-0 Undetermined " + v1alpha1.PolicyNotEvaluatedReason}
	for name, tc := range map[string]struct {
		policy  string
		labels  map[string]string
		partial bool
		want    []string
	}{
		"labels that are not known":      {forPods + ", authorities: [" + wrong + "]", nil, true, open},
		"other kinds of objects":         {forDeployments + ", authorities: [" + wrong + "]", nil, true, open},
		"a policy that accepts":          {forPods + ", authorities: [" + right + "]", nil, true, []string{"Allowed"}},
		"a policy that warns":            {forPods + ", mode: warn, authorities: [" + wrong + "]", nil, true, []string{"Allowed"}},
		"another image":                  {forPods + ", authorities: [" + wrong + "]", nil, true, []string{"Allowed"}},
		"labels that the policy selects": {forPods + ", authorities: [" + wrong + "]", map[string]string{"app": "x"}, true, []string{"Denied", "policy-0 Deny " + v1alpha1.IdentityMismatchReason}},
		"a pod that is known":            {forPods + ", authorities: [" + wrong + "]", nil, false, []string{"Allowed"}},
	} {
		t.Run(name, func(t *testing.T) {
			glob := "**"
			if name == "another image" {
				glob = "docker.io/other/*"
			}
			for _, ofFiles := range []bool{false, true} {
				policy := parsePolicy(t, "{images: [{glob: '"+glob+"'}], "+tc.policy+"}")
				c := newCluster(policy)
				c.Config.NoMatch, c.OfFiles = NoMatchAllow, ofFiles
				object := newPod("karmada/x:v1")
				object.Labels, object.Partial = tc.labels, tc.partial
				if diff := cmp.Diff(tc.want, summary(c.Decide(object, judgeBySubject(nil)))); diff != "" {
					t.Errorf("of files %t (-want +got):\n%s", ofFiles, diff)
				}
			}
		})
	}
}
