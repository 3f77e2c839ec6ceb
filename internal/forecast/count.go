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
	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// Counts are numbers of workloads by what admission would do with them.
type Counts struct {
	// WouldDeny counts those that admission would deny, and WouldDenyOnceOptedIn further ones that it would deny once their
	// namespaces have opted in.
	WouldDeny, WouldDenyOnceOptedIn int
	// Undetermined counts those for which that is not known.
	Undetermined int
}

// Count counts the workloads of forecasts.
func Count(forecasts []Forecast) Counts {
	var c Counts
	for i := range forecasts {
		c.add(&forecasts[i], 1)
	}
	return c
}

// add counts the workload of a forecast n times.
func (c *Counts) add(f *Forecast, n int) {
	switch f.Outcome {
	case admission.Denied:
		if f.Effect() == v1alpha1.EffectWouldDeny {
			c.WouldDeny += n
		} else {
			c.WouldDenyOnceOptedIn += n
		}
	case admission.Undetermined:
		c.Undetermined += n
	case admission.Allowed:
	}
}
