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

package fleet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/fleet"
)

func parse[T any](t *testing.T, document string) *T {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict([]byte(document), object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestParseCluster(t *testing.T) {
	since := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		object string
		want   fleet.Cluster
	}{
		"ready": {
			object: `
metadata: {name: m, labels: {rollout: canary}}
spec: {syncMode: Push}
status:
  apiEnablements:
  - {groupVersion: trust.karmada.io/v1alpha1, resources: [{kind: KarmadaImageTrust, name: karmadaimagetrusts}]}
  conditions:
  - {type: CompleteAPIEnablements, status: "True"}
  - {type: Ready, status: "True", lastTransitionTime: "2026-11-01T12:00:00Z", reason: ClusterReady, message: cluster is healthy}`,
			want: fleet.Cluster{
				Name: "m", Labels: map[string]string{"rollout": "canary"}, Ready: "True", Since: since,
				Reason: "ClusterReady", Message: "cluster is healthy", Serves: "True",
			},
		},
		"another version, an agent, being removed": {
			object: `
metadata: {name: m, deletionTimestamp: "2026-11-01T12:00:00Z"}
spec: {syncMode: Pull}
status:
  apiEnablements: [{groupVersion: trust.karmada.io/v1, resources: [{kind: KarmadaImageTrust}]}]
  conditions: [{type: Ready, status: "False", lastTransitionTime: "2026-11-01T12:00:00Z", reason: ClusterNotReachable}]`,
			want: fleet.Cluster{Name: "m", Pull: true, Leaving: true, Ready: "False", Since: since, Reason: "ClusterNotReachable", Serves: "False"},
		},
		"incomplete list of APIs": {
			object: `
metadata: {name: m}
status:
  apiEnablements: [{groupVersion: v1, resources: [{kind: Pod}]}]
  conditions: [{type: CompleteAPIEnablements, status: "False"}]`,
			want: fleet.Cluster{Name: "m", Ready: "Unknown", Serves: "Unknown"},
		},
		"new": {object: `metadata: {name: m}`, want: fleet.Cluster{Name: "m", Ready: "Unknown", Serves: "Unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := fleet.ParseCluster(parse[clusterv1alpha1.Cluster](t, tc.object))
			got.Since = got.Since.UTC()
			if tc.want.Since.IsZero() {
				tc.want.Since = time.Time{}.UTC()
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreUnexported(fleet.Cluster{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelection(t *testing.T) {
	clusters := []fleet.Cluster{
		{Name: "a", Labels: map[string]string{"rollout": "canary"}}, {Name: "b", Labels: map[string]string{"rollout": "production"}}, {Name: "c"},
	}
	for name, tc := range map[string]struct {
		selection     fleet.Selection
		want, missing []string
	}{
		"all":            {want: []string{"a", "b", "c"}},
		"names":          {selection: fleet.Selection{Names: []string{"c", "a", "x"}}, want: []string{"a", "c"}, missing: []string{"x"}},
		"labels":         {selection: fleet.Selection{Labels: labels.SelectorFromSet(labels.Set{"rollout": "canary"})}, want: []string{"a"}},
		"names, labels":  {selection: fleet.Selection{Names: []string{"b"}, Labels: labels.SelectorFromSet(labels.Set{"rollout": "canary"})}},
		"an empty label": {selection: fleet.Selection{Labels: labels.Everything()}, want: []string{"a", "b", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			selected, missing := tc.selection.Of(clusters)
			var got []string
			for _, c := range selected {
				got = append(got, c.Name)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.missing, missing); diff != "" && len(tc.missing)+len(missing) > 0 {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}
