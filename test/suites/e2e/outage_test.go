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

package e2e

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// outage of a registry, as one trust in an image of it sees it.
type outage struct {
	name   string
	fault  func(http.Handler) http.Handler
	signed bool
	reason string // while it lasts

	before  *trust
	takeOut func()
}

// TestOutages has verdicts come due while registries fail, each in its own way, and recover.
func TestOutages(t *testing.T) {
	outages := []*outage{
		{name: "unavailable", fault: answer(http.StatusServiceUnavailable), signed: true, reason: v1alpha1.RegistryUnreachableReason},
		{name: "limited", fault: answer(http.StatusTooManyRequests), signed: true, reason: v1alpha1.RateLimitedReason},
		{name: "unauthorized", fault: answer(http.StatusUnauthorized), signed: true, reason: v1alpha1.RegistryUnauthorizedReason},
		{name: "unavailable-and-no-good", fault: answer(http.StatusServiceUnavailable), reason: v1alpha1.RegistryUnreachableReason},
		// Takes longest, so it comes last.
		{name: "silent", fault: silence, signed: true, reason: v1alpha1.TimeoutReason},
	}
	// A tag that moves is found out in the same way, so it shares the wait.
	const moving = "docker.io/outage-moving/image:v1"
	pushSigned(t, moving, release)
	mover := frequent("outage-moving", moving)
	create(t, mover)
	for _, o := range outages {
		o.prepare(t)
	}
	becomes(t, mover.Name, settled, verdict(moving, v1alpha1.VerdictVerified, v1alpha1.SignedReason))

	seen := recordStatuses(t)
	for _, o := range outages {
		o.takeOut = registry.insert(t, repositoryOf(t, imageIn(o.before).Reference), o.fault)
	}
	if _, err := shared.Push(t.Context(), moving, "moved"); err != nil {
		t.Fatal(err)
	}
	for _, o := range outages {
		t.Run(o.name+" lasts", o.lasts)
		o.takeOut()
	}
	t.Run("a tag has moved", func(t *testing.T) {
		becomes(t, mover.Name, verdict(moving, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
		eventually(t, eventReasons(mover.Name), has(v1alpha1.ImageUntrustedReason))
	})
	for _, o := range outages {
		t.Run(o.name+" ends", func(t *testing.T) {
			was := imageIn(o.before)
			is := becomes(t, o.before.Name, settled, verdict(was.Reference, was.Verdict, was.Reason))
			if imageIn(is).LastVerdict != nil {
				t.Error("the last verdict is still there beside the new one")
			}
			for _, status := range seen.of(o.before.Name) {
				if got := status.Images[0].Verdict; got != v1alpha1.VerdictUnknown && got != was.Verdict {
					t.Errorf("the verdict was %s in between", got)
				}
			}
		})
	}
}

// prepare has the trust settled before the outage.
func (o *outage) prepare(t *testing.T) {
	t.Helper()
	image := "docker.io/outage-" + o.name + "/image:v1"
	if o.signed {
		pushSigned(t, image, release)
	} else {
		push(t, image)
	}
	trust := frequent("outage-"+o.name, image)
	create(t, trust)
	o.before = becomes(t, trust.Name, settled)
}

// lasts waits for what the trust reports during the outage.
func (o *outage) lasts(t *testing.T) {
	was := imageIn(o.before)
	verified := condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason)
	if !o.signed {
		// What was distrusted stays so.
		verified = condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason)
	}
	// The operator has done what it can: Ready stays.
	is := becomes(t, o.before.Name, settled, verified, verdict(was.Reference, v1alpha1.VerdictUnknown, o.reason))
	checkKept(t, was, imageIn(is))
}

// frequent is a trust whose verdicts come due as often as is possible.
func frequent(name, image string) *trust {
	out := newTrust(name, name, image)
	out.Spec.Verification.Interval = &metav1.Duration{Duration: time.Minute}
	return out
}

// imageIn is the only image of a trust.
func imageIn(got *trust) *v1alpha1.ImageStatus { return &got.Status.Images[0] }

// statuses are all that were written, by trust.
type statuses struct {
	mu     sync.Mutex
	byName map[string][]v1alpha1.KarmadaImageTrustStatus
}

func (s *statuses) of(name string) []v1alpha1.KarmadaImageTrustStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byName[name]
}

// recordStatuses records every status that is written until the test ends.
func recordStatuses(t *testing.T) *statuses {
	t.Helper()
	c, err := client.NewWithWatch(shared.Config(), client.Options{Scheme: shared.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	// t.Context ends before clean-ups run, so this ends by itself.
	changes, err := c.Watch(context.WithoutCancel(t.Context()), &v1alpha1.KarmadaImageTrustList{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(changes.Stop)
	seen := &statuses{byName: map[string][]v1alpha1.KarmadaImageTrustStatus{}}
	go func() {
		for change := range changes.ResultChan() {
			got, ok := change.Object.(*trust)
			if !ok || change.Type == watch.Deleted || len(got.Status.Images) == 0 {
				continue
			}
			seen.mu.Lock()
			seen.byName[got.Name] = append(seen.byName[got.Name], got.Status)
			seen.mu.Unlock()
		}
	}()
	return seen
}
