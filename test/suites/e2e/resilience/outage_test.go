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

package resilience

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
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// outage is a registry that fails, with a trust for an image in it.
type outage struct {
	name   string
	fault  func(http.Handler) http.Handler
	signed bool
	reason string // while it lasts

	before *v1alpha1.KarmadaImageTrust
	remove func()
}

// TestOutages verifies images again while their registries fail, each in its own way, and after they recover.
func TestOutages(t *testing.T) {
	outages := []*outage{
		{name: "unavailable", fault: labtest.RespondWith(http.StatusServiceUnavailable), signed: true, reason: v1alpha1.RegistryUnreachableReason},
		{name: "limited", fault: labtest.RespondWith(http.StatusTooManyRequests), signed: true, reason: v1alpha1.RateLimitedReason},
		{name: "unauthorized", fault: labtest.RespondWith(http.StatusUnauthorized), signed: true, reason: v1alpha1.RegistryUnauthorizedReason},
		{name: "unavailable-and-untrusted", fault: labtest.RespondWith(http.StatusServiceUnavailable), reason: v1alpha1.RegistryUnreachableReason},
		// Takes longest, so it comes last.
		{name: "silent", fault: neverRespond, signed: true, reason: v1alpha1.TimeoutReason},
	}
	// A moved tag is detected in the same verification cycle, so it shares the wait.
	const moving = "docker.io/outage-moving/image:v1"
	lab.PushSignedImage(t, moving, labtest.Release)
	mover := newFrequentTrust("outage-moving", moving)
	lab.Create(t, mover)
	for _, o := range outages {
		o.prepare(t)
	}
	lab.WaitForTrust(t, mover.Name, labtest.Reconciled, labtest.HasVerdict(moving, v1alpha1.VerdictVerified, v1alpha1.SignedReason))

	seen := recordStatuses(t)
	for _, o := range outages {
		o.remove = lab.Intercept(t, labtest.RepositoryOf(t, onlyImage(o.before).Reference), o.fault)
	}
	if _, err := lab.Push(t.Context(), moving, "moved"); err != nil {
		t.Fatal(err)
	}
	for _, o := range outages {
		t.Run(o.name+" lasts", o.lasts)
		o.remove()
	}
	t.Run("a tag has moved", func(t *testing.T) {
		lab.WaitForTrust(t, mover.Name, labtest.HasVerdict(moving, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
		waitfor.State(t, lab.EventReasons(mover.Name), labtest.Contains(v1alpha1.ImageUntrustedReason))
	})
	for _, o := range outages {
		t.Run(o.name+" ends", func(t *testing.T) {
			was := onlyImage(o.before)
			is := lab.WaitForTrust(t, o.before.Name, labtest.Reconciled, labtest.HasVerdict(was.Reference, was.Verdict, was.Reason))
			if onlyImage(is).LastVerdict != nil {
				t.Error("lastVerdict is still set")
			}
			for _, status := range seen.of(o.before.Name) {
				if got := status.Images[0].Verdict; got != v1alpha1.VerdictUnknown && got != was.Verdict {
					t.Errorf("the verdict was %s in between", got)
				}
			}
		})
	}
}

// prepare creates the trust, and waits until it is reconciled.
func (o *outage) prepare(t *testing.T) {
	t.Helper()
	image := "docker.io/outage-" + o.name + "/image:v1"
	if o.signed {
		lab.PushSignedImage(t, image, labtest.Release)
	} else {
		lab.PushImage(t, image)
	}
	trust := newFrequentTrust("outage-"+o.name, image)
	lab.Create(t, trust)
	o.before = lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
}

// lasts checks the status during the outage.
func (o *outage) lasts(t *testing.T) {
	was := onlyImage(o.before)
	verified := labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason)
	if !o.signed {
		// The image stays untrusted.
		verified = labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason)
	}
	// Ready stays true: the operator has done what it can.
	is := lab.WaitForTrust(t, o.before.Name, labtest.Reconciled, verified, labtest.HasVerdict(was.Reference, v1alpha1.VerdictUnknown, o.reason))
	checkKept(t, was, onlyImage(is))
}

// newFrequentTrust returns a trust with the shortest interval of verification.
func newFrequentTrust(name, image string) *v1alpha1.KarmadaImageTrust {
	out := labtest.NewTrust(name, name, image)
	out.Spec.Verification.Interval = &metav1.Duration{Duration: time.Minute}
	return out
}

// onlyImage returns the only image in a status.
func onlyImage(got *v1alpha1.KarmadaImageTrust) *v1alpha1.ImageStatus { return &got.Status.Images[0] }

// statuses are all statuses that were written, by trust.
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
	c, err := client.NewWithWatch(lab.Config(), client.Options{Scheme: lab.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	// t.Context ends before clean-ups run; the clean-up stops this watch.
	changes, err := c.Watch(context.WithoutCancel(t.Context()), &v1alpha1.KarmadaImageTrustList{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(changes.Stop)
	seen := &statuses{byName: map[string][]v1alpha1.KarmadaImageTrustStatus{}}
	go func() {
		for change := range changes.ResultChan() {
			got, ok := change.Object.(*v1alpha1.KarmadaImageTrust)
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
