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
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// OnTwoCores restricts what the calling goroutine starts from now on to two cores, so that figures of a larger machine compare with
// those of others.
func OnTwoCores() error {
	runtime.LockOSThread() // processes inherit the cores of the thread that starts them
	var allowed, chosen unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return fmt.Errorf("reading the cores: %w", err)
	}
	for cpu := 0; chosen.Count() < min(cores, allowed.Count()); cpu++ {
		if allowed.IsSet(cpu) {
			chosen.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &chosen); err != nil {
		return fmt.Errorf("choosing %d cores: %w", cores, err)
	}
	return nil
}
