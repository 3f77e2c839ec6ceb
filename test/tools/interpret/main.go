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

// Interpret runs ResourceInterpreterCustomizations as the components of Karmada do, in Karmada's own interpreter and with the
// checks of Karmada's validating webhook. It is a program of its own, because the module of Karmada 1.16 requires another
// version of Kubernetes than the operator does. It is for tests only.
//
//	interpret FILE...         answers requests, a Request in JSON per line of the input, by a Response per line of the output
//	interpret -tests FILE...  runs the customizations_tests.yaml next to each file, as Karmada's own tests do
//
// It fails before the first answer if the webhook would deny one of the customizations.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	tests := flag.Bool("tests", false, "run the tests in Karmada's own form that are next to the files")
	flag.Parse()
	if err := run(*tests, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(tests bool, files []string) error {
	if len(files) == 0 {
		return errors.New("name at least one file with ResourceInterpreterCustomizations")
	}
	loaded, err := load(files)
	if err != nil {
		return err
	}
	if tests {
		return runTests(loaded, os.Stdout)
	}
	return serve(loaded, os.Stdin, os.Stdout)
}
