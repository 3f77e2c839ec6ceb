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

// Package browser reads the page of a report in Chromium, as a reviewer would: it searches, sorts, changes the colours, prints, and
// counts what the page requests.
package browser

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/test/gen/evidence"
	"github.com/karmada-io/image-trust/test/lab/tool"
)

var pictures = flag.String("pictures", "", "directory to write pictures of the page to")

// chromium is Debian's browser: make browser installs it.
const chromium = "/usr/bin/chromium"

// observation is what test/tools/browser prints.
type observation struct {
	Requests, Console            []string
	Title, Lang                  string
	Rows                         int
	Tools                        bool
	Searched, Untrusted, Cleared int
	Status                       string
	Order, Reverse               []string
	Sorted                       string
	Keyboard, Skipped            string
	Light, Dark                  string
	Contrasts                    []string
	Overflow                     int
	PDF                          int
	PrintTools                   bool
	Names                        map[string][]string
	Headers                      int
}

// needBrowser skips a test without Chromium, except in continuous integration, where it fails.
func needBrowser(t *testing.T) {
	t.Helper()
	_, err := os.Stat(chromium)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing: run make browser", chromium)
	default:
		t.Skipf("NOT TESTED: %s is missing; run make browser as root on Debian", chromium)
	}
}

// read writes the page of a report and reads it.
func read(t *testing.T, r *report.Report, flags ...string) observation {
	t.Helper()
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, page.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var printed, failed bytes.Buffer
	cmd := tool.Command(t, "test/tools/browser", slices.Concat(flags, []string{"-chromium", chromium, file}))
	cmd.Stdout, cmd.Stderr = &printed, &failed
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, failed.String())
	}
	var seen observation
	if err := json.Unmarshal(printed.Bytes(), &seen); err != nil {
		t.Fatal(err)
	}
	for _, url := range seen.Requests[min(1, len(seen.Requests)):] {
		t.Errorf("the page requests %s", url)
	}
	if len(seen.Requests) != 1 || len(seen.Console) > 0 {
		t.Errorf("%d requests, and the browser reports %q", len(seen.Requests), seen.Console)
	}
	return seen
}

// made returns the report on a cluster with a number of images, some of whose names are hostile.
func made(t *testing.T, images int) *report.Report {
	t.Helper()
	source, err := evidence.Source("production", images)
	if err != nil {
		t.Fatal(err)
	}
	return report.New(report.Origin{
		Time: metav1.NewTime(time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)), Version: "v1.0.0", Context: "production",
		Server: "https://production.example", User: "jane", Examined: true, TeamLabel: evidence.TeamLabel,
	}, []report.Source{source})
}

// TestPage reads a page of some size.
func TestPage(t *testing.T) {
	needBrowser(t)
	r := made(t, 400)
	images := r.Clusters[0].Images
	var args []string
	if *pictures != "" {
		args = []string{"-pictures", *pictures}
	}
	seen := read(t, r, args...)
	count := func(matches func(*report.Image) bool) int {
		n := 0
		for i := range images {
			if matches(&images[i]) {
				n++
			}
		}
		return n
	}
	if seen.Title != "Image trust report: production" || seen.Lang != "en" || seen.Headers != 0 {
		t.Errorf("title %q, language %q, %d headers without a scope", seen.Title, seen.Lang, seen.Headers)
	}
	if seen.Rows != len(images) || !seen.Tools {
		t.Errorf("%d rows of %d images, filter shown: %t", seen.Rows, len(images), seen.Tools)
	}
	searched := count(func(i *report.Image) bool { return strings.Contains(i.Reference, "karmada-api") })
	if seen.Searched != searched || searched == 0 || seen.Status != fmt.Sprintf("%d of %d shown", searched, len(images)) {
		t.Errorf("a search finds %d images, want %d; the page says %q", seen.Searched, searched, seen.Status)
	}
	if want := r.Coverage.Images.Untrusted; seen.Untrusted != want || want == 0 || seen.Cleared != len(images) {
		t.Errorf("%d untrusted images, want %d; then %d, want %d", seen.Untrusted, want, seen.Cleared, len(images))
	}
	if seen.Sorted != "ascending" || len(seen.Order) == 0 || slices.Equal(seen.Order, seen.Reverse) || !strings.Contains(seen.Order[0], "docker.io/karmada/karmada-api:v1.0.6") {
		t.Errorf("sorted %q: %q, then %q", seen.Sorted, seen.Order[:1], seen.Reverse[:1])
	}
	if seen.Keyboard != "Skip to the report" || seen.Skipped != "main" {
		t.Errorf("the first stop of the keyboard is %q, which leads to %q", seen.Keyboard, seen.Skipped)
	}
	if seen.Light == seen.Dark || seen.Dark == "" {
		t.Errorf("light %s, dark %s", seen.Light, seen.Dark)
	}
	for _, problem := range seen.Contrasts {
		t.Errorf("hard to read: %s", problem)
	}
	if seen.Overflow > 0 {
		t.Errorf("a narrow page is %d pixels too wide", seen.Overflow)
	}
	if seen.PDF < 10<<10 || seen.PrintTools {
		t.Errorf("printed to %d bytes; the filter is printed: %t", seen.PDF, seen.PrintTools)
	}
	checkNames(t, seen.Names)
	fmt.Printf("figure: report_browser_requests %d\n", len(seen.Requests)-1)
}

// checkNames checks that everything has a name which a screen reader can say.
func checkNames(t *testing.T, names map[string][]string) {
	t.Helper()
	for role, want := range map[string]string{
		"searchbox": "Search", "combobox": "Verdict", "button": "Clear", "table": "Images with their verdict, signer, source, log entry and workloads",
		"image": "Images: 411. 309 verified", "region": "Images", "navigation": "Sections", "heading": "What would be denied",
	} {
		if !slices.ContainsFunc(names[role], func(name string) bool { return strings.HasPrefix(name, want) }) {
			t.Errorf("no %s is named %q: %q", role, want, names[role])
		}
		if slices.Contains(names[role], "") {
			t.Errorf("a %s has no name: %q", role, names[role])
		}
	}
}

// TestPageWithoutScripts reads a page in a browser that runs no scripts: everything is there, without the filter.
func TestPageWithoutScripts(t *testing.T) {
	needBrowser(t)
	r := made(t, 40)
	seen := read(t, r, "-scripts=false")
	if seen.Rows != len(r.Clusters[0].Images) || seen.Tools {
		t.Errorf("%d rows of %d images, filter shown: %t", seen.Rows, len(r.Clusters[0].Images), seen.Tools)
	}
}

// TestLargePage uses a page with thousands of images.
func TestLargePage(t *testing.T) {
	needBrowser(t)
	r := made(t, 5000)
	seen := read(t, r)
	if seen.Rows != len(r.Clusters[0].Images) || seen.Untrusted != r.Coverage.Images.Untrusted || seen.Cleared != seen.Rows || seen.Sorted == "" {
		t.Errorf("%d rows of %d, %d untrusted of %d, %d after a reset", seen.Rows, len(r.Clusters[0].Images), seen.Untrusted, r.Coverage.Images.Untrusted, seen.Cleared)
	}
	fmt.Printf("figure: report_browser_images %d\n", seen.Rows)
}
