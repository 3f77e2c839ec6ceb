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

package workload_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/workload"
)

func TestPodsIn(t *testing.T) {
	known := func(n int64) workload.Pods { return workload.Pods{Count: n, Known: true} }
	for what, tc := range map[string]struct {
		group, kind, spec string
		want              workload.Pods
	}{
		"pod":                      {kind: "Pod", want: known(1)},
		"template":                 {kind: "PodTemplate", want: known(1)},
		"default":                  {group: "apps", kind: "Deployment", want: known(1)},
		"replicas":                 {group: "apps", kind: "StatefulSet", spec: "replicas: 7", want: known(7)},
		"none":                     {group: "apps", kind: "ReplicaSet", spec: "replicas: 0", want: known(0)},
		"less than none":           {group: "apps", kind: "Deployment", spec: "replicas: -1", want: workload.Pods{Count: -1}},
		"text":                     {group: "apps", kind: "Deployment", spec: "replicas: '7'"},
		"of each node":             {group: "apps", kind: "DaemonSet", spec: "replicas: 7"},
		"job":                      {group: "batch", kind: "Job", want: known(1)},
		"completions":              {group: "batch", kind: "Job", spec: "{completions: 5, parallelism: 2}", want: known(5)},
		"parallelism":              {group: "batch", kind: "Job", spec: "parallelism: 2", want: known(2)},
		"one run":                  {group: "batch", kind: "CronJob", spec: "jobTemplate: {spec: {completions: 3}}", want: known(3)},
		"replication controller":   {kind: "ReplicationController", spec: "replicas: 2", want: known(2)},
		"kind that is not known":   {group: "example.com", kind: "Deployment", spec: "replicas: 2"},
		"group of another's kinds": {group: "batch", kind: "Deployment", spec: "replicas: 2"},
	} {
		t.Run(what, func(t *testing.T) {
			object := map[string]any{}
			if err := yaml.Unmarshal([]byte("spec:\n  "+tc.spec), &object); err != nil {
				t.Fatal(err)
			}
			at := func(path string) any {
				var value any = object
				for segment := range strings.SplitSeq(path, ".") {
					within, _ := value.(map[string]any)
					value = within[segment]
				}
				return value
			}
			if got := workload.Find(tc.group, tc.kind).PodsIn(at); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}
