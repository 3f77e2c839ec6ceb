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

package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// constant is a condition, a reason or an event of the API.
type constant struct{ name, value string }

func (c constant) isCondition() bool { return strings.HasSuffix(c.name, "Condition") }

// constants are those of the API.
func constants(t *testing.T) []constant {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../api/v1alpha1/condition_consts.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var out []constant
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		literal, ok := spec.Values[0].(*ast.BasicLit)
		if !ok {
			t.Fatalf("%s is not a literal", spec.Names[0].Name)
		}
		value, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, constant{spec.Names[0].Name, value})
		return true
	})
	if len(out) == 0 {
		t.Fatal("no constant was found")
	}
	return out
}

func page(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var (
	// row is a row of a table: a status may come before the reasons.
	row = regexp.MustCompile("(?m)^\\| (?:(?:True|False|Unknown|Normal|Warning|False or Unknown) \\| )?((?:`[A-Z]\\w+`(?:, )?)+) \\|")
	// inQuotes is a reason in such a row.
	inQuotes = regexp.MustCompile("`(\\w+)`")
)

// reasonsIn are the reasons that the tables of a page explain.
func reasonsIn(text string) map[string]bool {
	out := map[string]bool{}
	for _, cells := range row.FindAllStringSubmatch(text, -1) {
		for _, match := range inQuotes.FindAllStringSubmatch(cells[1], -1) {
			out[match[1]] = true
		}
	}
	return out
}

// TestReasonsAreDocumented compares the tables of reasons with the constants of the API: what users see in a status, they find in a row that
// says what it means and what to do, and there is no row about what does not exist.
func TestReasonsAreDocumented(t *testing.T) {
	troubleshooting, events := page(t, "troubleshooting.md"), page(t, "guides/gitops.md")
	explained, eventful := reasonsIn(troubleshooting), reasonsIn(events)
	known := map[string]bool{}
	for _, c := range constants(t) {
		known[c.value] = true
		switch {
		case c.isCondition():
			// Reconciling and Stalled are told by Ready.
			if !strings.Contains(troubleshooting, "\n## "+c.value+"\n") && !strings.Contains(troubleshooting, "`"+c.value+"`") {
				t.Errorf("docs/troubleshooting.md does not explain the condition %s", c.value)
			}
		case !explained[c.value] && !eventful[c.value]:
			t.Errorf("docs/troubleshooting.md has no row about %s", c.value)
		}
	}
	for reason := range explained {
		if !known[reason] {
			t.Errorf("docs/troubleshooting.md explains %s, which is no reason", reason)
		}
	}
}
