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

// Package release makes a release as its workflow does, with the same targets of make and the real cosign, and has the operator that was
// released verify itself.
package release

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/internal/condition/child"
	labpkg "github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// startTimeout includes the wait for another suite's policy-controller to end, and the compilation of what is released.
const startTimeout = 40 * time.Minute

var (
	// lab runs the operator of the release.
	lab *labtest.Lab
	// built is the release.
	built *release
)

func TestMain(m *testing.M) {
	if child.Requested(os.Args) {
		os.Exit(child.Serve(os.Stdin, os.Stdout))
	}
	logf.SetLogger(logr.Discard())
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	started, err := labpkg.Start(ctx, labpkg.Options{Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return harness.RunOn(started, func() int {
		if built, err = build(ctx, started); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		started.UseProgram("manager", built.manager)
		started.UseProgram("kubectl-imagetrust", built.plugin)
		lab = labtest.New(started)
		if err := lab.Prepare(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	})
}
