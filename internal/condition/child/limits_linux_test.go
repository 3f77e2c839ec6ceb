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

package child

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/karmada-io/image-trust/internal/condition"
)

// hostile returns conditions that CUE cannot evaluate in a reasonable time or memory, or that end the process. Most are
// outside of the subset that is supported; they show what holds if the subset should be too wide.
func hostile() map[string]string {
	alternatives, doubled := "x: {", "x0: \"0123456789\"\n"
	for i := range 14 {
		alternatives += fmt.Sprintf("{a%d: 1} | {a%d: 2}\n", i, i)
	}
	for i := range 40 {
		doubled += fmt.Sprintf("x%d: x%d + x%d\n", i+1, i, i)
	}
	lists := "x0: [...(1|2)]\n"
	for i := range 6 {
		lists += fmt.Sprintf("x%d: [for a in x%d for b in x%d for c in [1, 2, 3, 4, 5, 6, 7, 8] {[a, b, c]}]\n", i+1, i, i)
	}
	return map[string]string{
		"stack":        "#D: matchN(>=1, [(!=1) & (1), {#D, b: !=1}])\n#D",
		"growing":      "#D: matchN(2, [bool, {#D, b: null | int}])\n#D",
		"alternatives": alternatives + "}",
		"doubled":      doubled,
		"repeated":     "import \"strings\"\nx: strings.Repeat(\"0123456789\", 1000000000)",
		"range":        "import \"list\"\nx: list.Range(0, 1000000000, 1)",
		"lists":        strings.Replace(lists, "[...(1|2)]", "[1, 2]", 1),
		"laughs":       laughs(),
		"exponent":     "x: 1e999999999 + 1",
	}
}

func laughs() string {
	text := "x0: {a: 1, b: 2}\n"
	for i := range 30 {
		text += fmt.Sprintf("x%d: {a: x%d, b: x%d}\n", i+1, i, i)
	}
	return text
}

// TestHostileConditions evaluates conditions that would exhaust or end a process, without the check of the subset: each ends
// with an answer within the limits, and the next one has its answer.
func TestHostileConditions(t *testing.T) {
	e := New()
	defer e.Close()
	for name, source := range hostile() {
		t.Run(name, func(t *testing.T) {
			err := e.remembered(t.Context(), e.conditions, request{compile: true, source: []byte(source)})
			if err == nil {
				err = e.remembered(t.Context(), e.evaluations, request{source: []byte(source), statement: []byte("{}")})
			}
			if errors.Is(err, condition.ErrUnavailable) {
				t.Errorf("got %v, want an answer that lasts", err)
			}
			before := e.Started()
			again := e.remembered(t.Context(), e.conditions, request{compile: true, source: []byte(source)})
			if errors.Is(err, condition.ErrFailed) && (again == nil && !errors.Is(err, condition.ErrFailed) || e.Started() != before) {
				t.Errorf("it was tried again: %v, %d processes instead of %d", again, e.Started(), before)
			}
			if err := e.Evaluate(t.Context(), `predicateType: "a"`, []byte(`{"predicateType":"a"}`)); err != nil {
				t.Errorf("the next condition: %v", err)
			}
		})
	}
	if e.Started() < 5 {
		t.Errorf("%d processes were started: the conditions are not hostile", e.Started())
	}
	e.Close()
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &usage); err != nil {
		t.Fatal(err)
	}
	if mebibytes := usage.Maxrss >> 10; !raceEnabled && mebibytes > 256 {
		t.Errorf("a process took %d MiB", mebibytes)
	} else {
		fmt.Printf("figure: condition_memory_mib %d\n", mebibytes)
	}
}

// TestUnavailable cancels an evaluation, and closes the evaluator: neither says anything about the condition.
func TestUnavailable(t *testing.T) {
	e := New()
	defer e.Close()
	const source = `predicateType: "a"`
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Check(cancelled, source); !errors.Is(err, condition.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if err := e.Check(t.Context(), source); err != nil {
		t.Errorf("after a cancelled one: %v", err)
	}
	if err := e.Check(t.Context(), "a: 1\na: 2"); !errors.Is(err, condition.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	var unmet *condition.UnmetError
	if err := e.Evaluate(t.Context(), source, []byte(`{"predicateType":"b"}`)); !errors.As(err, &unmet) {
		t.Errorf("got %v", err)
	}
	if err := e.Evaluate(t.Context(), source, []byte(`x`)); !errors.Is(err, condition.ErrMalformed) {
		t.Errorf("got %v", err)
	}
	if e.Started() > 2 {
		t.Errorf("%d processes for four conditions", e.Started())
	}
}
