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

// Package scheduling measures the pool that verifies images: what it costs, and how registries and trusts share it.
package scheduling

import (
	"github.com/karmada-io/image-trust/test/bench/measure"
)

const (
	growthPool  = "growth_8x_pool"
	coldVsFloor = "cold_5k_images_vs_floor"
	throttled   = "throttled_other_registry_throughput"
	hanging     = "hanging_other_registry_throughput"
	passesCold  = "passes_cold_5k_images" //nolint:gosec // the name of a figure
	writesCold  = "status_writes_cold_5k_images"
	// signed is how many digests are signed. The images have them in turn, each in a repository of its own.
	signed = 500
)

// Group measures the pool.
func Group() measure.Group {
	return measure.Group{
		Name: "scheduling",
		Method: "The manager's pool with the real verifier and real HTTP against registries on loopback, each a host of its own, that answer " +
			"after a fixed time: 500 digests signed as cosign does, served in as many repositories as there are images. Throughput beside " +
			"another registry in 15 interleaved pairs.",
		Figures: []measure.Figure{
			measure.AtMost(10, growthPool, "",
				"processor time of the pool for 10,000 images against 1,250, with an instant verifier and without the garbage collector"),
			measure.AtMost(1.10, coldVsFloor, "",
				"time to verify 5,000 images of 8 registries with 50 ms a request and 10 workers, against requests × latency ÷ workers"),
			measure.AtLeast(0.95, throttled, "",
				"throughput of 8 registries while a ninth answers 300 images with 429, against that without it"),
			measure.AtLeast(0.95, hanging, "",
				"throughput of 8 registries while a ninth with 300 images does not answer, against that without it"),
			measure.AtMost(35, passesCold, "",
				"reconciliations of one trust while 5,000 verdicts land in 75 s: the reconciler on the real API server"),
			measure.AtMost(30, writesCold, "", "writes of its status meanwhile"),
		},
		Run: run,
	}
}

func run(r *measure.Run) error {
	r.Step("signing %d digests", signed)
	s, err := newSite(r, signed)
	if err != nil {
		return err
	}
	defer s.close()
	r.Step("the pool with a verifier that needs no time")
	if err := growth(r, s); err != nil {
		return err
	}
	r.Step("a registry beside one that throttles")
	if err := beside(r, s, throttled, throttles); err != nil {
		return err
	}
	r.Step("a registry beside one that hangs")
	if err := beside(r, s, hanging, hangs); err != nil {
		return err
	}
	r.Step("5,000 images of 8 registries")
	if err := coldVersusFloor(r, s); err != nil {
		return err
	}
	r.Step("5,000 images on an API server")
	return cold(r, s)
}
