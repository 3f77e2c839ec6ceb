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
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/term"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// kubectl runs the real one, and shows it.
type kubectl struct {
	out        *os.File
	program    string
	root       string
	kubeconfig string
	cache      string
	plugins    string
	coloured   bool
}

func newKubectl(out *os.File, up installation) (*kubectl, error) {
	program, err := binaries.Find(binaries.Kubectl)
	if err != nil {
		return nil, err
	}
	root, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	return &kubectl{
		out:        out,
		program:    program,
		root:       root,
		kubeconfig: up.Kubeconfig,
		plugins:    up.Plugins,
		cache:      filepath.Join(up.Logs, "kubectl-cache"),
		// https://no-color.org
		coloured: term.IsTerminal(int(out.Fd())) && os.Getenv("NO_COLOR") == "",
	}, nil
}

// show prints the command line as one would type it, then runs it and prints what it says.
func (k *kubectl) show(ctx context.Context, args []string) (output string, ok bool, err error) {
	line := "$ kubectl " + commandLine(args)
	if k.coloured {
		line = "\x1b[1;36m" + line + "\x1b[0m"
	}
	_, _ = fmt.Fprintf(k.out, "\n%s\n", line)
	output, ok, err = k.runTo(ctx, k.out, args)
	if output != "" && !strings.HasSuffix(output, "\n") {
		_, _ = fmt.Fprintln(k.out)
	}
	return output, ok, err
}

// run returns what kubectl prints on both of its outputs, and whether it succeeds. The error reports
// that kubectl could not be run to its end.
func (k *kubectl) run(ctx context.Context, args []string) (output string, ok bool, err error) {
	return k.runTo(ctx, io.Discard, args)
}

func (k *kubectl) runTo(ctx context.Context, out io.Writer, args []string) (output string, ok bool, err error) {
	var both bytes.Buffer
	cmd := exec.CommandContext(ctx, k.program, args...)
	cmd.Dir = k.root
	cmd.Env = []string{"KUBECONFIG=" + k.kubeconfig, "KUBECACHEDIR=" + k.cache, "PATH=" + k.plugins}
	cmd.Stdout = io.MultiWriter(out, &both)
	cmd.Stderr = cmd.Stdout
	err = process.Run(cmd)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", false, ctx.Err()
	case errors.As(err, &exit):
		return both.String(), false, nil
	case err != nil:
		return "", false, fmt.Errorf("run kubectl: %w", err)
	}
	return both.String(), true, nil
}

// plain is what a shell takes as it stands; NAME= may stand before a quotation.
var (
	plain      = regexp.MustCompile(`^[A-Za-z0-9_./:=@,+-]+$`)
	assignment = regexp.MustCompile(`^[a-z-]+=`)
)

// commandLine is what one would type into a shell.
func commandLine(args []string) string {
	words := make([]string, 0, len(args))
	for _, arg := range args {
		if !plain.MatchString(arg) {
			prefix := assignment.FindString(arg)
			arg = prefix + "'" + strings.ReplaceAll(arg[len(prefix):], "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
