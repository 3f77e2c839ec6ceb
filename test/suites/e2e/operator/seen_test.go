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

package operator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestEverythingThatRunsIsSeen creates pods in a namespace that does not opt in, so that admission stops none of them, and
// reports what they run as nodes do. Whatever hides it from admission or from a registry, the status shows it.
func TestEverythingThatRunsIsSeen(t *testing.T) {
	const signed, unsigned = "docker.io/seen/app:v1", "docker.io/seen/intruder:v1"
	digest := lab.PushSignedImage(t, signed, labtest.Release)
	intruder := lab.PushImage(t, unsigned)
	loaded := "sha256:" + strings.Repeat("9", 64)
	unreadable := "docker.io/seen/app@sha512:" + strings.Repeat("a", 128)
	pulled := lab.PushImage(t, "registry-1.docker.io/seen/pulled:v1")

	in := lab.CreateNamespace(t, "seen", nil)
	runs := func(name, image, imageID string, volumes ...corev1.Volume) {
		t.Helper()
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: in, Name: name},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}, Volumes: volumes},
		}
		lab.Create(t, pod)
		pod.Status.Phase = corev1.PodRunning
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
			Name: "main", Image: image, ImageID: imageID, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}
		if err := lab.Client.Status().Update(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
	runs("pulled", signed, digest.Name())
	runs("loaded", signed, loaded)
	runs("loaded-with-digest", signed, "docker.io/seen/app@"+loaded)
	runs("unreadable", unreadable, unreadable)
	runs("volume", signed, digest.Name(), corev1.Volume{
		Name: "models", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: unsigned}},
	})
	runs("address", pulled.Name(), pulled.Name())
	runs("spelled", "docker.io.:443/seen/intruder@"+intruder.DigestStr(), intruder.Name())

	trust := labtest.NewTrust("seen", "seen")
	lab.Create(t, trust)
	want := []string{
		"docker.io.:443/seen/intruder@" + intruder.DigestStr() + " Running ?",
		signed + " Running Verified Signed",
		signed + " Running Unknown DigestNotReported",
		signed + " Running Untrusted NotInRepository",
		unreadable + " Running Unknown InvalidReference",
		unsigned + " Requested Untrusted Unsigned",
		pulled.Name() + " Running Untrusted Unsigned",
	}
	slices.Sort(want)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, func(got *v1alpha1.KarmadaImageTrust) string {
		var shown []string
		for _, i := range got.Status.Images {
			line := fmt.Sprintf("%s %s %s %s", i.Reference, i.Usage, i.Verdict, i.Reason)
			if strings.Contains(i.Reference, ":443") && i.Verdict != v1alpha1.VerdictVerified {
				line = fmt.Sprintf("%s %s ?", i.Reference, i.Usage) // whether such a host answers is up to DNS
			}
			shown = append(shown, line)
		}
		slices.Sort(shown)
		return cmp.Diff(want, shown)
	}, labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))

	setOptIn(t, in, "true")
	got := lab.WaitForTrust(t, trust.Name, labtest.Reconciled,
		labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.ImageVolumesReason))
	message := apimeta.FindStatusCondition(got.Status.Conditions, v1alpha1.EnforcedCondition).Message
	for _, part := range []string{"volumes of 1 workload: " + unsigned, "docker.io.:443/seen/intruder@"} {
		if !strings.Contains(message, part) {
			t.Errorf("message of Enforced %q does not contain %q", message, part)
		}
	}
	// What admission says of the same pods, now that it is asked.
	for image, words := range map[string]string{
		unreadable:    "could not parse reference",
		pulled.Name(): "no signatures found",
		"docker.io.:443/seen/intruder@" + intruder.DigestStr(): "no matching policies",
	} {
		_, err := labtest.CreatePod(t, lab.Client, image)
		if wrong := labtest.CheckDenied(err, words); wrong != "" {
			t.Errorf("%s: %s", image, wrong)
		}
	}
}
