//go:build !linux

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
	"os"
	"os/exec"
	"time"
)

// program returns the path of this program.
func program() (string, error) { return os.Executable() }

func prepare(*exec.Cmd) {}

// On other systems than Linux the watchdog sets the limits alone. An evaluation works on one processor, so that the time that
// passes is at least the time of the processor.
func limitProcess() {}

func limitTime() {}

func processorTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
