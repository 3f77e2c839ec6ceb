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
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/internal/admission"
)

// written are the files that are not made of manifests or values. Words in @@ stand for what is.
//
//go:embed all:files
var written embed.FS

// published are the versions and the image of a released chart. The zero value is that of the chart in the repository.
type published struct {
	// version of the chart and of the manager, without a leading v.
	version string
	image   types.Image
}

// What Chart.yaml has as long as nothing is released.
const (
	unreleasedChart = "version: 0.0.0\n"
	unreleasedApp   = "appVersion: unreleased\n"
)

// chart returns the contents of the chart's files by their names.
func chart(root string, of published) (map[string]string, error) {
	if of.image.NewName == "" {
		of.image.NewName = render.Image
	}
	files := map[string]string{}
	objects, defaults, err := templates(root)
	if err != nil {
		return nil, err
	}
	for name, content := range objects {
		files["templates/"+name] = content
	}
	list, err := values(defaults, of.image)
	if err != nil {
		return nil, err
	}
	if files["values.yaml"], err = valuesFile(list); err != nil {
		return nil, err
	}
	encoded, err := json.MarshalIndent(schemaOf(list), "", "  ")
	if err != nil {
		return nil, err
	}
	files["values.schema.json"] = string(encoded) + "\n"
	table, err := valuesTable(list)
	if err != nil {
		return nil, err
	}
	replacements := []string{"@@VALUES@@", table, "@@POLICY_CONTROLLER@@", admission.Supported().String()}
	if of.version != "" {
		replacements = append(replacements,
			unreleasedChart, "version: "+of.version+"\n", unreleasedApp, fmt.Sprintf("appVersion: %q\n", "v"+of.version))
	}
	replacer := strings.NewReplacer(replacements...)
	err = fs.WalkDir(written, "files", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := written.ReadFile(path)
		// Documents below hack/ would be checked for links from there.
		files[strings.TrimSuffix(strings.TrimPrefix(path, "files/"), ".tmpl")] = replacer.Replace(string(content))
		return err
	})
	return files, err
}

// columns is the width of comments in values.yaml.
const columns = 110

// valuesFile returns values.yaml: each value with its description as a comment.
func valuesFile(list []value) (string, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "# %s The schema in values.schema.json rejects other values.\n", generated)
	var open []string // the parents of the last value
	for _, v := range list {
		parts := strings.Split(v.path, ".")
		parents := parts[:len(parts)-1]
		if len(parents) == 0 || len(open) == 0 || parents[0] != open[0] {
			out.WriteString("\n")
		}
		shared := 0
		for shared < len(parents) && shared < len(open) && parents[shared] == open[shared] {
			shared++
		}
		for depth := shared; depth < len(parents); depth++ {
			fmt.Fprintf(&out, "%s%s:\n", strings.Repeat("  ", depth), parents[depth])
		}
		open = parents
		indentation := strings.Repeat("  ", len(parents))
		for _, line := range wrap(strings.ReplaceAll(v.description, "`", "")+".", columns-len(indentation)) {
			fmt.Fprintf(&out, "%s# %s\n", indentation, line)
		}
		encoded, err := yaml.Marshal(map[string]any{parts[len(parts)-1]: v.standard})
		if err != nil {
			return "", fmt.Errorf("%s: %w", v.path, err)
		}
		for line := range strings.Lines(string(encoded)) {
			out.WriteString(indentation + line)
		}
	}
	return out.String(), nil
}

// wrap breaks a text into lines.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// inTable is the longest default that the table shows.
const inTable = 60

// valuesTable returns the values as a table of Markdown.
func valuesTable(list []value) (string, error) {
	var out strings.Builder
	out.WriteString("| Value | Meaning | Default |\n|---|---|---|\n")
	for _, v := range list {
		encoded, err := json.Marshal(v.standard)
		if err != nil {
			return "", fmt.Errorf("%s: %w", v.path, err)
		}
		standard := "`" + string(encoded) + "`"
		if len(standard) > inTable {
			standard = "see `values.yaml`"
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s |\n", v.path, v.description, standard)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}
