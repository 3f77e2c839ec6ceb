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

// Package functions measures with Go's own benchmarks.
package functions

import (
	"errors"

	"github.com/karmada-io/image-trust/test/bench/gobench"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

const slowRegistryDelay = "slow_registry_delay_ratio"

// Group measures what the benchmarks of Go packages measure.
func Group() measure.Group {
	return measure.Group{
		Name: "functions",
		Method: "Go's benchmarks of single functions, `go test -bench`, whose results are printed only: time depends on the machine, and " +
			"`make bench-compare` compares two commits on one machine. Of the test that measures a ratio, the figure.",
		Figures: []measure.Figure{
			measure.Published(slowRegistryDelay, "",
				"time of 200 images of one trust beside 500 images of another whose registry hangs, in proportion to their time alone"),
		},
		Run: run,
	}
}

func run(r *measure.Run) error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	r.Step("go test -bench")
	found := 0
	err = gobench.Run(r, root, func(line string) {
		if name, value, is := measure.ParseFigure(line); is && name == slowRegistryDelay {
			r.Figure(name, value)
			return
		}
		for _, value := range gobench.Values(line) {
			found++
			r.Found(value.Name, value.Value)
		}
	})
	if err == nil && found == 0 {
		err = errors.New("no benchmark was found")
	}
	return err
}
