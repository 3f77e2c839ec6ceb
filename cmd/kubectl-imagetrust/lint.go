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
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/lint"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/sarif"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// lintOptions are the flags of lint.
type lintOptions struct {
	files      []string
	reader     manifests.Reader
	allowEmpty bool
	manifests  lintManifests
	output     outputFlag
}

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
	registerExclude(flags, &o.reader)
	registerAllowEmpty(flags, &o.allowEmpty)
	o.manifests.register(flags)
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
	o.reader.AllowEmpty = o.allowEmpty
	set, err := o.reader.ReadAll(o.files, s.In)
	if err != nil {
		return usageErrorf("%w", err)
	}
	tellUnmatched(s, &o.reader)
	tellSkipped(s, slices.DeleteFunc(set.Skipped(), func(one manifests.Skipped) bool { return one.Reason == manifests.UnknownImage }))
	mayBeEmpty(set)
	images, err := o.manifests.read(&o.reader, set, s)
	if err != nil {
		return err
	}
	findings, found, err := lintFiles(ctx, set, images, s.Conditions.Within(ctx))
	if err != nil {
		return err
	}
	if !found && !o.allowEmpty && len(set.Errors) == 0 {
		set.Errors = append(set.Errors,
			usageErrorf("no KarmadaImageTrust and no TrustRoot in the files given with -f (--%s allows this)", allowEmptyFlag))
	}
	if err := o.print(s, findings); err != nil {
		return err
	}
	code := exitOK
	if slices.ContainsFunc(findings, func(f locatedFinding) bool { return f.Level != lint.LevelNote }) {
		code = exitUntrusted
	}
	return complete(set, exitWith(code))
}

// lintFiles checks all trusts in some files, and with images, whether they are about these. It reports whether there are any trusts.
// It returns an empty list, never nil, if there are no findings.
func lintFiles(
	ctx context.Context, set *manifests.Set, images *lint.Images, conditions policy.Conditions,
) (findings []locatedFinding, found bool, err error) {
	linter, err := lint.New(conditions)
	if err != nil {
		return nil, false, err
	}
	findings = append([]locatedFinding{}, lintText(set.Warnings())...)
	var known names
	for object := range set.Objects() {
		one := locatedFinding{File: object.File.Name}
		var about []lint.Finding
		switch {
		case isTrust(object.Unstructured):
			one.Trust = object.GetName()
			about = linter.Lint(ctx, object.Unstructured)
			if images != nil {
				about = append(about, images.Unused(object.Unstructured)...)
			}
		case isTrustRoot(object.Unstructured):
			one.TrustRoot = object.GetName()
			about = lintTrustRoot(object.Unstructured) //nolint:contextcheck // it reads the object, which cannot be cancelled
		default:
			continue
		}
		found = true
		if err := ctx.Err(); err != nil {
			return nil, found, unavailable(err)
		}
		if before, again := known.add(object); again {
			about = append(about, lint.Finding{
				Rule: lint.RuleDuplicateName, Level: lint.LevelError, Field: "metadata.name", Message: anotherOfName(object, before),
			})
		}
		for _, finding := range about {
			one.Line, one.Column = object.Position(finding.Field)
			one.Level, one.Rule, one.Field, one.Message = finding.Level, finding.Rule, finding.Field, finding.Message
			findings = append(findings, one)
		}
	}
	slices.SortStableFunc(findings, func(a, b locatedFinding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return findings, found, nil
}

// lintText makes findings of what is wrong in the text of files, such as a key that is given twice.
func lintText(warnings []manifests.Warning) []locatedFinding {
	findings := make([]locatedFinding, 0, len(warnings))
	for _, one := range warnings {
		rule := lint.RuleRepeatedKey
		if one.Kind == manifests.GluedSeparator {
			rule = lint.RuleGluedSeparator
		}
		findings = append(findings, locatedFinding{
			File: one.File, Line: one.Line, Column: 1, Level: lint.LevelError, Rule: rule, Message: one.Message,
		})
	}
	return findings
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
	descriptions := lint.Descriptions()
	rules := make([]sarif.Rule, 0, len(descriptions))
	for _, d := range descriptions {
		rules = append(rules, sarif.Rule{ID: string(d.Rule), Level: sarif.Level(d.Level), Summary: d.Summary, Help: d.Help})
	}
	results := make([]sarif.Result, 0, len(findings))
	for _, f := range findings {
		results = append(results, sarif.Result{
			Rule: string(f.Rule), Level: sarif.Level(f.Level), Message: strings.TrimPrefix(f.Field+": "+f.Message, ": "),
			File: f.File, Line: f.Line, Column: f.Column, Name: f.Field, Kind: "property",
		})
	}
	return to.sarif(rules, results)
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
