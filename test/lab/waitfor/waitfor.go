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

// Package waitfor polls until the system under test has reached a state. It is the one way in which
// tests wait for what happens in its own time.
package waitfor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

const (
	// Interval is the time between two observations.
	Interval = 50 * time.Millisecond
	// Timeout bounds every wait. It is generous: whatever takes longer is broken, not slow.
	Timeout = 3 * time.Minute
)

// State observes a state until problem returns the empty string for it, and returns that state.
// Errors of observe are retried. On a timeout the test fails with the last problem and the last state.
func State[T any](tb testing.TB, observe func(context.Context) (T, error), problem func(T) string) T {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), Timeout)
	defer cancel()
	state, last, err := poll(ctx, observe, problem)
	if err != nil {
		tb.Fatalf("after %s still: %v\nlast observed:\n%s", Timeout, err, Dump(last))
	}
	return state
}

// NoError retries an action until it succeeds. On a timeout the test fails with the last error.
func NoError(tb testing.TB, action func(context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), Timeout)
	defer cancel()
	if err := Success(ctx, action); err != nil {
		tb.Fatalf("after %s still: %v", Timeout, err)
	}
}

// True polls until a condition holds. Its errors are retried. On a timeout the test fails with what was
// waited for, and the last error.
func True(tb testing.TB, what string, condition func(context.Context) (bool, error)) {
	tb.Helper()
	State(tb, condition, func(holds bool) string {
		if !holds {
			return "it does not hold that " + what
		}
		return ""
	})
}

// Success retries an action until it succeeds or the context ends; the error is then that of the
// last attempt. It is for code that runs outside of a test, such as TestMain and clean-ups.
func Success(ctx context.Context, action func(context.Context) error) error {
	_, _, err := poll(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, action(ctx)
	}, func(struct{}) string { return "" })
	return err
}

// poll returns the state that has no problem, or the last one with the error that describes its problem.
func poll[T any](ctx context.Context, observe func(context.Context) (T, error), problem func(T) string) (state, last T, err error) {
	wrong := fmt.Errorf("nothing was observed: %w", context.DeadlineExceeded)
	for {
		state, err := observe(ctx)
		switch {
		case err == nil:
			text := problem(state)
			if text == "" {
				return state, last, nil
			}
			last, wrong = state, problemError(text)
		case ctx.Err() == nil:
			wrong = err
		}
		select {
		case <-ctx.Done():
			var none T
			return none, last, wrong
		case <-time.After(Interval):
		}
	}
}

type problemError string

func (e problemError) Error() string { return string(e) }

// All combines several checks of a state into one, which returns the first problem.
func All[T any](problems ...func(T) string) func(T) string {
	return func(state T) string {
		for _, problem := range problems {
			if wrong := problem(state); wrong != "" {
				return wrong
			}
		}
		return ""
	}
}

// Any accepts every state: it suffices that the observation succeeds.
func Any[T any](T) string { return "" }

// Dump formats a state for a test's output, as YAML if it can be encoded.
func Dump(state any) string {
	if text, ok := state.(string); ok {
		return text
	}
	encoded, err := yaml.Marshal(state)
	if err != nil {
		return fmt.Sprintf("%+v", state)
	}
	return strings.TrimSpace(string(encoded))
}
