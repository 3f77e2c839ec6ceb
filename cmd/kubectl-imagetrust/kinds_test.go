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

package main

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// families are manifests of custom kinds, each with a signed image and one without a signature.
func families() map[string]string {
	const template = "  template:\n    metadata: {labels: {app: a}}\n    spec:\n      initContainers: [{name: init, image: 'REGISTRY/app/unsigned:v1'}]\n" +
		"      containers:\n      - name: main\n        image: REGISTRY/app/signed:v1 # the release\n"
	pod := func(version, kind string) string {
		return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: a}\nspec:\n" + template
	}
	return map[string]string{
		"rollouts":  pod("argoproj.io/v1alpha1", "Rollout"),
		"kruise":    pod("apps.kruise.io/v1alpha1", "CloneSet") + "---\n" + pod("apps.kruise.io/v1beta1", "StatefulSet"),
		"knative":   pod("serving.knative.dev/v1", "Service"),
		"openshift": pod("apps.openshift.io/v1", "DeploymentConfig"),
		"old":       pod("extensions/v1beta1", "Deployment"),
		"workflows": `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: a}
spec:
  workflowSpec:
    templates:
    - name: build
      container: {image: REGISTRY/app/signed:v1}
      sidecars:
      - {name: db, image: REGISTRY/app/unsigned:v1}
    - name: script
      script: {image: REGISTRY/app/signed:v1, source: date}
`,
		"tekton": `apiVersion: tekton.dev/v1
kind: Task
metadata: {name: a}
spec:
  steps:
  - name: build
    image: REGISTRY/app/signed:v1
  - name: param
    image: $(params.image)
  sidecars:
  - {name: db, image: REGISTRY/app/unsigned:v1}
---
apiVersion: tekton.dev/v1
kind: Pipeline
metadata: {name: b}
spec:
  tasks:
  - name: one
    taskSpec:
      steps:
      - {name: build, image: REGISTRY/app/signed:v1}
`,
		"kserve": `apiVersion: serving.kserve.io/v1alpha1
kind: ClusterServingRuntime
metadata: {name: a}
spec:
  containers:
  - {name: kserve-container, image: REGISTRY/app/unsigned:v1}
---
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: b}
spec:
  predictor:
    model: {modelFormat: {name: sklearn}, image: REGISTRY/app/signed:v1}
  transformer:
    containers: [{name: t, image: REGISTRY/app/signed:v1}]
`,
		"prometheus": `apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: k8s, namespace: monitoring}
spec:
  image: REGISTRY/app/signed:v1
  thanos: {baseImage: quay.io/thanos/thanos, tag: v1}
  containers:
  - name: proxy
    image: REGISTRY/app/unsigned:v1
---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: main, namespace: monitoring}
spec: {replicas: 3}
`,
		"strimzi": `apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: a}
spec:
  kafka: {image: REGISTRY/app/signed:v1}
  entityOperator:
    topicOperator: {image: REGISTRY/app/unsigned:v1}
    userOperator: {}
`,
		"jobs": `apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata: {name: a}
spec:
  replicatedJobs:
  - name: workers
    template: {spec: {template: {spec: {containers: [{name: w, image: REGISTRY/app/unsigned:v1}]}}}}
---
apiVersion: leaderworkerset.x-k8s.io/v1
kind: LeaderWorkerSet
metadata: {name: b}
spec:
  leaderWorkerTemplate:
    leaderTemplate: {metadata: {labels: {role: leader}}, spec: {containers: [{name: l, image: REGISTRY/app/signed:v1}]}}
    workerTemplate: {metadata: {labels: {role: worker}}, spec: {containers: [{name: w, image: REGISTRY/app/unsigned:v1}]}}
---
apiVersion: kubeflow.org/v1
kind: PyTorchJob
metadata: {name: c}
spec:
  pytorchReplicaSpecs:
    Master: {template: {spec: {containers: [{name: pytorch, image: REGISTRY/app/signed:v1}]}}}
    Worker: {template: {spec: {containers: [{name: pytorch, image: REGISTRY/app/unsigned:v1}]}}}
---
apiVersion: batch.volcano.sh/v1alpha1
kind: Job
metadata: {name: d}
spec:
  tasks:
  - {name: t, template: {spec: {containers: [{name: t, image: REGISTRY/app/unsigned:v1}]}}}
`,
		"shapes": `apiVersion: example.com/v1
kind: Robot
metadata: {name: a}
spec:
  arms:
  - pod:
      metadata: {labels: {arm: left}}
      spec:
        containers:
        - {name: main, image: REGISTRY/app/signed:v1}
        - {name: other, image: REGISTRY/app/unsigned:v1}
---
apiVersion: v1
kind: pod
metadata: {name: b}
spec: {containers: [{name: main, image: REGISTRY/app/unsigned:v1}]}
`,
		"unknown": `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: a}
spec:
  values:
    image: {repository: REGISTRY/app/unsigned, tag: v1}
---
apiVersion: operator.karmada.io/v1alpha1
kind: Karmada
metadata: {name: b, namespace: karmada-system}
spec:
  components: {karmadaAPIServer: {imageRepository: REGISTRY/app/unsigned, imageTag: v1}}
---
apiVersion: example.com/v1
kind: Robot
metadata: {name: c}
spec:
  brain: {image: REGISTRY/app/unsigned:v1}
  legs: [REGISTRY/app/signed:v1]
`,
		"none": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {image: 'REGISTRY/app/unsigned:v1'}\n",
	}
}

const robotFields = `images:
- path: spec/brain/image
  group: example.com
  kind: Robot
- path: spec/legs[]
  kind: Robot
`

// TestPlanKinds plans manifests of each family of custom kinds.
func TestPlanKinds(t *testing.T) {
	f := newFixture(t)
	tests := map[string]pluginTest{}
	for name, content := range families() {
		f.write("kinds/"+name+".yaml", content)
		code := exitUntrusted
		if name == "none" {
			code = exitOK
		}
		tests["kind "+name] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "kinds/" + name + ".yaml"}, code: code}
	}
	f.write("fields.yaml", robotFields)
	f.write("wrong.yaml", "images:\n- kind: Robot\n  path: spec.brain\n")
	trust := []string{"-f", "trust.yaml", "--manifests", "kinds/unknown.yaml"}
	tests["kind unknown"] = pluginTest{args: trust, code: exitUsage}
	tests["image fields"] = pluginTest{args: append(slices.Clone(trust), "--image-fields", "fields.yaml"), code: exitUntrusted}
	tests["image fields wrong"] = pluginTest{args: append(slices.Clone(trust), "--image-fields", "wrong.yaml", "--image-fields", "nowhere.yaml"), code: exitUsage}
	tests["image fields alone"] = pluginTest{args: []string{"-f", "trust.yaml", "--image-fields", "fields.yaml"}, code: exitUsage}
	tests["kind json"] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "kinds/shapes.yaml", "-o", "json"}, code: exitUntrusted}
	f.runGolden("plan", tests)
}

// TestPinKinds pins the same manifests, and compares those that are printed and those that are written.
func TestPinKinds(t *testing.T) {
	f := newFixture(t)
	tests := map[string]pluginTest{}
	for name, content := range families() {
		// Of each family the images are signed; that of others is told by plan.
		f.write("kinds/"+name+".yaml", strings.ReplaceAll(content, "app/unsigned", "app/signed"))
	}
	f.write("kinds/unsigned.yaml", families()["tekton"])
	f.write("written/all.yaml", strings.ReplaceAll(strings.Join(slices.Sorted(maps.Values(families())), "---\n"), "app/unsigned", "app/signed"))
	f.write("fields.yaml", robotFields)
	for name := range families() {
		tests["kind "+name] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "kinds/" + name + ".yaml"}}
	}
	tests["kind tekton"] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "kinds/tekton.yaml", "--keep-going"}, code: exitUnknown}
	tests["kind unknown"] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "kinds/unknown.yaml"}, code: exitUsage}
	tests["kind unsigned"] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "kinds/unsigned.yaml"}, code: exitUntrusted}
	tests["image fields"] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "kinds/unknown.yaml", "--image-fields", "fields.yaml"}}
	tests["image fields in place"] = pluginTest{args: []string{"-f", "trust.yaml", "--manifests", "written", "--image-fields", "fields.yaml", "--in-place"}, code: exitUnknown}
	tests["kinds kustomize"] = pluginTest{args: []string{
		"-f", "trust.yaml", "--manifests", "kinds/workflows.yaml", "--manifests", "kinds/rollouts.yaml", "-o", "kustomize", "--keep-going",
	}, code: exitUntrusted}
	tests["image fields kustomize"] = pluginTest{args: []string{
		"-f", "trust.yaml", "--manifests", "kinds/unknown.yaml", "-o", "kustomize", "--image-fields", "fields.yaml",
	}}
	f.runGolden("pin", tests)
	compareGolden(t, "pin/image-fields-in-place.yaml", f.readFile("written/all.yaml"))
}

// TestLintManifests compares trusts with manifests.
func TestLintManifests(t *testing.T) {
	f := newFixture(t)
	for name, content := range families() {
		f.write("kinds/"+name+".yaml", content)
	}
	f.write("fields.yaml", robotFields)
	f.write("typo.yaml", strings.Replace(f.trust("typo", "Enforce", "app/signed"), "']", "', 'REGISTRY/ap/*']", 1))
	f.write("trust.yaml", f.trust("app", "Enforce", "app/signed"))
	f.write("broken.yaml", "a: [\n")
	f.runGolden("lint", map[string]pluginTest{
		"manifests":              {args: []string{"-f", "trust.yaml", "--manifests", "kinds"}},
		"manifests typo":         {args: []string{"-f", "typo.yaml", "--manifests", "kinds/rollouts.yaml"}, code: exitUntrusted},
		"manifests unknown":      {args: []string{"-f", "typo.yaml", "--manifests", "kinds/unknown.yaml"}, code: exitUntrusted},
		"manifests image fields": {args: []string{"-f", "trust.yaml", "--manifests", "kinds/unknown.yaml", "--image-fields", "fields.yaml"}},
		"manifests broken":       {args: []string{"-f", "typo.yaml", "--manifests", "kinds/rollouts.yaml", "--manifests", "broken.yaml"}, code: exitUsage},
		"manifests nowhere":      {args: []string{"-f", "trust.yaml", "--manifests", "nowhere"}, code: exitUsage},
		"image fields alone":     {args: []string{"-f", "trust.yaml", "--image-fields", "fields.yaml"}, code: exitUsage},
		"trusts beside kinds":    {args: []string{"-f", "trust.yaml", "-f", "kinds/unknown.yaml"}},
	})
}

// TestKindsPage runs the commands of the page about kinds, with the file that it shows.
func TestKindsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/kinds.md")
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	_, after, _ := strings.Cut(string(page), "```yaml\n")
	fields, after, _ := strings.Cut(after, "```\n")
	_, after, _ = strings.Cut(after, "```sh\n")
	commands, _, found := strings.Cut(after, "```\n")
	if !found {
		t.Fatal("the page has no commands")
	}
	f.write("fields.yaml", fields)
	f.write("deploy/robot.yaml", "apiVersion: example.com/v1\nkind: Robot\nmetadata: {name: a}\nspec:\n  brain: {image: REGISTRY/app/signed:v1}\n"+
		"  arms:\n  - hand: {image: REGISTRY/app/signed:v1}\n")
	count := 0
	for command := range strings.Lines(commands) {
		args := strings.Fields(command)[2:] // behind kubectl imagetrust
		count++
		got := f.run("", append(args, "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")...)
		if got.code != exitOK || strings.Contains(got.stdout+got.stderr, "skipped") {
			t.Errorf("%sexit code %d:\n%s%s", command, got.code, got.stdout, got.stderr)
		}
	}
	if pinned := strings.Count(f.readFile("deploy/robot.yaml"), "@sha256:"); count != 2 || pinned != 2 {
		t.Errorf("%d commands ran, %d images are pinned", count, pinned)
	}
}
