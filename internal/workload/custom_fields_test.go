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

package workload

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
)

var updateFields = flag.Bool("update", false, "read the CustomResourceDefinitions of other projects again, from their Go modules")

// definitions are the Go modules that hold CustomResourceDefinitions of the table, and where.
var definitions = []string{
	"github.com/argoproj/argo-rollouts@v1.8.3 manifests/crds/*.yaml",
	"github.com/argoproj/argo-workflows/v3@v3.7.4 manifests/base/crds/full/*.yaml",
	"github.com/cloudnative-pg/cloudnative-pg@v1.27.1 config/crd/bases/*.yaml",
	"github.com/kedacore/keda/v2@v2.18.0 config/crd/bases/*.yaml",
	"github.com/kserve/kserve@v0.15.2 config/crd/full/*.yaml",
	"github.com/kubeflow/spark-operator/v2@v2.3.0 config/crd/bases/*.yaml",
	"github.com/kubeflow/trainer/v2@v2.1.0 manifests/base/crds/*.yaml",
	"github.com/kubeflow/training-operator@v1.9.3 manifests/base/crds/*.yaml",
	"github.com/openkruise/kruise@v1.8.0 config/crd/bases/*.yaml",
	"github.com/ray-project/kuberay/ray-operator@v1.4.2 config/crd/bases/*.yaml",
	"github.com/tektoncd/pipeline@v1.6.0 config/300-crds/*.yaml",
	"knative.dev/eventing@v0.46.0 config/core/resources/*.yaml",
	"knative.dev/serving@v0.46.0 config/core/300-resources/*.yaml",
	"sigs.k8s.io/jobset@v0.10.1 config/components/crd/bases/*.yaml",
	"sigs.k8s.io/lws@v0.7.0 config/crd/bases/*.yaml",
}

// unchecked are the groups of the table of which no Go module holds the definitions.
var unchecked = []string{
	"apps.openshift.io", "batch.volcano.sh", "core.strimzi.io", "extensions", "kafka.strimzi.io", "kubevirt.io", "monitoring.coreos.com",
	"pool.kubevirt.io",
}

const fieldsFile = "testdata/fields.txt"

// fields are the fields of a kind that name images, of all versions, and those of which the definition does not say what is in them.
type fields struct{ images, unknown []string }

// TestCustomFields compares the table with the definitions of the kinds: each path leads to a field that exists, and each field
// that names an image is in the table. After a change of the modules: go test ./internal/workload -run TestCustomFields -update.
func TestCustomFields(t *testing.T) {
	if *updateFields {
		writeFields(t)
	}
	defined := readFields(t)
	checked := 0
	for _, c := range Customs() {
		name := c.Kind + "." + c.Group
		d, ok := defined[name]
		if !ok {
			elastic := strings.HasSuffix(c.Group, ".k8s.elastic.co")
			if !elastic && !slices.Contains(unchecked, c.Group) && name != "Notebook.kubeflow.org" && name != "ClusterTask.tekton.dev" {
				t.Errorf("there is no definition of %s", name)
			}
			continue
		}
		checked++
		known := slices.Concat(c.Images, c.Chosen)
		for _, path := range known {
			if !d.has(path) {
				t.Errorf("%s has no field %s", name, path)
			}
		}
		for _, path := range c.Pods {
			spec := containers(path)
			if !slices.ContainsFunc(spec, d.has) {
				t.Errorf("%s has no specification of a pod in %s", name, path)
			}
			known = append(known, spec...)
		}
		for _, path := range d.images {
			if !slices.Contains(known, FieldPath(path)) {
				t.Errorf("%s has a field %s, which the table does not have", name, path)
			}
		}
	}
	t.Logf("figure: custom_kinds_compared_with_definitions %d/%d", checked, len(Customs()))
}

// has reports whether a definition has a field, or says nothing about what is around it.
func (f fields) has(path FieldPath) bool {
	return slices.Contains(f.images, string(path)) ||
		slices.ContainsFunc(f.unknown, func(around string) bool { return isAround(around, path) })
}

func isAround(around string, path FieldPath) bool {
	return strings.HasPrefix(string(path), around+"/") || strings.HasPrefix(string(path), around+"[]")
}

// containers returns the fields for images in the specification of a pod.
func containers(spec FieldPath) []FieldPath {
	var all []FieldPath
	for _, place := range Places() {
		if place.Field != Volumes {
			all = append(all, spec+FieldPath("/"+place.Field+"[]/image"))
		}
	}
	return all
}

func readFields(t *testing.T) map[string]fields {
	t.Helper()
	content, err := os.ReadFile(fieldsFile)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]fields{}
	for line := range strings.Lines(string(content)) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		f := all[words[0]]
		switch {
		case len(words) == 1: // the kind has no such field
		case words[1] == "image":
			f.images = append(f.images, words[2])
		default:
			f.unknown = append(f.unknown, words[2])
		}
		all[words[0]] = f
	}
	return all
}

func writeFields(t *testing.T) {
	t.Helper()
	lines := []string{}
	for _, definition := range definitions {
		module, pattern, _ := strings.Cut(definition, " ")
		out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module).Output()
		var downloaded struct{ Dir string }
		if err := cmp.Or(err, json.Unmarshal(out, &downloaded)); err != nil {
			t.Fatalf("%s: %v", module, err)
		}
		files, err := filepath.Glob(filepath.Join(downloaded.Dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files: %v", definition, err)
		}
		for _, file := range files {
			lines = append(lines, fieldsOf(t, file)...)
		}
	}
	slices.Sort(lines)
	header := "# Fields of custom kinds that name images, and fields of which the definition does not say what is in them.\n" +
		"# Generated by TestCustomFields -update from the CustomResourceDefinitions in these Go modules:\n# " +
		strings.Join(definitions, "\n# ") + "\n"
	content := header + strings.Join(slices.Compact(lines), "\n") + "\n"
	if err := os.WriteFile(fieldsFile, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// schemaNode is the part of a schema that is needed here.
type schemaNode struct {
	Type       string
	Properties map[string]schemaNode
	Items      *schemaNode
	Additional *schemaNode `json:"additionalProperties"`
	Preserve   bool        `json:"x-kubernetes-preserve-unknown-fields"`
}

func fieldsOf(t *testing.T, file string) []string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := documents.Read()
		if err != nil {
			return lines
		}
		var crd struct {
			Kind string
			Spec struct {
				Group    string
				Names    struct{ Kind string }
				Versions []struct {
					Schema struct {
						Root schemaNode `json:"openAPIV3Schema"`
					}
				}
			}
		}
		if err := yaml.Unmarshal(document, &crd); err != nil || crd.Kind != "CustomResourceDefinition" {
			continue // a template of a chart, or another kind
		}
		name := crd.Spec.Names.Kind + "." + crd.Spec.Group
		c, ok := FindCustom(crd.Spec.Group, crd.Spec.Names.Kind)
		if !ok {
			continue
		}
		known := slices.Concat(c.Images, c.Chosen)
		for _, spec := range c.Pods {
			known = append(known, containers(spec)...)
		}
		lines = append(lines, name)
		for _, version := range crd.Spec.Versions {
			version.Schema.Root.walk("", func(what, path string) {
				if what == "image" || slices.ContainsFunc(known, func(k FieldPath) bool { return isAround(path, k) }) {
					lines = append(lines, fmt.Sprintf("%s %s %s", name, what, path))
				}
			})
		}
	}
}

func (n schemaNode) walk(path string, found func(what, path string)) {
	if n.Preserve {
		found("unknown", path)
	}
	for name, property := range n.Properties {
		at := strings.TrimPrefix(path+"/"+name, "/")
		switch {
		case at == "status", name == "rbd", name == "volumes":
		case property.Type == "string" && (name == "image" || name == "imageName" || strings.HasSuffix(name, "Image")):
			found("image", at)
		default:
			property.walk(at, found)
		}
	}
	if n.Items != nil {
		n.Items.walk(path+"[]", found)
	}
	if n.Additional != nil {
		n.Additional.walk(path+"/*", found)
	}
}
