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

// Command peak runs a program, and writes what it took and how it ended to a file, as JSON:
//
//	peak RESULT PROGRAM [ARGUMENT...]
//
// A process starts with the peak of the one that it was forked from. This program is small, so that what it reports is the
// peak of the program alone.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/karmada-io/image-trust/test/memory"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peak:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: peak RESULT PROGRAM [ARGUMENT...]")
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	usage, err := memory.Wait(cmd)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(usage)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], encoded, 0o600)
}
