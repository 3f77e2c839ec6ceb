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
	"testing"
	"time"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/test/memory"
)

// TestCostGrowsInProportion compares the forecast for a Deployment of many containers with that for one of eight times as
// many, by what is allocated. Times that grow with the square exceed the deadline by far.
func TestCostGrowsInProportion(t *testing.T) {
	const containers, most, deadline = 2000, 128000, 30 * time.Second
	cluster := newCluster(t, nil)
	cost := func(n int) (took time.Duration, bytes uint64) {
		w := inventory.Workload{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "in", Name: "web", UID: "web"}
		for i := range n {
			w.Template = append(w.Template, inventory.Container{
				Field: "containers", Name: fmt.Sprint(i), Image: fmt.Sprintf("docker.io/bad/bad%d:v%d", i%2, i),
			})
		}
		unknown := func(admission.Question) admission.Answer { return admission.Answer{} }
		var plan Plan
		began := time.Now() //nolint:forbidigo // the test measures
		bytes = memory.Allocated(func() { plan = NewPlan(cluster, []inventory.Workload{w}, unknown) })
		took = time.Since(began) //nolint:forbidigo // the test measures
		if got := len(plan.Workloads[0].Findings); got != n {
			t.Fatalf("%d findings, want %d", got, n)
		}
		return took, bytes
	}
	_, few := cost(containers)
	_, many := cost(8 * containers)
	ratio := float64(many) / float64(few)
	fmt.Printf("figure: forecast_growth_8x %.1f\n", ratio)
	if ratio > 10 {
		t.Errorf("8 times as many containers take %.1f times the memory: %d and %d bytes", ratio, few, many)
	}
	if took, _ := cost(most); took > deadline {
		t.Errorf("%d containers take %v", most, took)
	}
}
