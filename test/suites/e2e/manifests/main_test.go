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

// Package manifests plans and pins the manifests of other projects, as they are published in their Go modules, and compares the
// result with a reading of its own.
package manifests

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// programs are built from the work tree, once.
var programs struct {
	plugin, peak string
}

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "image-trust-manifests-")
	if err == nil {
		defer func() { _ = os.RemoveAll(dir) }()
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func build(dir string) error {
	if err := binaries.BuildOwn(context.Background(), dir, "./cmd/kubectl-imagetrust", "./test/tools/peak"); err != nil {
		return err
	}
	programs.plugin, programs.peak = filepath.Join(dir, "kubectl-imagetrust"), filepath.Join(dir, "peak")
	return nil
}
