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

package fleet_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/fleet"
)

const generation = 3

// verified is what a member reports of whose images all are verified.
const verified = `{"generation": 7, "observedGeneration": 7, "resourceTemplateGeneration": 3,
  "conditions": [{"type": "ImagesVerified", "status": "True"}],
  "summary": {"images": 2, "verified": 2, "untrusted": 0, "unknown": 0, "wouldDeny": 0, "undetermined": 0}}`

// report returns what is known of a trust that is propagated to clusters with these statuses.
func report(t *testing.T, restricted bool, clusters []fleet.Cluster, statuses map[string]string) fleet.Report {
	t.Helper()
	return reportOf(t, &workv1alpha2.ClusterResourceBinding{}, restricted, clusters, statuses)
}

// reportPlaced is report for a trust with a placement.
func reportPlaced(t *testing.T, placement *policyv1alpha1.Placement, clusters []fleet.Cluster, statuses map[string]string) fleet.Report {
	t.Helper()
	object := &workv1alpha2.ClusterResourceBinding{}
	object.Spec.Placement = placement
	return reportOf(t, object, false, clusters, statuses)
}

func reportOf(
	t *testing.T, object *workv1alpha2.ClusterResourceBinding, restricted bool, clusters []fleet.Cluster, statuses map[string]string,
) fleet.Report {
	t.Helper()
	object.Spec.Resource = workv1alpha2.ObjectReference{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.KarmadaImageTrustKind, Name: "trust",
	}
	for name, status := range statuses {
		object.Spec.Clusters = append(object.Spec.Clusters, workv1alpha2.TargetCluster{Name: name})
		object.Status.AggregatedStatus = append(object.Status.AggregatedStatus, workv1alpha2.AggregatedStatusItem{
			ClusterName: name, Applied: true, Status: &runtime.RawExtension{Raw: []byte(status)},
		})
	}
	binding, ok := fleet.ParseBinding(object, "trust")
	if !ok {
		t.Fatal("the binding is of another object")
	}
	trust := &v1alpha1.KarmadaImageTrust{}
	trust.Name, trust.Generation = "trust", generation
	return fleet.NewReport(fleet.Source{Trust: trust, Binding: binding, Clusters: clusters, Restricted: restricted})
}

// cluster returns a member. An API that it does not serve is one that it does not list.
func cluster(name string, ready metav1.ConditionStatus, kind string) fleet.Cluster {
	object := &clusterv1alpha1.Cluster{}
	object.Name = name
	object.Status.Conditions = []metav1.Condition{{Type: clusterv1alpha1.ClusterConditionReady, Status: ready}}
	object.Status.APIEnablements = []clusterv1alpha1.APIEnablement{{
		GroupVersion: v1alpha1.GroupVersion.String(), Resources: []clusterv1alpha1.APIResource{{Kind: kind}},
	}}
	return fleet.ParseCluster(object)
}

// answering returns a cluster that answers.
func answering(name string) fleet.Cluster {
	return cluster(name, metav1.ConditionTrue, v1alpha1.KarmadaImageTrustKind)
}

// TestMember: nothing but a consistent report about the current spec makes a member verified.
func TestMember(t *testing.T) {
	for name, tc := range map[string]struct {
		status  string
		state   fleet.State
		verdict v1alpha1.Verdict
	}{
		"verified":                    {verified, fleet.Reported, v1alpha1.VerdictVerified},
		"null":                        {`null`, fleet.NotReported, v1alpha1.VerdictUnknown},
		"empty":                       {`{}`, fleet.NotReported, v1alpha1.VerdictUnknown},
		"no conditions":               {strings.Replace(verified, `"conditions"`, `"others"`, 1), fleet.NotReported, v1alpha1.VerdictUnknown},
		"not observed":                {strings.Replace(verified, `"observedGeneration": 7, `, ``, 1), fleet.NotReported, v1alpha1.VerdictUnknown},
		"an earlier spec":             {strings.Replace(verified, `Generation": 3`, `Generation": 2`, 1), fleet.Outdated, v1alpha1.VerdictUnknown},
		"a later spec":                {strings.Replace(verified, `Generation": 3`, `Generation": 4`, 1), fleet.Outdated, v1alpha1.VerdictUnknown},
		"not yet observed":            {strings.Replace(verified, `"generation": 7`, `"generation": 8`, 1), fleet.Outdated, v1alpha1.VerdictUnknown},
		"no generation":               {strings.Replace(verified, `"resourceTemplateGeneration": 3,`, ``, 1), fleet.Unconfirmed, v1alpha1.VerdictUnknown},
		"no condition ImagesVerified": {strings.Replace(verified, `ImagesVerified`, `Ready`, 1), fleet.Reported, v1alpha1.VerdictUnknown},
		"unknown":                     {strings.Replace(verified, `"True"`, `"Unknown"`, 1), fleet.Reported, v1alpha1.VerdictUnknown},
		"untrusted":                   {strings.Replace(verified, `"True"`, `"False"`, 1), fleet.Reported, v1alpha1.VerdictUntrusted},
		"no summary":                  {strings.Replace(verified, `"summary"`, `"others"`, 1), fleet.Reported, v1alpha1.VerdictUnknown},
		"fewer are verified":          {strings.Replace(verified, `"verified": 2, "untrusted": 0, "unknown": 0`, `"verified": 1`, 1), fleet.Reported, v1alpha1.VerdictUnknown},
		"untrusted image that nothing runs": {
			strings.NewReplacer(
				`"verified": 2, "untrusted": 0`, `"verified": 1, "untrusted": 1`,
				`"summary"`, `"images": [{"reference": "a", "verdict": "Untrusted", "usage": "Rollback"}], "summary"`,
			).Replace(verified), fleet.Reported, v1alpha1.VerdictVerified,
		},
		"contradiction": {
			strings.Replace(verified, `"summary"`, `"images": [{"reference": "a", "verdict": "Untrusted"}], "summary"`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown,
		},
		"two conditions": {
			strings.Replace(verified, `"conditions": [`, `"conditions": [{"type": "ImagesVerified", "status": "False"}, `, 1), fleet.Unreadable, v1alpha1.VerdictUnknown,
		},
		"another mode":          {strings.Replace(verified, `"summary"`, `"policy": {"mode": "Enforce"}, "summary"`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"wrong sum":             {strings.Replace(verified, `"verified": 2`, `"verified": 1`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"negative":              {strings.Replace(verified, `"images": 2, "verified": 2`, `"images": -2, "verified": -2`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"negative workloads":    {strings.Replace(verified, `"wouldDeny": 0`, `"wouldDeny": -1`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"too large":             {strings.Replace(verified, `"wouldDeny": 0`, `"wouldDeny": 9223372036854775807`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"a fraction":            {strings.Replace(verified, `"wouldDeny": 0`, `"wouldDeny": 0.5`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"a text for a number":   {strings.Replace(verified, `"images": 2`, `"images": "2"`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"a text for conditions": {`{"conditions": "True"}`, fleet.Unreadable, v1alpha1.VerdictUnknown},
		"a list":                {`[` + verified + `]`, fleet.Unreadable, v1alpha1.VerdictUnknown},
		"no JSON":               {`{`, fleet.Unreadable, v1alpha1.VerdictUnknown},
		"not UTF-8":             {strings.Replace(verified, "ImagesVerified", "\xff", 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"another verdict": {
			strings.Replace(verified, `"summary"`, `"images": [{"reference": "a", "verdict": "verified"}], "summary"`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown,
		},
		"another condition status": {strings.Replace(verified, `"True"`, `"true"`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"deep":                     {strings.Replace(verified, `{`, `{"a": `+strings.Repeat("[", 100)+strings.Repeat("]", 100)+`,`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
		"many elements":            {strings.Replace(verified, `{`, `{"a": [`+strings.Repeat("{},", 50_000)+`{}],`, 1), fleet.Unreadable, v1alpha1.VerdictUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, false, []fleet.Cluster{answering("m")}, map[string]string{"m": tc.status})
			row := r.Clusters[0]
			if row.State != tc.state || row.Verdict != tc.verdict || r.Verdict != tc.verdict {
				t.Errorf("state %s, verdict %s, of the trust %s; want %s, %s: %s", row.State, row.Verdict, r.Verdict, tc.state, tc.verdict, row.Message)
			}
			if (row.Message == "") != (tc.state == fleet.Reported) || len(row.Message) > 256 {
				t.Errorf("message %q", row.Message)
			}
			if denied := r.WouldDeny(); tc.verdict == v1alpha1.VerdictUnknown && denied != v1alpha1.VerdictUnknown {
				t.Errorf("that nothing would be denied is %s", denied)
			}
		})
	}
}

// TestWouldDeny: a rollout waits for clusters that would deny, and for those of which that is not known.
func TestWouldDeny(t *testing.T) {
	for name, tc := range map[string]struct {
		old, changed string
		want         v1alpha1.Verdict
	}{
		"nothing":      {"", "", v1alpha1.VerdictVerified},
		"denied":       {`"wouldDeny": 0`, `"wouldDeny": 1`, v1alpha1.VerdictUntrusted},
		"undetermined": {`"undetermined": 0`, `"undetermined": 1`, v1alpha1.VerdictUnknown},
		"not reported": {`"wouldDeny": 0, `, ``, v1alpha1.VerdictUnknown},
	} {
		r := report(t, false, []fleet.Cluster{answering("a"), answering("b")}, map[string]string{"a": verified, "b": strings.Replace(verified, tc.old, tc.changed, 1)})
		if got := r.WouldDeny(); got != tc.want || r.Verdict != v1alpha1.VerdictVerified {
			t.Errorf("%s: %s, want %s; verdict on the images %s", name, got, tc.want, r.Verdict)
		}
	}
}

// TestClusters covers what is known by the Clusters only.
func TestClusters(t *testing.T) {
	silent := cluster("m", metav1.ConditionUnknown, v1alpha1.KarmadaImageTrustKind)
	noAPI := cluster("other", metav1.ConditionTrue, "Other")
	for name, tc := range map[string]struct {
		restricted bool
		clusters   []fleet.Cluster
		statuses   map[string]string
		want       string
	}{
		"silent":                  {false, []fleet.Cluster{silent}, map[string]string{"m": verified}, "Unknown m/Reported/Unknown"},
		"silent and untrusted":    {false, []fleet.Cluster{silent}, map[string]string{"m": strings.Replace(verified, `"True"`, `"False"`, 1)}, "Untrusted m/Reported/Untrusted"},
		"no member any more":      {false, []fleet.Cluster{answering("m")}, map[string]string{"m": verified, "gone": verified}, "Unknown gone/Reported/Unknown m/Reported/Verified"},
		"not propagated":          {false, []fleet.Cluster{answering("m"), answering("other")}, map[string]string{"m": verified}, "Verified m/Reported/Verified other/NotPropagated/Unknown"},
		"asked for":               {true, []fleet.Cluster{answering("m"), answering("other")}, map[string]string{"m": verified}, "Unknown m/Reported/Verified other/NotPropagated/Unknown"},
		"other clusters":          {true, []fleet.Cluster{answering("m")}, map[string]string{"m": verified, "b": `{}`}, "Verified m/Reported/Verified"},
		"does not serve it":       {false, []fleet.Cluster{noAPI}, nil, "Unknown other/NotServed/Unknown"},
		"no members":              {false, nil, nil, "Unknown"},
		"served and not selected": {true, []fleet.Cluster{answering("other")}, map[string]string{"m": verified}, "Unknown other/NotPropagated/Unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, tc.restricted, tc.clusters, tc.statuses)
			got := string(r.Verdict)
			for _, row := range r.Clusters {
				got += fmt.Sprintf(" %s/%s/%s", row.Cluster, row.State, row.Verdict)
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestLeftOut: a cluster that the policy selects and that Karmada's scheduler did not take is not forgotten.
func TestLeftOut(t *testing.T) {
	for name, tc := range map[string]struct {
		placement policyv1alpha1.Placement
		cluster   fleet.Cluster
		want      fleet.State
		verdict   v1alpha1.Verdict
		message   string
	}{
		"silent":          {policyv1alpha1.Placement{}, cluster("other", "False", "KarmadaImageTrust"), fleet.LeftOut, v1alpha1.VerdictUnknown, "does not answer"},
		"does not serve":  {policyv1alpha1.Placement{}, cluster("other", "True", "Other"), fleet.LeftOut, v1alpha1.VerdictUnknown, "no KarmadaImageTrusts there"},
		"joined just now": {policyv1alpha1.Placement{}, answering("other"), fleet.LeftOut, v1alpha1.VerdictUnknown, "not propagated yet"},
		"not selected": {
			policyv1alpha1.Placement{ClusterAffinity: &policyv1alpha1.ClusterAffinity{ClusterNames: []string{"m"}}}, answering("other"),
			fleet.NotPropagated, v1alpha1.VerdictVerified, "no policy",
		},
		"spread": {
			policyv1alpha1.Placement{SpreadConstraints: []policyv1alpha1.SpreadConstraint{{MaxGroups: 1}}}, answering("other"),
			fleet.NotPropagated, v1alpha1.VerdictVerified, "no policy",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := reportPlaced(t, &tc.placement, []fleet.Cluster{answering("m"), tc.cluster}, map[string]string{"m": verified})
			for _, row := range r.Clusters {
				if row.Cluster == "other" && (row.State != tc.want || !strings.Contains(row.Message, tc.message)) {
					t.Errorf("state %s: %s", row.State, row.Message)
				}
			}
			if r.Verdict != tc.verdict {
				t.Errorf("verdict %s, want %s", r.Verdict, tc.verdict)
			}
		})
	}
}

// TestSums: what members report does not make the sums overflow.
func TestSums(t *testing.T) {
	most := strings.NewReplacer(`"images": 2, "verified": 2`, fmt.Sprintf(`"images": %[1]d, "verified": %[1]d`, math.MaxInt32)).Replace(verified)
	r := report(t, false, []fleet.Cluster{answering("a"), answering("b")}, map[string]string{"a": most, "b": most})
	if *r.Summary.Images != math.MaxInt32 || r.Summary.Clusters != 2 || r.Summary.Reporting != 2 {
		t.Errorf("got %+v", r.Summary)
	}
}

// TestBindingOfAnother: a binding counts only for the trust that it names.
func TestBindingOfAnother(t *testing.T) {
	for _, reference := range []workv1alpha2.ObjectReference{
		{APIVersion: "trust.karmada.io/v1alpha1", Kind: "KarmadaImageTrust", Name: "other"},
		{APIVersion: "example.com/v1", Kind: "KarmadaImageTrust", Name: "trust"},
		{APIVersion: "a/b/c", Kind: "KarmadaImageTrust", Name: "trust"},
		{APIVersion: "trust.karmada.io/v1alpha1", Kind: "Other", Name: "trust"},
	} {
		object := &workv1alpha2.ClusterResourceBinding{}
		object.Spec.Resource = reference
		if _, ok := fleet.ParseBinding(object, "trust"); ok {
			t.Errorf("%+v is taken for the trust", reference)
		}
	}
}

func FuzzReport(f *testing.F) {
	f.Add(verified)
	f.Add(`{"conditions": [{"type": 1}]}`)
	f.Fuzz(func(t *testing.T, status string) {
		if !json.Valid([]byte(status)) {
			t.Skip()
		}
		r := report(t, false, []fleet.Cluster{answering("m")}, map[string]string{"m": status})
		if row := r.Clusters[0]; r.Verdict == v1alpha1.VerdictVerified && (row.State != fleet.Reported || row.ImagesVerified != metav1.ConditionTrue) {
			t.Errorf("verified: %+v", row)
		}
	})
}
