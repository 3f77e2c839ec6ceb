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

package karmada

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	reports "github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// reportByMember examines the images of each member with the trust that it has, and compares with what its operator says.
func reportByMember(t *testing.T, plugin *labtest.Plugin) {
	t.Helper()
	args := []string{"report", planTrust, "-n", planNamespace, "--clusters", east + "," + west, "-o", "json"}
	got := plugin.Run(t, "", slices.Concat(args, plugin.SigstoreFlags)...)
	var made reports.Report
	if err := json.Unmarshal([]byte(got.Stdout), &made); err != nil || got.Code != 1 {
		t.Fatalf("exit code %d, %v\n%s%s", got.Code, err, got.Stdout, got.Stderr)
	}
	verdicts := map[string]v1alpha1.Verdict{}
	for i := range made.Clusters {
		c := &made.Clusters[i]
		if c.Problem != "" {
			t.Errorf("%s: %s", c.Name, c.Problem)
		}
		for j := range c.Images {
			if c.Images[j].Trust == planTrust {
				verdicts[c.Name+" "+c.Images[j].Reference] = c.Images[j].Verdict
			}
		}
	}
	want := map[string]v1alpha1.Verdict{
		east + " " + planSigned: v1alpha1.VerdictVerified, east + " " + planUnsigned: v1alpha1.VerdictUntrusted,
		east + " " + planForeign: v1alpha1.VerdictUntrusted,
		west + " " + planSigned:  v1alpha1.VerdictUntrusted, west + " " + planForeign: v1alpha1.VerdictVerified,
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Errorf("the report by member (-want +got):\n%s", diff)
	}
}
