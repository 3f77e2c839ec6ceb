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

package controllers

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/shares"
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	// maxVerdictEvents is how many events one pass records about untrusted images. The last one counts what the others do
	// not name.
	maxVerdictEvents = 50
	// maxWorkloadEvents is how many workloads of a namespace have events of their own within eventWindow. Further ones share
	// that of their namespace.
	maxWorkloadEvents = 5
	// eventWindow is how long the recorder takes events as one series.
	eventWindow = 6 * time.Minute
)

// verdictEvents reports the images that became untrusted, and those that are verified again, of all images and not only of
// those that the status lists. It returns the events about workloads that were told recently, by namespace.
//
// Events about one object are a series with the first note, so that nobody can cause any number of them. A single series for
// all images could be occupied by whoever causes the first event. Hence each workload that runs an untrusted image has one,
// within limits for each namespace; what is only requested has one for each namespace.
func verdictEvents(before *v1alpha1.KarmadaImageTrustStatus, f *findings) ([]event, map[string][]time.Time) {
	if f.records == nil {
		return nil, nil
	}
	r := f.records
	told := r.recentlyTold(f.now)
	listed := map[string]map[string]bool{}
	if r.untrusted == nil {
		listed = listedUntrusted(before.Images)
	}
	var became, again []*imageRecord
	for reference := range r.changed {
		is := r.images.untrusted(reference)
		for _, record := range r.images.byReference[reference] {
			was := r.untrusted[reference]
			if r.untrusted == nil {
				was = listed[record.status.Reference]
			}
			switch image := &record.status; {
			case image.Verdict == v1alpha1.VerdictUntrusted && !was[image.Digest]:
				became = append(became, record)
			case image.Verdict == v1alpha1.VerdictVerified && len(was) > 0 && len(is) == 0:
				again = append(again, record)
			}
		}
	}
	groups := eventGroups{told: told, now: f.now}
	for _, concerned := range inTurn(became) {
		groups.add(concerned)
	}
	slices.SortFunc(again, func(a, b *imageRecord) int { return cmp.Or(cmp.Compare(a.class, b.class), compareImages(a, b)) })
	recovered := make([]v1alpha1.ImageStatus, 0, len(again))
	for _, record := range again {
		recovered = append(recovered, record.status)
	}
	events := groups.events()
	if len(recovered) > 0 {
		note := fmt.Sprintf("%d images are verified again: %s", len(recovered), listImages(recovered))
		if len(recovered) == 1 {
			note = recovered[0].Reference + " is verified again"
		}
		events = append(events, verdictEvent(corev1.EventTypeNormal, v1alpha1.ImageVerifiedReason, note))
	}
	return events, told
}

// concerned is an image with the workloads that an event about it concerns.
type concerned struct {
	*imageRecord

	users []*assess.Tracked
}

// inTurn returns images in an order in which nobody's come first: see shares.Order.
func inTurn(records []*imageRecord) []concerned {
	slices.SortFunc(records, func(a, b *imageRecord) int { return cmp.Or(cmp.Compare(a.class, b.class), compareImages(a, b)) })
	all, inputs := make([]concerned, len(records)), make([]shares.Entry, len(records))
	for i, record := range records {
		all[i] = concerned{record, record.image.RunBy()}
		inputs[i].Class = record.class
		for _, user := range all[i].users {
			w := &user.Workload
			inputs[i].Users = append(inputs[i].Users, shares.UserOf(w.Namespace, w.Kind, w.Name, string(w.UID)))
		}
	}
	ordered := make([]concerned, 0, len(all))
	for _, at := range shares.Order(inputs) {
		ordered = append(ordered, all[at])
	}
	return ordered
}

// eventGroups are the images that became untrusted, by the object that an event about them is related to.
type eventGroups struct {
	told   map[string][]time.Time
	now    time.Time
	groups []*eventGroup
	byKey  map[corev1.ObjectReference]*eventGroup
	// others are the images beyond the groups, and those that no workload uses.
	others []v1alpha1.ImageStatus
}

type eventGroup struct {
	related *corev1.ObjectReference
	images  []v1alpha1.ImageStatus
}

// add adds an image. The most important ones have to be added first.
func (g *eventGroups) add(image concerned) {
	if len(image.users) == 0 {
		g.others = append(g.others, image.status)
		return
	}
	user := &image.users[0].Workload
	namespace := namespaceReference(user.Namespace)
	group := g.byKey[*namespace]
	if image.status.Usage == v1alpha1.UsageRunning {
		group = g.ofWorkload(user, group)
	}
	if group == nil {
		group = g.open(*namespace)
	}
	if group == nil {
		g.others = append(g.others, image.status)
		return
	}
	group.images = append(group.images, image.status)
}

// ofWorkload returns the group of a workload, or the given one of its namespace where that has had its share of events.
func (g *eventGroups) ofWorkload(w *inventory.Workload, ofNamespace *eventGroup) *eventGroup {
	related := corev1.ObjectReference{
		APIVersion: schema.GroupVersion{Group: w.Group, Version: w.Version}.String(),
		Kind:       w.Kind, Namespace: w.Namespace, Name: w.Name, UID: w.UID,
	}
	if group := g.byKey[related]; group != nil {
		return group
	}
	if len(g.told[w.Namespace]) >= maxWorkloadEvents {
		return ofNamespace
	}
	group := g.open(related)
	if group != nil {
		g.told[w.Namespace] = append(g.told[w.Namespace], g.now)
	}
	return group
}

// open returns a new group; nil if there are as many as may be.
func (g *eventGroups) open(related corev1.ObjectReference) *eventGroup {
	if len(g.groups) == maxVerdictEvents-1 {
		return nil
	}
	group := &eventGroup{related: &related}
	if g.byKey == nil {
		g.byKey = map[corev1.ObjectReference]*eventGroup{}
	}
	g.groups, g.byKey[related] = append(g.groups, group), group
	return group
}

func namespaceReference(name string) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "Namespace", Name: name}
}

func (g *eventGroups) events() []event {
	var events []event
	for _, group := range g.groups {
		events = append(events, untrustedEvent(group.images, group.related))
	}
	if len(g.others) > 0 {
		events = append(events, untrustedEvent(g.others, nil))
	}
	return events
}

func untrustedEvent(images []v1alpha1.ImageStatus, related *corev1.ObjectReference) event {
	note := fmt.Sprintf("%d images are untrusted: %s", len(images), listImages(images))
	if len(images) == 1 {
		image := &images[0]
		note = fmt.Sprintf("%s is untrusted: %s: %s", text.Truncate(image.Reference, maxNamedImage), image.Reason, image.Message)
	}
	if related != nil {
		where := related.Kind + " " + related.Name
		if related.Namespace != "" {
			where = fmt.Sprintf("%s %s/%s", related.Kind, related.Namespace, related.Name)
		}
		note = fmt.Sprintf("%s (%s)", message(note, maxMessage-len(where)-len(" ()")), where)
	}
	e := verdictEvent(corev1.EventTypeWarning, v1alpha1.ImageUntrustedReason, note)
	e.related, e.series = related, true
	return e
}

// listedUntrusted returns the digests of the untrusted images that a status lists, by reference.
func listedUntrusted(images []v1alpha1.ImageStatus) map[string]map[string]bool {
	untrusted := map[string]map[string]bool{}
	for i := range images {
		if !untrustedOrWas(&images[i]) {
			continue
		}
		if untrusted[images[i].Reference] == nil {
			untrusted[images[i].Reference] = map[string]bool{}
		}
		untrusted[images[i].Reference][images[i].Digest] = true
	}
	return untrusted
}

func verdictEvent(kind, reason, note string) event {
	return event{kind: kind, reason: reason, action: "Verify", note: message(note, maxMessage)}
}
