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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRunSteps checks that the demo stops at a command that does not end as it must.
func TestRunSteps(t *testing.T) {
	tests := map[string]struct {
		program string
		step    step
		want    string // part of the error; empty: none
	}{
		"as expected":               {"echo", step{args: []string{"created"}, want: []string{"created"}}, ""},
		"denied as expected":        {"false", step{denied: true}, ""},
		"allowed, want denied":      {"echo", step{denied: true}, "it succeeded, but should be denied"},
		"denied, want allowed":      {"false", step{}, "it failed, but should succeed"},
		"other words":               {"echo", step{args: []string{"created"}, want: []string{"denied"}}, `the output does not contain "denied"`},
		"a hidden failure is shown": {"echo", step{args: []string{"why"}, hidden: true, denied: true}, "should be denied:\nwhy"},
		"no kubectl":                {"no-such-program", step{}, "run kubectl"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = out.Close() }()
			program, err := exec.LookPath(tc.program)
			if err != nil {
				program = tc.program
			}
			after := step{say: "the next step"}

			err = runSteps(t.Context(), &kubectl{program: program, out: out}, []step{tc.step, after})

			content, readErr := os.ReadFile(out.Name())
			if readErr != nil {
				t.Fatal(readErr)
			}
			continued := strings.Contains(string(content), after.say)
			switch {
			case tc.want == "" && !continued:
				t.Errorf("the demo does not continue: %v", err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %q", err, tc.want)
			case tc.want != "" && continued:
				t.Error("the demo continues")
			}
		})
	}
}

// TestCommandLine checks that a printed command can be pasted into a shell.
func TestCommandLine(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"plain":    {[]string{"run", "x", "-n", "demo", "--image=docker.io/a/b:v1"}, "run x -n demo --image=docker.io/a/b:v1"},
		"template": {[]string{"-o", "jsonpath={.a[0].b}"}, "-o jsonpath='{.a[0].b}'"},
		"glob":     {[]string{"a[*]"}, "'a[*]'"},
		"quote":    {[]string{"it's"}, `'it'\''s'`},
		"empty":    {[]string{""}, "''"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := commandLine(tc.args)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("differs (-want +got):\n%s", diff)
			}
			output, err := exec.CommandContext(t.Context(), "sh", "-c", "printf '%s\\n' "+got).Output()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Join(tc.args, "\n")+"\n", string(output)); diff != "" {
				t.Errorf("a shell parses it differently (-want +got):\n%s", diff)
			}
		})
	}
}
