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
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/workload"
)

// put returns a value with a text at a path, with two items in each list and two fields in each mapping of any names.
func put(steps []workload.Step, text func() any) any {
	if len(steps) == 0 {
		return text()
	}
	inner := func() any { return put(steps[1:], text) }
	for range steps[0].Items {
		item := inner
		inner = func() any { return []any{item(), item()} }
	}
	if steps[0].Each {
		return map[string]any{"a": inner(), "b.c/d": inner()}
	}
	return map[string]any{steps[0].Name: inner()}
}

// TestCustomKinds reads an object of each custom kind with images at each path of the table, and no others.
func TestCustomKinds(t *testing.T) {
	for _, c := range workload.Customs() {
		t.Run(c.Kind+"."+c.Group, func(t *testing.T) {
			paths := slices.Concat(c.Images, c.Chosen)
			for _, spec := range c.Pods {
				paths = append(paths, spec+"/containers[]/image", spec+"/initContainers[]/image", spec+"/volumes[]/image/reference")
			}
			for _, path := range paths {
				count := 0
				value, _ := put(path.Steps(), func() any { count++; return fmt.Sprintf("x:%d", count) }).(map[string]any)
				value["apiVersion"], value["kind"] = c.Group+"/v1", c.Kind
				value["metadata"] = map[string]any{"name": "a", "labels": map[string]any{"of": "object"}}
				content, err := json.MarshalIndent(value, "", "  ")
				if err != nil {
					t.Fatal(err)
				}
				f := read(t, string(content))
				var found []string
				for _, template := range f.Objects[0].Templates() {
					if template.Origin != OfKind || template.Labels != nil {
						t.Errorf("%s: found as of %s with the labels %v", path, template.Origin, template.Labels)
					}
				}
				for _, image := range f.Objects[0].Images() {
					text := string(f.Content[image.Start:image.End])
					if text != image.Image {
						t.Errorf("%s: the image is %q in the file, %q in the object", image.Path, text, image.Image)
					}
					if line, _ := f.Objects[0].Position(image.Path); line != image.Line {
						t.Errorf("%s: line %d, want %d", image.Path, image.Line, line)
					}
					found = append(found, text)
				}
				slices.Sort(found)
				want := []string{}
				for i := range count {
					want = append(want, fmt.Sprintf("x:%d", i+1))
				}
				slices.Sort(want)
				if diff := cmp.Diff(want, found); diff != "" {
					t.Errorf("%s (-want +got):\n%s", path, diff)
				}
				for _, s := range f.Skipped {
					if !strings.Contains(s.Message, "its controller chooses an image") {
						t.Errorf("%s: %s", path, s.Message)
					}
				}
			}
		})
	}
}

// templates formats the templates of all objects in a file, and what was skipped.
func templates(f *File) []string {
	var all []string
	for _, o := range f.Objects {
		for _, t := range o.Templates() {
			all = append(all, fmt.Sprintf("%s %q labels=%v", t.Origin, t.Path, t.Labels))
			for _, i := range t.Images {
				all = append(all, fmt.Sprintf("  %d %s: %s %q %s", i.Line, i.Path, i.Field, i.Name, i.Image))
			}
			for _, i := range t.Incomplete {
				all = append(all, fmt.Sprintf("  %d %s: %q without image", i.Line, i.Path, i.Name))
			}
		}
	}
	for _, s := range f.Skipped {
		all = append(all, fmt.Sprintf("skipped %d: %s: %s: %s", s.Line, s.Object, s.Reason, s.Message))
	}
	return all
}

func TestTemplates(t *testing.T) {
	const pod = "spec:\n  containers:\n  - {name: a, image: x:1}\n"
	const partly = "look at the workloads that its controller creates, or at the output of helm template"
	const field = "which is not known as a field for images: name the field in a file for --image-fields if a container runs the image"
	const found = `  5 spec.containers[0].image: containers "a" x:1`
	for name, tc := range map[string]struct {
		content string
		want    []string
	}{
		"Pod": {
			"apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: b}}\n" + pod,
			[]string{`Kind "spec" labels=map[a:b]`, strings.Replace(found, "5", "6", 1)},
		},
		"an old version of a kind": {
			"apiVersion: apps/v1beta1\nkind: Deployment\nspec:\n  template:\n    metadata: {labels: {a: b, c: 1}}\n    spec: {containers: [{name: a, image: x:1}]}\n",
			[]string{`Kind "spec.template.spec" labels=map[a:b]`, `  6 spec.template.spec.containers[0].image: containers "a" x:1`},
		},
		"a group of old": {
			"apiVersion: extensions/v1beta1\nkind: Deployment\nspec:\n  template:\n    metadata: {labels: {a: b}}\n    spec: {containers: [{name: a, image: x:1}, {name: b}]}\n",
			[]string{
				`Kind "spec.template.spec" labels=map[a:b]`, `  6 spec.template.spec.containers[0].image: containers "a" x:1`,
				`  6 spec.template.spec.containers[1]: "b" without image`,
			},
		},
		"another spelling of a kind":  {"apiVersion: v1\nkind: pod\n" + pod, []string{`Shape "spec" labels=map[]`, found}},
		"another group of a kind":     {"apiVersion: v1\nkind: Deployment\n" + pod, []string{`Shape "spec" labels=map[]`, found}},
		"of the object itself":        {"apiVersion: example.com/v1\nkind: Box\ncontainers: [{image: x:1}]\n", []string{`Shape "" labels=map[]`, `  3 containers[0].image: containers "" x:1`}},
		"in a list in a list":         {"apiVersion: example.com/v1\nkind: Box\nspec: [[{initContainers: [{name: a, image: x:1}]}]]\n", []string{`Shape "spec[0][0]" labels=map[]`, `  3 spec[0][0].initContainers[0].image: initContainers "a" x:1`}},
		"an object within an object":  {"apiVersion: work.karmada.io/v1alpha1\nkind: Work\nspec: {workload: {manifests: [{apiVersion: v1, kind: Pod, metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x:1}]}}]}}\n", []string{`Shape "spec.workload.manifests[0].spec" labels=map[a:b]`, `  3 spec.workload.manifests[0].spec.containers[0].image: containers "a" x:1`}},
		"ephemeral containers":        {"apiVersion: example.com/v1\nkind: Box\nspec: {ephemeralContainers: [{name: a, image: x:1}]}\n", []string{`Shape "spec" labels=map[]`, `  3 spec.ephemeralContainers[0].image: ephemeralContainers "a" x:1`}},
		"status and metadata":         {"apiVersion: example.com/v1\nkind: Box\nmetadata: {containers: [{image: x:1}]}\nstatus: {containers: [{image: x:1}], image: x:1}\n", nil},
		"containers without an image": {"apiVersion: metrics.example.com/v1\nkind: Usage\ncontainers: [{name: a, usage: {cpu: 1}}]\n", nil},
		"a schema": {
			"apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {versions: [{schema: {openAPIV3Schema: {properties: {spec: {default: {containers: [{image: x:1}]}}}}}}]}\n", nil,
		},
		"data":      {"apiVersion: v1\nkind: ConfigMap\ndata: {image: x:1, pod: 'containers: [{image: x:1}]'}\n", nil},
		"a pattern": {"apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {rules: [{validate: {pattern: {spec: {containers: [{image: '!*:latest'}]}}}}]}\n", nil},
		"a block device": {
			"apiVersion: example.com/v1\nkind: Box\nspec: {containers: [{name: a, image: x:1}], volumes: [{name: b, rbd: {image: b}}, {name: c, image: {reference: x:2}}]}\n",
			[]string{`Shape "spec" labels=map[]`, `  3 spec.containers[0].image: containers "a" x:1`, `  3 spec.volumes[1].image.reference: volumes "c" x:2`},
		},
		"a new field of a known kind": {
			"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec:\n  template:\n    spec: {containers: [{name: a, image: x:1}]}\n  canary: {spec: {containers: [{name: b, image: x:2}]}}\n",
			[]string{
				`Kind "spec.template.spec" labels=map[]`, `  5 spec.template.spec.containers[0].image: containers "a" x:1`,
				`Shape "spec.canary.spec" labels=map[]`, `  6 spec.canary.spec.containers[0].image: containers "b" x:2`,
			},
		},
		"a Rollout of a Deployment": {"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: a}}\n", nil},
		"a patch of a Rollout": {
			"apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec: {template: {spec: {containers: [{name: a, tty: true}]}}}\n",
			[]string{`Kind "spec.template.spec" labels=map[]`, `  3 spec.template.spec.containers[0]: "a" without image`},
		},
		"steps of a workflow": {
			"apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n  templates:\n  - name: build\n    container: {image: x:1}\n    initContainers: [{name: init, image: x:2}]\n    sidecars: [{image: x:3}]\n",
			[]string{
				`Kind "" labels=map[]`, `  7 spec.templates[0].initContainers[0].image: initContainers "init" x:2`,
				`  6 spec.templates[0].container.image: containers "build" x:1`,
				`  8 spec.templates[0].sidecars[0].image: containers "spec.templates[0].sidecars[0].image" x:3`,
			},
		},
		"a controller that chooses": {
			"apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: k8s, namespace: monitoring}\nspec:\n  thanos: {image: x:1}\n  containers: [{name: prometheus, tty: true}]\n",
			[]string{
				`Kind "spec" labels=map[]`, `  6 spec.containers[0]: "prometheus" without image`,
				`Kind "" labels=map[]`, `  5 spec.thanos.image: containers "spec.thanos.image" x:1`,
				"skipped 4: Prometheus monitoring/k8s: UnknownImage: its controller chooses an image, because spec.image is not set: set it, or look at the workloads that the controller creates",
			},
		},
		"a part that is not there": {
			"apiVersion: kafka.strimzi.io/v1beta2\nkind: Kafka\nmetadata: {name: a}\nspec:\n  kafka: {image: ''}\n  entityOperator: {topicOperator: {image: x:1}}\n",
			[]string{
				`Kind "" labels=map[]`, `  6 spec.entityOperator.topicOperator.image: containers "spec.entityOperator.topicOperator.image" x:1`,
				"skipped 5: Kafka a: UnknownImage: its controller chooses an image, because spec.kafka.image is not set: set it, or look at the workloads that the controller creates",
			},
		},
		"in parts": {
			"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec:\n  values:\n    image: {repository: x, tag: 1}\n    other: {repository: q, digest: z}\n    chart: {repository: z}\n",
			[]string{
				"skipped 6: HelmRelease a: UnknownImage: it names an image in parts, in spec.values.image: " + partly,
				"skipped 7: HelmRelease a: UnknownImage: it names an image in parts, in spec.values.other: " + partly,
			},
		},
		"in parts of Karmada": {
			"apiVersion: operator.karmada.io/v1alpha1\nkind: Karmada\nmetadata: {name: a}\nspec:\n  components:\n    etcd: {local: {imageRepository: x, imageTag: v1}}\n",
			[]string{
				"skipped 6: Karmada a: UnknownImage: it names an image in parts, in spec.components.etcd.local.imageRepository: " + partly,
			},
		},
		"in parts of kustomize": {
			"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec:\n  images:\n  - {name: x, newTag: v1}\n",
			[]string{"skipped 6: Kustomization a: UnknownImage: it names an image in parts, in spec.images[0]: " + partly},
		},
		"in fields that are not known": {
			"apiVersion: example.com/v1\nkind: Box\nmetadata: {name: a}\nspec:\n  image: x:1\n  proxyImage: y:1\n  heroImage: sunset\n  imageName: x/z\n  steps:\n  - image: z:1\n",
			[]string{
				"skipped 5: Box a: UnknownImage: it names an image in spec.image, " + field,
				"skipped 6: Box a: UnknownImage: it names an image in spec.proxyImage, " + field,
				"skipped 8: Box a: UnknownImage: it names an image in spec.imageName, " + field,
				"skipped 10: Box a: UnknownImage: it names an image in spec.steps[0].image, " + field,
			},
		},
		"of another type": {
			"apiVersion: example.com/v1\nkind: Box\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 1}, {name: b, image: null}, {name: c, image: ''}]}\n",
			[]string{"skipped 4: Box a: UnknownImage: its field spec.containers[0].image is a number and must be a text"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, templates(read(t, tc.content))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownAreBounded checks that an object cannot fill a list that all share.
func TestUnknownAreBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("apiVersion: example.com/v1\nkind: Box\nmetadata: {name: a}\nspec:\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "  f%d: {image: x}\n", i)
	}
	f := read(t, b.String())
	if len(f.Skipped) != maxUnknown+1 || f.Skipped[maxUnknown].Message != "it has 990 more fields of this kind" {
		t.Errorf("%d fields are told, at last: %v", len(f.Skipped), f.Skipped[len(f.Skipped)-1])
	}
}

// TestDeep searches objects that nest deeper than any schema: it ends, and says so.
func TestDeep(t *testing.T) {
	deep := func(n int, open, inner, closed string) string {
		return `{"apiVersion": "example.com/v1", "kind": "Box", "metadata": {"name": "a"}, "spec": ` +
			strings.Repeat(open, n) + inner + strings.Repeat(closed, n) + "}"
	}
	const pod = `{"containers": [{"image": "x:1"}]}`
	for name, tc := range map[string]struct {
		content string
		images  int
		told    bool
	}{
		"mappings":           {deep(50, `{"a": `, pod, "}"), 1, false},
		"too many mappings":  {deep(500, `{"a": `, pod, "}"), 0, true},
		"too many lists":     {deep(500, "[", pod, "]"), 0, true},
		"names":              {deep(5, `{"`+strings.Repeat("a", 100)+`": `, pod, "}"), 1, false},
		"names that are too": {deep(5, `{"`+strings.Repeat("a", 1000)+`": `, pod, "}"), 0, true},
	} {
		f := read(t, tc.content)
		if images := len(f.Objects[0].Images()); images != tc.images || (len(f.Skipped) > 0) != tc.told {
			t.Errorf("%s: %d images, skipped %v", name, images, f.Skipped)
		}
	}
}
