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

package filter

import (
	"flag"
	"testing"
)

func TestAllSubtests(t *testing.T) {
	tests := map[string]struct {
		run, skip string
		want      bool
	}{
		"no filter":        {want: true},
		"whole test":       {run: "TestConformance", want: true},
		"several tests":    {run: "^(TestConformance|TestPrediction)$", want: true},
		"one case":         {run: "TestConformance/tag/right"},
		"one of two":       {run: "TestConformance/tag|TestPrediction"},
		"skipped subtests": {skip: "TestConformance/hostile"},
		"skipped test":     {run: "TestConformance", skip: "TestPrediction"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := allSubtests(test.run, test.skip); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// TestFlags checks that the flags have the names that this package reads.
func TestFlags(t *testing.T) {
	for _, name := range []string{"test.run", "test.skip"} {
		if flag.Lookup(name) == nil {
			t.Errorf("go test has no flag %s", name)
		}
	}
	run := flag.Lookup("test.run").Value
	before := run.String()
	t.Cleanup(func() {
		if err := run.Set(before); err != nil {
			t.Error(err)
		}
	})
	if err := run.Set("TestFlags/case"); err != nil {
		t.Fatal(err)
	}
	if AllSubtests() {
		t.Error("a filter for subtests is set, and AllSubtests reports true")
	}
}
