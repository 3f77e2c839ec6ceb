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

package collector

import (
	"math"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

const asChild = "TEST_COLLECTOR"

// settings returns the percentage and the limit that hold now.
func settings() (percent int, limit int64) {
	percent = debug.SetGCPercent(-1)
	debug.SetGCPercent(percent)
	return percent, debug.SetMemoryLimit(-1)
}

// TestCollector runs a process of its own: what it sets holds for the process.
func TestCollector(t *testing.T) {
	if os.Getenv(asChild) == "" {
		for name, env := range map[string][]string{"default": nil, "GOGC": {"GOGC=70"}, "GOMEMLIMIT": {"GOMEMLIMIT=1GiB"}} {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCollector$", "-test.v")
			child.Env = append([]string{asChild + "=" + name}, env...)
			if output, err := child.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS: TestCollector") {
				t.Errorf("%s: %v: %s", name, err, output)
			}
		}
		return
	}
	if name := os.Getenv(asChild); name != "default" {
		percent, limit := settings()
		Percent(30)
		runtime.GC()
		if p, l := settings(); p != percent || l != limit || percent < 70 {
			t.Errorf("%s: got %d %% and %d bytes, want that the user's settings hold", name, p, l)
		}
		return
	}
	if percent, limit := settings(); percent != -1 || limit != start {
		t.Fatalf("at the start: %d %% and %d bytes, want that garbage is collected at %d bytes only", percent, limit, start)
	}
	Percent(30)
	if percent, _ := settings(); percent != -1 {
		t.Errorf("%d %% before the first collection", percent)
	}
	runtime.GC()
	for deadline := time.Now().Add(time.Minute); ; runtime.Gosched() {
		percent, limit := settings()
		if percent == 30 && limit == math.MaxInt64 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after the first collection: %d %% and %d bytes", percent, limit)
		}
	}
}
