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

package scheduling

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/bench/measure"
)

const (
	fewImages = 1250
	// manyTimes is how many times as many images are compared with the few.
	manyTimes = 8
)

// instant accepts each image at once.
type instant struct{ accepting }

func (instant) Verify(context.Context, name.Digest, *policy.Rule, *trustroot.Root) verify.Result {
	return verified()
}

// growth measures the processor time of the pool for a number of images and for eight times as many.
func growth(r *measure.Run, s *site) error {
	work := func(images int) measure.Sample {
		return func() (float64, error) {
			names := make([]string, 0, hosts)
			for i := range hosts {
				names = append(names, fmt.Sprintf("registry-%d.example.com", i))
			}
			requests, err := s.requests(images, names)
			if err != nil {
				return 0, err
			}
			w := begin(r, instant{})
			defer w.end()
			runtime.GC()
			return measure.CPU(func() error { return w.verified(r, requests) })()
		}
	}
	// The few images fit into a heap that is never collected, and the many do not: this is to be about the pool.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	ratio, err := measure.Ratio(measure.MinPairs, work(fewImages*manyTimes), work(fewImages))
	if err != nil {
		return err
	}
	r.Figure(growthPool, ratio)
	return nil
}
