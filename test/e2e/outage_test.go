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
	fault  func(http.Handler) http.Handler
	signed bool
	reason string // while it lasts
}

// TestOutages has verdicts come due while registries fail, each in its own way, and recover.
func TestOutages(t *testing.T) {
	outages := map[string]outage{
		"unavailable":             {fault: answer(http.StatusServiceUnavailable), signed: true, reason: v1alpha1.RegistryUnreachableReason},
		"limited":                 {fault: answer(http.StatusTooManyRequests), signed: true, reason: v1alpha1.RateLimitedReason},
		"unauthorized":            {fault: answer(http.StatusUnauthorized), signed: true, reason: v1alpha1.RegistryUnauthorizedReason},
		"silent":                  {fault: silence, signed: true, reason: v1alpha1.TimeoutReason},
		"unavailable-and-no-good": {fault: answer(http.StatusServiceUnavailable), reason: v1alpha1.RegistryUnreachableReason},
	}
	// A tag that moves is found out in the same way, so it shares the wait.
	const moving = "docker.io/outage-moving/image:v1"
	pushSigned(t, moving, release)
	mover := frequent("outage-moving", moving)
	create(t, mover)
	before := map[string]*trust{}
	for name, outage := range outages {
		image := "docker.io/outage-" + name + "/image:v1"
		if outage.signed {
			pushSigned(t, image, release)
		} else {
			push(t, image)
		}
		trust := frequent("outage-"+name, image)
		create(t, trust)
		before[name] = becomes(t, trust.Name, settled)
	}
	becomes(t, mover.Name, settled, verdict(moving, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	seen := recordStatuses(t)

	takeOut := map[string]func(){}
	for name, outage := range outages {
		takeOut[name] = registry.insert(t, repositoryOf(t, imageIn(before[name]).Reference), outage.fault)
	}
	if _, err := shared.Push(t.Context(), moving, "moved"); err != nil {
		t.Fatal(err)
	}
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			was := before[name]
			image := imageIn(was)
			verified := condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionUnknown, v1alpha1.VerificationUnavailableReason)
			if !outage.signed {
				verified = condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason)
			}
			// The operator has done what it can: Ready stays.
			is := becomes(t, was.Name, settled, verified, verdict(image.Reference, v1alpha1.VerdictUnknown, outage.reason))
			checkKept(t, image, imageIn(is))
			takeOut[name]()
			recovered := becomes(t, was.Name, settled, verdict(image.Reference, image.Verdict, image.Reason))
			if imageIn(recovered).LastVerdict != nil {
				t.Error("the last verdict is still there beside the new one")
			}
			for _, status := range seen.of(was.Name) {
				if got := status.Images[0].Verdict; got != v1alpha1.VerdictUnknown && got != image.Verdict {
					t.Errorf("the verdict was %s in between", got)
				}
			}
		})
	}
	t.Run("a tag that moved", func(t *testing.T) {
		becomes(t, mover.Name, verdict(moving, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
		eventually(t, eventReasons(mover.Name), has(v1alpha1.ImageUntrustedReason))
	})
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
