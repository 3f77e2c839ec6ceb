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

package documents

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/test/doctest"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
)

var (
	// first are the pages that a reader begins with.
	first = []string{"README.md", "docs/demo.md", "docs/quick-start.md"}
	// last are the pages after the guides. The installation comes at the end, since it removes the operator.
	last = []string{"docs/troubleshooting.md", "docs/installation.md"}
)

// elsewhere are the pages whose commands are not run here, and why.
var elsewhere = map[string]string{
	"charts/karmada-image-trust/README.md": "docs/installation.md has the same commands, and test/suites/e2e/install installs the chart",
	"docs/fleet.md":                        "test/suites/karmada/rollout runs it, with a fleet",
	"docs/kubectl-imagetrust.md":           "a reference; test/suites/e2e/plugin runs its walkthrough and its pipelines",
	"docs/karmadaimagetrust.md":            "a reference",
	"docs/kinds.md":                        "a reference",
	"docs/benchmarks.md":                   "for contributors; they take hours",
	"docs/development.md":                  "for contributors",
	"docs/examples/gitops/README.md":       "test/suites/gitops tests the example; its addresses are to be replaced",
	"CONTRIBUTING.md":                      "for contributors",
	"RELEASE.md":                           "for maintainers",
}

// selection is a variable with a part of the name of the pages to run, for people who write one.
const selection = "DOCUMENTS"

// aloneFixture marks a block that starts a cluster of its own, for which no other may run.
const aloneFixture = "alone"

// pages are README.md and the how-tos.
func pages() ([]doctest.Page, error) {
	root, err := binaries.Root()
	if err != nil {
		return nil, err
	}
	guides, err := filepath.Glob(filepath.Join(root, "docs", "guides", "*.md"))
	if err != nil {
		return nil, err
	}
	names := slices.Clone(first)
	for _, guide := range guides {
		names = append(names, "docs/guides/"+filepath.Base(guide))
	}
	names = append(names, last...)
	var out []doctest.Page
	for _, name := range names {
		if !strings.Contains(name, os.Getenv(selection)) || elsewhere[name] != "" {
			continue
		}
		page, err := doctest.Read(root, name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, page)
	}
	return out, nil
}

func isAlone(block doctest.Block) bool { return slices.Contains(block.Fixtures, aloneFixture) }

func place(page doctest.Page, block doctest.Block) string {
	return fmt.Sprintf("%s:%d", page.Name, block.Line)
}

// runAlone runs the blocks that start a cluster of their own, each page in a shell.
func runAlone(ctx context.Context) (map[string]error, error) {
	all, err := pages()
	if err != nil {
		return nil, err
	}
	results := map[string]error{}
	for _, page := range all {
		if err := runPageAlone(ctx, page, results); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func runPageAlone(ctx context.Context, page doctest.Page, results map[string]error) error {
	blocks := slices.DeleteFunc(slices.Clone(page.Blocks), func(block doctest.Block) bool { return !isAlone(block) })
	if len(blocks) == 0 {
		return nil
	}
	shell, err := doctest.NewShell(ctx, tree.root, filepath.Join(tree.dir, "scripts"), tree.env)
	if err != nil {
		return err
	}
	defer shell.Close()
	runner := doctest.Runner{Shell: shell, Fixtures: doctest.Fixtures{aloneFixture: func([]string) error { return nil }}}
	for _, block := range blocks {
		fmt.Fprintf(os.Stderr, "▸ %s\n", place(page, block))
		err := runner.Run(block)
		results[place(page, block)] = err
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			break
		}
	}
	return tree.demoDown(ctx)
}

// TestCommands runs the commands of all pages.
func TestCommands(t *testing.T) {
	all, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	if err := controlplane.WriteKubeconfig(tree.kubeconfig(), cluster.Config()); err != nil {
		t.Fatal(err)
	}
	plugin, err := cluster.Build(t.Context(), "kubectl-imagetrust")
	if err == nil {
		err = os.Symlink(plugin, filepath.Join(tree.path(), filepath.Base(plugin)))
	}
	if err != nil {
		t.Fatal(err)
	}
	outside, err := newOutside(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cluster.Registry.SetHandler(outside.wrap)
	before, err := snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, ran := 0, 0
	for _, page := range all {
		found += len(page.Blocks)
		if len(page.Blocks) == 0 {
			continue
		}
		t.Run(page.Name, func(t *testing.T) {
			t.Cleanup(func() { before.restore(t) })
			ran += runPage(t, page)
		})
	}
	fmt.Printf("figure: documented_commands_run %d/%d\n", ran, found)
}

// runPage runs a page until a block fails, and returns the number of those that succeeded.
func runPage(t *testing.T, page doctest.Page) int {
	t.Helper()
	env := slices.Concat(tree.env, environment())
	shell, err := doctest.NewShell(t.Context(), tree.root, filepath.Join(tree.dir, "scripts"), env)
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	runner := doctest.Runner{Shell: shell, Fixtures: fixtures(t, shell)}
	ran, stopped := 0, false
	for _, block := range page.Blocks {
		err, wasAlone := alone[place(page, block)]
		switch {
		case isAlone(block) && !wasAlone:
			t.Errorf("%s: not run, because a block before failed", place(page, block))
			continue
		case !isAlone(block) && stopped:
			t.Errorf("%s: not run, because a block before failed", place(page, block))
			continue
		case !isAlone(block):
			err = runner.Run(block)
			stopped = err != nil
		}
		if err != nil {
			t.Errorf("%s: %v", place(page, block), err)
			continue
		}
		ran++
	}
	return ran
}

// TestAllPagesAreKnown finds pages with commands that neither run nor are listed as pages whose commands don't.
func TestAllPagesAreKnown(t *testing.T) {
	if os.Getenv(selection) != "" {
		t.Skip("only some pages are selected")
	}
	all, err := pages()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, page := range all {
		known[page.Name] = true
	}
	for name := range tree.tracked {
		if filepath.Ext(name) != ".md" || known[name] || strings.Contains(name, "testdata/") || strings.HasPrefix(name, "docs/decisions/") {
			continue
		}
		page, err := doctest.Read(tree.root, name)
		if err != nil {
			t.Fatal(err)
		}
		if elsewhere[name] == "" && len(page.Blocks) > 0 {
			t.Errorf("the commands of %s are not run: add it to the pages, or to those that are run elsewhere", name)
		}
	}
}
