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
	"maps"
	"slices"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/metrics"
	"github.com/karmada-io/image-trust/internal/shares"
	"github.com/karmada-io/image-trust/internal/text"
)

// imageRecords are the images of a trust as the status shows them.
type imageRecords struct {
	byReference map[string][]*imageRecord
	// turns has the images in the order of the list, by class.
	turns map[int]*shares.Turns[*imageRecord]
	imageCounts
	// carried are those whose status depends on the status before.
	carried map[*imageRecord]bool
	// since has the time at which each image was first observed, by key; zero for those that the first pass observed. It is nil
	// before that pass.
	since map[string]time.Time
	// rootProblems that the statuses are made with.
	rootProblems map[string]string
	serial       int
	begun        bool // whether the update is the first one from its source
}

// imageRecord is one image. What decides its place in the list does not change.
type imageRecord struct {
	image  *assess.TrackedImage
	status v1alpha1.ImageStatus
	// reference is that of the group, which the status may show otherwise.
	reference string
	// key identifies the image in a history.
	key string
	// class is the importance; a lower one is more important.
	class int
	// firstSeen is when the image was first observed; zero for before the first pass of the operator.
	firstSeen time.Time
	serial    int
	// fresh reports whether the answer is, and decided whether it is, and not Unknown.
	fresh, decided bool
	// verdict is what policy reports say of the image.
	verdict reportedVerdict
	// regrouped is that of the image.
	regrouped int
	// alone reports whether it is in the list without a workload.
	alone bool
}

// reportedVerdict is what a policy report says of an image.
type reportedVerdict struct {
	verdict                 v1alpha1.Verdict
	digest, reason, message string
}

// listedAs is the place of an image among those of a workload.
type listedAs struct {
	record *imageRecord
	rank   int
}

// compareImages is the order of images of one class: those that were observed last, and then by name.
func compareImages(a, b *imageRecord) int {
	return cmp.Or(
		b.firstSeen.Compare(a.firstSeen), cmp.Compare(a.status.Reference, b.status.Reference),
		cmp.Compare(a.status.Digest, b.status.Digest), cmp.Compare(a.key, b.key), cmp.Compare(a.serial, b.serial),
	)
}

func (r *imageRecords) begin() {
	r.byReference, r.turns, r.carried = map[string][]*imageRecord{}, map[int]*shares.Turns[*imageRecord]{}, map[*imageRecord]bool{}
	r.begun = true
	r.imageCounts = imageCounts{byKind: map[metrics.Image]int{}}
}

// update takes in what changed of the images, and makes those statuses anew that depend on the status before.
func (r *imageRecords) update(from known, changed assess.Changed, with basis, reported map[string]bool) {
	references := maps.Clone(changed.References)
	for record := range r.carried {
		references[record.reference] = true
	}
	earlier := map[string][]*v1alpha1.ImageStatus{}
	if sameSpec(with.trust) {
		for i := range with.trust.Status.Images {
			image := &with.trust.Status.Images[i]
			earlier[image.Reference] = append(earlier[image.Reference], image)
			references[image.Reference] = true
		}
	}
	if !maps.Equal(r.rootProblems, with.rootProblems) {
		r.rootProblems = with.rootProblems
		for reference := range r.byReference {
			references[reference] = true
		}
	}
	listed := map[*assess.Tracked]bool{}
	for _, w := range changed.Workloads {
		listed[w] = true
	}
	u := imageUpdate{records: r, earlier: earlier, with: with, lost: map[string]bool{}, gained: map[string]time.Time{}}
	for reference := range references {
		moved, differs := u.group(reference, from.Images(reference))
		if !moved && !differs {
			continue
		}
		for _, image := range from.Images(reference) {
			for _, w := range image.UsersOf() {
				if moved {
					listed[w] = true
				}
				reported[w.Workload.Namespace] = true
			}
		}
	}
	u.remember()
	for w := range listed {
		r.list(from, w)
	}
}

// imageUpdate is an update of the records of images.
type imageUpdate struct {
	records *imageRecords
	earlier map[string][]*v1alpha1.ImageStatus // by reference
	with    basis
	lost    map[string]bool // keys
	gained  map[string]time.Time
}

// group makes the records of the images of a reference anew. It reports whether their places in the list may have changed, and
// whether what policy reports say of them has.
func (u *imageUpdate) group(reference string, images []*assess.TrackedImage) (moved, differs bool) {
	r := u.records
	before := map[*assess.TrackedImage]*imageRecord{}
	for _, record := range r.byReference[reference] {
		before[record.image] = record
	}
	records := make([]*imageRecord, 0, len(images))
	for _, image := range images {
		was := before[image]
		now := u.record(reference, image)
		if was != nil {
			delete(before, image)
			r.imageCounts.add(was, -1)
			delete(r.carried, was)
			now.firstSeen = was.firstSeen
			if now.key != was.key {
				u.lost[was.key] = true
				now.firstSeen = u.since(now)
			}
			now.serial = was.serial
			differs = differs || now.verdict != was.verdict
			moved = moved || now.regrouped != was.regrouped
			if now.class == was.class && compareImages(now, was) == 0 {
				was.status, was.fresh, was.decided, was.verdict, was.regrouped = now.status, now.fresh, now.decided, now.verdict, now.regrouped
				now = was
			} else {
				r.leave(was)
			}
		} else {
			r.serial++
			now.serial, now.firstSeen = r.serial, u.since(now)
		}
		u.gained[now.key] = now.firstSeen
		moved = moved || now != was
		r.enter(now)
		r.imageCounts.add(now, 1)
		if len(u.earlier[now.status.Reference]) > 0 || now.status.Reference != reference {
			r.carried[now] = true
		}
		records = append(records, now)
	}
	for _, gone := range before {
		moved = true
		u.lost[gone.key] = true
		r.imageCounts.add(gone, -1)
		delete(r.carried, gone)
		r.leave(gone)
	}
	if r.byReference[reference] = records; len(records) == 0 {
		delete(r.byReference, reference)
	}
	return moved, differs
}

// record makes the record of an image, without when it was first observed.
func (u *imageUpdate) record(reference string, tracked *assess.TrackedImage) *imageRecord {
	image := tracked.Image
	image.Reference = text.Truncate(text.Printable(image.Reference), maxImage)
	before := &u.with.trust.Status
	earlier := earlierStatus{
		image: findStatus(u.earlier[image.Reference], &image), lastVerified: before.LastVerifiedTime, now: u.with.now,
	}
	record := &imageRecord{
		image: tracked, reference: reference, key: imageKeys(&image)[0], regrouped: tracked.Regrouped,
		status: imageStatus(image, earlier, u.with.rootProblems[image.Signer]),
		fresh:  image.Answer.Fresh, decided: image.Answer.Fresh && image.Answer.Result.Verdict != v1alpha1.VerdictUnknown,
	}
	record.class = imageClass(&record.status)
	result := &image.Answer.Result
	record.verdict = reportedVerdict{result.Verdict, image.Answer.Digest, result.Reason, result.Message}
	return record
}

// since returns when an image was first observed: what the pass before did not observe is new, unless there was none.
func (u *imageUpdate) since(record *imageRecord) time.Time {
	image := record.image.Image
	image.Reference = record.status.Reference
	return since(u.records.since, u.with.now, imageKeys(&image)...)
}

// remember has the next pass know what this one observed.
func (u *imageUpdate) remember() {
	r := u.records
	if r.since == nil || r.begun {
		r.since, r.begun = map[string]time.Time{}, false
	}
	for key := range u.lost {
		delete(r.since, key)
	}
	maps.Copy(r.since, u.gained)
}

// enter adds an image that no workload uses to the list, and leave drops it. Those that workloads use are listed with them.
func (r *imageRecords) enter(record *imageRecord) {
	if alone := record.image.Workloads == 0; alone != record.alone {
		r.leave(record)
		if record.alone = alone; alone {
			r.turn(record.class).Add("", record, 0)
		}
	}
}

func (r *imageRecords) leave(record *imageRecord) {
	if record.alone {
		r.turn(record.class).Remove("", record, 0)
		record.alone = false
	}
}

// list gives the images of a workload their places in the list.
func (r *imageRecords) list(from known, w *assess.Tracked) {
	var records []*imageRecord
	for _, image := range from.ImagesOf(w) {
		if record := r.of(image); record != nil {
			records = append(records, record)
		}
	}
	slices.SortFunc(records, func(a, b *imageRecord) int { return cmp.Or(cmp.Compare(a.class, b.class), compareImages(a, b)) })
	now := make([]listedAs, 0, len(records))
	for i, record := range records {
		rank := 0
		if i > 0 && records[i-1].class == record.class {
			rank = now[i-1].rank + 1
		}
		now = append(now, listedAs{record, rank})
	}
	before, _ := w.Note.([]listedAs)
	if slices.Equal(before, now) {
		return
	}
	for _, place := range before {
		r.turn(place.record.class).Remove(w.Workload.Namespace, place.record, place.rank)
	}
	for _, place := range now {
		r.turn(place.record.class).Add(w.Workload.Namespace, place.record, place.rank)
	}
	w.Note = now
}

// of returns the record of an image.
func (r *imageRecords) of(image *assess.TrackedImage) *imageRecord {
	for _, record := range r.byReference[image.Reference] {
		if record.image == image {
			return record
		}
	}
	return nil
}

func (r *imageRecords) turn(class int) *shares.Turns[*imageRecord] {
	if r.turns[class] == nil {
		r.turns[class] = shares.NewTurns(maxCandidates, compareImages)
	}
	return r.turns[class]
}

// first returns the first images of the list, of some classes: see imageClass.
func (r *imageRecords) first(of func(class int) bool) []*imageRecord {
	var first, others []*imageRecord
	for _, class := range slices.Sorted(maps.Keys(r.turns)) {
		if of(class) {
			one, other := r.turns[class].First()
			first, others = append(first, one...), append(others, other...)
		}
	}
	return append(first, others...)
}

// untrusted returns the digests of the untrusted images of a reference.
func (r *imageRecords) untrusted(reference string) map[string]bool {
	digests := map[string]bool{}
	for _, record := range r.byReference[reference] {
		if untrustedOrWas(&record.status) {
			digests[record.status.Digest] = true
		}
	}
	return digests
}

// imageCounts counts images.
type imageCounts struct {
	all, moved int
	verdicts   [3]int // verified, untrusted, unknown
	// notFresh have an answer that is not of this cycle, and undecided, of those that not only a rollback would run, have no verdict
	// of this cycle.
	notFresh, notDecided int
	// used are those that not only a rollback would run: of these, untrusted ones and ones that are neither that nor verified, of
	// which some are pending, and some had a verdict.
	used, untrustedUsed, undecided, pending, verifiedBefore int
	byKind                                                  map[metrics.Image]int
}

func (c *imageCounts) add(record *imageRecord, n int) {
	status := &record.status
	count := func(to *int, when bool) {
		if when {
			*to += n
		}
	}
	c.all += n
	count(&c.moved, status.TagDigest != "")
	for i, verdict := range []v1alpha1.Verdict{v1alpha1.VerdictVerified, v1alpha1.VerdictUntrusted, v1alpha1.VerdictUnknown} {
		count(&c.verdicts[i], status.Verdict == verdict)
	}
	kind := metrics.Image{Verdict: string(status.Verdict), Reason: status.Reason, Usage: string(status.Usage)}
	if c.byKind[kind] += n; c.byKind[kind] == 0 {
		delete(c.byKind, kind)
	}
	count(&c.notFresh, !record.fresh)
	if status.Usage == v1alpha1.UsageRollback {
		return
	}
	c.used += n
	count(&c.notDecided, !record.decided)
	switch {
	case untrustedOrWas(status):
		c.untrustedUsed += n
	case status.Verdict != v1alpha1.VerdictVerified:
		c.undecided += n
		count(&c.pending, status.Reason == v1alpha1.PendingReason)
		count(&c.verifiedBefore, status.LastVerdict != nil)
	}
}
