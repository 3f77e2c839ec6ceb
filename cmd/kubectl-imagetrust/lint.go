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
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/lint"
	"github.com/karmada-io/image-trust/internal/manifests"
)

// lintOptions are the flags of lint.
type lintOptions struct {
	files  []string
	output string
}

func newLintCommand(s streams) *cobra.Command {
	o := &lintOptions{}
	cmd := &cobra.Command{
		Use:   "lint -f FILE|DIR|-",
		Short: "Find what is wrong or weak in trusts",
		Long: `Find what is wrong or weak in trusts: what the API server would refuse, what admission would warn of, and what lets more
in than is meant. It judges by the same schema and rules, without a cluster.

Exit codes: 0 no errors and no warnings, 1 there are some, 2 wrong usage.`,
		Example: `  kubectl imagetrust lint -f trust.yaml
  kubectl imagetrust lint -f clusters/ -o sarif > results.sarif`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return o.run(s) },
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.files, "filename", "f", nil,
		"file or directory with KarmadaImageTrusts, - for standard input; may be repeated")
	flags.StringVarP(&o.output, "output", "o", "", "sarif, json or yaml; text for people when empty")
	return cmd
}

// remark is a finding and where it stands.
type remark struct {
	File    string     `json:"file"`
	Line    int        `json:"line"`
	Column  int        `json:"column"`
	Trust   string     `json:"trust"`
	Level   lint.Level `json:"level"`
	Rule    lint.Rule  `json:"rule"`
	Field   string     `json:"field,omitempty"`
	Message string     `json:"message"`
}

func (o *lintOptions) run(s streams) error {
	switch {
	case len(o.files) == 0:
		return usage("name the trusts, with -f trust.yaml")
	case !slices.Contains([]string{"", "sarif", "json", "yaml"}, o.output):
		return usage("--output must be sarif, json or yaml, not %q", o.output)
	}
	files, err := readInputs(o.files, s)
	if err != nil {
		return err
	}
	remarks, err := lintAll(files)
	if err != nil {
		return err
	}
	if err := o.print(s, remarks); err != nil {
		return err
	}
	if slices.ContainsFunc(remarks, func(r remark) bool { return r.Level != lint.LevelNote }) {
		return ended(exitUntrusted)
	}
	return nil
}

// lintAll judges all trusts in some files.
func lintAll(files []*manifests.File) ([]remark, error) {
	linter, err := lint.New()
	if err != nil {
		return nil, err
	}
	remarks := []remark{}
	found := false
	for _, file := range files {
		for _, object := range file.Objects {
			if !isTrust(object.Unstructured) {
				continue
			}
			found = true
			for _, finding := range linter.Lint(object.Unstructured) {
				line, column := object.Position(finding.Field)
				remarks = append(remarks, remark{
					File: file.Name, Line: line, Column: column, Trust: object.GetName(),
					Level: finding.Level, Rule: finding.Rule, Field: finding.Field, Message: finding.Message,
				})
			}
		}
	}
	if !found {
		return nil, usage("there is no KarmadaImageTrust in what was given with -f")
	}
	slices.SortStableFunc(remarks, func(a, b remark) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return remarks, nil
}

func (o *lintOptions) print(s streams, remarks []remark) error {
	var encoded []byte
	var err error
	switch o.output {
	case "json":
		if encoded, err = json.MarshalIndent(remarks, "", "  "); err == nil {
			encoded = append(encoded, '\n')
		}
	case "yaml":
		encoded, err = yaml.Marshal(remarks)
	case "sarif":
		encoded, err = encodeSARIF(remarks)
	default:
		encoded = describeRemarks(styleFor(s.Out), remarks)
	}
	if err != nil {
		return err
	}
	_, err = s.Out.Write(encoded)
	return err
}

// encodeSARIF for code scanning.
func encodeSARIF(remarks []remark) ([]byte, error) {
	results := make([]lint.Result, 0, len(remarks))
	for _, r := range remarks {
		results = append(results, lint.Result{
			Finding: lint.Finding{Rule: r.Rule, Level: r.Level, Field: r.Field, Message: r.Message},
			File:    r.File, Line: r.Line, Column: r.Column,
		})
	}
	var b bytes.Buffer
	err := lint.EncodeSARIF(&b, version, results)
	return b.Bytes(), err
}

// describeRemarks for people, one on a line, as compilers do.
func describeRemarks(s style, remarks []remark) []byte {
	var out []byte
	for _, r := range remarks {
		level := string(r.Level)
		switch r.Level {
		case lint.LevelError:
			level = s.failure(level)
		case lint.LevelWarning:
			level = s.warning(level)
		case lint.LevelNote:
		}
		field := ""
		if r.Field != "" {
			field = r.Field + ": "
		}
		out = fmt.Appendf(out, "%s:%d:%d: %s: %s%s [%s]\n", r.File, r.Line, r.Column, level, field, r.Message, r.Rule)
	}
	return out
}
