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

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const (
	pollInterval = 100 * time.Millisecond
	// pollTimeout is generous: what takes longer is broken, not slow.
	pollTimeout = 3 * time.Minute
)

// eventually observes a state until nothing is wrong with it, and returns it. problem says what
// is wrong, and is empty when nothing is. On a timeout the last state is printed.
func eventually[T any](t *testing.T, observe func(context.Context) (T, error), problem func(T) string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), pollTimeout)
	defer cancel()
	var last T
	wrong := "nothing was observed"
	for {
		state, err := observe(ctx)
		switch {
		case err == nil:
			if last, wrong = state, problem(state); wrong == "" {
				return state
			}
		case ctx.Err() == nil:
			wrong = err.Error()
		}
		select {
		case <-ctx.Done():
			t.Fatalf("after %s still: %s\nlast observed:\n%s", pollTimeout, wrong, dump(last))
		case <-time.After(pollInterval):
		}
	}
}

// dump is a state as people read it best.
func dump(state any) string {
	if text, ok := state.(string); ok {
		return text
	}
	encoded, err := yaml.Marshal(state)
	if err != nil {
		return fmt.Sprintf("%+v", state)
	}
	return strings.TrimSpace(string(encoded))
}

// all are several problems as one: the first that is there.
func all[T any](problems ...func(T) string) func(T) string {
	return func(state T) string {
		for _, problem := range problems {
			if wrong := problem(state); wrong != "" {
				return wrong
			}
		}
		return ""
	}
}
