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
	"hash/fnv"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// jitterShare is the share of the interval, 1/jitterShare, by which a verification cycle is late at most, so that the
// cycles of trusts that were applied together do not coincide.
const jitterShare = 10

// verificationCycle is the cycle in which all images of a trust are verified again. The zero value completes nothing.
type verificationCycle struct {
	// since is the earliest start of a verification that counts for this cycle; zero if any counts.
	since time.Time
	// due reports whether the cycle is complete, and recorded, once all images have fresh verdicts.
	due bool
	// next is when the next cycle is due; zero while this one has to be completed first.
	next time.Time
}

// currentCycle derives the cycle from the status alone, so that a restart changes nothing. While a cycle is due, its
// beginning is fixed: a late reconciliation does not require newer verdicts.
func currentCycle(trust *v1alpha1.KarmadaImageTrust, interval time.Duration, now time.Time) verificationCycle {
	last := trust.Status.LastVerifiedTime
	if last == nil || trust.Status.ObservedGeneration != trust.Generation || last.After(now) {
		// A time after now says nothing: a clock was ahead, or somebody wrote it. It must not put off the next cycle.
		return verificationCycle{due: true}
	}
	due := last.Add(interval + jitter(string(trust.UID), interval))
	if now.Before(due) {
		return verificationCycle{next: due}
	}
	return verificationCycle{since: due, due: true}
}

// jitter returns the delay of an object's cycles, which is the same for all of them.
func jitter(uid string, interval time.Duration) time.Duration {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(uid))
	return interval / jitterShare * time.Duration(hash.Sum32()%1000) / 1000
}
