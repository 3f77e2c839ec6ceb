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

// Package matching measures how images are matched with trusts and policies, whom a change in the cluster wakes, and what the
// inventory keeps of it.
package matching

import (
	"fmt"

	"github.com/sigstore/policy-controller/pkg/apis/glob"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/imageglob"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/bench/measure"
)

// The names of the figures.
const (
	matchVsGlob  = "match_vs_glob"
	wakeUps      = "growth_8x_wakeups"
	newImage     = "growth_8x_new_image"
	bytesPerPod  = "inventory_bytes_per_pod"
	bytesPerBare = "inventory_bytes_per_bare_pod"
)

const (
	images = 5000
	trusts = 1000
)

// Group measures matching, wake-ups and the inventory.
func Group() measure.Group {
	const mostOfGlob, mostGrowth, mostForImage, mostOfPod = 0.0005, 10, 2, 140
	return measure.Group{
		Name: "matching",
		Method: "In one process, without a cluster. Matching: CPU time of finding the trusts of all images, the structure built anew " +
			"each time, against glob.Match of policy-controller for a sample of the pairs, whose results must agree; interleaved. " +
			"Wake-ups: requests that reach the controller's queue, 100 Deployments a second, with and without policies.",
		Figures: []measure.Figure{
			measure.AtMost(mostOfGlob, matchVsGlob, "",
				"CPU of matching 5,000 images with 1,000 trusts, against policy-controller's glob.Match; the worst of prefixes, lists and wildcards"),
			measure.AtMost(mostGrowth, wakeUps, "",
				"wake-ups for 5,000 Deployments of one namespace and 1,000 trusts against those for 625 and 125"),
			measure.AtMost(mostForImage, newImage, "", "CPU of a Deployment with a new image among 1,000 trusts against 125"),
			measure.AtMost(mostOfPod, bytesPerPod, "bytes", "memory of the inventory for a pod, 3,000 Deployments of 50 pods"),
			measure.Published(bytesPerBare, "bytes", "memory of the inventory for a pod that nothing owns, 100,000 pods of 5,000 images"),
		},
		Run: run,
	}
}

func run(r *measure.Run) error {
	worst := 0.0
	for _, f := range forms() {
		r.Step("%d images and %d trusts, %s", images, trusts, f.name)
		ratio, err := f.compare()
		if err != nil {
			return fmt.Errorf("matching %s: %w", f.name, err)
		}
		worst = max(worst, ratio)
	}
	r.Figure(matchVsGlob, worst)
	r.Step("wake-ups of a namespace")
	growth, err := wakeUpGrowth(r)
	if err != nil {
		return err
	}
	r.Figure(wakeUps, growth)
	r.Step("new images among few and many trusts")
	if growth, err = newImageGrowth(); err != nil {
		return err
	}
	r.Figure(newImage, growth)
	r.Step("memory of the inventory")
	r.Figure(bytesPerPod, ownedPods())
	r.Figure(bytesPerBare, barePods())
	return nil
}

// form of the globs of a trust.
type form struct {
	name  string
	globs func(trust int) []v1alpha1.ImageGlob
}

func forms() []form {
	return []form{
		{"prefixes", func(i int) []v1alpha1.ImageGlob { return globs("registry.example.com/team-%d/**", i) }},
		{"lists of repositories", func(i int) []v1alpha1.ImageGlob {
			const repositories = 5
			var list []v1alpha1.ImageGlob
			for j := range repositories {
				list = append(list, globs("registry.example.com/team-%d/app-%d", i, i+j*trusts)...)
			}
			return list
		}},
		{"wildcards", func(i int) []v1alpha1.ImageGlob {
			return append(globs("**/app-%d", i), globs("*/team-%d/*", i)...)
		}},
	}
}

func globs(format string, numbers ...any) []v1alpha1.ImageGlob {
	return []v1alpha1.ImageGlob{v1alpha1.ImageGlob(fmt.Sprintf(format, numbers...))}
}

// image returns the name of an image of the team of a trust.
func image(i int) string { return fmt.Sprintf("registry.example.com/team-%d/app-%d:v1.2", i%trusts, i) }

func compile(images ...v1alpha1.ImageGlob) (*policy.Policy, error) {
	compiled, err := policy.Compile(v1alpha1.KarmadaImageTrustSpec{Images: images, Issuer: "https://issuer.example.com", Identity: "someone"})
	if err != nil {
		return nil, fmt.Errorf("compiling a trust: %w", err)
	}
	return compiled, nil
}

// compare returns the CPU time of matching all images with all trusts, as part of what glob.Match takes for it.
func (f form) compare() (float64, error) {
	const imageStep, trustStep = 100, 20
	compiled := make([]*policy.Policy, trusts)
	for i := range compiled {
		var err error
		if compiled[i], err = compile(f.globs(i)...); err != nil {
			return 0, err
		}
	}
	names := make([]string, images)
	for i := range names {
		names[i] = image(i)
	}
	sampled := func(image, trust int) bool { return image%imageStep == 0 && trust%trustStep == 0 }
	found, expected := 0, 0
	ours := measure.CPU(func() error {
		found = together(compiled, names, sampled)
		return nil
	})
	theirs := measure.CPU(func() error {
		var err error
		expected, err = oneByOne(compiled, names, imageStep, trustStep)
		return err
	})
	ratio, err := measure.Ratio(measure.MinPairs, ours, theirs)
	if err != nil {
		return 0, err
	}
	if found != expected || found == 0 {
		return 0, fmt.Errorf("%d pairs of a trust and an image match in the sample, and %d by glob.Match", found, expected)
	}
	return ratio / (imageStep * trustStep), nil
}

// together matches each image with all trusts at once, and returns how many matches are in the sample.
func together(compiled []*policy.Policy, names []string, sampled func(image, trust int) bool) int {
	var selections imageglob.Selections
	owners := map[string]int{}
	for i, p := range compiled {
		owner := fmt.Sprint("trust-", i)
		owners[owner] = i
		selections.Add(owner, p.Selection())
	}
	found := 0
	for i, written := range names {
		matched := map[int]bool{}
		selections.Match(imageglob.NamesOf(written), func(owner string) { matched[owners[owner]] = true })
		for trust := range matched {
			if sampled(i, trust) {
				found++
			}
		}
	}
	return found
}

// oneByOne matches some images with some trusts as policy-controller does, and returns how many match.
func oneByOne(compiled []*policy.Policy, names []string, imageStep, trustStep int) (int, error) {
	found := 0
	for i := 0; i < len(names); i += imageStep {
		for j := 0; j < len(compiled); j += trustStep {
			for _, pattern := range compiled[j].Globs() {
				matches, err := glob.Match(pattern, names[i])
				if err != nil {
					return 0, fmt.Errorf("matching %s: %w", pattern, err)
				}
				if matches {
					found++
					break
				}
			}
		}
	}
	return found, nil
}
