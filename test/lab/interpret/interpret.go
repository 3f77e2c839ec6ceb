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

// Package interpret runs ResourceInterpreterCustomizations in Karmada's own interpreter, by the program in
// test/tools/interpret, which has a module of its own because Karmada requires another version of Kubernetes.
package interpret

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// module is the directory of the program in the repository.
const module = "test/tools/interpret"

// The operations of the interpreter.
const (
	AggregateStatus     = "AggregateStatus"
	InterpretDependency = "InterpretDependency"
	InterpretHealth     = "InterpretHealth"
	InterpretStatus     = "InterpretStatus"
	Retain              = "Retain"
)

// Item is what Karmada knows of the object in one cluster.
type Item struct {
	ClusterName string          `json:"clusterName"`
	Status      json.RawMessage `json:"status,omitempty"`
	Applied     bool            `json:"applied,omitempty"`
	// AppliedMessage says why the object is not applied.
	AppliedMessage string `json:"appliedMessage,omitempty"`
	// Health is Healthy, Unhealthy or Unknown.
	Health string `json:"health,omitempty"`
}

// Request is one call of the interpreter. Desired is the object on the control plane, for Retain, AggregateStatus and
// InterpretDependency, and Observed that in the member cluster, for Retain, InterpretStatus and InterpretHealth.
type Request struct {
	Operation string          `json:"operation"`
	Desired   json.RawMessage `json:"desired,omitempty"`
	Observed  json.RawMessage `json:"observed,omitempty"`
	Items     []Item          `json:"items,omitempty"`
}

// Response is what the interpreter answers. Error says why it failed, and Nanoseconds how long the call took.
type Response struct {
	Results struct {
		AggregatedStatus json.RawMessage `json:"aggregatedStatus"` // the whole object
		Status           json.RawMessage `json:"status"`           // what is reflected
		Retained         json.RawMessage `json:"retained"`
		Dependencies     json.RawMessage `json:"dependencies"`
		Healthy          *bool           `json:"healthy"`
	} `json:"results"`
	Error       string `json:"error"`
	Nanoseconds int64  `json:"nanoseconds"`
}

// Duration is how long the call took.
func (r Response) Duration() time.Duration { return time.Duration(r.Nanoseconds) }

// Interpreter is a running process with the customizations of some files.
type Interpreter struct {
	in  *json.Encoder
	out *json.Decoder
	// complaint is what the process wrote to its standard error. It is complete once the process has ended.
	complaint func() error
}

// Start starts the interpreter with the customizations in the files, whose paths are relative to the repository. It is
// stopped when the test ends. If Karmada's webhook denies one of them, the first call fails and says so.
func Start(t *testing.T, files ...string) *Interpreter {
	t.Helper()
	cmd := program(t, nil, files)
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
			t.Errorf("the interpreter: %v", err)
		}
	})
	return &Interpreter{in: json.NewEncoder(in), out: json.NewDecoder(out), complaint: end}
}

// attempts is how often a call is made that takes more than the second that Karmada gives it, which is of the clock: Karmada
// tries again, too, and a machine may be busy.
const attempts = 5

// Call runs one operation. A failed operation is in the response; the test ends if there is none.
func (i *Interpreter) Call(t *testing.T, request Request) Response {
	t.Helper()
	response := i.call(t, request)
	for n := 1; n < attempts && strings.Contains(response.Error, context.DeadlineExceeded.Error()); n++ {
		response = i.call(t, request)
	}
	return response
}

func (i *Interpreter) call(t *testing.T, request Request) Response {
	t.Helper()
	if err := i.in.Encode(request); err != nil {
		t.Fatalf("ask the interpreter: %v", errors.Join(err, i.complaint()))
	}
	var response Response
	if err := i.out.Decode(&response); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the interpreter ended")
		}
		t.Fatalf("read the interpreter's answer: %v", errors.Join(err, i.complaint()))
	}
	return response
}

// RunTests runs the customizations_tests.yaml next to each of the files, in the form of Karmada's own customizations.
func RunTests(t *testing.T, files ...string) {
	t.Helper()
	output, err := program(t, []string{"-tests"}, files).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}

// program is the command, which the Go command builds if necessary and keeps in its cache. The flags are those by which the
// programs of Karmada are built for the control plane, so that both share what they compile.
func program(t *testing.T, flags, files []string) *exec.Cmd {
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
