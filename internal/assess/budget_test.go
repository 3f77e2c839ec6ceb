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

package assess

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/verify/pool"
)

// recordedVerdicts records the references of requests, and answers nothing.
type recordedVerdicts struct{ asked []string }

func (v *recordedVerdicts) Answers(_ context.Context, requests []pool.Request) ([]pool.Answer, error) {
	for _, request := range requests {
		v.asked = append(v.asked, request.Ref.Name())
	}
	return make([]pool.Answer, len(requests)), nil
}

// TestBudget has a namespace whose workloads name more images than its share.
func TestBudget(t *testing.T) {
	const limit = 10
	image := func(s string) inventory.Container {
		return inventory.Container{Name: "c", Image: "docker.io/karmada/" + s}
	}
	var many []inventory.Container
	for i := range 3 * limit {
		many = append(many, image(fmt.Sprintf("app:v%02d", i)))
	}
	many = append(many, image("listed:v1"), image("shared:v1"))
	trust := newTrust(t, "", "docker.io/karmada/*")
	listed := parse(t, "docker.io/karmada/listed:v1")
	trust.References = append(trust.References, listed)
	workloads := []inventory.Workload{
		{Namespace: "tenant", Kind: "Deployment", Name: "a", Template: many},
		{Namespace: "tenant", Kind: "Pod", Name: "z", Running: []inventory.Running{{Container: image("runs:v1"), Digest: hex("b")}}},
		{Namespace: "other", Kind: "Deployment", Name: "a", Template: []inventory.Container{image("shared:v1"), image("other:v1")}},
	}
	budget := NewBudget(trust, workloads, limit)
	if diff := cmp.Diff([]string{"tenant"}, budget.Exceeded); diff != "" {
		t.Errorf("exceeded (-want +got):\n%s", diff)
	}
	var requests []pool.Request
	for _, c := range many {
		requests = append(requests, pool.Request{Ref: parse(t, c.Image), Rule: trust.Signers[0].Rule})
	}
	others := []name.Reference{
		parse(t, "docker.io/karmada/runs:v1").Context().Digest(hex("b")), parse(t, "docker.io/karmada/other:v1"),
		parse(t, "docker.io/library/unknown:v1"),
	}
	for _, ref := range others {
		requests = append(requests, pool.Request{Ref: ref, Rule: trust.Signers[0].Rule})
	}
	verdicts := &recordedVerdicts{}
	answers, err := budget.Limit(verdicts).Answers(t.Context(), requests)
	if err != nil || len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests, error %v", len(answers), len(requests), err)
	}
	ofTenant := 0
	for _, asked := range verdicts.asked {
		if strings.Contains(asked, "/app:") {
			ofTenant++
		}
	}
	if ofTenant != limit-1 {
		t.Errorf("%d images that the tenant requests are asked about, want %d besides the one that runs", ofTenant, limit-1)
	}
	for _, ref := range append(others, listed, parse(t, "docker.io/karmada/shared:v1")) {
		if !slices.Contains(verdicts.asked, ref.Name()) {
			t.Errorf("%s is not asked about", ref.Name())
		}
	}
	for i, request := range requests {
		asked := slices.Contains(verdicts.asked, request.Ref.Name())
		result := answers[i].Result
		if !asked && (result.Verdict != v1alpha1.VerdictUnknown || result.Reason != v1alpha1.TooManyImagesReason || !answers[i].Known) {
			t.Errorf("%s: got %+v, want it Unknown for the budget", request.Ref.Name(), answers[i])
		}
	}
	if within := NewBudget(trust, workloads[1:], limit); within.Exceeded != nil || within.Limit(verdicts) != Verdicts(verdicts) {
		t.Errorf("within the limit: %v is exceeded", within.Exceeded)
	}
}
