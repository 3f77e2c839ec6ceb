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
	"context"
	"slices"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/lint"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// lintOptions are the flags of lint.
type lintOptions struct {
	files  []string
	output outputFlag
}

const formatSARIF = "sarif"

func newLintCommand(s streams) *cobra.Command {
	o := &lintOptions{}
	cmd := &cobra.Command{
		Use:   "lint -f FILE|DIR|-",
		Short: "Find errors and weaknesses in trusts",
		Long: `Find errors and weaknesses in KarmadaImageTrusts, without a cluster: what the API server would reject, what the
ValidatingAdmissionPolicy warns about, and specs that trust more signers or match more images than was probably intended.

Exit codes: 0 no errors and no warnings, 1 there are errors or warnings, 2 usage error.`,
		Example: `  kubectl imagetrust lint -f trust.yaml
  kubectl imagetrust lint -f clusters/ -o sarif > results.sarif`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.files, "filename", "f", nil,
		"file or directory with KarmadaImageTrusts, or - for standard input; may be repeated")
	o.output.register(flags, formatText, formatSARIF)
	return cmd
}

// locatedFinding is a finding of lint and its position in a file.
type locatedFinding struct {
	File string `json:"file"`
	// Line and Column count from 1.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Trust is the name of the KarmadaImageTrust; empty if the finding is about TrustRoot.
	Trust     string     `json:"trust"`
	TrustRoot string     `json:"trustRoot,omitempty"`
	Level     lint.Level `json:"level"`
	Rule      lint.Rule  `json:"rule"`
	// Field is the path of the field, for example spec.images[0].
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

func (o *lintOptions) run(ctx context.Context, s streams) error {
	if len(o.files) == 0 {
		return usageErrorf("name the file of the trusts, for example -f trust.yaml")
	}
	if err := o.output.validate(); err != nil {
		return err
	}
	files, err := readInputs(&manifests.Reader{}, o.files, s)
	if err != nil {
		return err
	}
	findings, err := lintFiles(ctx, files, s.Conditions.Within(ctx))
	if err != nil {
		return err
	}
	if err := o.print(s, findings); err != nil {
		return err
	}
	if slices.ContainsFunc(findings, func(f locatedFinding) bool { return f.Level != lint.LevelNote }) {
		return exitWith(exitUntrusted)
	}
	return nil
}

// lintFiles checks all trusts in some files. It returns an empty list, never nil, if there are no findings.
func lintFiles(ctx context.Context, files []*manifests.File, conditions policy.Conditions) ([]locatedFinding, error) {
	linter, err := lint.New(conditions)
	if err != nil {
		return nil, err
	}
	findings := []locatedFinding{}
	found := false
	for _, file := range files {
		for _, object := range file.Objects {
			one := locatedFinding{File: file.Name}
			var about []lint.Finding
			switch {
			case isTrust(object.Unstructured):
				one.Trust, found = object.GetName(), true
				about = linter.Lint(ctx, object.Unstructured)
			case isTrustRoot(object.Unstructured):
				one.TrustRoot, found = object.GetName(), true
				about = lintTrustRoot(object.Unstructured) //nolint:contextcheck // it reads the object, which cannot be cancelled
			}
			if err := ctx.Err(); err != nil {
				return nil, unavailable(err)
			}
			for _, finding := range about {
				one.Line, one.Column = object.Position(finding.Field)
				one.Level, one.Rule, one.Field, one.Message = finding.Level, finding.Rule, finding.Field, finding.Message
				findings = append(findings, one)
			}
		}
	}
	if !found {
		return nil, usageErrorf("no KarmadaImageTrust and no TrustRoot in the files given with -f")
	}
	slices.SortStableFunc(findings, func(a, b locatedFinding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return findings, nil
}

// lintTrustRoot checks a TrustRoot by what is in the object itself.
func lintTrustRoot(object *unstructured.Unstructured) []lint.Finding {
	root, err := trustroot.FromTrustRoot(object)
	if err != nil {
		root = nil // a remote one, or one that the API server denies
	}
	return lint.TrustRoot(object, assess.TrustRoot(object, root))
}

func (o *lintOptions) print(s streams, findings []locatedFinding) error {
	if o.output.format == formatSARIF {
		return printSARIF(s.Out, findings)
	}
	return o.output.print(s.Out, findings, func(p *text.Printer) { printFindings(p, s.Out.style(), findings) })
}

// printSARIF writes findings in the format of code scanning services.
func printSARIF(to *output, findings []locatedFinding) error {
	results := make([]lint.Result, 0, len(findings))
	for _, f := range findings {
		results = append(results, lint.Result{
			Finding: lint.Finding{Rule: f.Rule, Level: f.Level, Field: f.Field, Message: f.Message},
			File:    f.File, Line: f.Line, Column: f.Column,
		})
	}
	var b bytes.Buffer
	if err := lint.EncodeSARIF(&b, version, results); err != nil {
		return err
	}
	return to.json(b.Bytes())
}

// printFindings writes one line for each finding, in the format of compilers, which editors understand.
func printFindings(p *text.Printer, s style, findings []locatedFinding) {
	for _, f := range findings {
		level := text.Coloured{Value: f.Level}
		switch f.Level {
		case lint.LevelError:
			level = s.failure(f.Level)
		case lint.LevelWarning:
			level = s.warning(f.Level)
		case lint.LevelNote:
		}
		field := ""
		if f.Field != "" {
			field = f.Field + ": "
		}
		p.Printf("%s:%d:%d: %s: %s%s [%s]\n", f.File, f.Line, f.Column, level, field, f.Message, f.Rule)
	}
}
