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

package workload

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCustomsAreDocumented compares the table in the documents with that of the program.
func TestCustomsAreDocumented(t *testing.T) {
	const file, begin, end = "../../docs/kinds.md", "| API group | Kinds |\n|---|---|\n", "\n\n"
	var groups []string
	kinds := map[string][]string{}
	for _, c := range Customs() {
		if !slices.Contains(groups, c.Group) {
			groups = append(groups, c.Group)
		}
		name := c.Kind
		if len(c.Chosen) > 0 {
			name += "\\*"
		}
		kinds[c.Group] = append(kinds[c.Group], name)
	}
	slices.Sort(groups)
	var want strings.Builder
	for _, group := range groups {
		fmt.Fprintf(&want, "| `%s` | %s |\n", group, strings.Join(kinds[group], ", "))
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(content), begin)
	got, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatalf("%s has no table of kinds", file)
	}
	if *updateFields {
		content := before + begin + strings.TrimSuffix(want.String(), "\n") + end + after
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), got+"\n"); diff != "" {
		t.Errorf("run go test ./internal/workload -run TestCustomsAreDocumented -update (-want +got):\n%s", diff)
	}
}
