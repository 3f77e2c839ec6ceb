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

package waitfor

import (
	"context"
	"errors"
	"testing"
)

func TestState(t *testing.T) {
	attempts := 0
	got := State(t, func(context.Context) (int, error) {
		attempts++
		if attempts == 1 {
			return 0, errors.New("not yet")
		}
		return attempts, nil
	}, func(state int) string {
		if state < 3 {
			return "too few"
		}
		return ""
	})
	if got != 3 {
		t.Errorf("got the state %d, want the first one without a problem, 3", got)
	}
}

func TestSuccess(t *testing.T) {
	failure := errors.New("the last error")
	tests := map[string]struct {
		failures int // before the context ends, or the action succeeds
		ends     bool
		want     error
	}{
		"at once":           {},
		"after failures":    {failures: 2},
		"the context ended": {failures: 2, ends: true, want: failure},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			left := test.failures
			err := Success(ctx, func(context.Context) error {
				if left == 0 {
					return nil
				}
				left--
				if left == 0 && test.ends {
					defer cancel()
				}
				return failure
			})
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestAll(t *testing.T) {
	none, first, second := Any[int], func(int) string { return "first" }, func(int) string { return "second" }
	tests := map[string]struct {
		problems []func(int) string
		want     string
	}{
		"none":        {want: ""},
		"no problem":  {problems: []func(int) string{none, none}, want: ""},
		"the first":   {problems: []func(int) string{none, first, second}, want: "first"},
		"only a last": {problems: []func(int) string{none, second}, want: "second"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := All(test.problems...)(0); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestDump(t *testing.T) {
	tests := map[string]struct {
		state any
		want  string
	}{
		"text":   {state: "as it is", want: "as it is"},
		"object": {state: map[string]int{"a": 1}, want: "a: 1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Dump(test.state); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
