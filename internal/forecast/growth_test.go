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

package forecast

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// TestCostGrowsInProportion compares the forecast for a Deployment of many containers with that for one of eight times as
// many: what is allocated, and the fastest of several runs. Times that grow with the square are 64 times as high.
func TestCostGrowsInProportion(t *testing.T) {
	const containers, runs = 1000, 5
	cluster := newCluster(t, nil)
	cost := func(n int) (took time.Duration, bytes uint64) {
		var before, after runtime.MemStats
		w := inventory.Workload{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "in", Name: "web", UID: "web"}
		for i := range n {
			w.Template = append(w.Template, inventory.Container{
				Field: "containers", Name: fmt.Sprint(i), Image: fmt.Sprintf("docker.io/bad/bad%d:v%d", i%2, i),
			})
		}
		unknown := func(admission.Question) admission.Answer { return admission.Answer{} }
		runtime.ReadMemStats(&before)
		began := time.Now()
		plan := NewPlan(cluster, []inventory.Workload{w}, unknown)
		took = time.Since(began)
		runtime.ReadMemStats(&after)
		if got := len(plan.Workloads[0].Findings); got != n {
			t.Fatalf("%d findings, want %d", got, n)
		}
		return took, after.TotalAlloc - before.TotalAlloc
	}
	var few, many []time.Duration
	var fewBytes, manyBytes uint64
	for range runs {
		var took time.Duration
		took, fewBytes = cost(containers)
		few = append(few, took)
		took, manyBytes = cost(8 * containers)
		many = append(many, took)
	}
	times, bytes := float64(slices.Min(many))/float64(slices.Min(few)), float64(manyBytes)/float64(fewBytes)
	fmt.Printf("figure: forecast_growth_8x %.1f\nfigure: forecast_growth_8x_time %.1f\n", bytes, times)
	if bytes > 10 || times > 48 {
		t.Errorf("8 times as many containers take %.1f times the memory and %.1f times as long: %v and %v", bytes, times, few, many)
	}
}
