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

// Package passes measures what a pass of a trust costs: in full, and after one thing changed.
package passes

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/karmada-io/image-trust/test/bench/measure"
)

const (
	oneVerdict      = "pass_after_one_verdict_30k_workloads"
	growth          = "growth_8x_pass"
	growthOfOne     = "growth_8x_containers"
	growthPod       = "growth_8x_pass_after_pod"
	growthPolicy    = "growth_8x_pass_after_policy"
	growthVerdict   = "growth_8x_pass_after_verdict"
	growthNamespace = "growth_8x_pass_after_namespace"
)

const (
	workloads, images = 30000, 5000
	containers        = 8000
	factor            = 8
)

// Group measures passes of one trust.
func Group() measure.Group {
	const perEvent = "processor time of the pass after %s, for 8 times the workloads and images (3,750 and 30,000 workloads)"
	return measure.Group{
		Name: "passes",
		Method: "The real reconciler with its real inventory and state of admission, a client that keeps objects in memory, and verdicts " +
			"that are given. Processor time in interleaved pairs, without the garbage collector; the median counts.",
		Figures: []measure.Figure{
			measure.AtMost(0.003, oneVerdict, "", "a pass after one verdict landed, against a full pass: 30,000 workloads, 5,000 images, one trust"),
			measure.AtMost(10, growth, "", "a full pass, for 8 times the workloads and images"),
			measure.AtMost(10, growthOfOne, "", "a full pass of one workload, for 8 times the containers (1,000 and 8,000)"),
			measure.AtMost(2, growthPod, "", fmt.Sprintf(perEvent, "a pod came")),
			measure.AtMost(2, growthPolicy, "", fmt.Sprintf(perEvent, "a policy was edited that covers one image")),
			measure.AtMost(2, growthVerdict, "", fmt.Sprintf(perEvent, "a verdict landed")),
			measure.Published(growthNamespace, "", fmt.Sprintf(perEvent, "a namespace opted in or out")),
		},
		Run: run,
	}
}

func run(r *measure.Run) error {
	large, err := newCluster(r.Context, workloads, images)
	if err != nil {
		return err
	}
	small, err := newCluster(r.Context, workloads/factor, images/factor)
	if err != nil {
		return err
	}
	pairs := func(name, step string, a, b func() error) error {
		r.Step("%s", step)
		ratio, err := measure.Ratio(measure.MinPairs, quiet(a), quiet(b))
		if err == nil {
			r.Figure(name, ratio)
		}
		return err
	}
	few, err := oneWorkload(r.Context, containers/factor)
	if err != nil {
		return err
	}
	many, err := oneWorkload(r.Context, containers)
	if err != nil {
		return err
	}
	return errors.Join(
		pairs(oneVerdict, "passes after one verdict", large.afterVerdict, large.full),
		pairs(growth, "full passes", large.full, small.full),
		pairs(growthOfOne, "passes of one workload", many.full, few.full),
		pairs(growthPod, "passes after a pod", large.afterPod, small.afterPod),
		pairs(growthPolicy, "passes after a policy", large.afterPolicy, small.afterPolicy),
		pairs(growthVerdict, "passes after a verdict", large.afterVerdict, small.afterVerdict),
		pairs(growthNamespace, "passes after a label", large.afterNamespace, small.afterNamespace),
	)
}

// quiet measures runs without the garbage collector. Its work is in proportion to all that the process holds, which are both clusters
// at once, and it would run during passes of the large one only.
func quiet(of func() error) measure.Sample {
	sample := measure.CPU(of)
	return func() (float64, error) {
		runtime.GC()
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		return sample()
	}
}
