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

// Package commandline measures the kubectl plugin as whole processes, and compares it with cosign.
package commandline

import (
	"errors"
	"fmt"

	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

const (
	// manyImages is how many images are verified at once, each of a repository of its own.
	manyImages = 200
	// onePairs and manyPairs are how often the programs are compared, with one image and with many.
	onePairs, manyPairs = 31, 5
	// runs is how often a program runs whose time is published.
	runs = 15
)

// Group compares with both versions of cosign; the worse ratio counts.
func Group() measure.Group {
	return measure.Group{
		Name: "commandline",
		Method: fmt.Sprintf("Whole processes, from their start to their end, on images that are named by digest and signed in `.sig` tags, in a "+
			"registry on loopback without TLS. Plugin and cosign (2.6.5 and 3.1.3, the worse ratio counts) run in turns with the same identity "+
			"and the same file as root of trust: %d pairs with one image; %d pairs with %d images of as many repositories at 20 ms a request, all "+
			"of them arguments of one process of cosign, too, which takes it less than a process for each. Memory is the peak of what is resident.",
			onePairs, manyPairs, manyImages),
		Figures: []measure.Figure{
			measure.AtMost(0.7, "cli_vs_cosign_wall_1", "", "time of `verify` with one image, in proportion to cosign's"),
			measure.AtMost(0.15, "cli_vs_cosign_wall_200", "", "time of `verify` with 200 images and 20 ms a request, in proportion to cosign's"),
			measure.Below(1, "cli_vs_cosign_requests", "", "requests to the registry in proportion to cosign's, the worse of one image and 200"),
			measure.Below(1, "cli_vs_cosign_rss", "", "peak memory of `verify` with one image, in proportion to cosign's"),
			measure.Published("cli_vs_cosign_rss_200", "", "the same with 200 images, of which the plugin verifies ten at once"),
			measure.Published("plan_karmada_charts_ms", "ms",
				"`plan` of the manifests of Karmada 1.16.0 (`artifacts/deploy`), whose images are signed in a registry on loopback behind TLS"),
			measure.Published("lint_one_file_ms", "ms", "`lint` of one trust"),
			measure.Published("version_ms", "ms", "`version`: what any command takes at least"),
			measure.AtMost(3, "lint_vs_version", "", "time of `lint` with one trust, in proportion to `version`"),
		},
		Run: run,
	}
}

func run(r *measure.Run) (err error) {
	r.Step("building the programs")
	if err := binaries.Ensure(r, r.Progress(), binaries.Registry, binaries.Cosign, binaries.CosignV3); err != nil {
		return err
	}
	l, err := start(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.stop()) }()
	if err := compare(r, l); err != nil {
		return err
	}
	return alone(r, l)
}

// worst are the worst ratios to a version of cosign.
type worst struct{ one, many, requests, memory, memoryOfMany float64 }

// compare measures the plugin against cosign.
func compare(r *measure.Run, l *lab) error {
	r.Step("pushing and signing %d images", manyImages)
	images, err := l.pushImages(r)
	if err != nil {
		return err
	}
	var w worst
	for _, name := range []string{binaries.Cosign, binaries.CosignV3} {
		peer, err := l.cosign(name)
		if err != nil {
			return err
		}
		if err := w.against(r, l, name, peer, images); err != nil {
			return fmt.Errorf("comparing with %s: %w", name, err)
		}
	}
	r.Figure("cli_vs_cosign_wall_1", w.one)
	r.Figure("cli_vs_cosign_wall_200", w.many)
	r.Figure("cli_vs_cosign_requests", w.requests)
	r.Figure("cli_vs_cosign_rss", w.memory)
	r.Figure("cli_vs_cosign_rss_200", w.memoryOfMany)
	return nil
}

func (w *worst) against(r *measure.Run, l *lab, name string, peer verifier, images []string) error {
	one, err := l.pairs(r, peer, images[:1], onePairs)
	if err != nil {
		return err
	}
	r.Step("%s with one image: %s", name, one)
	l.front.delayRequests(requestDelay)
	defer l.front.delayRequests(0)
	many, err := l.pairs(r, peer, images, manyPairs)
	if err != nil {
		return err
	}
	r.Step("%s with %d images: %s", name, manyImages, many)
	w.one, w.many = max(w.one, one.wall), max(w.many, many.wall)
	w.requests = max(w.requests, one.requests, many.requests)
	w.memory, w.memoryOfMany = max(w.memory, one.memory), max(w.memoryOfMany, many.memory)
	return nil
}

// alone measures commands that have no peer.
func alone(r *measure.Run, l *lab) error {
	r.Step("plan, lint and version")
	plan, err := l.planKarmada(r)
	if err != nil {
		return err
	}
	lint, version := l.timed(r, "lint", "-f", l.trust), l.timed(r, "version")
	for _, one := range []struct {
		figure string
		sample measure.Sample
	}{
		{"plan_karmada_charts_ms", plan}, {"lint_one_file_ms", lint}, {"version_ms", version},
	} {
		var taken []float64
		for range runs {
			seconds, err := one.sample()
			if err != nil {
				return err
			}
			taken = append(taken, seconds*1000)
		}
		r.Figure(one.figure, measure.Median(taken))
	}
	ratio, err := measure.Ratio(onePairs, lint, version)
	if err != nil {
		return err
	}
	r.Figure("lint_vs_version", ratio)
	return nil
}
