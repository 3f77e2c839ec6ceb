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

// Package documents runs the commands of README.md and of the how-tos, all of them, in the order of the pages: see package doctest.
package documents

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	logf "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/test/lab"
	"github.com/karmada-io/image-trust/test/lab/harness"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// startTimeout includes the wait for another suite's policy-controller to end.
const startTimeout = 30 * time.Minute

var (
	// cluster is shared by all pages, one after the other. What a page leaves is removed before the next one.
	cluster *labtest.Lab
	tree    *worktree
	// alone are the results of the blocks that start a cluster of their own, by page and line. They run before the shared one is there.
	alone map[string]error
)

func TestMain(m *testing.M) {
	if child.Requested(os.Args) {
		os.Exit(child.Serve(os.Stdin, os.Stdout))
	}
	logf.SetLogger(logr.Discard())
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	var err error
	if tree, err = newWorktree(ctx); err != nil {
		return 0, err
	}
	defer tree.remove()
	if alone, err = runAlone(ctx); err != nil {
		return 0, err
	}
	started, err := lab.Start(ctx, lab.Options{Progress: os.Stderr})
	if err != nil {
		return 0, err
	}
	return harness.RunOn(started, func() int {
		cluster = labtest.New(started)
		if err := cluster.Prepare(ctx); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}), nil
}
