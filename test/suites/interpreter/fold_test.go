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
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/interpret"
)

var (
	seed   = flag.Uint64("fleet.seed", 1, "seed of the random fleets")
	fleets = flag.Int("fleet.count", 300, "number of random fleets")
)

// TestRandomFleets compares the aggregation with the model, for fleets in all states, and checks that the order of what
// Karmada passes makes no difference, and that a second pass changes nothing.
func TestRandomFleets(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	r := rand.New(rand.NewPCG(*seed, 0))
	statuses := map[metav1.ConditionStatus]int{}
	for n := range *fleets {
		members := make([]member, r.IntN(14))
		for j := range members {
			members[j] = randomMember(r, fmt.Sprintf("member-%02d", j))
		}
		desired := template()
		previous := randomConditions(r)
		if previous != nil {
			desired["status"] = object{"conditions": previous, "observedGeneration": 1}
		}
		items := itemsOf(t, members)
		response, got := aggregate(t, i, s, desired, items)
		want := fold(members, previous)
		if diff := gocmp.Diff(want, got, ignoreMessages()); diff != "" {
			t.Fatalf("fleet %d of seed %d: -model +Karmada\n%s\n%s", n, *seed, diff, encode(t, items))
		}
		for _, c := range got.Conditions {
			if c.Type == v1alpha1.ImagesVerifiedCondition {
				statuses[c.Status]++
			}
		}
		checkMessages(t, got, members)

		shuffled := slices.Clone(items)
		r.Shuffle(len(shuffled), func(a, b int) { shuffled[a], shuffled[b] = shuffled[b], shuffled[a] })
		if again, _ := aggregate(t, i, s, desired, shuffled); string(again.Results.AggregatedStatus) != string(response.Results.AggregatedStatus) {
			t.Fatalf("fleet %d of seed %d: the order makes a difference:\n%s\n%s", n, *seed,
				response.Results.AggregatedStatus, again.Results.AggregatedStatus)
		}
		var written object
		if err := json.Unmarshal(response.Results.AggregatedStatus, &written); err != nil {
			t.Fatal(err)
		}
		if again, _ := aggregate(t, i, s, written, items); string(again.Results.AggregatedStatus) != string(response.Results.AggregatedStatus) {
			t.Fatalf("fleet %d of seed %d: a second pass makes a difference:\n%s\n%s", n, *seed,
				response.Results.AggregatedStatus, again.Results.AggregatedStatus)
		}
	}
	if len(statuses) != 3 {
		t.Errorf("the fleets are all alike: %v", statuses)
	}
	fmt.Printf("figure: fleet_model_agreement %d/%d\n", *fleets, *fleets)
}

// ignoreMessages compares statuses without messages, which are for people.
func ignoreMessages() gocmp.Options {
	return gocmp.Options{
		cmpopts.IgnoreFields(metav1.Condition{}, "Message"),
		cmpopts.IgnoreFields(v1alpha1.ClusterReport{}, "Message"),
		cmpopts.IgnoreFields(v1alpha1.FleetImage{}, "Message"),
	}
}

// checkMessages checks that the conditions name the clusters because of which they are not True, and that each state of a
// cluster other than Reported is explained.
func checkMessages(t *testing.T, status v1alpha1.KarmadaImageTrustStatus, members []member) {
	t.Helper()
	for _, c := range status.Conditions {
		if c.Type == v1alpha1.PropagatedCondition || c.Status == metav1.ConditionTrue || len(members) > 10 {
			continue
		}
		for j := range members {
			worst, _ := members[j].opinion(c.Type)
			if named := strings.Contains(c.Message, members[j].name); named != (worst == c.Status) {
				t.Fatalf("%s is %s in %s: %v, and the message is: %s", c.Type, c.Status, members[j].name, !named, c.Message)
			}
		}
	}
	for _, cluster := range status.Fleet.Clusters {
		if (cluster.Message == "") != (cluster.State == v1alpha1.ClusterReported) {
			t.Fatalf("the state of %s is %s, and the message is %q", cluster.Name, cluster.State, cluster.Message)
		}
	}
}

func itemsOf(t *testing.T, members []member) []interpret.Item {
	t.Helper()
	var items []interpret.Item
	for j := range members {
		item := interpret.Item{ClusterName: members[j].name, Applied: members[j].state != v1alpha1.ClusterNotApplied, Health: "Unknown"}
		if status := members[j].status(); status != nil {
			item.Status = encode(t, status)
		}
		items = append(items, item)
	}
	return items
}

// randomConditions is what the status may have had before, with a condition that is not Karmada's.
func randomConditions(r *rand.Rand) []metav1.Condition {
	var conditions []metav1.Condition
	for _, name := range append(foldedTypes(), v1alpha1.StalledCondition, v1alpha1.PropagatedCondition) {
		if r.IntN(2) == 0 {
			continue
		}
		conditions = append(conditions, metav1.Condition{
			Type: name, Reason: "Before", Message: "before", ObservedGeneration: r.Int64N(3), LastTransitionTime: parse(randomTime(r)),
			Status: []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown}[r.IntN(3)],
		})
	}
	return conditions
}
