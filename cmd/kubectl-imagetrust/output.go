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
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/client-go/util/jsonpath"

	"github.com/karmada-io/image-trust/internal/text"
)

// The output formats that several commands have. The empty format is text for people.
const (
	formatText = ""
	formatWide = "wide"
	formatJSON = "json"
	formatYAML = "yaml"
	// formatSARIF is that of code scanning services.
	formatSARIF = "sarif"
	// formatMarkdown is that of comments on changes, and of the summaries of CI systems.
	formatMarkdown = "markdown"
	// The other formats of reports: a page, and a table.
	formatHTML = "html"
	formatCSV  = "csv"
	// prefixJSONPath is followed by a template, as with kubectl get.
	prefixJSONPath = "jsonpath="
)

// outputFlag is the --output flag of a command.
type outputFlag struct {
	format string
	// others are the command's formats in addition to JSON, YAML and JSONPath templates.
	others []string
}

// register adds --output. The first of the other formats is the default.
func (f *outputFlag) register(flags *pflag.FlagSet, others ...string) {
	f.others = others
	description := "output format: " + f.formats()
	if others[0] == formatText {
		description += "; text if empty"
	}
	flags.StringVarP(&f.format, "output", "o", others[0], description)
}

// formats lists the formats that a user may write.
func (f *outputFlag) formats() string {
	formats := []string{formatJSON, formatYAML, prefixJSONPath + "TEMPLATE"}
	for _, other := range f.others {
		if other != formatText && !slices.Contains(formats, other) {
			formats = append(formats, other)
		}
	}
	return strings.Join(formats[:len(formats)-1], ", ") + " or " + formats[len(formats)-1]
}

// validate reports a format that the command does not have.
func (f *outputFlag) validate() error {
	if template, ok := strings.CutPrefix(f.format, prefixJSONPath); ok {
		if _, err := parseTemplate(template); err != nil {
			return usageErrorf("--output %s: %w", f.format, err)
		}
		return nil
	}
	if f.format == formatJSON || f.format == formatYAML || slices.Contains(f.others, f.format) {
		return nil
	}
	return usageErrorf("--output must be %s, not %q", f.formats(), f.format)
}

// print writes a result: encoded if the format is JSON, YAML or a JSONPath template, or else as other formats it.
func (f *outputFlag) print(to *output, result any, other func(*text.Printer)) error {
	switch template, isTemplate := strings.CutPrefix(f.format, prefixJSONPath); {
	case isTemplate:
		return printTemplate(to, result, template)
	case f.format == formatJSON:
		encoded, err := encodeJSON(result)
		if err != nil {
			return err
		}
		return to.json(encoded)
	case f.format == formatYAML:
		return to.yaml(result)
	default:
		var p text.Printer
		other(&p)
		return to.print(&p)
	}
}

// encodeJSON encodes a value for people and programs.
func encodeJSON(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return b.Bytes(), err
}

// printTemplate evaluates a JSONPath template on the JSON form of a result. As with kubectl, no line end is added. Values are
// printed like text: one that has a line end must not forge a line for the program that reads them.
func printTemplate(to *output, result any, written string) error {
	template, err := parseTemplate(written)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		return err
	}
	var data any
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	if err := decoder.Decode(&data); err != nil {
		return err
	}
	text.Clean(&data)
	var b bytes.Buffer
	if err := template.Execute(&b, data); err != nil {
		return usageErrorf("--output %s%s: %w", prefixJSONPath, written, err)
	}
	return to.foreign(b.Bytes())
}

func parseTemplate(written string) (*jsonpath.JSONPath, error) {
	template := jsonpath.New("output").AllowMissingKeys(true)
	err := template.Parse(written)
	return template, err
}
