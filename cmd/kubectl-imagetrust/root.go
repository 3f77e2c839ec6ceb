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
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/text"
)

// The exit codes.
const (
	exitOK = iota
	// exitUntrusted means that an image is untrusted, a workload would be denied, or lint found errors or warnings.
	exitUntrusted
	// exitUsage means that the command line or an input file is wrong.
	exitUsage
	// exitUnknown means that a result is unknown or undetermined, for example because a registry is down.
	exitUnknown
)

// exitError is the error that ends the program with a code. If it wraps no error, the result has been printed.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageErrorf returns an error in the command line or in an input file.
func usageErrorf(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// unavailable returns an error of the cluster or the network. Another attempt may succeed.
func unavailable(err error) error { return &exitError{code: exitUnknown, err: err} }

// exitWith ends the program with a code. It returns nil for exitOK.
func exitWith(code int) error {
	if code == exitOK {
		return nil
	}
	return &exitError{code: code}
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	defer s.Conditions.Close()
	root := newRootCommand(s) //nolint:contextcheck // each command gets the context of ExecuteContext
	out, errOut := text.NewWriter(s.Out.w), text.NewWriter(s.ErrOut.w)
	root.SetIn(s.In)
	root.SetOut(out)
	root.SetErr(errOut)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err := errors.Join(out.Flush(), errOut.Flush()); err != nil {
		return exitUsage
	}
	if err == nil {
		return exitOK
	}
	if !isSilent(err) {
		var p text.Printer
		all := causes(err)
		for _, one := range all[:min(len(all), maxTold)] {
			p.Printf("error: %s\n", text.WithoutSecrets(oneLine(one)))
		}
		if more := len(all) - maxTold; more > 0 {
			p.Printf("error: and %d more\n", more)
		}
		_ = s.ErrOut.print(&p) // there is nowhere to report it
	}
	return exitCode(err)
}

// exitCode is the exit code for an error. Errors without one are cobra's own, about the command line.
func exitCode(err error) int {
	if result, ok := errors.AsType[*exitError](err); ok {
		return result.code
	}
	return exitUsage
}

// isSilent reports whether an error has no text of its own, because the result has been printed.
func isSilent(err error) bool {
	result, ok := errors.AsType[*exitError](err)
	return err == nil || ok && result.err == nil
}

// causes returns the errors that were joined to one, or else the error itself.
func causes(err error) []error {
	switch below := err.(type) { //nolint:errorlint // the errors in the chain are visited one by one
	case interface{ Unwrap() []error }:
		var all []error
		texts := make([]string, 0, len(below.Unwrap()))
		for _, one := range below.Unwrap() {
			all, texts = append(all, causes(one)...), append(texts, one.Error())
		}
		if err.Error() == strings.Join(texts, "\n") {
			return all
		}
	case interface{ Unwrap() error }:
		if one := below.Unwrap(); one != nil && one.Error() == err.Error() {
			return causes(one)
		}
	}
	return []error{err}
}

// oneLine is the text of an error with semicolons in place of its line ends.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' }), "; ")
}

func newRootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-imagetrust",
		Short: "Verify image signatures and plan their enforcement",
		Long: `Verify image signatures and plan their enforcement, with the code of the Karmada image trust operator. Only
status and report need a cluster.

Exit codes: 0 success, 1 an image is untrusted or a workload would be denied, 2 usage error, 3 a result is unknown or
undetermined, for example because a registry is down.`,
		Annotations:                map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl imagetrust"},
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		Args:                       knownCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	groupFlags(root)
	root.AddCommand(
		newVerifyCommand(s), newLintCommand(s), newRenderCommand(s), newPlanCommand(s), newPinCommand(s), newStatusCommand(s),
		newReportCommand(s), newInitCommand(s), newVersionCommand(s),
	)
	return root
}

// knownCommand reports a command that does not exist.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		return usageErrorf("unknown command %q: did you mean %s?", args[0], strings.Join(similar, " or "))
	}
	return usageErrorf("unknown command %q: use one of those that %s --help lists", args[0], cmd.CommandPath())
}

// cosignFlags maps cosign's names of flags to those of this program, so that command lines of cosign verify work.
func cosignFlags(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "certificate-oidc-issuer":
		name = "issuer"
	case "certificate-oidc-issuer-regexp":
		name = "issuer-regexp"
	case "certificate-identity":
		name = "identity"
	case "certificate-identity-regexp":
		name = "identity-regexp"
	}
	return pflag.NormalizedName(name)
}

func newVersionCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and the versions of policy-controller that it supports",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			return s.Out.print(text.Sprintf("%s\npolicy-controller: %s\n", version, strings.Join(admission.Supported().Names(), ", ")))
		},
	}
}
