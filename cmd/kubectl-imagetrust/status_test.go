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
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// recordedTrusts reads a KarmadaImageTrustList as it was read from a cluster.
func recordedTrusts(t *testing.T, name string) []v1alpha1.KarmadaImageTrust {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "status", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var list v1alpha1.KarmadaImageTrustList
	if err := yaml.UnmarshalStrict(content, &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// TestStatus prints recorded trusts in every format, and derives the exit code.
func TestStatus(t *testing.T) {
	for name, code := range map[string]int{
		"verified": exitOK, "untrusted": exitUntrusted, "unknown": exitUnknown, "new": exitUnknown, "all": exitUntrusted, "none": exitOK,
	} {
		for suffix, format := range map[string]string{
			"": formatText, " wide": formatWide, " json": formatJSON, " yaml": formatYAML,
			" jsonpath": `jsonpath={range .items[*]}{.metadata.name} {.status.summary.verifiedRatio}{"\n"}{end}`,
		} {
			if suffix != "" && suffix != " wide" && name != "all" && name != "none" {
				continue
			}
			t.Run(name+suffix, func(t *testing.T) {
				trusts := recordedTrusts(t, name)
				var out bytes.Buffer
				o := &statusOptions{output: outputFlag{format: format}}
				if err := o.print(streams{Out: newOutput(&out)}, trusts); err != nil {
					t.Fatal(err)
				}
				if got := statusCode(trusts, false); got != code {
					t.Errorf("exit code %d, want %d", got, code)
				}
				compareGolden(t, "status/"+name+suffix, fmt.Sprintf("%s--- exit code %d\n", out.String(), statusCode(trusts, false)))
			})
		}
	}
}

// TestStatusErrors covers what goes wrong before there is a trust to print.
func TestStatusErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		code int
	}{
		"no cluster":          {code: exitUsage},
		"unknown context":     {args: []string{"--context", "nowhere"}, code: exitUsage},
		"unreachable cluster": {args: []string{"--server", "http://127.0.0.1:1"}, code: exitUnknown},
		"unknown format":      {args: []string{"-o", "table"}, code: exitUsage},
		"two names":           {args: []string{"a", "b"}, code: exitUsage},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"status"}, tc.args...)
			got := runPlugin(t, "", args...)
			if got.code != tc.code {
				t.Errorf("exit code %d, want %d", got.code, tc.code)
			}
			golden(t, "status/"+name, args, got)
		})
	}
}

// TestStatusSaysWhatIsNotListed has a status without room for all images and violations.
func TestStatusSaysWhatIsNotListed(t *testing.T) {
	trust := v1alpha1.KarmadaImageTrust{}
	trust.Status.Summary = &v1alpha1.Summary{VerifiedRatio: "0/60", ImagesNotListed: 10, ViolationsNotListed: 1}
	var out bytes.Buffer
	o := &statusOptions{output: outputFlag{format: formatText}}
	if err := o.print(streams{Out: newOutput(&out)}, []v1alpha1.KarmadaImageTrust{trust}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"10 further images not in the status", "1 further violation not in the status"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %s", want, out.String())
		}
	}
}
