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
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// edit replaces a field of an object by a snippet of a template.
type edit struct {
	// path of the field; a number is the index in a list.
	path []any
	// snippet replaces the value of the field, or, if it has several lines, the field with its key. Its lines are indented as the
	// field is. In it, LEVEL is the indentation of the field, and INDENT that of what is below it.
	snippet string
}

// marker stands for snippet number N while the object is encoded.
var marker = regexp.MustCompile(`__SNIPPET_([0-9]+)__`)

// template encodes an object as a template of Helm, with these fields replaced.
func template(o *unstructured.Unstructured, edits []edit) (string, error) {
	object := o.DeepCopy().Object
	snippets := map[string]string{}
	for i, e := range edits {
		mark := fmt.Sprintf("__SNIPPET_%d__", i)
		if err := set(object, e.path, mark); err != nil {
			return "", fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
		}
		snippets[mark] = e.snippet
	}
	encoded, err := yaml.Marshal(object)
	if err != nil {
		return "", err
	}
	return expand(string(encoded), snippets), nil
}

// expand replaces the markers in an encoded object, and escapes what Helm would take for a template.
func expand(encoded string, snippets map[string]string) string {
	var out strings.Builder
	for line := range strings.Lines(encoded) {
		line = strings.ReplaceAll(line, "{{", `{{ "{{" }}`)
		mark := marker.FindString(line)
		snippet, ok := snippets[mark]
		switch {
		case !ok:
			out.WriteString(line)
		case strings.Contains(snippet, "\n"):
			indentation := len(line) - len(strings.TrimLeft(line, " "))
			first := line[:indentation]
			if strings.HasPrefix(line[indentation:], "- ") {
				first += "- "
				indentation += len("- ")
			}
			snippet = strings.NewReplacer("INDENT", strconv.Itoa(indentation+2), "LEVEL", strconv.Itoa(indentation)).Replace(snippet)
			for part := range strings.Lines(snippet) {
				out.WriteString(first + part)
				first = strings.Repeat(" ", indentation)
			}
		default:
			out.WriteString(strings.Replace(line, mark, snippet, 1))
		}
	}
	return out.String()
}

// set sets a field. What is between must exist, apart from maps.
func set(at any, path []any, to any) error {
	for i, step := range path {
		last := i == len(path)-1
		switch step := step.(type) {
		case int:
			list, ok := at.([]any)
			if !ok || step >= len(list) {
				return fmt.Errorf("%v: no such element", path[:i+1])
			}
			if last {
				list[step] = to
			}
			at = list[step]
		case string:
			fields, ok := at.(map[string]any)
			if !ok {
				return fmt.Errorf("%v: not an object", path[:i])
			}
			if last {
				fields[step] = to
			} else if fields[step] == nil {
				fields[step] = map[string]any{}
			}
			at = fields[step]
		}
	}
	return nil
}

// The snippets below are of several lines.

// with is a field that is there if its value is not empty.
func with(key, value string) string {
	return fmt.Sprintf("{{- with .Values.%s }}\n%s:\n  {{- toYaml . | nindent INDENT }}\n{{- end }}\n", value, key)
}

// merged is a field that is a map with fixed entries, and those of a value.
func merged(key string, fixed map[string]string, value string) string {
	if len(fixed) == 0 {
		return with(key, value)
	}
	return block(key, fixed, "{{- with .Values."+value+" }}", "{{- toYaml . | nindent INDENT }}", "{{- end }}")
}

// labels are those of Helm, the fixed ones of an object, and those of a value, if one is named.
func labels(fixed map[string]string, value string) string {
	helm := "{{- include \"" + chartName + ".labels\" . | nindent INDENT }}"
	if value == "" {
		return block("labels", fixed, helm)
	}
	return block("labels", fixed, helm, "{{- with .Values."+value+" }}", "{{- toYaml . | nindent INDENT }}", "{{- end }}")
}

// block is a field that is a map with fixed entries, and further lines.
func block(key string, fixed map[string]string, lines ...string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s:\n", key)
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		fmt.Fprintf(&out, "  %s: %q\n", name, fixed[name])
	}
	for _, line := range lines {
		fmt.Fprintf(&out, "  %s\n", line)
	}
	return out.String()
}

// when wraps lines in a condition.
func when(condition, lines string) string {
	if condition == "" {
		return lines
	}
	return "{{- if " + condition + " }}\n" + lines + "{{- end }}\n"
}
