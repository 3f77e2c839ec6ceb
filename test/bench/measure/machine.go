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

package measure

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Machine says when and where something is measured: date, commit, version of Go, processor, cores and memory.
func Machine(ctx context.Context) (string, error) {
	commit, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "", fmt.Errorf("reading the commit: %w", err)
	}
	processor, memory := "an unknown processor", "unknown memory"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if match := regexp.MustCompile(`(?m)^model name\s*: (.+)$`).FindSubmatch(text); match != nil {
			processor = string(match[1])
		}
	}
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		if match := regexp.MustCompile(`(?m)^MemTotal:\s*(\d+) kB$`).FindSubmatch(text); match != nil {
			const kibPerGiB = 1 << 20
			kib, _ := strconv.ParseFloat(string(match[1]), 64) // the digits are matched
			memory = fmt.Sprintf("%.0f GiB", kib/kibPerGiB)
		}
	}
	return fmt.Sprintf("%s at commit %s with %s %s/%s: %s, %d cores, %s", time.Now().UTC().Format(time.DateOnly),
		strings.TrimSpace(string(commit)), runtime.Version(), runtime.GOOS, runtime.GOARCH, processor, min(cores, runtime.NumCPU()), memory), nil
}

// cores is how many cores the benchmarks use.
const cores = 2
