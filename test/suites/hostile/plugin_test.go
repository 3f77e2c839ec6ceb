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

package hostile

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const (
	// beyondOne is what one image may take beyond what a good one takes, in MiB: 32, and the 6 MiB that an attestation may have.
	beyondOne = 32 + 6
	// atMostTen is what a process may take that examines ten images at a time, in MiB.
	atMostTen = 256
	// attempts is how many runs must take more than the limit before an answer counts as taking it: how far a heap grows
	// before a collection ends depends on what else the machine does, but what an answer needs is needed in each run.
	attempts = 3
)

// all are the hostile answers by name.
func all() map[string]func(*site) {
	out := answers()
	maps.Copy(out, signatureAnswers())
	maps.Copy(out, bundleAnswers())
	return out
}

// fixture is what all runs of the plugin share.
type fixture struct {
	*honest
	root, trust string
	// baseline is the peak of the verification of a good image, in KiB.
	baseline int64
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{honest: newHonest(t)}
	dir := t.TempDir()
	encoded, err := f.sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	f.root, f.trust = filepath.Join(dir, "trusted_root.json"), filepath.Join(dir, "trust.yaml")
	write(t, f.root, encoded)
	write(t, f.trust, fmt.Appendf(nil, `apiVersion: trust.karmada.io/v1alpha1
kind: KarmadaImageTrust
metadata:
  name: attested
spec:
  images: ["**"]
  issuer: %s
  identity: %s
  attestations:
  - name: provenance
    predicateType: %s
`, release.Issuer, release.Subject, sigstore.SLSAPredicate))
	for range 3 {
		good := f.verify(t, false, f.host+"/good:v1")
		if good.Exit != exitVerified {
			t.Fatalf("the good image is not verified: %s\n%s", good.End, good.Output)
		}
		f.baseline = max(f.baseline, good.PeakKiB)
	}
	return f
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// verify runs verify for images.
func (f *fixture) verify(t *testing.T, attested bool, references ...string) measured {
	t.Helper()
	args := append([]string{"verify", "--trusted-root", f.root}, references...)
	for _, reference := range references {
		host, _, _ := strings.Cut(reference, "/")
		args = append(args, "--insecure-registry", host)
	}
	if attested {
		return plugin(t, append(args, "-f", f.trust)...)
	}
	return plugin(t, append(args, "--issuer", release.Issuer, "--identity", release.Subject)...)
}

// TestHostileAnswers verifies an image of each hostile registry. No answer may crash the program, take much memory, or make
// the image verified.
func TestHostileAnswers(t *testing.T) {
	f := newFixture(t)
	cases := all()
	if len(cases) < 40 {
		t.Fatalf("only %d hostile answers", len(cases))
	}
	var mu sync.Mutex
	var worst int64
	crashes := 0
	t.Run("answers", func(t *testing.T) {
		for name, answer := range cases {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, f.honest, answer)
				least := int64(math.MaxInt64)
				for range attempts {
					got := f.verify(t, s.attested, s.reference())
					least = min(least, got.PeakKiB-f.baseline)
					t.Logf("%d MiB beyond a good image; %s: %s", mib(got.PeakKiB-f.baseline), got.End, got.Output)
					if got.Exit != exitUntrusted && got.Exit != exitUnknown {
						t.Errorf("the program ended with %s:\n%s", got.End, got.Output)
						mu.Lock()
						crashes++
						mu.Unlock()
					}
					if mib(least) <= beyondOne {
						break
					}
				}
				mu.Lock()
				defer mu.Unlock()
				worst = max(worst, least)
				if mib(least) > beyondOne {
					t.Errorf("%d MiB beyond a good image in each of %d runs, want at most %d", mib(least), attempts, beyondOne)
				}
			})
		}
	})
	fmt.Printf("figure: hostile_answers %d\n", len(cases))
	fmt.Printf("figure: hostile_memory_mib_one_image %d MiB\n", mib(worst))
	fmt.Printf("figure: hostile_process_exits %d\n", crashes)
}

// TestTenHostileImages verifies ten images at a time, each of another hostile registry, so that no limit for one registry helps.
func TestTenHostileImages(t *testing.T) {
	f := newFixture(t)
	cases := all()
	heavy := []string{
		"signatures of empty layers", "signatures of annotations", "signatures of one annotation", "referrers of platforms",
		"referrers of one annotation", "bundle of log entries", "statement of empty objects", "statement of one text", "fifty bundles of 6 MiB",
		"the greatest bundle of a stranger",
	}
	var worst int64
	crashes := 0
	check := func(what string, names []string) {
		t.Run(what, func(t *testing.T) {
			references := make([]string, 0, len(names))
			for _, name := range names {
				answer, ok := cases[name]
				if !ok {
					t.Fatalf("there is no answer %q", name)
				}
				references = append(references, newSite(t, f.honest, answer).reference())
			}
			got := f.verify(t, false, references...)
			worst = max(worst, got.PeakKiB)
			if got.Exit != exitUntrusted && got.Exit != exitUnknown {
				crashes++
				t.Errorf("the program ended with %s:\n%s", got.End, got.Output)
			}
			if mib(got.PeakKiB) >= atMostTen {
				t.Errorf("%d MiB, want less than %d", mib(got.PeakKiB), atMostTen)
			}
			t.Logf("%d MiB", mib(got.PeakKiB))
		})
	}
	for _, name := range heavy {
		check(name, slices.Repeat([]string{name}, 10))
	}
	check("one of each", heavy)
	fmt.Printf("figure: hostile_memory_mib_ten %d MiB\n", mib(worst))
	if crashes > 0 {
		t.Errorf("%d runs did not end as documented", crashes)
	}
}
