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

package forecast_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
)

const digest = "sha256:0000000000000000000000000000000000000000000000000000000000000001"

func deployment(name string, images ...string) inventory.Workload {
	w := inventory.Workload{Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "demo", Name: name}
	for i, image := range images {
		w.Template = append(w.Template, inventory.Container{Field: "containers", Name: string(rune('a' + i)), Image: image})
	}
	return w
}

// newCluster returns a cluster without webhooks, whose only policy is that of a trust.
func newCluster(t *testing.T) *admission.Cluster {
	t.Helper()
	compiled, err := policy.Compile(v1alpha1.KarmadaImageTrustSpec{
		Images: []v1alpha1.ImageGlob{"docker.io/karmada/*"}, Issuer: "https://issuer", Identity: "somebody",
	})
	if err != nil {
		t.Fatal(err)
	}
	return &admission.Cluster{
		Policies:  admission.NewPolicies(admission.ParsePolicy(compiled.ClusterImagePolicy("karmada", policy.Target{}), admission.V014())),
		Config:    admission.Config{NoMatch: admission.NoMatchAllow},
		Versions:  admission.Versions{admission.V014()},
		Namespace: func(string) (map[string]string, bool) { return nil, false },
	}
}

// judge answers by the names of images.
func judge(q admission.Question) admission.Answer {
	answer := admission.Answer{Digest: digest, Verdict: v1alpha1.VerdictVerified, Reason: "Signed"}
	switch q.Ref.Context().RepositoryStr() {
	case "karmada/bad":
		answer.Verdict, answer.Reason, answer.Message = v1alpha1.VerdictUntrusted, "Unsigned", "no signature"
	case "karmada/down":
		answer = admission.Answer{Verdict: v1alpha1.VerdictUnknown, Reason: "Timeout", Message: "too slow"}
	}
	return answer
}

func container(name, image string) forecast.PlanContainer {
	return forecast.PlanContainer{Container: admission.Container{Field: "containers", Name: name, Image: image}}
}

func TestPlan(t *testing.T) {
	got := forecast.NewPlan(newCluster(t), []inventory.Workload{
		deployment("good", "karmada/good:v1"),
		deployment("other", "nginx:1"),
		deployment("mixed", "karmada/good:v1", "karmada/bad:v1", "nginx:1"),
		deployment("down", "karmada/down:v1"),
	}, judge)
	want := forecast.Plan{
		Summary: forecast.PlanSummary{Workloads: 4, Denied: 1, Undetermined: 1, Allowed: 2, Uncovered: 2},
		Workloads: []forecast.PlanWorkload{
			{
				Kind: "Deployment", Namespace: "demo", Name: "mixed", Ordinal: 2, Outcome: admission.Denied,
				Findings: []forecast.PlanFinding{{
					PlanContainer: container("b", "karmada/bad:v1"), Policy: "karmada", Reason: "Unsigned", Message: "no signature",
				}},
				Uncovered: []forecast.PlanContainer{container("c", "nginx:1")},
			},
			{
				Kind: "Deployment", Namespace: "demo", Name: "down", Ordinal: 3, Outcome: admission.Undetermined,
				Findings: []forecast.PlanFinding{
					{PlanContainer: container("a", "karmada/down:v1"), Policy: "karmada", Reason: "Timeout", Message: "too slow"},
				},
			},
			{
				Kind: "Deployment", Namespace: "demo", Name: "other", Ordinal: 1, Outcome: admission.Allowed,
				Uncovered: []forecast.PlanContainer{container("a", "nginx:1")},
			},
			{Kind: "Deployment", Namespace: "demo", Name: "good", Ordinal: 0, Outcome: admission.Allowed},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChanges(t *testing.T) {
	plan := func(outcomes ...admission.Outcome) forecast.Plan {
		var p forecast.Plan
		for i, outcome := range outcomes {
			p.Workloads = append(p.Workloads, forecast.PlanWorkload{Ordinal: i, Kind: "Pod", Name: "same", Outcome: outcome})
		}
		return p
	}
	const allowed, denied, undetermined = admission.Allowed, admission.Denied, admission.Undetermined
	got := forecast.Changes(plan(allowed, allowed, denied, undetermined), plan(allowed, denied, allowed, undetermined))
	want := []forecast.Change{
		{Workload: forecast.PlanWorkload{Ordinal: 1, Kind: "Pod", Name: "same", Outcome: denied}, Before: allowed},
		{Workload: forecast.PlanWorkload{Ordinal: 2, Kind: "Pod", Name: "same", Outcome: allowed}, Before: denied},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLocate repeats what is about containers that are the same for each of their places.
func TestLocate(t *testing.T) {
	a, b := admission.Container{Name: "a", Image: "img:1"}, admission.Container{Name: "b", Image: "img:1"}
	plan := forecast.Plan{Workloads: []forecast.PlanWorkload{{
		Findings:  []forecast.PlanFinding{{PlanContainer: forecast.PlanContainer{Container: a}, Reason: "Unsigned"}},
		Uncovered: []forecast.PlanContainer{{Container: a}, {Container: b}},
	}}}
	plan.Locate([]forecast.Source{{Place: forecast.Place{File: "f.yaml", Line: 2}, Lines: map[inventory.Container][]int{a: {5, 9}}}})
	at := func(c admission.Container, line int) forecast.PlanContainer {
		return forecast.PlanContainer{Container: c, Place: forecast.Place{File: "f.yaml", Line: line}}
	}
	want := forecast.Plan{Workloads: []forecast.PlanWorkload{{
		Place:     forecast.Place{File: "f.yaml", Line: 2},
		Findings:  []forecast.PlanFinding{{PlanContainer: at(a, 5), Reason: "Unsigned"}, {PlanContainer: at(a, 9), Reason: "Unsigned"}},
		Uncovered: []forecast.PlanContainer{at(a, 5), at(a, 9), at(b, 2)},
	}}}
	if diff := cmp.Diff(want, plan); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
