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

// jitterShare of the interval is the longest delay by which a round comes late, so that trusts
// that were applied together do not stay together.
const jitterShare = 10

// round of verification that a trust is in.
type round struct {
	// since is when attempts must have begun to count; zero: any attempt does.
	since time.Time
	// ends tells that the end of this round is to be recorded once all images are settled.
	ends bool
	// next is when the following round is due; zero while this one has to end first.
	next time.Time
}

// currentRound derives the round from the status alone, so that a restart changes nothing. While
// a round is due, its beginning stays what it was: a late pass does not demand newer answers.
func currentRound(trust *v1alpha1.KarmadaImageTrust, interval time.Duration, now time.Time) round {
	last := trust.Status.LastVerifiedTime
	if last == nil || trust.Status.ObservedGeneration != trust.Generation {
		return round{ends: true}
	}
	due := last.Add(interval + jitter(string(trust.UID), interval))
	if now.Before(due) {
		return round{next: due}
	}
	return round{since: due, ends: true}
}

// jitter is fixed for an object, and so needs no memory.
func jitter(uid string, interval time.Duration) time.Duration {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(uid))
	return interval / jitterShare * time.Duration(hash.Sum32()%1000) / 1000
}
