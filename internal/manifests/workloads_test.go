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

package manifests

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/forecast"
)

// plan returns what all objects of a file ask for: the workloads as Kind namespace/name with their images and lines, and the
// reasons, lines and messages of what was skipped, warned of and wrong.
func plan(f *File) (workloads, told []string) {
	for _, o := range f.Objects {
		p := o.Plan("here")
		for _, w := range p.Workloads {
			line := fmt.Sprintf("%d: %s %s/%s", w.Line, w.Kind, w.Namespace, w.Name)
			for _, c := range w.Template {
				line += fmt.Sprintf(" %s=%s:%s", c.Name, c.Image, strings.Trim(fmt.Sprint(w.Lines[c]), "[]"))
			}
			workloads = append(workloads, line)
		}
		for _, s := range p.Skipped {
			told = append(told, fmt.Sprintf("%s:%d: %s %s: %s", s.File, s.Line, s.Reason, s.Object, s.Message))
		}
		for _, w := range p.Warnings {
			told = append(told, fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Message))
		}
		for _, err := range p.Errors {
			told = append(told, err.Error())
		}
	}
	return workloads, told
}

// TestPlanOfKinds lists the objects that admission would see of each kind, with their labels.
func TestPlanOfKinds(t *testing.T) {
	f := read(t, `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: d, labels: {l: d}}
  spec: {template: {metadata: {labels: {l: p}}, spec: {containers: [{name: a, image: img:1}]}}}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: d}
  spec: {template: {spec: {containers: [{name: patched, image: img:2}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: j, namespace: other}
spec: {jobTemplate: {metadata: {labels: {l: j}}, spec: {template: {spec: {containers: [{name: b, image: img:3}]}}}}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: r, labels: {l: r}}
spec: {template: {metadata: {labels: {l: p}}, spec: {containers: [{name: c, image: img:4}]}}}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: t, labels: {l: t}}
template: {metadata: {labels: {l: p}}, spec: {containers: [{name: e, image: img:6}]}}
---
apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: old, namespace: other}
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: f, image: img:7}]}}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: p, labels: {l: p}}
spec: {containers: [{name: d, image: img:5}]}
`)
	var got []string
	for _, o := range f.Objects {
		for _, w := range o.Plan("here").Workloads {
			for _, s := range forecast.AdmissionObjects(w.Workload) {
				got = append(got, fmt.Sprintf("%s/%s/%s %s %v %s %s",
					s.Group, s.Version, s.Kind, s.Namespace, s.Labels, s.Containers[0].Name, s.Containers[0].Image))
			}
		}
	}
	want := []string{
		"apps/v1/Deployment here map[l:d] a img:1", "apps/v1/ReplicaSet here map[l:p] a img:1", "/v1/Pod here map[l:p] a img:1",
		"apps/v1/Deployment here map[] patched img:2", "apps/v1/ReplicaSet here map[] patched img:2", "/v1/Pod here map[] patched img:2",
		"batch/v1/CronJob other map[] b img:3", "batch/v1/Job other map[l:j] b img:3", "/v1/Pod other map[] b img:3",
		"/v1/Pod here map[l:p] c img:4",
		"/v1/Pod here map[l:p] e img:6",
		"batch/v1/CronJob other map[] f img:7", "batch/v1/Job other map[] f img:7", "/v1/Pod other map[] f img:7",
		"/v1/Pod here map[l:p] d img:5",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPlanIgnoresRecords has fields that the API server sets itself, or that do not keep it from creating an object.
func TestPlanIgnoresRecords(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {%s}\nspec: {containers: [{name: a, image: img:1}]}\n%s"
	const job = "apiVersion: batch/v1\nkind: Job\nmetadata: {%s}\nspec: {%stemplate: {spec: {containers: [{name: a, image: img:1}]}}}\n%s"
	const set = "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {%s}\nspec: {replicas: 0, template: {spec: {containers: [{name: a, image: img:1}]}}}\n%s"
	const owner = "ownerReferences: [{apiVersion: %s, kind: %s, name: o, uid: u, controller: true}]"
	podWants, jobWants, setWants := "1: Pod here/api a=img:1:4", "1: Job here/api a=img:1:4", "1: ReplicaSet here/api a=img:1:4"
	for name, tc := range map[string]struct{ manifest, want string }{
		"pod that succeeded":        {fmt.Sprintf(pod, "name: api", "status: {phase: Succeeded}"), podWants},
		"pod that failed":           {fmt.Sprintf(pod, "name: api", "status: {phase: Failed}"), podWants},
		"status that is no mapping": {fmt.Sprintf(pod, "name: api", "status: Succeeded"), podWants},
		"status of another type":    {fmt.Sprintf(pod, "name: api", "status: {phase: 5, conditions: 7}"), podWants},
		"pod that ran": {
			fmt.Sprintf(pod, "name: api", `status: {containerStatuses: [{name: a, imageID: "img@sha256:`+strings.Repeat("a", 64)+`"}]}`), podWants,
		},
		"uid":                    {fmt.Sprintf(pod, "name: api, uid: 5e3b", ""), podWants},
		"uid that is a number":   {fmt.Sprintf(pod, "name: api, uid: 5", ""), podWants},
		"owned pod":              {fmt.Sprintf(pod, "name: api, uid: x, "+fmt.Sprintf(owner, "apps/v1", "ReplicaSet"), ""), podWants},
		"pod of a node":          {fmt.Sprintf(pod, "name: api, "+fmt.Sprintf(owner, "v1", "Node"), ""), podWants},
		"owner of another type":  {fmt.Sprintf(pod, "name: api, ownerReferences: all", ""), podWants},
		"to be deleted":          {fmt.Sprintf(pod, "name: api, deletionTimestamp: 2026-01-01T00:00:00Z, deletionGracePeriodSeconds: 0", ""), podWants},
		"finalizers":             {fmt.Sprintf(pod, "name: api, finalizers: [a/b], creationTimestamp: null", ""), podWants},
		"generated name":         {fmt.Sprintf(pod, "generateName: api", ""), podWants},
		"mirror pod":             {fmt.Sprintf(pod, "name: api, annotations: {kubernetes.io/config.mirror: a}", ""), podWants},
		"hook of Helm":           {fmt.Sprintf(pod, "name: api, annotations: {helm.sh/hook: test}", ""), podWants},
		"not applied":            {fmt.Sprintf(pod, "name: api, annotations: {config.kubernetes.io/local-config: 'true'}", ""), podWants},
		"complete job":           {fmt.Sprintf(job, "name: api", "", "status: {conditions: [{type: Complete, status: 'True'}]}"), jobWants},
		"failed job":             {fmt.Sprintf(job, "name: api", "", "status: {conditions: [{type: Failed, status: 'True'}]}"), jobWants},
		"job of a cron job":      {fmt.Sprintf(job, "name: api, "+fmt.Sprintf(owner, "batch/v1", "CronJob"), "", ""), jobWants},
		"suspended job":          {fmt.Sprintf(job, "name: api", "suspend: true, ", ""), jobWants},
		"job without parallel":   {fmt.Sprintf(job, "name: api", "parallelism: 0, ", ""), jobWants},
		"history of a rollout":   {fmt.Sprintf(set, "name: api, "+fmt.Sprintf(owner, "apps/v1", "Deployment"), ""), setWants},
		"history with a status":  {fmt.Sprintf(set, "name: api, "+fmt.Sprintf(owner, "apps/v1", "Deployment"), "status: {replicas: 0}"), setWants},
		"an image like no other": {strings.ReplaceAll(fmt.Sprintf(pod, "name: api", ""), "img:1", "UPPER"), "1: Pod here/api a=UPPER:4"},
	} {
		t.Run(name, func(t *testing.T) {
			workloads, told := plan(read(t, tc.manifest))
			if diff := cmp.Diff([]string{tc.want}, workloads); diff != "" || len(told) > 0 {
				t.Errorf("told %q (-want +got):\n%s", told, diff)
			}
		})
	}
}

// TestPlanOfTemplates has kinds with several templates: there is one workload for each set of labels of the pods.
func TestPlanOfTemplates(t *testing.T) {
	f := read(t, `apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: lws, labels: {l: set}}
spec:
  leaderWorkerTemplate:
    leaderTemplate:
      metadata: {labels: {role: leader}}
      spec: {containers: [{name: leader, image: img:1}]}
    workerTemplate:
      metadata: {labels: {role: worker}}
      spec: {containers: [{name: worker, image: img:2}]}
---
apiVersion: example.com/v1
kind: Pair
metadata: {name: same}
spec:
  one: {spec: {containers: [{name: a, image: img:1}]}}
  two: {spec: {containers: [{name: a, image: img:1}, {name: a, image: img:2}, {name: b}]}}
`)
	var got []string
	for _, o := range f.Objects {
		for _, w := range o.Plan("here").Workloads {
			for _, s := range forecast.AdmissionObjects(w.Workload) {
				got = append(got, fmt.Sprintf("%s %s: %s %v %v", w.Kind, w.Name, s.Kind, s.Labels, s.Containers))
			}
		}
	}
	want := []string{
		"LeaderWorkerSet lws: Pod map[role:leader] [{containers leader img:1}]",
		"LeaderWorkerSet lws: Pod map[role:worker] [{containers worker img:2}]",
		"Pair same: Pod map[] [{containers a img:1} {containers a img:2}]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, told := plan(f)
	if len(told) != 1 || !strings.HasPrefix(told[0], "m.yaml:18: Patch Pair here/same: container b has no image") {
		t.Errorf("told %q", told)
	}
}

// TestPlanOfPatches has objects with containers without an image.
func TestPlanOfPatches(t *testing.T) {
	const head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: shop}\n"
	const without = "it is a patch, or another tool adds the image; plan what is applied, for example the output of kustomize build"
	const skipped = "m.yaml:%d: Patch Deployment shop/d: %s: " + without
	const asWritten = "m.yaml:%d: Deployment shop/d has %s, so it is a patch: it is planned as it is written; " +
		"plan what is applied instead, for example the output of kustomize build"
	for name, tc := range map[string]struct {
		manifest        string
		workloads, told []string
	}{
		"one container of two": {
			manifest:  head + "spec:\n  template:\n    spec:\n      containers:\n      - name: a\n      - name: b\n        image: img:1\n",
			workloads: []string{"1: Deployment shop/d b=img:1:10"},
			told:      []string{fmt.Sprintf(skipped, 8, "container a has no image")},
		},
		"arguments and resources": {
			manifest: head + "spec: {template: {spec: {containers: [{name: manager, args: [--leader-elect]}, {name: b, resources: {}}]}}}\n",
			told:     []string{fmt.Sprintf(skipped, 4, "container manager has no image"), fmt.Sprintf(skipped, 4, "container b has no image")},
		},
		"no name":        {manifest: head + "spec: {template: {spec: {initContainers: [{args: [a]}]}}}\n", told: []string{fmt.Sprintf(skipped, 4, "a container has no image")}},
		"no value":       {manifest: head + "spec: {template: {spec: {containers: [{name: a, image: }]}}}\n", told: []string{fmt.Sprintf(skipped, 4, "container a has no image")}},
		"empty image":    {manifest: head + "spec: {template: {spec: {containers: [{name: a, image: ''}]}}}\n", told: []string{fmt.Sprintf(skipped, 4, "container a has no image")}},
		"empty item":     {manifest: head + "spec: {template: {spec: {containers: [null]}}}\n", told: []string{fmt.Sprintf(skipped, 4, "a container has no image")}},
		"replicas":       {manifest: head + "spec: {replicas: 3}\n", told: []string{fmt.Sprintf(skipped, 1, "it has no containers")}},
		"no spec":        {manifest: head, told: []string{fmt.Sprintf(skipped, 1, "it has no containers")}},
		"empty spec":     {manifest: head + "spec: {template: {spec: }}\n", told: []string{fmt.Sprintf(skipped, 1, "it has no containers")}},
		"whole object":   {manifest: head + "$patch: delete\n", told: []string{fmt.Sprintf(skipped, 1, "it has no containers")}},
		"delete an item": {manifest: head + "spec: {template: {spec: {containers: [{name: a, $patch: delete}]}}}\n", told: []string{fmt.Sprintf(skipped, 4, "container a has $patch and no image")}},
		"replace a list": {
			manifest:  head + "spec: {template: {spec: {containers: [{$patch: replace}, {name: a, image: img:1}]}}}\n",
			workloads: []string{"1: Deployment shop/d a=img:1:4"},
			told: []string{
				fmt.Sprintf(skipped, 4, "a container has $patch and no image"),
				fmt.Sprintf(asWritten, 4, "spec.template.spec.containers[0].$patch"),
			},
		},
		"delete an item with an image": {
			manifest:  head + "spec: {template: {spec: {containers: [{name: a, image: img:1, $patch: delete}]}}}\n",
			workloads: []string{"1: Deployment shop/d a=img:1:4"},
			told:      []string{fmt.Sprintf(asWritten, 4, "spec.template.spec.containers[0].$patch")},
		},
		"delete an object with an image": {
			manifest:  head + "$patch: delete\nspec: {template: {spec: {containers: [{name: a, image: img:1}]}}}\n",
			workloads: []string{"1: Deployment shop/d a=img:1:5"},
			told:      []string{fmt.Sprintf(asWritten, 4, "$patch")},
		},
		"order of a list": {
			manifest:  head + "spec: {template: {spec: {$setElementOrder/containers: [{name: a}], containers: [{name: a, image: img:1}]}}}\n",
			workloads: []string{"1: Deployment shop/d a=img:1:4"},
			told:      []string{fmt.Sprintf(asWritten, 4, "spec.template.spec.$setElementOrder/containers")},
		},
		"keys to retain": {
			manifest:  head + "spec: {strategy: {$retainKeys: [type]}, template: {$retainKeys: [spec], spec: {containers: [{name: a, image: img:1}]}}}\n",
			workloads: []string{"1: Deployment shop/d a=img:1:4"},
			told:      []string{fmt.Sprintf(asWritten, 4, "spec.template.$retainKeys")},
		},
		"only a volume": {
			manifest: head + "spec: {template: {spec: {volumes: [{name: v, image: {reference: img:1}}]}}}\n",
			told:     []string{fmt.Sprintf(skipped, 1, "it has no containers")},
		},
		"ephemeral containers": {
			manifest:  "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: a, image: img:1}]\n  ephemeralContainers: [{name: e, image: img:2}]\n",
			workloads: []string{"1: Pod here/p a=img:1:5"},
			told: []string{"m.yaml:6: EphemeralContainer Pod here/p: container e is ephemeral: the API server creates no pod with " +
				"ephemeral containers; admission decides when one is added to a pod that runs"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			workloads, told := plan(read(t, tc.manifest))
			if diff := cmp.Diff(tc.workloads, workloads); diff != "" {
				t.Errorf("workloads (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.told, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// TestPlanOfOtherTypes has fields of a type that the API server denies: the error names the field, and what else can be read is
// planned.
func TestPlanOfOtherTypes(t *testing.T) {
	for spec, want := range map[string]string{
		"{containers: [{name: a, image: 1.5}]}":         "spec.containers[0].image is a number and must be a text; put it in quotes",
		"{containers: [{name: a, image: true}]}":        "spec.containers[0].image is true or false and must be a text; put it in quotes",
		"{containers: [{name: a, image: {name: b}}]}":   "spec.containers[0].image is a mapping and must be a text",
		"{containers: [{name: a, image: [img:1]}]}":     "spec.containers[0].image is a list and must be a text",
		"{containers: [{name: 5, image: img:1}]}":       "spec.containers[0].name is a number and must be a text; put it in quotes",
		"{containers: {name: a, image: img:1}}":         "spec.containers is a mapping and must be a list",
		"{containers: img}":                             "spec.containers is a text and must be a list",
		"{initContainers: [img]}":                       "spec.initContainers[0] is a text and must be a mapping",
		"{volumes: [{name: v, image: img}]}":            "spec.volumes[0].image is a text and must be a mapping",
		"{volumes: [{name: v, image: {reference: 7}}]}": "spec.volumes[0].image.reference is a number and must be a text; put it in quotes",
		"[]": "spec is a list and must be a mapping",
		"[{containers: [{name: a, image: img:1}]}]":                    "spec is a list and must be a mapping",
		"{containers: [{name: a, image: img:1}, {name: b, image: 2}]}": "spec.containers[1].image is a number and must be a text; put it in quotes",
	} {
		workloads, told := plan(read(t, "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: "+spec+"\n"))
		if len(told) != 1 || told[0] != "m.yaml:4: Pod here/p: "+want {
			t.Errorf("%s: got %q, want %q", spec, told, want)
		}
		if strings.Contains(spec, "{name: b, image: 2}") != (len(workloads) == 1) && !strings.Contains(spec, "name: 5") {
			t.Errorf("%s: planned %q", spec, workloads)
		}
	}
}

// TestPlanOfEqualContainers plans an object with several containers of the same name and image: each has its line.
func TestPlanOfEqualContainers(t *testing.T) {
	f := read(t, `apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: j}
spec:
  pytorchReplicaSpecs:
    Master: {template: {spec: {containers: [{name: pytorch, image: "img:1"}]}}}
    Worker: {template: {spec: {containers: [{name: pytorch, image: "img:1"}]}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w}
spec:
  templates:
  - steps:
    - - inline: {container: {image: "img:2"}}
      - name: b
        inline:
          container: {image: "img:3"}
  - dag: {tasks: [{inline: {script: {image: "img:4"}}}]}
`)
	got, told := plan(f)
	want := []string{
		"1: PyTorchJob here/j pytorch=img:1:6 7",
		"9: Workflow here/w spec.templates[0].steps[0][0].inline.container.image=img:2:15 b=img:3:18 " +
			"spec.templates[1].dag.tasks[0].inline.script.image=img:4:19",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("workloads (-want +got):\n%s", diff)
	}
	if len(told) > 0 {
		t.Errorf("told: %v", told)
	}
}
