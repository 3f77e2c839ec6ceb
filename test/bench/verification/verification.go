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

// Package verification measures what it takes to verify signatures whose bytes are at hand.
package verification

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/karmada-io/image-trust/test/bench/gobench"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// tested is the package with the benchmarks.
const tested = "internal/verify"

// ratios are the figures by the benchmark whose processor time they compare with that of one ECDSA verification.
func ratios() map[string]string {
	return map[string]string{
		"VerifySignatureP256": "verify_sig_vs_ecdsa",
		"VerifyBundleP256":    "verify_bundle_vs_ecdsa",
		"VerifySignatureP384": "verify_sig_p384_vs_ecdsa",
		"VerifyBundleP384":    "verify_bundle_p384_vs_ecdsa",
	}
}

const verifications = "verifications_200_rules_one_digest"

// Group measures the verification of signatures.
func Group() measure.Group {
	const (
		maxSignature = 12
		maxBundle    = 10
	)
	return measure.Group{
		Name: "verification",
		Method: "The benchmarks of internal/verify run one after the other in one process, in 15 such processes; the figures are the medians " +
			"of the ratios of processor time within a process. The signature is that of a new image by a known root of trust, with an entry of " +
			"the transparency log; nothing is read from a registry.",
		Figures: []measure.Figure{
			measure.AtMost(maxSignature, "verify_sig_vs_ecdsa", "",
				"processor time to verify a `.sig`, in proportion to one ECDSA verification on P-256; the authority's keys are on P-256"),
			measure.AtMost(maxBundle, "verify_bundle_vs_ecdsa", "", "the same of a Sigstore bundle"),
			measure.Published("verify_sig_p384_vs_ecdsa", "",
				"processor time to verify a `.sig` whose authority has keys on P-384, like the public instance's; one verification on P-384 is 7 to 8"),
			measure.Published("verify_bundle_p384_vs_ecdsa", "", "the same of a Sigstore bundle"),
			measure.AtMost(1, verifications, "", "cryptographic verifications of a signature, or of a bundle, for 200 rules on its image"),
		},
		Run: run,
	}
}

func run(r *measure.Run) error {
	root, err := binaries.Root()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "verification")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program := filepath.Join(dir, "verify.test")
	r.Step("building the tests of %s", tested)
	build := exec.CommandContext(r, "go", "test", "-c", "-o", program, "./"+tested)
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the tests: %w", err)
	}
	measured := map[string][]float64{}
	for pair := range measure.MinPairs {
		r.Step("process %d of %d", pair+1, measure.MinPairs)
		values, err := once(r, program, filepath.Join(root, tested))
		if err != nil {
			return err
		}
		for benchmark, figure := range ratios() {
			measured[figure] = append(measured[figure], values[cpu(benchmark)]/values[cpu("VerifyECDSA")])
		}
		measured[verifications] = append(measured[verifications], values["bench_VerifyRules_proofs"])
	}
	for figure, values := range measured {
		r.Figure(figure, measure.Median(values))
	}
	return nil
}

// cpu is the name of the processor time of a benchmark.
func cpu(benchmark string) string { return "bench_" + benchmark + "_cpu-ns_per_op" }

// once runs the benchmarks in one process, and returns what they print.
func once(r *measure.Run, program, dir string) (map[string]float64, error) {
	values := map[string]float64{}
	for benchmark, runs := range map[string]string{"^BenchmarkVerifyRules$": "1x", "^BenchmarkVerify(ECDSA|Signature|Bundle)": "200x"} {
		cmd := exec.CommandContext(r, program, "-test.run=^$", "-test.bench="+benchmark, "-test.benchtime="+runs)
		var output bytes.Buffer
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &output, os.Stderr
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("running the benchmarks: %w\n%s", err, output.String())
		}
		for line := range strings.SplitSeq(output.String(), "\n") {
			for _, value := range gobench.Values(line) {
				values[value.Name] = value.Value
			}
		}
	}
	for _, needed := range []string{cpu("VerifyECDSA"), "bench_VerifyRules_proofs"} {
		if values[needed] == 0 {
			return nil, fmt.Errorf("the benchmarks do not print %s", needed)
		}
	}
	return values, nil
}
