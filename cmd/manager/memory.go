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

package main

import (
	"os"
	"runtime/debug"
)

// heapGrowth is by how many percent the heap grows until garbage is collected. Most of the heap lives as long as the workloads
// that it describes, and most garbage comes from the first list: with Go's 100, that would decide how much memory is needed, while
// the processor has little to do afterwards.
const heapGrowth = 50

// limitGarbage sets heapGrowth, unless the environment says otherwise.
func limitGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
}
