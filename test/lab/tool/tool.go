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

// Package tool runs the programs below test/tools that have a module of their own, because what they are built from requires
// other versions of libraries than the operator does. A program answers requests in JSON on its standard input, each by a
// line on its standard output.
package tool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// Tool is a running program.
type Tool struct {
	name string
	in   *json.Encoder
	out  *json.Decoder
	// complaint is what the process wrote to its standard error. It is complete once the process has ended.
	complaint func() error
}

// Start starts the program in the directory module with some files as arguments. All paths are relative to the repository. It is
// stopped when the test ends.
func Start(t *testing.T, module string, files ...string) *Tool {
	t.Helper()
	cmd := Command(t, module, nil, files...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end := func() error {
		if ended {
			return nil
		}
		ended = true
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			return fmt.Errorf("%w\n%s", err, stderr.Bytes())
		}
		return nil
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Errorf("%s: %v", module, err)
		}
	})
	return &Tool{name: module, in: json.NewEncoder(in), out: json.NewDecoder(out), complaint: end}
}

// Call sends a request and waits for the response. The test ends if there is none.
func (p *Tool) Call(t *testing.T, request, response any) {
	t.Helper()
	if err := p.in.Encode(request); err != nil {
		t.Fatalf("ask %s: %v", p.name, errors.Join(err, p.complaint()))
	}
	if err := p.out.Decode(response); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the program ended")
		}
		t.Fatalf("read the answer of %s: %v", p.name, errors.Join(err, p.complaint()))
	}
}

// Command is the command that runs a program, which the Go command builds if necessary and keeps in its cache. The flags are
// those by which the components of the lab are built, so that they share what they compile.
func Command(t *testing.T, module string, flags []string, files ...string) *exec.Cmd {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, filepath.FromSlash(module))
	args := append([]string{"run", "-trimpath", "."}, flags...)
	for _, file := range files {
		file = filepath.Join(root, filepath.FromSlash(file))
		args = append(args, file)
		readAll(t, filepath.Dir(file))
	}
	readAll(t, dir)
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	return cmd
}

// readAll reads what is in a directory, for go test to know that the result of the test depends on it: it does not see what
// the program reads.
func readAll(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		_, err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
