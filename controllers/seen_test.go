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
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// seen is what a status shows of the images of a cluster.
type seen struct {
	// Images as REFERENCE USAGE VERDICT REASON.
	Images []string
	// Verified is the condition ImagesVerified.
	Verified metav1.ConditionStatus
	// Enforced is the reason of the condition Enforced.
	Enforced string
	// Violations as IMAGE REASON.
	Violations []string
}

// see reconciles a trust on docker.io/karmada/* in a cluster with these pods, where every signature is in order.
func see(t *testing.T, pods ...*corev1.Pod) (seen, *v1alpha1.KarmadaImageTrust) {
	t.Helper()
	r, _ := newTestReconciler(t)
	config := &corev1.ConfigMap{Data: map[string]string{"no-match-policy": "allow"}}
	r.Admission.SetConfig(config)
	for i, pod := range pods {
		pod.Namespace, pod.Name, pod.UID = "in", string(rune('a'+i)), types.UID(rune('a'+i))
		r.Inventory.Apply(inventory.Convert(pod))
	}
	s := newScope(t, r)
	d := r.decide(t.Context(), s)
	trust := s.trust
	f := &findings{now: now, policy: applied(), records: d.records, forecast: d.forecast, cycle: verificationCycle{due: true}}
	trust.Status = f.conclude(trust)
	out := seen{
		Verified: apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.ImagesVerifiedCondition).Status,
		Enforced: apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.EnforcedCondition).Reason,
	}
	for _, i := range trust.Status.Images {
		out.Images = append(out.Images, strings.Join([]string{i.Reference, string(i.Usage), string(i.Verdict), i.Reason}, " "))
	}
	for _, v := range trust.Status.Violations {
		out.Violations = append(out.Violations, v.Image+" "+v.Reason)
	}
	return out, trust
}

// runningPod returns a pod with one container that runs, as its node reports it.
func runningPod(image, imageID string) *corev1.Pod {
	return &corev1.Pod{
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "main", Image: image, ImageID: imageID, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}},
	}
}

// TestEverythingThatRunsIsSeen has pods run images of which a trust must not say that they are verified, although the tag of each is.
func TestEverythingThatRunsIsSeen(t *testing.T) {
	const image = "docker.io/karmada/app:v1"
	sha512 := "@sha512:" + strings.Repeat("a", 128)
	owned := runningPod(image, hex("b"))
	owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web-1", UID: "rs", Controller: new(true)}}
	volume := runningPod("docker.io/karmada/tool:v1", "docker.io/karmada/tool@"+hex("a"))
	volume.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: image}}}}
	mounted := volume.DeepCopy()
	mounted.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "v", MountPath: "/v"}}

	asTag := []string{image + " Running Unknown DigestNotReported", image + " Requested Verified Signed"}
	for name, tc := range map[string]struct {
		pod  *corev1.Pod
		want seen
	}{
		"a digest of the repository": {
			runningPod(image, image+"@"+hex("a")),
			seen{[]string{image + " Running Verified Signed"}, metav1.ConditionTrue, v1alpha1.AdmissionEnforcesReason, nil},
		},
		"loaded into the node": {runningPod(image, hex("b")), seen{asTag, metav1.ConditionUnknown, v1alpha1.AdmissionEnforcesReason, nil}},
		"a bare id": {
			runningPod(image, strings.Repeat("b", 64)), seen{asTag, metav1.ConditionUnknown, v1alpha1.AdmissionEnforcesReason, nil},
		},
		"sha512 in the report": {
			runningPod(image, image+sha512), seen{asTag, metav1.ConditionUnknown, v1alpha1.AdmissionEnforcesReason, nil},
		},
		"no report": {runningPod(image, ""), seen{asTag, metav1.ConditionUnknown, v1alpha1.AdmissionEnforcesReason, nil}},
		"of a ReplicaSet": {
			owned, seen{asTag[:1], metav1.ConditionUnknown, v1alpha1.AdmissionEnforcesReason, nil},
		},
		"control characters": {
			runningPod("docker.io/karmada/app\x1b[2J:v1", ""),
			seen{
				[]string{"docker.io/karmada/app?[2J:v1 Running Unknown InvalidReference"}, metav1.ConditionUnknown,
				v1alpha1.AdmissionEnforcesReason, []string{"docker.io/karmada/app?[2J:v1 InvalidReference"},
			},
		},
		"a digest that only nodes read": {
			runningPod("docker.io/karmada/app"+sha512, "docker.io/karmada/app"+sha512),
			seen{
				[]string{"docker.io/karmada/app" + sha512 + " Running Unknown InvalidReference"}, metav1.ConditionUnknown,
				v1alpha1.AdmissionEnforcesReason, []string{"docker.io/karmada/app" + sha512 + " InvalidReference"},
			},
		},
		"the address that nodes pull from": {
			runningPod("registry-1.docker.io/karmada/bad:v1", "registry-1.docker.io/karmada/bad@"+hex("a")),
			seen{
				[]string{"registry-1.docker.io/karmada/bad:v1 Running Untrusted Unsigned"}, metav1.ConditionFalse,
				v1alpha1.AdmissionEnforcesReason, []string{"registry-1.docker.io/karmada/bad:v1 Unsigned"},
			},
		},
		"another spelling": {
			runningPod("Docker.io:443/karmada/bad:v1", "docker.io/karmada/bad@"+hex("a")),
			seen{[]string{"Docker.io:443/karmada/bad:v1 Running Untrusted Unsigned"}, metav1.ConditionFalse, v1alpha1.SpellingNotCoveredReason, nil},
		},
		"an image volume": {
			volume,
			seen{
				[]string{image + " Requested Verified Signed", "docker.io/karmada/tool:v1 Running Verified Signed"},
				metav1.ConditionTrue, v1alpha1.ImageVolumesReason, nil,
			},
		},
		"an image volume that is mounted": {
			mounted,
			seen{
				[]string{asTag[0], asTag[1], "docker.io/karmada/tool:v1 Running Verified Signed"},
				metav1.ConditionUnknown, v1alpha1.ImageVolumesReason, nil,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := see(t, tc.pod)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatIsNotReportedKeepsNothing has a container run without a digest next to the same image with one, and again later:
// neither takes anything over from the other.
func TestWhatIsNotReportedKeepsNothing(t *testing.T) {
	const image = "docker.io/karmada/app:v1"
	_, trust := see(t, runningPod(image, image+"@"+hex("a")), runningPod(image, hex("b")))
	for range 2 {
		r, _ := newTestReconciler(t)
		r.Inventory.Apply(inventory.Convert(runningPod(image, hex("b"))))
		s := newScope(t, r)
		s.trust.Status = trust.Status
		s.roots[""] = rootOfTrust{err: errors.New("the root is gone")}
		d := r.decide(t.Context(), s)
		f := &findings{now: now, policy: applied(), records: d.records, forecast: d.forecast, cycle: verificationCycle{due: true}}
		trust.Status = f.conclude(trust)
		found := false
		for _, i := range trust.Status.Images {
			if i.Reason != v1alpha1.DigestNotReportedReason {
				continue
			}
			if found = true; i.Digest != "" || i.Signer != nil || i.LastVerdict != nil || i.Verdict != v1alpha1.VerdictUnknown {
				t.Errorf("what runs without a digest took over %+v", i)
			}
		}
		if !found {
			t.Fatalf("nothing is shown of what runs without a digest: %+v", trust.Status.Images)
		}
	}
}

// TestGapsOfSpellings: an image in a spelling that the policy does not match is one that no policy covers, whatever
// no-match-policy is.
func TestGapsOfSpellings(t *testing.T) {
	_, trust := see(t, runningPod("docker.io.:443/karmada/app:v1", ""))
	enforced := apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.EnforcedCondition)
	for _, want := range []string{"docker.io.:443/karmada/app:v1", "lower case", "no-match-policy is " + string(admission.NoMatchAllow)} {
		if !strings.Contains(enforced.Message, want) {
			t.Errorf("message %q does not contain %q", enforced.Message, want)
		}
	}
}
