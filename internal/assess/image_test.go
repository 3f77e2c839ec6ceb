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
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// TestFinder finds images as workloads name them: by the digest that runs, or else the one that is requested.
func TestFinder(t *testing.T) {
	images := []Image{
		{Reference: "docker.io/karmada/app:v1", Running: true, Answer: pool.Answer{Digest: hex("a")}},
		{Reference: "docker.io/karmada/app:v1", Answer: pool.Answer{Digest: hex("b")}},
		{Reference: "docker.io/karmada/app@" + hex("c"), Answer: pool.Answer{Digest: hex("c")}},
	}
	finder := NewFinder(newTrust(t, "", "docker.io/karmada/*"), images)
	for name, tc := range map[string]struct {
		image, digest string
		want          string // digest, empty for none
	}{
		"running":             {image: "karmada/app:v1", digest: hex("a"), want: hex("a")},
		"requested":           {image: "karmada/app:v1", want: hex("b")},
		"pinned":              {image: "karmada/app@" + hex("c"), want: hex("c")},
		"tag and digest":      {image: "karmada/app:v1@" + hex("a"), want: hex("a")},
		"another digest runs": {image: "karmada/app:v1", digest: hex("d")},
		"not of the trust":    {image: "nginx"},
		"invalid":             {image: "UPPER"},
		"another tag":         {image: "karmada/app:v2"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if image := finder.Find(inventory.Running{Container: inventory.Container{Image: tc.image}, Digest: tc.digest}); image != nil {
				got = image.Answer.Digest
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestFinderOfUnknownImages finds images that no registry can be asked about, and never another one for them.
func TestFinderOfUnknownImages(t *testing.T) {
	images := []Image{
		{Reference: "docker.io/karmada/app:v1", Running: true, Undigested: true},
		{Reference: "docker.io/karmada/app:v1", Answer: pool.Answer{Digest: hex("b")}},
		{Reference: "karmada/UPPER", Running: true},
	}
	finder := NewFinder(newTrust(t, "", "docker.io/karmada/*"), images)
	for name, tc := range map[string]struct {
		container inventory.Running
		want      *Image
	}{
		"runs without a digest":             {inventory.Running{Container: inventory.Container{Image: "karmada/app:v1"}, Started: true}, &images[0]},
		"requested":                         {inventory.Running{Container: inventory.Container{Image: "karmada/app:v1"}}, &images[1]},
		"pinned, and runs without a digest": {inventory.Running{Container: inventory.Container{Image: "karmada/app:v1@" + hex("b")}, Started: true}, &images[0]},
		"another tag without a digest":      {inventory.Running{Container: inventory.Container{Image: "karmada/app:v2"}, Started: true}, nil},
		"cannot be read, and runs":          {inventory.Running{Container: inventory.Container{Image: "karmada/UPPER"}, Digest: hex("b"), Started: true}, &images[2]},
		"cannot be read, and is requested":  {inventory.Running{Container: inventory.Container{Image: "karmada/UPPER"}}, &images[2]},
	} {
		if got := finder.Find(tc.container); got != tc.want {
			t.Errorf("%s: got %+v, want %+v", name, got, tc.want)
		}
	}
}

// unanswered has no answers to any request.
type unanswered struct{ Pending }

func (unanswered) Changes() []pool.Answered { return nil }

func (unanswered) Release([]pool.Key) {}

// TestOtherPolicies counts the images of a trust that other policies cover, whatever their own trusts are.
func TestOtherPolicies(t *testing.T) {
	trust := newTrust(t, "", "docker.io/karmada/*")
	other := newTrust(t, "", "docker.io/karmada/app")
	unrelated := newTrust(t, "", "docker.io/library/*")
	cluster := newCluster(admission.V014().Target(admission.Config{}), trust, other, unrelated)
	workloads := []inventory.Workload{requests("karmada/app:v1"), requests("karmada/app:v2"), requests("karmada/web:v1"), requests("nginx")}
	for i := range workloads {
		workloads[i].UID = types.UID(fmt.Sprint(i))
	}
	tracker := NewTracker(trust, "trust-0", nil)
	if _, err := tracker.Update(t.Context(), Pass{
		Workloads: inventory.Changes{All: true, Changed: workloads}, Cluster: cluster, Delta: admission.Delta{All: true},
		Inventory: inventory.New(func(string) {}), Verdicts: unanswered{},
		Root: func(context.Context, string) (*trustroot.Root, error) { return &trustroot.Root{}, nil },
	}); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, policy := range tracker.OtherPolicies(cluster.Policies) {
		got[policy.Name] = policy.Images
	}
	if diff := cmp.Diff(map[string]int{"trust-1": 2}, got); diff != "" {
		t.Errorf("other policies (-want +got):\n%s", diff)
	}
}

// TestDenial has one policy decide on one image.
func TestDenial(t *testing.T) {
	const image = "docker.io/karmada/app:v1"
	for name, tc := range map[string]struct {
		signed  policy.Format
		pending bool
		oci11   bool
		want    string
	}{
		"signed":                   {signed: policy.SimpleSigning},
		"unsigned":                 {want: v1alpha1.UnsignedReason},
		"not known":                {pending: true},
		"bundle":                   {signed: policy.Bundle},
		"bundle with enable-oci11": {signed: policy.Bundle, oci11: true, want: v1alpha1.FormatNotAcceptedReason},
	} {
		t.Run(name, func(t *testing.T) {
			versions, config := admission.Versions{admission.V014()}, admission.Config{EnableOCI11: tc.oci11, NoMatch: admission.NoMatchDeny}
			trust := newTrust(t, "", "docker.io/karmada/*")
			enforced := EnforcedPolicy("x", trust, &admission.Cluster{Versions: versions, Config: config}, nil)
			verdicts := &fakeVerdicts{signed: map[string]policy.Format{image: tc.signed}, pending: map[string]bool{image: tc.pending}}
			var denial *admission.Finding
			_, err := newEngine(verdicts, trust).Run(t.Context(), nil, func(judge admission.Judge) {
				denial = Denial(enforced, admission.Cluster{Versions: versions, Config: config}, image, judge)
			})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if denial != nil {
				got = denial.Reason
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
