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
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// TestUnknownClusterForecastsNothing: of a cluster that was not read, nothing is allowed, and it has a gap.
func TestUnknownClusterForecastsNothing(t *testing.T) {
	var zero Forecast
	if zero.Outcome != admission.Undetermined || zero.Effect() != v1alpha1.EffectWouldDenyOnceOptedIn {
		t.Errorf("the zero Forecast is %s", zero.Outcome)
	}
	cluster := &admission.Cluster{}
	f := ForWorkload(cluster, deployment("in", good), pending)
	if f.Outcome != admission.Undetermined || f.Interception != admission.InterceptionUnknown || len(f.Undetermined) == 0 {
		t.Errorf("got %s %s %v, want Undetermined with a reason", f.Outcome, f.Interception, f.Undetermined)
	}
	gaps := Gaps(cluster, selection, []Forecast{f}, func(string) []inventory.Workload { return nil })
	if len(gaps) != 1 || gaps[0].Reason != v1alpha1.AdmissionUnreadableReason {
		t.Errorf("got gaps %v, want %s", gaps, v1alpha1.AdmissionUnreadableReason)
	}
}
