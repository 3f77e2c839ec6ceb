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

package manifests

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/test/lab/process"
)

// trust covers no image of the corpus, so that the plan lists them all.
const trust = `apiVersion: trust.karmada.io/v1alpha1
kind: KarmadaImageTrust
metadata: {name: none}
spec:
  images: [registry.invalid/**]
  issuer: https://token.actions.githubusercontent.com
  identity: https://github.com/example/app/.github/workflows/release.yaml@refs/heads/main
`

const (
	// exitUsage is the exit code for wrong input, see docs/kubectl-imagetrust.md.
	exitUsage = 2
	// runTimeout is when a run that does not end is given up.
	runTimeout = 5 * time.Minute
	// batchSize is the size of the files of one run, in bytes, and batchFiles their number. They keep below the limit on the
	// elements of all files, and on the errors that are printed.
	batchSize  = 1 << 20
	batchFiles = 20
)

// plugin runs programs for a test.
type plugin struct {
	trust string
	env   []string
}

func newPlugin(t *testing.T) *plugin {
	t.Helper()
	// No registry is asked about an image that no trust covers.
	nobody := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("%s was asked", r.Host)
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(nobody.Close)
	dir := t.TempDir()
	p := &plugin{trust: filepath.Join(dir, "trust.yaml")}
	if err := os.WriteFile(p.trust, []byte(trust), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = []string{"HOME=" + dir, "DOCKER_CONFIG=" + dir, "PATH=" + os.Getenv("PATH"), "HTTPS_PROXY=" + nobody.URL, "HTTP_PROXY=" + nobody.URL}
	return p
}

// result is the output of a run.
type result struct {
	code           int
	stdout, stderr string
}

func (p *plugin) run(program string, args ...string) (*result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = p.env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := process.Run(cmd)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return nil, fmt.Errorf("%s: %w: %s", filepath.Base(program), err, stderr.String())
	}
	return &result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

// plan is the output of plan -o json, as far as it matters here.
type plan struct {
	Workloads []struct {
		File, Kind, Name        string
		Line                    int
		Findings                []container
		Uncovered, ImageVolumes []container
	}
}

type container struct{ Container, Image string }

// planned is a workload with its images, of the plan or of the reading.
type planned struct{ file, kind, name, images string }

func (w planned) String() string {
	return fmt.Sprintf("%s: %s %s: %s", w.file, w.kind, w.name, w.images)
}

// workloads returns the workloads of a plan.
func (p *plan) workloads() (all []planned) {
	type place struct {
		file string
		line int
		kind string
		name string
	}
	byPlace := map[place][]string{}
	for _, w := range p.Workloads {
		at := place{w.File, w.Line, w.Kind, w.Name}
		// No image is covered, so a container has a finding at most if nothing can cover it.
		listed := map[container]int{}
		for _, c := range w.Uncovered {
			listed[c]++
		}
		found := map[container]int{}
		for _, c := range w.Findings {
			found[c]++
		}
		for c, n := range found {
			listed[c] = max(listed[c], n)
		}
		for _, c := range w.ImageVolumes {
			listed[c]++
		}
		for c, n := range listed {
			for range n {
				byPlace[at] = append(byPlace[at], c.Image)
			}
		}
	}
	for at, images := range byPlace {
		slices.Sort(images)
		all = append(all, planned{at.file, at.kind, at.name, strings.Join(images, " ")})
	}
	return all
}

// workloads returns the workloads of a file.
func (r *reading) workloads() (all []planned) {
	for _, o := range r.objects {
		if len(o.images) > 0 {
			all = append(all, planned{r.file, o.kind, o.name, strings.Join(o.images, " ")})
		}
	}
	return all
}

// TestPlan plans all files, each named on the command line, and compares the workloads and their images.
func TestPlan(t *testing.T) {
	c := downloaded(t)
	p := newPlugin(t)
	var mutex sync.Mutex
	agreed, all, files, failed := 0, 0, 0, 0
	err := inParallel(batches(c.readings), func(_ int, batch []*reading) error {
		got, err := p.plan(batch)
		if err != nil {
			return err
		}
		mutex.Lock()
		defer mutex.Unlock()
		for _, r := range batch {
			want := r.workloads()
			missing, unexpected := difference(want, got.workloads[r.file])
			for _, one := range missing {
				t.Errorf("not planned: %v", one)
			}
			for _, one := range unexpected {
				t.Errorf("planned: %v", one)
			}
			agreed += len(want) - len(missing)
			all += len(want) + len(unexpected)
			if len(want) > 0 {
				files++
			}
			switch told := got.told[r.file]; {
			case r.mustBeTold() && told == "":
				t.Errorf("%s: nothing is said, although it has %d objects and %s", r.file, len(r.objects), cmp.Or(r.problem, r.leftOut))
			case !r.mustBeTold() && told != "":
				t.Errorf("%s: %s", r.file, told)
			case told != "":
				failed++
			}
			delete(got.workloads, r.file)
		}
		for _, more := range got.workloads {
			t.Errorf("planned, of a file that was not given: %v", more)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const atLeast = 300
	if files < atLeast {
		t.Errorf("%d files have workloads, want at least %d", files, atLeast)
	}
	fmt.Printf("figure: planned_files %d\n", files)
	fmt.Printf("figure: planned_files_told %d\n", failed)
	fmt.Printf("figure: planned_workloads_agreement %d/%d\n", agreed, all)
}

// batches groups files for runs of the plugin.
func batches(readings []*reading) (all [][]*reading) {
	var batch []*reading
	size := 0
	for _, r := range readings {
		if size += len(r.content); size > batchSize || len(batch) == batchFiles {
			all, batch, size = append(all, batch), nil, len(r.content)
		}
		batch = append(batch, r)
	}
	return append(all, batch)
}

// outcome is what a run of plan said about files.
type outcome struct {
	workloads map[string][]planned
	// told are the errors.
	told map[string]string
}

// moreErrors is the last of many errors.
var moreErrors = regexp.MustCompile(`^and \d+ more$`)

// plan plans files, each of which is named on the command line.
func (p *plugin) plan(batch []*reading) (*outcome, error) {
	args := []string{"plan", "-f", p.trust, "-o", "json"}
	for _, r := range batch {
		args = append(args, "--manifests", r.file)
	}
	ran, err := p.run(programs.plugin, args...)
	if err != nil {
		return nil, err
	}
	return outcomeOf(ran, batch)
}

// outcomeOf parses the output of a run about files.
func outcomeOf(ran *result, batch []*reading) (*outcome, error) {
	got := &outcome{workloads: map[string][]planned{}, told: map[string]string{}}
	for line := range strings.Lines(ran.stderr) {
		message, isError := strings.CutPrefix(strings.TrimSpace(line), "error: ")
		if !isError || moreErrors.MatchString(message) {
			continue
		}
		if ran.code != exitUsage {
			return nil, fmt.Errorf("exit code %d with %s", ran.code, line)
		}
		at := slices.IndexFunc(batch, func(r *reading) bool {
			rest, ok := strings.CutPrefix(message, r.file)
			return ok && strings.ContainsAny(rest[:1], ": ")
		})
		if at < 0 {
			return nil, fmt.Errorf("the error is about no file: %s", line)
		}
		got.told[batch[at].file] = message
	}
	if ran.stdout == "" && len(got.told) == len(batch) {
		return got, nil
	}
	var decoded plan
	if err := json.Unmarshal([]byte(ran.stdout), &decoded); err != nil {
		return nil, fmt.Errorf("exit code %d: %w: %s", ran.code, err, ran.stderr)
	}
	for _, w := range decoded.workloads() {
		got.workloads[w.file] = append(got.workloads[w.file], w)
	}
	return got, nil
}

// difference returns what is in one list and not in the other.
func difference(want, got []planned) (missing, unexpected []planned) {
	counts := map[planned]int{}
	for _, one := range got {
		counts[one]++
	}
	for _, one := range want {
		if counts[one]--; counts[one] < 0 {
			missing = append(missing, one)
		}
	}
	for one, n := range counts {
		for range n {
			unexpected = append(unexpected, one)
		}
	}
	slices.SortFunc(unexpected, func(a, b planned) int { return cmp.Compare(a.String(), b.String()) })
	return missing, unexpected
}
