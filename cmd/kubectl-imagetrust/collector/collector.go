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

// Package collector decides when a short-lived program collects garbage.
package collector

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// start is what the program may use before garbage is collected for the first time, in bytes. Most commands end before: until main is
// called, 8 MB are allocated by the packages of others alone, most of which is never used, and collecting it takes a fourth of the
// time that the program takes to start.
const start = 48 << 20

// This happens before the packages of others are initialised, as far as Go's order allows it: by their paths.
func init() { //nolint:gochecknoinits // main would be too late
	if !overridden() {
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(start)
	}
}

// overridden reports whether the user decides when to collect.
func overridden() bool { return os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" }

// Percent sets how much garbage may accumulate after the first collection, relative to what is in use. The environment variables GOGC
// and GOMEMLIMIT override it.
func Percent(percent int) {
	if overridden() {
		return
	}
	// It is not reachable, and cleaned up after the first collection. It has a pointer, so that it is no part of another object.
	unused := new(*byte)
	runtime.AddCleanup(unused, func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, percent)
}
