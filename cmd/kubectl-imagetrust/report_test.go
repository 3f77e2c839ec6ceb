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

package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/internal/report"
)

// made is what of a report differs from run to run.
var made = regexp.MustCompile(`Made [0-9TZ:-]+|"time": "20[0-9TZ:-]+"|http://127\.0\.0\.1:[0-9]+`)

// runReport runs report for recorded trusts, and compares what it prints with a golden file.
func runReport(t *testing.T, p *controlPlane, name string, code int, args ...string) result {
	t.Helper()
	got := runPlugin(t, "", append(append([]string{"report", "--examine=false"}, args...), "--server", p.serve(t))...)
	if got.code != code {
		t.Errorf("exit code %d, want %d\n%s%s", got.code, code, got.stdout, got.stderr)
	}
	if name != "" {
		got.stdout = made.ReplaceAllStringFunc(got.stdout, func(found string) string {
			return map[byte]string{'M': "Made 2026-01-02T03:04:05Z", '"': `"time": "2026-01-02T03:04:05Z"`, 'h': "https://server.example"}[found[0]]
		})
		golden(t, "report/"+name, append([]string{"report", "--examine=false"}, args...), got)
	}
	return got
}

// recordedCluster serves trusts as they were read from a cluster.
func recordedCluster(t *testing.T, name string) *controlPlane {
	t.Helper()
	p := &controlPlane{}
	for _, trust := range recordedTrusts(t, name) {
		p.trusts = append(p.trusts, trust)
	}
	return p
}

// TestReport reports recorded trusts in every format.
func TestReport(t *testing.T) {
	runReport(t, recordedCluster(t, "all"), "markdown", exitUntrusted, "--karmada=false", "-o", "markdown")
	runReport(t, recordedCluster(t, "all"), "json", exitUntrusted, "--karmada=false", "-o", "json")
	runReport(t, recordedCluster(t, "untrusted"), "csv", exitUntrusted, "--karmada=false", "-o", "csv")
	runReport(t, recordedCluster(t, "untrusted"), "csv workloads", exitUntrusted, "--karmada=false", "-o", "csv", "--table", "workloads")
	runReport(t, recordedCluster(t, "unknown"), "jsonpath", exitUnknown, "--karmada=false", "-o", `jsonpath={.coverage.images.unknown}{"\n"}`)
	runReport(t, recordedCluster(t, "none"), "none", exitOK, "--karmada=false", "-o", "markdown")
}

// TestReportFleet reports what the members of a fleet reported last.
func TestReportFleet(t *testing.T) {
	runReport(t, readControlPlane(t, nil), "fleet", exitUntrusted, "karmada", "-o", "markdown")
	got := runReport(t, readControlPlane(t, nil), "", exitUntrusted, "karmada", "-o", "json")
	var r report.Report
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatal(err)
	}
	if !r.Origin.Fleet || len(r.Clusters) < 2 {
		t.Errorf("%d clusters", len(r.Clusters))
	}
	sum := 0
	for i := range r.Clusters {
		sum += r.Clusters[i].Coverage.Images.Total
	}
	if sum != r.Coverage.Images.Total || sum == 0 {
		t.Errorf("%d images in the clusters, %d in all", sum, r.Coverage.Images.Total)
	}
}

// TestReportFile writes a page to a file, which replaces an earlier one.
func TestReportFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.html")
	for range 2 {
		got := runReport(t, recordedCluster(t, "untrusted"), "", exitUntrusted, "--karmada=false", "--output-file", file)
		if got.stdout != "" || !strings.HasPrefix(got.stderr, "wrote ") {
			t.Errorf("printed %q and %q", got.stdout, got.stderr)
		}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 || !strings.HasPrefix(string(content), "<!doctype html>") {
		t.Errorf("%v %v %.40s", err, info.Mode(), content)
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// TestReportTables reads the tables as a spreadsheet does.
func TestReportTables(t *testing.T) {
	for _, table := range report.Tables() {
		got := runReport(t, recordedCluster(t, "all"), "", exitUntrusted, "--karmada=false", "-o", "csv", "--table", table)
		rows, err := csv.NewReader(strings.NewReader(got.stdout)).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Errorf("%s: %d rows, %v", table, len(rows), err)
		}
	}
}

// TestReportErrors covers mistakes in the command line.
func TestReportErrors(t *testing.T) {
	for name, args := range map[string][]string{
		"no such trust": {"--karmada=false", "absent"},
		"table":         {"--karmada=false", "-o", "csv", "--table", "trusts"},
		"format":        {"-o", "pdf"},
		"namespace":     {"-n", "shop"},
		"clusters":      {"--karmada=false", "--clusters", "a"},
		"directory":     {"--karmada=false", "--output-file", "/does/not/exist/report.html"},
	} {
		got := runReport(t, recordedCluster(t, "all"), "", exitUsage, args...)
		if !strings.HasPrefix(got.stderr, "error: ") || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s: %s", name, got.stderr)
		}
	}
	if got := runPluginOn(t, true, "", "report"); got.code != exitUsage || !strings.Contains(got.stderr, "--output-file") {
		t.Errorf("a page is written to a terminal: %s", got.stderr)
	}
}
