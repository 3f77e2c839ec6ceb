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
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const trustWithCondition = `apiVersion: trust.karmada.io/v1alpha1
kind: KarmadaImageTrust
metadata: {name: karmada}
spec:
  images: ["docker.io/karmada/*"]
  issuer: https://issuer.example.com
  identity: https://example.com/signer
  attestations:
  - name: provenance
    predicateType: https://slsa.dev/provenance/v1
    cue: |
      %s
`

// TestHostileConditionsInFiles runs the plugin on trusts with conditions that used to hang, exhaust or end it: each is refused
// with its position.
func TestHostileConditionsInFiles(t *testing.T) {
	alternatives, doubled := "x: {", `x0: "0123456789"`
	for i := range 14 {
		alternatives += fmt.Sprintf("{a%d: 1} | {a%d: 2}\n      ", i, i)
	}
	for i := range 26 {
		doubled += fmt.Sprintf("\n      x%d: x%d + x%d", i+1, i, i)
	}
	for name, source := range map[string]string{
		"stack":        "#D: matchN(>=1, [(!=1) & (1), {#D, b: !=1}])\n      #D",
		"growing":      "#D: matchN(2, [bool, {#D, b: null | int}])\n      #D",
		"alternatives": alternatives + "}",
		"doubled":      doubled,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "trust.yaml")
			if err := os.WriteFile(file, fmt.Appendf(nil, trustWithCondition, source), 0o600); err != nil {
				t.Fatal(err)
			}
			for command, code := range map[string]int{"lint": exitUntrusted, "render": exitUsage} {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				cmd := exec.CommandContext(ctx, os.Args[0], command, "-f", file)
				cmd.Env = append(os.Environ(), asPlugin+"=1")
				output, err := cmd.CombinedOutput()
				cancel()
				var ended *exec.ExitError
				if !errors.As(err, &ended) || ended.ExitCode() != code {
					t.Errorf("%s: got %v, want exit code %d\n%s", command, err, code, output)
				}
				if !strings.Contains(string(output), "not supported") || !strings.Contains(string(output), "column") {
					t.Errorf("%s does not say what is not supported:\n%s", command, output)
				}
			}
		})
	}
}

// TestConditionsInFiles evaluates conditions in the process that the plugin starts.
func TestConditionsInFiles(t *testing.T) {
	for source, code := range map[string]int{`predicate: builder: id: "a"`: exitOK, "predicate: 1\n      predicate: 2": exitUsage} {
		file := filepath.Join(t.TempDir(), "trust.yaml")
		if err := os.WriteFile(file, fmt.Appendf(nil, trustWithCondition, source), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), os.Args[0], "render", "-f", file)
		cmd.Env = append(os.Environ(), asPlugin+"=1")
		output, _ := cmd.CombinedOutput()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%s: exit code %d, want %d\n%s", source, got, code, output)
		}
	}
}
