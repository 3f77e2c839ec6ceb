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
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestForecast compares the workloads that the status lists in Audit with those that admission denies once the trust is enforced.
func TestForecast(t *testing.T) {
	signed, unsigned, foreign := "docker.io/forecast/signed:v1", "docker.io/forecast/unsigned:v1", "docker.io/forecast/foreign:v1"
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	lab.PushSignedImage(t, foreign, labtest.UntrustedSigner)
	const uncovered = "docker.io/forecast-uncovered/image:v1"
	lab.PushImage(t, uncovered)

	p := prediction.New(t, lab)
	// The workloads are created before anything is enforced: the namespace opts in afterwards.
	in := p.CreateNamespace("forecast-in", false)
	out := p.CreateNamespace("forecast-out", false)
	var workloads []prediction.Workload
	for i, kind := range prediction.WorkloadKinds {
		workloads = append(workloads,
			prediction.Workload{Name: "good", Kind: kind, Namespace: in, Images: []string{signed}},
			prediction.Workload{Name: "bad", Kind: kind, Namespace: in, Images: []string{[]string{unsigned, foreign}[i%2]}})
	}
	workloads = append(workloads,
		prediction.Workload{Name: "mixed", Kind: "Deployment", Namespace: in, Images: []string{signed, unsigned}},
		prediction.Workload{Name: "init", Kind: "Job", Namespace: in, InitImages: []string{foreign}, Images: []string{signed}},
		prediction.Workload{Name: "uncovered", Kind: "Deployment", Namespace: in, Images: []string{signed, uncovered}},
		prediction.Workload{Name: "elsewhere", Kind: "StatefulSet", Namespace: out, Images: []string{unsigned}},
	)
	made := map[string]prediction.Workload{}
	for _, w := range workloads {
		object := w.Object()
		object.SetGenerateName("")
		object.SetName(strings.ToLower(w.Kind) + "-" + w.Name)
		lab.Create(t, object)
		made[fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, object.GetName())] = w
	}
	setOptIn(t, in, "true")

	trust := labtest.NewTrust("forecast", "forecast")
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	lab.Create(t, trust)
	got := lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasCounts(len(made), 10, 1),
		labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.AuditModeReason),
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))
	if image := labtest.FindImage(got, unsigned); image == nil || image.Usage != v1alpha1.UsageRequested || *image.Workloads != 6 {
		t.Errorf("%s: got %+v, want it requested by 6 workloads", unsigned, image)
	}
	predicted := violations(got, v1alpha1.EffectWouldDeny)
	if diff := cmp.Diff([]string{"StatefulSet " + out + "/statefulset-elsewhere"}, violations(got, v1alpha1.EffectWouldDenyOnceOptedIn)); diff != "" {
		t.Errorf("what an opt-in would deny (-want +got):\n%s", diff)
	}

	lab.SetEnforcement(t, trust, v1alpha1.EnforcementEnforce)
	p.WaitUntilDenied(prediction.Workload{Kind: "ReplicaSet", Namespace: in, Images: []string{unsigned}}, "failed policy: forecast")
	var denied []string
	for name, w := range made {
		if err := w.Submit(t, lab, lab.Client); err != nil {
			if wrong := labtest.CheckDenied(err, ""); wrong != "" {
				t.Errorf("%s: %s", name, wrong)
			}
			denied = append(denied, name)
		}
	}
	slices.Sort(denied)
	if diff := cmp.Diff(denied, predicted); diff != "" {
		t.Errorf("denied workloads differ from those that Audit predicted (-denied +predicted):\n%s", diff)
	}
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasCounts(len(made), 10, 1),
		labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.NamespacesNotOptedInReason))
	setOptIn(t, out, "true")
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasCounts(len(made), 11, 0),
		labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.UncoveredImagesDeniedReason))
	cover := prediction.ForeignPolicy("forecast-uncovered", "docker.io/forecast-uncovered/image", prediction.StaticAuthority("pass"))
	lab.Create(t, cover)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasCounts(len(made), 10, 0),
		labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionTrue, v1alpha1.AdmissionEnforcesReason))
}

// hasCounts is the check of the workloads in the summary: all of them, those that would be denied, and those
// that would be denied once their namespace has opted in.
func hasCounts(workloads, deny, later int) func(*v1alpha1.KarmadaImageTrust) string {
	return func(got *v1alpha1.KarmadaImageTrust) string {
		s := got.Status.Summary
		if s == nil {
			return "no summary"
		}
		if int(*s.Workloads) != workloads || int(*s.WouldDeny) != deny || int(*s.WouldDenyOnceOptedIn) != later || *s.Undetermined != 0 {
			return fmt.Sprintf("workloads %d, wouldDeny %d, wouldDenyOnceOptedIn %d, undetermined %d; want %d, %d, %d, 0",
				*s.Workloads, *s.WouldDeny, *s.WouldDenyOnceOptedIn, *s.Undetermined, workloads, deny, later)
		}
		return ""
	}
}

// violations returns the workloads in status.violations that have an effect.
func violations(got *v1alpha1.KarmadaImageTrust, effect v1alpha1.ViolationEffect) []string {
	var workloads []string
	for _, v := range got.Status.Violations {
		if v.Effect == effect {
			workloads = append(workloads, fmt.Sprintf("%s %s/%s", v.Kind, v.Namespace, v.Name))
		}
	}
	slices.Sort(workloads)
	return slices.Compact(workloads)
}

// setOptIn sets the label by which a namespace opts in to policy-controller.
func setOptIn(t *testing.T, namespace, value string) {
	t.Helper()
	labtest.Update(t, lab.Client, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, func(ns *corev1.Namespace) {
		if ns.Labels == nil {
			ns.Labels = map[string]string{}
		}
		ns.Labels[labtest.OptInLabel] = value
	})
}

// TestRunningDigest checks that the digest that nodes report is verified, whatever the tag resolves to now.
func TestRunningDigest(t *testing.T) {
	const image = "docker.io/running/image:v1"
	index, platforms, err := images.PushIndex(t.Context(), image, t.Name(), lab.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	lab.AttachSignatures(t, index, labtest.NewSignature(t, lab.Sigstore, index, labtest.Release))
	p := prediction.New(t, lab)
	in := p.CreateNamespace("running", false)
	pod := prediction.Workload{Kind: "Pod", Namespace: in, Images: []string{image}}.Object()
	lab.Create(t, pod)
	trust := labtest.NewTrust("running", "running")
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasUsage(image, index.DigestStr(), v1alpha1.UsageRequested))

	// The node pulled the platform's manifest of the signed index.
	setImageID(t, pod, platforms[0].Name())
	got := lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasUsage(image, platforms[0].DigestStr(), v1alpha1.UsageRunning),
		labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	if i := labtest.FindImage(got, image); i.IndexDigest != index.DigestStr() || i.TagDigest != "" || *got.Status.Summary.Images != 1 {
		t.Errorf("got %+v, want one image, verified by its index %s", i, index.DigestStr())
	}

	// The tag moves to an unsigned image; the running image stays the same.
	moved := lab.PushImage(t, image)
	// The operator resolves tags when it starts, so the test need not wait for the next interval.
	lab.MustStopOperator(t)
	lab.MustStartOperator(t)
	got = lab.WaitForTrust(t, trust.Name, labtest.Reconciled, func(got *v1alpha1.KarmadaImageTrust) string {
		if *got.Status.Summary.MovedTags != 1 || *got.Status.Summary.Images != 2 {
			return "the moved tag is not reported"
		}
		return ""
	})
	want := map[string]v1alpha1.Verdict{
		platforms[0].DigestStr() + " Running": v1alpha1.VerdictVerified,
		moved.DigestStr() + " Requested":      v1alpha1.VerdictUntrusted,
	}
	verdicts := map[string]v1alpha1.Verdict{}
	for _, i := range got.Status.Images {
		verdicts[i.Digest+" "+string(i.Usage)] = i.Verdict
		if i.Usage == v1alpha1.UsageRunning && i.TagDigest != moved.DigestStr() {
			t.Errorf("the tag names %s, want %s", i.TagDigest, moved.DigestStr())
		}
	}
	if diff := cmp.Diff(want, verdicts); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Pod " + in + "/" + pod.GetName()}, violations(got, v1alpha1.EffectWouldDenyOnceOptedIn)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}

	// The node now runs the unsigned image.
	setImageID(t, pod, moved.Name())
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasUsage(image, moved.DigestStr(), v1alpha1.UsageRunning),
		labtest.HasVerdict(image, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
	waitfor.State(t, lab.EventReasons(trust.Name), labtest.Contains(v1alpha1.ImageUntrustedReason))
}

// hasUsage is the check that the status lists an image with this digest and usage.
func hasUsage(reference, digest string, usage v1alpha1.Usage) func(*v1alpha1.KarmadaImageTrust) string {
	return func(got *v1alpha1.KarmadaImageTrust) string {
		i := labtest.FindImage(got, reference)
		if i == nil || i.Digest != digest || i.Usage != usage {
			return fmt.Sprintf("%s: got %+v, want %s %s", reference, i, usage, digest)
		}
		return ""
	}
}

// setImageID sets the status of a pod as the kubelet does for a container that runs.
func setImageID(t *testing.T, pod client.Object, imageID string) {
	t.Helper()
	typed := &corev1.Pod{}
	if err := lab.Client.Get(t.Context(), client.ObjectKeyFromObject(pod), typed); err != nil {
		t.Fatal(err)
	}
	typed.Status.Phase = corev1.PodRunning
	typed.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: typed.Spec.Containers[0].Name, Image: typed.Spec.Containers[0].Image, ImageID: imageID,
	}}
	if err := lab.Client.Status().Update(t.Context(), typed); err != nil {
		t.Fatal(err)
	}
}

// TestRollback checks that images of inactive ReplicaSets are listed with the usage Rollback.
func TestRollback(t *testing.T) {
	const signed, unsigned = "docker.io/rollback/image:v2", "docker.io/rollback/image:v1"
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	p := prediction.New(t, lab)
	in := p.CreateNamespace("rollback", false)
	object := prediction.Workload{Kind: "Deployment", Namespace: in, Images: []string{unsigned}}.Object()
	lab.Create(t, object)
	trust := labtest.NewTrust("rollback", "rollback")
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(unsigned, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
	labtest.Update(t, lab.Client, object.(*appsv1.Deployment), func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = signed })
	got := lab.WaitForTrust(t, trust.Name, labtest.Reconciled, func(got *v1alpha1.KarmadaImageTrust) string {
		if i := labtest.FindImage(got, unsigned); i == nil || i.Usage != v1alpha1.UsageRollback {
			return fmt.Sprintf("got %+v, want the usage Rollback", i)
		}
		return ""
	}, labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason))
	listed := violations(got, v1alpha1.EffectWouldDenyOnceOptedIn)
	if len(listed) != 1 || !strings.HasPrefix(listed[0], "ReplicaSet "+in+"/") {
		t.Errorf("violations %v, want the ReplicaSet that a rollback returns to", listed)
	}
}
