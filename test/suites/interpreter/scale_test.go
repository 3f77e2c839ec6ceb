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
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/interpret"
)

// maxObject is what the object on the control plane may take up, in bytes.
const maxObject = 64 << 10

// largeFleet is what n members with 50 images each reflect, as many of them different ones as can be.
func largeFleet(t *testing.T, i *interpret.Interpreter, n int, message string) []interpret.Item {
	t.Helper()
	var items []interpret.Item
	for j := range n {
		trust := observed(25, fmt.Sprintf("registry-%d.example.com/team/image", j%80), fmt.Sprintf("%s of member %d", message, j))
		items = append(items, interpret.Item{ClusterName: fmt.Sprintf("member-%03d", j), Applied: true, Status: reflect(t, i, trust), Health: "Unhealthy"})
	}
	return items
}

// TestLargeFleet aggregates 100 members with 50 images each. What there is no room for must be counted.
func TestLargeFleet(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	items := largeFleet(t, i, 100, "no signature was found at the registry")
	response, status := aggregate(t, i, s, template(), items)
	size := checkObject(t, response, status)
	if n := len(status.Fleet.Clusters); n != 100 {
		t.Errorf("%d of 100 clusters are listed", n)
	}
	if n := len(status.Fleet.Images); n < 10 {
		t.Errorf("%d images are listed", n)
	}
	fmt.Printf("figure: fleet_object_bytes_100_members %d bytes\n", size)
	fmt.Printf("figure: fleet_aggregate_100_members_ms %.0f ms\n", milliseconds(median(t, i, items)))
	small, large := largeFleet(t, i, 12, "no signature"), largeFleet(t, i, 96, "no signature")
	fmt.Printf("figure: fleet_aggregate_growth_8x %.1f\n", milliseconds(median(t, i, large))/milliseconds(median(t, i, small)))
}

// TestLargestFleets aggregates fleets that leave little room, for each in its way.
func TestLargestFleets(t *testing.T) {
	i, s := interpret.Start(t, customizations), newSchema(t)
	long := strings.Repeat("n", 60)
	silent := make([]interpret.Item, 0, 150)
	for j := range cap(silent) {
		silent = append(silent, interpret.Item{ClusterName: fmt.Sprintf("%s%03d", long, j), AppliedMessage: strings.Repeat("<\"\u2028", 500)})
	}
	named := largeFleet(t, i, 100, strings.Repeat("<>", 200))
	for j := range named {
		named[j].ClusterName = fmt.Sprintf("%s%03d", long, j)
	}
	wide := template()
	globs := make([]any, 0, 64)
	for j := range cap(globs) {
		globs = append(globs, fmt.Sprintf("registry.example.com/%s/%d/*", strings.Repeat("team/", 30), j))
	}
	for name, c := range map[string]struct {
		desired object
		items   []interpret.Item
	}{
		"150 members":           {template(), largeFleet(t, i, 150, "no signature")},
		"names that are long":   {template(), named},
		"nobody applied":        {template(), silent},
		"a spec that is large":  {withGlobs(wide, globs), largeFleet(t, i, 100, "no signature")},
		"few with long reports": {template(), largeFleet(t, i, 3, strings.Repeat("ä", 500))},
	} {
		t.Run(name, func(t *testing.T) {
			response := i.Call(t, interpret.Request{Operation: interpret.AggregateStatus, Desired: encode(t, c.desired), Items: c.items})
			if response.Error != "" {
				t.Fatal(response.Error)
			}
			if err := s.validate(response.Results.AggregatedStatus); err != nil {
				t.Fatal(err)
			}
			var trust v1alpha1.KarmadaImageTrust
			if err := json.Unmarshal(response.Results.AggregatedStatus, &trust); err != nil {
				t.Fatal(err)
			}
			checkObject(t, response, trust.Status)
			fleet := trust.Status.Fleet
			if got := len(fleet.Clusters) + int(fleet.ClustersNotListed); got != len(c.items) || len(fleet.Clusters) == 0 {
				t.Errorf("%d clusters are listed and %d are counted, of %d", len(fleet.Clusters), fleet.ClustersNotListed, len(c.items))
			}
		})
	}
}

func withGlobs(trust object, globs []any) object {
	set(trust, []string{"spec", "images"}, globs)
	return trust
}

// checkObject checks the size of the object, with the fields that are managed, and that no image is lost.
func checkObject(t *testing.T, response interpret.Response, status v1alpha1.KarmadaImageTrustStatus) int {
	t.Helper()
	var content struct{ Status object }
	if err := json.Unmarshal(response.Results.AggregatedStatus, &content); err != nil {
		t.Fatal(err)
	}
	size := len(response.Results.AggregatedStatus) + len(encode(t, object{"f:status": managed(t, content.Status)})) + 400
	if size > maxObject {
		t.Errorf("the object takes up %d bytes", size)
	}
	if status.Summary != nil && len(status.Fleet.Images) > 0 {
		if most := int(*status.Summary.Untrusted) + int(*status.Summary.Unknown); status.Fleet.ImagesNotListed < 1 || int(status.Fleet.ImagesNotListed) > most {
			t.Errorf("%d images are not listed, of %d", status.Fleet.ImagesNotListed, most)
		}
	}
	return size
}

// managed is what the API server writes about the fields of a status, in managedFields.
func managed(t *testing.T, value object) object {
	t.Helper()
	fields := object{}
	for name, v := range value {
		entry := object{}
		switch element := v.(type) {
		case object:
			entry = managed(t, element)
		case []any:
			key := map[string]string{"conditions": "type", "clusters": "name"}[name]
			for _, e := range element {
				if m, ok := e.(object); ok && key != "" {
					of := managed(t, m)
					of["."] = object{}
					entry["k:"+string(encode(t, object{key: m[key]}))] = of
				}
			}
		}
		fields["f:"+name] = entry
	}
	return fields
}

// median is how long the aggregation takes.
func median(t *testing.T, i *interpret.Interpreter, items []interpret.Item) time.Duration {
	t.Helper()
	var took []time.Duration
	for range 5 {
		response := i.Call(t, interpret.Request{Operation: interpret.AggregateStatus, Desired: encode(t, template()), Items: items})
		if response.Error != "" {
			t.Fatal(response.Error)
		}
		took = append(took, response.Duration())
	}
	slices.Sort(took)
	return took[len(took)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
