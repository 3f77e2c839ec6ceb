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

// Package compile builds the programs of this module so that everybody who builds them from the same commit, with the same
// version of Go, gets the same files.
package compile

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Program is a program of this module for one platform.
type Program struct {
	// Package is its main package, such as ./cmd/manager.
	Package string
	// Version is what the program reports as its own.
	Version  string
	Platform v1.Platform
}

// Build writes the program to the file output, and returns what it was built from. It runs in the root directory of the module.
func (p Program) Build(ctx context.Context, output string) (*debug.BuildInfo, error) {
	// The state of the work tree is not recorded: labels and attestations name the commit.
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -X main.version=" + p.Version, "-o", output, p.Package}
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // the arguments are those of the caller's command line
	command.Env = append(os.Environ(), p.environment()...)
	var printed bytes.Buffer
	command.Stdout, command.Stderr = &printed, &printed
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("go %s for %s: %w\n%s", strings.Join(args, " "), p.Platform, err, printed.Bytes())
	}
	info, err := buildinfo.ReadFile(output)
	if err != nil {
		return nil, fmt.Errorf("reading what %s was built from: %w", output, err)
	}
	return info, nil
}

// environment is all that go build takes from its environment and that changes its result.
func (p Program) environment() []string {
	return []string{
		"CGO_ENABLED=0", "GOOS=" + p.Platform.OS, "GOARCH=" + p.Platform.Architecture,
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on",
	}
}
