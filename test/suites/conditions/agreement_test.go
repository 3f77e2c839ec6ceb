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

// Package conditions compares how versions of CUE decide on conditions.
package conditions

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/in-toto/in-toto-golang/in_toto"

	"github.com/karmada-io/image-trust/internal/condition"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

var (
	seed  = flag.Uint64("cue.seed", 1, "seed of the generated conditions")
	count = flag.Int("cue.count", 12000, "number of generated conditions that are supported")
	all   = flag.Bool("cue.all", false, "ask about conditions outside of the subset too, and list the differences, for those who extend it")
)

// modules pin the versions of CUE in policy-controller 0.13 to 0.15: 0.12.1 and 0.15.4. Their program is test/tools/cueverdict.
func modules() []string { return []string{"test/tools/cueverdict", "test/tools/cueverdict/v0.15"} }

// build builds the program with the version of CUE that a module pins.
func build(t *testing.T, module string) string {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "cueverdict")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "github.com/karmada-io/image-trust/test/tools/cueverdict")
	cmd.Dir, cmd.Env = filepath.Join(root, module), append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false", "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build in %s: %v\n%s", module, err, output)
	}
	return program
}

// oracle is a running program of test/tools/cueverdict.
type oracle struct {
	name string
	in   io.WriteCloser
	out  *bufio.Scanner
}

func start(t *testing.T, name string) *oracle {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &oracle{name: name, in: in, out: bufio.NewScanner(out)}
}

// verdict asks whether a statement meets a condition.
func (o *oracle) verdict(t *testing.T, source string, statement []byte) string {
	t.Helper()
	question, err := json.Marshal(map[string]string{"condition": source, "statement": string(statement)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.in.Write(append(question, '\n')); err != nil {
		t.Fatalf("%s: %v\n%s", o.name, err, source)
	}
	if !o.out.Scan() {
		t.Fatalf("%s gave no answer: %v\n%s", o.name, o.out.Err(), source)
	}
	return o.out.Text()
}

// ours is the verdict of this version of CUE.
func ours(source string, statement []byte) (answer string) {
	defer func() {
		if r := recover(); r != nil {
			answer = "panicked"
		}
	}()
	if condition.Compile(source) != nil {
		return "invalid"
	}
	err := condition.Evaluate(source, statement)
	var unmet *condition.UnmetError
	switch {
	case err == nil:
		return "met"
	case errors.As(err, &unmet):
		return "unmet"
	default:
		return err.Error()
	}
}

// encode encodes a statement as policy-controller does before it evaluates a condition on it.
func encode(t *testing.T, statement []byte) []byte {
	t.Helper()
	var decoded in_toto.Statement //nolint:staticcheck // The deprecated type is the one that policy-controller decodes with.
	if err := json.Unmarshal(statement, &decoded); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(decoded)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// TestAgreement generates conditions, and asks all versions of CUE about those that are supported: they have to agree.
func TestAgreement(t *testing.T) {
	var others []*oracle
	for _, module := range modules() {
		o := start(t, build(t, module))
		o.name = module
		others = append(others, o)
	}
	g := &generator{Rand: rand.New(rand.NewPCG(*seed, 0)), border: 2}
	verdicts := map[string]int{}
	asked, agreed, refused := 0, 0, 0
	for asked < *count {
		source, statement := g.question()
		supported := condition.Check(source) == nil
		if !supported {
			refused++
		}
		if !supported && !*all {
			continue
		}
		asked++
		want := ours(source, statement)
		encoded, same := encode(t, statement), true
		for _, other := range others {
			if got := other.verdict(t, source, encoded); got != want {
				same = false
				report := t.Errorf
				if !supported {
					report = t.Logf
				}
				report("%s: %s, here %s, supported %t\n%s\n%s", other.name, got, want, supported, source, encoded)
			}
		}
		verdicts[want]++
		if same {
			agreed++
		}
	}
	for _, want := range []string{"met", "unmet", "invalid"} {
		if verdicts[want] < *count/50 {
			t.Errorf("only %d of %d answers are %q: the generator covers too little", verdicts[want], asked, want)
		}
	}
	t.Logf("%d generated conditions are not supported; answers: %v", refused, verdicts)
	fmt.Printf("figure: cue_agreement %d/%d\n", agreed, asked)
}
