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

// Package cluster measures the real manager on a real API server: its memory, what it writes, and how soon.
package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// bareRate is the number of pods that arrive in a second: more than a scheduler binds.
const bareRate = 1_000

// Bare measures the worst that a cluster can do to one trust, and what becomes of its status.
func Bare() measure.Group {
	return measure.Group{
		Name: "bare",
		Method: "One trust over 100,000 pods without an owner, each a workload of its own, with 5,000 images that somebody else signed, so " +
			"that every pod is a violation. They arrive while the manager runs, 1,000 in a second; later it starts anew. The peak is " +
			"the larger one. What a member cluster reflects is that of the statuses with the longest texts in the tests of the interpreter.",
		Figures: []measure.Figure{
			measure.AtMost(300, "rss_100k_bare_pods_one_trust", "MiB", "peak memory: 100,000 pods, each a workload, under one trust"),
			measure.AtMost(64, "status_bytes_max", "KiB", "the largest status of a trust"),
			measure.AtMost(8, "fleet_reflected_bytes_max", "KiB", "the most that Karmada reflects of a status"),
		},
		Run: runBare,
	}
}

const kibibyte = 1024

func runBare(run *measure.Run) error {
	barePods, bareImages := scaled(100_000), scaled(5_000)
	w, err := start(run, bareImages)
	if err != nil {
		return err
	}
	defer w.stop()
	trust := gen.Trust("everything", gen.WithImages(v1alpha1.ImageGlob(w.registry.host()+"/**")), gen.WithIssuer(signer.Issuer),
		gen.WithIdentity("https://github.com/example/somebody-else/.github/workflows/release.yml@refs/tags/v1.0.0"))
	if err := w.client.Create(run, trust); err != nil {
		return err
	}
	m, err := w.startManager("")
	if err != nil {
		return err
	}
	run.Step("%d pods arrive", barePods)
	pods := w.storage(bareRate)
	for n := range barePods {
		if err := pods.put(run, running(w.podIn(n), fmt.Sprintf("bare-%06d", n), w.registry.images[n%bareImages], nil)); err != nil {
			return err
		}
	}
	if err := pods.flush(run); err != nil {
		return err
	}
	run.Step("waiting for all verdicts")
	if err := w.awaitVerdicts(m, 1, bareImages); err != nil {
		return err
	}
	arriving, err := peak(m.Process)
	if err := errors.Join(err, w.stopManager(m)); err != nil {
		return err
	}
	again, err := w.peakOfManager(1, bareImages)
	if err != nil {
		return err
	}
	run.Step("%.0f MiB while the pods arrived, %.0f MiB after a restart", arriving, again)
	run.Figure("rss_100k_bare_pods_one_trust", max(arriving, again))
	run.Figure("status_bytes_max", float64(w.statusBytes)/kibibyte)
	reflected, err := reflectedBytes(run)
	if err != nil {
		return err
	}
	run.Figure("fleet_reflected_bytes_max", reflected/kibibyte)
	return nil
}

// reflectedBytes is the most that the tests of the interpreter found to be reflected.
func reflectedBytes(run *measure.Run) (float64, error) {
	run.Step("reflecting statuses in Karmada's interpreter")
	root, err := binaries.Root()
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(run, "go", "test", "-count=1", "-v", "-run=^TestReflectedBytes$", "./test/suites/interpreter")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	output, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("reflecting statuses: %w\n%s", err, output)
	}
	for line := range strings.Lines(string(output)) {
		if name, value, is := measure.ParseFigure(strings.TrimSpace(line)); is && name == "fleet_reflected_bytes_largest_status" {
			return value, nil
		}
	}
	return 0, fmt.Errorf("the tests do not print the figure:\n%s", output)
}
