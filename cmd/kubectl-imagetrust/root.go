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

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// How the program ends, for scripts.
const (
	exitOK = iota
	// exitUntrusted: something was found that admission refuses, or that lint complains of.
	exitUntrusted
	// exitUsage: the program was asked for what it cannot do.
	exitUsage
	// exitUnknown: something could not be told now.
	exitUnknown
)

// exit ends the program with a code. What it means has been printed, unless there is an error.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

// usage is an error of the user's.
func usage(format string, args ...any) error {
	return &exit{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// unavailable is an error of the surroundings: it may be gone the next time.
func unavailable(err error) error { return &exit{code: exitUnknown, err: err} }

// ended is the end that a code says; nil for exitOK.
func ended(code int) error {
	if code == exitOK {
		return nil
	}
	return &exit{code: code}
}

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	root := newRootCommand(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	end := &exit{code: exitUsage, err: err} // an error of cobra's is about the command line
	errors.As(err, &end)
	if end.err != nil {
		_, _ = fmt.Fprintf(s.ErrOut, "error: %v\n", end.err)
	}
	return end.code
}

func newRootCommand(s streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-imagetrust",
		Short: "Verify images, and foretell what admission makes of them, with the engine of Karmada image trust",
		Long: `Verify images, and foretell what admission makes of them, with the engine of Karmada image trust.

Exit codes: 0 all is well, 1 something is untrusted or would be refused, 2 wrong usage or input, 3 something
could not be told now.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl imagetrust"},
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.ErrOut)
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(
		newVerifyCommand(s), newLintCommand(s), newRenderCommand(s), newPlanCommand(s), newPinCommand(s), newStatusCommand(s),
		newInitCommand(s), newVersionCommand(s),
	)
	return root
}

// aliases of flags: the names that cosign has for them, so that its command lines work here.
func aliases(_ *pflag.FlagSet, name string) pflag.NormalizedName {
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
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(s.Out, version)
			return err
		},
	}
}
