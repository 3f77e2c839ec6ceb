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

package inventory

import (
	"fmt"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/test/memory"
)

// TestCostGrowsInProportion compares what a Deployment of many containers, its ReplicaSet and its pod take with the same of
// eight times as many, by what is allocated. Times that grow with the square exceed the deadline by far.
func TestCostGrowsInProportion(t *testing.T) {
	const containers, most, deadline = 3000, 24000, 30 * time.Second
	cost := func(n int) (took time.Duration, bytes uint64) {
		owner := deployment("web", "")
		owner.Template = nil
		var running []Running
		for i := range n {
			c := Container{Field: "containers", Name: fmt.Sprint(i), Image: fmt.Sprintf("docker.io/karmada/x:v%d", i)}
			owner.Template = append(owner.Template, c)
			running = append(running, Running{Container: c, Digest: digest, Started: true})
		}
		set := replicaSet("web-1", owner, "")
		set.Template = owner.Template
		pod := podOf("web-1-1", ownedBy(set), "", "")
		pod.Template, pod.Running = owner.Template, running
		x := New(func(string) {})
		var selected, in []Workload
		began := time.Now() //nolint:forbidigo // the test measures
		bytes = memory.Allocated(func() {
			for _, o := range []*Object{owner, set, pod} {
				x.Apply(o)
			}
			selected, in = x.Select("trust", "1", all), x.In("ns")
		})
		took = time.Since(began) //nolint:forbidigo // the test measures
		if len(selected) != 1 || len(in) != 1 || len(selected[0].Running) != n {
			t.Fatalf("%d workloads selected, and %d in the namespace, want one with %d containers", len(selected), len(in), n)
		}
		return took, bytes
	}
	_, few := cost(containers)
	_, many := cost(8 * containers)
	ratio := float64(many) / float64(few)
	fmt.Printf("figure: inventory_growth_8x %.1f\n", ratio)
	if ratio > 10 {
		t.Errorf("8 times as many containers take %.1f times the memory: %d and %d bytes", ratio, few, many)
	}
	if took, _ := cost(most); took > deadline {
		t.Errorf("%d containers take %v", most, took)
	}
}
