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

package sigstore

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/lab/interpret"
)

func TestAggregation(t *testing.T) {
	ready := reported(condition("Ready", "True", ""))
	failed := reported(condition("Ready", "False", `secret "key" not found`))
	older := reported(condition("Ready", "True", ""))
	older["resourceTemplateGeneration"] = generation - 1
	unobserved := reported(condition("Ready", "True", ""))
	unobserved["observedGeneration"] = 0

	tests := map[string]struct {
		previous object
		items    []interpret.Item
		want     object
	}{
		"all are ready": {
			items: []interpret.Item{item(t, "m1", ready), item(t, "m2", ready)},
			want:  status(generation, object{"type": "Ready", "status": "True", "lastTransitionTime": transitioned}),
		},
		"one is not": {
			items: []interpret.Item{item(t, "m1", ready), item(t, "m2", failed)},
			want: status(generation, object{
				"type": "Ready", "status": "False", "reason": "InliningKeysFailed", "message": `m2=secret "key" not found`,
				"lastTransitionTime": transitioned,
			}),
		},
		"one has not reported": {
			items: []interpret.Item{item(t, "m1", ready), {ClusterName: "m2", Applied: true}},
			want: object{"conditions": []any{
				object{"type": "Ready", "status": "Unknown", "reason": "NotReported", "message": "m2"},
			}},
		},
		"worse than not reported": {
			items: []interpret.Item{{ClusterName: "m1", Applied: true}, item(t, "m2", failed)},
			want: object{"conditions": []any{object{
				"type": "Ready", "status": "False", "reason": "InliningKeysFailed", "message": `m2=secret "key" not found`,
				"lastTransitionTime": transitioned,
			}}},
		},
		"not applied to one": {
			items: []interpret.Item{
				item(t, "m1", ready), {ClusterName: "m2", AppliedMessage: "it exists already", Status: encode(t, ready)},
			},
			want: status(generation, object{
				"type": "Ready", "status": "False", "reason": "NotApplied", "message": "m2=it exists already",
			}),
		},
		"one has an older generation": {
			previous: object{"observedGeneration": 3},
			items:    []interpret.Item{item(t, "m1", ready), item(t, "m2", older)},
			want:     status(3, object{"type": "Ready", "status": "True", "lastTransitionTime": transitioned}),
		},
		"one has not observed its generation": {
			previous: object{"observedGeneration": 3},
			items:    []interpret.Item{item(t, "m1", unobserved), item(t, "m2", ready)},
			want:     status(3, object{"type": "Ready", "status": "True", "lastTransitionTime": transitioned}),
		},
		"no cluster": {
			previous: status(3, condition("Ready", "False", "gone")),
			want:     object{"observedGeneration": generation},
		},
		"the time changes with the status": {
			previous: status(3, object{"type": "Ready", "status": "False", "lastTransitionTime": "2020-01-01T00:00:00Z"}),
			items:    []interpret.Item{item(t, "m1", ready)},
			want:     status(generation, object{"type": "Ready", "status": "True", "lastTransitionTime": transitioned}),
		},
		"the time does not change with a message": {
			previous: status(3, object{"type": "Ready", "status": "False", "lastTransitionTime": "2020-01-01T00:00:00Z"}),
			items:    []interpret.Item{item(t, "m1", failed)},
			want: status(generation, object{
				"type": "Ready", "status": "False", "reason": "InliningKeysFailed", "message": `m1=secret "key" not found`,
				"lastTransitionTime": "2020-01-01T00:00:00Z",
			}),
		},
		"hostile": {
			previous: object{"observedGeneration": 3},
			items: []interpret.Item{
				item(t, "m1", "text"), item(t, "m2", []any{1, 2}), item(t, "m3", object{"conditions": "text"}),
				item(t, "m4", object{"conditions": []any{5, "x", object{"type": "Ready", "status": "Excellent"}}}),
				item(t, "m5", object{"generation": "x", "observedGeneration": "x", "resourceTemplateGeneration": "4"}),
			},
			want: status(3, object{"type": "Ready", "status": "Unknown", "reason": "NotReported", "message": "m1, m2, m3, m4, m5"}),
		},
	}
	i := interpret.Start(t, policies, trustRoots)
	for _, kind := range kinds() {
		for name, test := range tests {
			t.Run(kind+"/"+name, func(t *testing.T) {
				var previous any
				if test.previous != nil {
					previous = test.previous
				}
				got := aggregate(t, i, of(kind, previous, nil), test.items)
				var want object
				decode(t, encode(t, test.want), &want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("status (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestAggregationIsStable aggregates again what was aggregated, as Karmada does whenever something changes.
func TestAggregationIsStable(t *testing.T) {
	i := interpret.Start(t, policies, trustRoots)
	for _, kind := range kinds() {
		items := []interpret.Item{
			item(t, "m1", reported(condition("Ready", "False", "a"), condition("KeysInlined", "True", ""))),
			item(t, "m2", reported(condition("Ready", "Unknown", "b"), condition("ConfigMapUpdated", "Unknown", ""))),
		}
		first := aggregate(t, i, of(kind, nil, nil), items)
		if diff := cmp.Diff(first, aggregate(t, i, of(kind, first, nil), items)); diff != "" {
			t.Errorf("second aggregation (-first +second):\n%s", diff)
		}
	}
}

// TestAggregationOfLargeFleet aggregates what a hundred hostile members report that no reflection has shortened. All of it
// together is as much as etcd accepts in a ClusterResourceBinding.
func TestAggregationOfLargeFleet(t *testing.T) {
	const members = 100
	long := strings.Repeat("<\x1b\u202E", 100)
	items := make([]interpret.Item, 0, members)
	for m := range members {
		conditions := []any{condition("Ready", "False", long)}
		for c := range 20 {
			conditions = append(conditions, condition(fmt.Sprintf("Type%d-%d", m, c), "False", long))
		}
		items = append(items, item(t, fmt.Sprintf("member%d", m), reported(conditions...)))
	}
	i := interpret.Start(t, policies, trustRoots)
	for _, kind := range kinds() {
		got := aggregate(t, i, of(kind, nil, nil), items)
		if size := len(encode(t, got)); size > maxAggregated {
			t.Errorf("the status has %d bytes, want at most %d", size, maxAggregated)
		}
		if text := string(encode(t, got)); !strings.Contains(text, `"type":"Ready"`) || !strings.Contains(text, " more") {
			t.Errorf("the status does not say that there is more: %.2000s", text)
		}
	}
}

// aggregate returns the status that results, and checks that the rest of the object is unchanged.
func aggregate(t *testing.T, i *interpret.Interpreter, template object, items []interpret.Item) object {
	t.Helper()
	// Keys with wildcards, as in the managed fields of the API server, must not get in the way.
	template["metadata"] = object{"name": "x", "generation": generation, "managedFields": []any{
		object{"manager": "m", "fieldsV1": object{"f:spec": object{`k:{"glob":"*"}`: object{}}}},
	}}
	response := call(t, i, interpret.Request{Operation: interpret.AggregateStatus, Desired: encode(t, template), Items: items})
	var result struct {
		Status object
	}
	decode(t, response.Results.AggregatedStatus, &result)
	return result.Status
}

func item(t *testing.T, cluster string, status any) interpret.Item {
	t.Helper()
	return interpret.Item{ClusterName: cluster, Applied: true, Status: encode(t, status)}
}

// reported is what a member reports of the current generation.
func reported(conditions ...any) object {
	return object{
		"conditions": conditions, "generation": 9, "observedGeneration": 9, "resourceTemplateGeneration": generation,
	}
}
