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

// Package filter reports which tests the command line selects, for tests that require a minimum number
// of cases: the minimum does not apply if somebody runs a single case.
package filter

import (
	"flag"
	"strings"
)

// AllSubtests reports whether every subtest of a running test runs, so that their number can be checked.
// It is false if -run names subtests, or if -skip is used at all.
func AllSubtests() bool {
	return allSubtests(value("test.run"), value("test.skip"))
}

// allSubtests decides on the safe side: a slash in a character class is taken for the separator that it is not.
func allSubtests(run, skip string) bool {
	return skip == "" && !strings.Contains(run, "/")
}

func value(name string) string {
	if f := flag.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
