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
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files in testdata instead of comparing with them")

// goldenDir is absolute, so that tests may change the current directory.
var goldenDir = func() string {
	dir, err := filepath.Abs(filepath.Join("testdata", "golden"))
	if err != nil {
		panic(err)
	}
	return dir
}()

// result is what a run of the plugin printed, and its exit code.
type result struct {
	code           int
	stdout, stderr string
}

// runPlugin runs the plugin in this process. It finds no cluster and no credentials.
func runPlugin(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return runPluginOn(t, false, stdin, args...)
}

// runPluginOn runs the plugin on a terminal, or on pipes.
func runPluginOn(t *testing.T, terminal bool, stdin string, args ...string) result {
	t.Helper()
	home := t.TempDir()
	for _, variable := range []string{"HOME", "XDG_CACHE_HOME", "DOCKER_CONFIG"} {
		t.Setenv(variable, home)
	}
	t.Setenv("KUBECONFIG", filepath.Join(home, "kubeconfig"))
	for _, variable := range []string{"KUBERNETES_SERVICE_HOST", "KUBERNETES_MASTER", "TUF_MIRROR", "TUF_ROOT_JSON"} {
		t.Setenv(variable, "")
	}
	var stdout, stderr bytes.Buffer
	s := newStreams(strings.NewReader(stdin), &stdout, &stderr)
	s.Out.terminal, s.ErrOut.terminal = terminal, terminal
	code := run(t.Context(), args, s)
	replacer := strings.NewReplacer(defaultTUFCache(), "/home/user/.cache/kubectl-imagetrust/tuf", home, "/home/user")
	printed := func(b *bytes.Buffer) string { return replacer.Replace(b.String()) }
	return result{code: code, stdout: printed(&stdout), stderr: printed(&stderr)}
}

// golden compares a run of the plugin with testdata/golden/NAME.golden, which holds all that a user sees.
func golden(t *testing.T, name string, args []string, got result) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "$ kubectl imagetrust %s\n%s", quoted(args), got.stdout)
	if got.stderr != "" {
		fmt.Fprintf(&b, "--- standard error\n%s", got.stderr)
	}
	fmt.Fprintf(&b, "--- exit code %d\n", got.code)
	compareGolden(t, name, b.String())
}

// compareGolden compares text with testdata/golden/NAME.golden, or writes it there with -update.
func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join(goldenDir, strings.ReplaceAll(name, " ", "-")+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), run the test with -update to accept it:\n%s", file, diff)
	}
}

// quoted joins arguments as a shell takes them.
func quoted(args []string) string {
	words := make([]string, 0, len(args))
	for _, arg := range args {
		if strings.ContainsAny(arg, " {}[]*^$'()|") || arg == "" {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}

// TestRoot covers what is not about a trust: help, completion, version, and mistakes in the command line.
func TestRoot(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
	}{
		"help":                  {args: []string{"help"}},
		"no command":            {args: []string{}},
		"help lint":             {args: []string{"help", "lint"}},
		"help plan":             {args: []string{"plan", "--help"}},
		"help verify":           {args: []string{"verify", "--help"}},
		"help pin":              {args: []string{"pin", "--help"}},
		"help render":           {args: []string{"render", "--help"}},
		"help status":           {args: []string{"status", "--help"}},
		"help report":           {args: []string{"report", "--help"}},
		"version":               {args: []string{"version"}},
		"version with argument": {args: []string{"version", "x"}, code: exitUsage},
		"complete command":      {args: []string{"__complete", "pl"}},
		"complete flag":         {args: []string{"__complete", "lint", "--out"}},
		"unknown command":       {args: []string{"frobnicate"}, code: exitUsage},
		"similar command":       {args: []string{"verfy"}, code: exitUsage},
		"unknown flag":          {args: []string{"verify", "--frobnicate"}, code: exitUsage},
		"init":                  {args: []string{"init"}},
		"init kubernetes":       {args: []string{"init", "--preset", "kubernetes-release"}},
		"init unknown preset":   {args: []string{"init", "--preset", "x"}, code: exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			got := runPlugin(t, "", tc.args...)
			if got.code != tc.code {
				t.Errorf("exit code %d, want %d", got.code, tc.code)
			}
			golden(t, "root/"+name, tc.args, got)
		})
	}
}

// TestCompletion runs the generators of completion scripts, which cobra writes.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		got := runPlugin(t, "", "completion", shell)
		if got.code != exitOK || !strings.Contains(got.stdout, "kubectl-imagetrust") || got.stderr != "" {
			t.Errorf("%s: exit code %d, %d bytes, %q", shell, got.code, len(got.stdout), got.stderr)
		}
	}
}
