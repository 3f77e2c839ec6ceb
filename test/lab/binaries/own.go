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

package binaries

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/karmada-io/image-trust/test/lab/process"
)

// ownTimeout bounds the build of programs of this module.
const ownTimeout = 30 * time.Minute

// BuildOwn builds programs of this module from the work tree, such as ./cmd/manager. Their files are in the directory dir, and
// named after the last part of their packages.
func BuildOwn(ctx context.Context, dir string, packages ...string) error {
	return buildOwn(ctx, dir, packages)
}

// BuildStripped is BuildOwn with the flags of make build, for measurements.
func BuildStripped(ctx context.Context, dir string, packages ...string) error {
	return buildOwn(ctx, dir, packages, "-trimpath", "-ldflags=-s -w")
}

func buildOwn(ctx context.Context, dir string, packages []string, flags ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, ownTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", slices.Concat([]string{"build", "-o", dir + string(filepath.Separator)}, flags, packages)...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if err := process.Run(cmd); err != nil {
		return fmt.Errorf("building the programs: %w", err)
	}
	return nil
}
