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

package interpreter

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/interpret"
)

// fine is what a cluster reports where all is well, and where an inactive ReplicaSet names an untrusted image.
func fine() object {
	var conditions []any
	for _, name := range foldedTypes() {
		conditions = append(conditions, object{
			"type": name, "status": "True", "reason": "Fine", "message": "all is well", "lastTransitionTime": "2026-11-26T10:00:00Z",
		})
	}
	return object{
		"generation": 7, "observedGeneration": 7, "resourceTemplateGeneration": generation, "conditions": conditions,
		"lastVerifiedTime": "2026-11-26T10:00:00Z", "policy": object{"mode": "enforce"}, "policyController": object{"version": "0.14.0"},
		"summary": object{
			"images": 3, "verified": 2, "untrusted": 1, "unknown": 0, "movedTags": 0, "workloads": 2, "wouldDeny": 0,
			"wouldDenyOnceOptedIn": 0, "undetermined": 0,
		},
		"images": []any{object{
			"reference": "docker.io/karmada/old:v1", "digest": "sha256:00", "usage": "Rollback", "verdict": "Untrusted",
			"reason": "Unsigned", "message": "no signature", "workloads": 1,
		}},
	}
}

// fleet is two clusters where all is well and one that reports something else.
func fleet(t *testing.T, status any) []interpret.Item {
	t.Helper()
	return []interpret.Item{
		{ClusterName: "a", Applied: true, Status: encode(t, fine())},
		{ClusterName: "evil", Applied: true, Status: encode(t, status)},
		{ClusterName: "z", Applied: true, Status: encode(t, fine())},
	}
}

// TestHostileStatus lets one cluster report what no operator would: it never counts as verified, and no other cluster suffers.
func TestHostileStatus(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	_, all := aggregate(t, i, s, template(), fleet(t, fine()))
	if got := verifiedIn(all); got != metav1.ConditionTrue || *all.Fleet.Reporting != 3 {
		t.Fatalf("the fleet is not verified even if all is well: %s, %v", got, all.Fleet)
	}
	without := fleet(t, fine())
	_, good := aggregate(t, i, s, template(), slices.Delete(without, 1, 2))

	for name, status := range hostileStatuses() {
		t.Run(name, func(t *testing.T) {
			_, got := aggregate(t, i, s, template(), fleet(t, status))
			evil := reportOf(t, got, "evil")
			if evil.State != v1alpha1.ClusterUnreadable || evil.Message == "" || evil.Images != nil || evil.Ready != "" {
				t.Errorf("got %+v, want it to be Unreadable, with a message, and nothing of what it says", evil)
			}
			for _, c := range got.Conditions {
				if c.Status != metav1.ConditionUnknown || c.Reason != v1alpha1.UnreadableReason || !strings.Contains(c.Message, "evil") {
					t.Errorf("%s is %s, %s: %s", c.Type, c.Status, c.Reason, c.Message)
				}
			}
			if diff := gocmp.Diff(good.Summary, got.Summary); diff != "" {
				t.Errorf("the sums have changed: %s", diff)
			}
			if diff := gocmp.Diff(good.Fleet.Images, got.Fleet.Images); diff != "" {
				t.Errorf("the images have changed: %s", diff)
			}
			sameNeighbours(t, good, got)
			if got.ObservedGeneration != 0 || got.LastVerifiedTime != nil {
				t.Errorf("all is said to have been observed: %d, %v", got.ObservedGeneration, got.LastVerifiedTime)
			}
		})
	}
}

func sameNeighbours(t *testing.T, want, got v1alpha1.KarmadaImageTrustStatus) {
	t.Helper()
	for _, name := range []string{"a", "z"} {
		if diff := gocmp.Diff(reportOf(t, want, name), reportOf(t, got, name)); diff != "" {
			t.Errorf("another cluster has changed: %s", diff)
		}
	}
}

func verifiedIn(status v1alpha1.KarmadaImageTrustStatus) metav1.ConditionStatus {
	for _, c := range status.Conditions {
		if c.Type == v1alpha1.ImagesVerifiedCondition {
			return c.Status
		}
	}
	return ""
}

func reportOf(t *testing.T, status v1alpha1.KarmadaImageTrustStatus, name string) v1alpha1.ClusterReport {
	t.Helper()
	for _, c := range status.Fleet.Clusters {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("cluster %s is not listed: %+v", name, status.Fleet)
	return v1alpha1.ClusterReport{}
}

// with returns what is fine with one part of it replaced, at a path such as summary.images or images.0.verdict.
func with(path string, value any) any {
	status := fine()
	set(status, strings.Split(path, "."), value)
	return status
}

func set(holder any, path []string, value any) {
	for n, name := range path {
		last := n == len(path)-1
		switch h := holder.(type) {
		case object:
			if last {
				h[name] = value
			}
			holder = h[name]
		case []any:
			at, err := strconv.Atoi(name)
			if err != nil {
				panic(err)
			}
			if last {
				h[at] = value
			}
			holder = h[at]
		default:
			panic("there is no " + name)
		}
	}
}

func repeated(n int, value any) []any { return slices.Repeat([]any{value}, n) }

func hostileStatuses() map[string]any {
	ready := object{"type": "Ready", "status": "True", "reason": "Fine"}
	other := object{"type": "Other", "status": "True", "reason": "Fine"}
	img := object{"reference": "a", "verdict": "Untrusted", "reason": "Unsigned", "workloads": 1, "usage": "Rollback"}
	long := strings.Repeat("x", 1_200_000)
	return map[string]any{
		"a text":                       "all is well",
		"a number":                     42,
		"a boolean":                    true,
		"a list":                       []any{fine()},
		"conditions as text":           with("conditions", "True"),
		"conditions as object":         with("conditions", object{"Ready": "True"}),
		"a condition as text":          with("conditions.0", "Ready"),
		"a condition without type":     with("conditions.0.type", nil),
		"a condition twice":            with("conditions.0", ready),
		"thousands of conditions":      with("conditions", repeated(5000, other)),
		"a status in lower case":       with("conditions.1.status", "true"),
		"a status as boolean":          with("conditions.1.status", true),
		"a status that is missing":     with("conditions.1.status", nil),
		"a reason with blanks":         with("conditions.1.reason", "All is well"),
		"a reason that is long":        with("conditions.1.reason", long),
		"a reason that is missing":     with("conditions.1.reason", nil),
		"a message as list":            with("conditions.1.message", []any{"x"}),
		"a summary as text":            with("summary", "3/3"),
		"a summary as list":            with("summary", []any{3, 3}),
		"a negative count":             with("summary.untrusted", -1),
		"a fraction":                   with("summary.wouldDeny", 0.5),
		"a count beyond its type":      with("summary.workloads", 1<<31),
		"a huge count":                 with("summary.workloads", 1e300),
		"a count as text":              with("summary.images", "3"),
		"a count as object":            with("summary.images", object{"a": 1}),
		"counts that contradict":       with("summary.verified", 3),
		"fewer counted than listed":    with("summary", object{"images": 2, "verified": 2, "untrusted": 0, "unknown": 0, "movedTags": 0, "workloads": 0, "wouldDeny": 0, "wouldDenyOnceOptedIn": 0, "undetermined": 0}),
		"True and an untrusted image":  with("images.0.usage", "Running"),
		"images as text":               with("images", "none"),
		"images as object":             with("images", object{"a": img}),
		"an image as number":           with("images.0", 7),
		"thousands of images":          with("images", repeated(3000, img)),
		"a verdict that is not one":    with("images.0.verdict", "Trusted"),
		"a verdict as boolean":         with("images.0.verdict", true),
		"a reference that is long":     with("images.0.reference", long),
		"a reference that is empty":    with("images.0.reference", ""),
		"a reference as object":        with("images.0.reference", object{"name": "x"}),
		"a reason of an image":         with("images.0.reason", "a\u001b[31m"),
		"workloads below zero":         with("images.0.workloads", -3),
		"workloads that are missing":   with("images.0.workloads", nil),
		"a generation as text":         with("observedGeneration", "7"),
		"a generation below zero":      with("resourceTemplateGeneration", -4),
		"a generation as list":         with("generation", []any{7}),
		"a policy as text":             with("policy", "enforce"),
		"a mode that does not exist":   with("policy.mode", "allow"),
		"a mode as list":               with("policy.mode", []any{"enforce"}),
		"a summary within a summary":   with("summary.images", object{"images": object{"images": 1}}),
		"an image within a list":       with("images.0", []any{img}),
		"a condition within a list":    with("conditions.0", []any{ready}),
		"a generation that is a float": with("generation", 7.5),
	}
}

// TestToleratedStatus has reports of which a part is unusable, and the rest is used.
func TestToleratedStatus(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	for name, c := range map[string]struct {
		status any
		want   v1alpha1.ClusterState
		then   metav1.ConditionStatus // of ImagesVerified
	}{
		"an unknown version of policy-controller": {with("policyController", object{"version": "9.9"}), v1alpha1.ClusterReported, metav1.ConditionTrue},
		"fields of tomorrow":                      {with("tomorrow", object{"a": []any{}}), v1alpha1.ClusterReported, metav1.ConditionTrue},
		"a condition of tomorrow": {with("conditions", append(fine()["conditions"].([]any), object{"type": "Tomorrow", "status": "Maybe"})),
			v1alpha1.ClusterReported, metav1.ConditionTrue},
		"a time of tomorrow":                 {with("conditions.1.lastTransitionTime", "2999-01-01T00:00:00Z"), v1alpha1.ClusterReported, metav1.ConditionTrue},
		"a time that is none":                {with("conditions.1.lastTransitionTime", "2026-02-30T00:00:00Z"), v1alpha1.ClusterReported, metav1.ConditionTrue},
		"a last verification that is none":   {with("lastVerifiedTime", object{}), v1alpha1.ClusterReported, metav1.ConditionTrue},
		"a digest that is none":              {with("images.0.digest", "<b>"), v1alpha1.ClusterReported, metav1.ConditionTrue},
		"no counts":                          {with("summary", nil), v1alpha1.ClusterReported, metav1.ConditionUnknown},
		"a count is missing":                 {with("summary.wouldDeny", nil), v1alpha1.ClusterReported, metav1.ConditionUnknown},
		"no ImagesVerified":                  {with("conditions.1.type", "Other"), v1alpha1.ClusterReported, metav1.ConditionUnknown},
		"no generation of the template":      {with("resourceTemplateGeneration", nil), v1alpha1.ClusterOutdated, metav1.ConditionUnknown},
		"an older generation":                {with("resourceTemplateGeneration", generation-1), v1alpha1.ClusterOutdated, metav1.ConditionUnknown},
		"a later generation":                 {with("resourceTemplateGeneration", generation+1), v1alpha1.ClusterOutdated, metav1.ConditionUnknown},
		"a spec that it has not observed":    {with("generation", 8), v1alpha1.ClusterOutdated, metav1.ConditionUnknown},
		"nothing":                            {object{}, v1alpha1.ClusterNotReported, metav1.ConditionUnknown},
		"null":                               {nil, v1alpha1.ClusterNotReported, metav1.ConditionUnknown},
		"a trust that no operator looked at": {object{"generation": 1, "resourceTemplateGeneration": generation}, v1alpha1.ClusterNotReported, metav1.ConditionUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := aggregate(t, i, s, template(), fleet(t, c.status))
			if evil := reportOf(t, got, "evil"); evil.State != c.want || verifiedIn(got) != c.then {
				t.Errorf("got %+v and ImagesVerified %s, want %s and %s", evil, verifiedIn(got), c.want, c.then)
			}
			now := metav1.Now()
			for _, condition := range got.Conditions {
				if now.Before(&condition.LastTransitionTime) {
					t.Errorf("%s changed at %s", condition.Type, condition.LastTransitionTime)
				}
			}
		})
	}
}

// TestItems has what Karmada itself may pass.
func TestItems(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	t.Run("no cluster", func(t *testing.T) {
		_, got := aggregate(t, i, s, template(), nil)
		if verifiedIn(got) != metav1.ConditionUnknown || got.Summary != nil || got.ObservedGeneration != 0 ||
			*got.Fleet.Selected != 0 {
			t.Errorf("got %s", encode(t, got))
		}
	})
	t.Run("nobody reports", func(t *testing.T) {
		_, got := aggregate(t, i, s, template(), []interpret.Item{{ClusterName: "a", Applied: true}, {ClusterName: "b"}})
		if verifiedIn(got) != metav1.ConditionUnknown || got.Summary != nil || got.Fleet.ReportingRatio != "0/2" {
			t.Errorf("got %s", encode(t, got))
		}
	})
	t.Run("a cluster twice", func(t *testing.T) {
		items := fleet(t, fine())
		_, got := aggregate(t, i, s, template(), append(items, items[1], items[1]))
		if evil := reportOf(t, got, "evil"); evil.State != v1alpha1.ClusterUnreadable || *got.Fleet.Selected != 3 {
			t.Errorf("got %+v of %d", evil, *got.Fleet.Selected)
		}
	})
	t.Run("an error that is long and not printable", func(t *testing.T) {
		_, got := aggregate(t, i, s, template(), []interpret.Item{
			{ClusterName: "a", AppliedMessage: "\u001b[31m\u202e<" + strings.Repeat("ä\u0000", 300_000), Status: encode(t, fine())},
		})
		evil := reportOf(t, got, "a")
		if evil.State != v1alpha1.ClusterNotApplied || strings.ContainsAny(evil.Message, "\u001b\u202e\u0000\ufffd") || !strings.HasPrefix(evil.Message, "?[31m?<ä") {
			t.Errorf("got %+v", evil)
		}
	})
}

// TestTextThatIsTooLong has an error that the functions of strings in Karmada's interpreter refuse.
func TestTextThatIsTooLong(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	_, got := aggregate(t, i, s, template(), []interpret.Item{{ClusterName: "a", AppliedMessage: strings.Repeat("x", 1_200_000)}})
	if report := reportOf(t, got, "a"); report.State != v1alpha1.ClusterNotApplied || report.Message == "" {
		t.Errorf("got %+v", report)
	}
}

// TestRandomDamage replaces parts of a report at random. Whatever they are, the API server accepts the result, no other
// cluster suffers, and the fleet is verified only if the cluster still says so.
func TestRandomDamage(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	_, good := aggregate(t, i, s, template(), fleet(t, fine()))
	r := rand.New(rand.NewPCG(*seed, 1))
	states := map[v1alpha1.ClusterState]int{}
	for range *fleets {
		var status any = fine()
		for range 1 + r.IntN(3) {
			status = damage(r, status)
		}
		_, got := aggregate(t, i, s, template(), fleet(t, status))
		sameNeighbours(t, good, got)
		evil := reportOf(t, got, "evil")
		states[evil.State]++
		if verifiedIn(got) == metav1.ConditionTrue &&
			(evil.State != v1alpha1.ClusterReported || evil.ImagesVerified != metav1.ConditionTrue) {
			t.Errorf("the fleet is verified, and this is not: %s", encode(t, status))
		}
		if t.Failed() {
			t.Fatalf("with %s", encode(t, status))
		}
	}
	if len(states) < 3 {
		t.Errorf("the damage is always the same: %v", states)
	}
}

// damage replaces, at random, a value or something in it.
func damage(r *rand.Rand, value any) any {
	switch v := value.(type) {
	case object:
		keys := slices.Sorted(maps.Keys(v))
		if len(keys) > 0 && r.IntN(8) > 0 {
			key := keys[r.IntN(len(keys))]
			v[key] = damage(r, v[key])
			return v
		}
	case []any:
		if len(v) > 0 && r.IntN(8) > 0 {
			at := r.IntN(len(v))
			v[at] = damage(r, v[at])
			return v
		}
	}
	values := []any{
		nil, true, "", "True", "False", "\u001b[2J", "\u202e", strings.Repeat("\"<ä\\", 700), "2026-11-26T10:00:00Z", 0, 1, -1, 1.5, 1 << 31,
		1e308, generation, []any{}, object{}, []any{1}, []any{nil}, object{"a": object{}}, repeated(70, "x"), []any{[]any{}}, "Verified", "Untrusted",
		json.Number("9007199254740993"), json.Number("1e-300"), fmt.Sprint(r.Uint64()),
	}
	return values[r.IntN(len(values))]
}
