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
)

// TestForecast lists in Audit what admission refuses once the trust is enforced, and nothing else.
func TestForecast(t *testing.T) {
	signed, unsigned, foreign := "docker.io/forecast/signed:v1", "docker.io/forecast/unsigned:v1", "docker.io/forecast/foreign:v1"
	pushSigned(t, signed, release)
	push(t, unsigned)
	pushSigned(t, foreign, stranger)
	const beside = "docker.io/forecast-beside/image:v1"
	push(t, beside)

	p := newPredictor(t)
	// Workloads come before anything is enforced: the namespace opts in afterwards.
	in := p.namespace("forecast-in", nil)
	out := p.namespace("forecast-out", nil)
	var workloads []predicted
	for i, kind := range kindsOfWorkloads {
		workloads = append(workloads,
			predicted{name: "good", kind: kind, namespace: in, images: []string{signed}},
			predicted{name: "bad", kind: kind, namespace: in, images: []string{[]string{unsigned, foreign}[i%2]}})
	}
	workloads = append(workloads,
		predicted{name: "mixed", kind: "Deployment", namespace: in, images: []string{signed, unsigned}},
		predicted{name: "init", kind: "Job", namespace: in, init: []string{foreign}, images: []string{signed}},
		predicted{name: "beside", kind: "Deployment", namespace: in, images: []string{signed, beside}},
		predicted{name: "elsewhere", kind: "StatefulSet", namespace: out, images: []string{unsigned}},
	)
	made := map[string]predicted{}
	for _, w := range workloads {
		object := w.workload()
		object.SetGenerateName("")
		object.SetName(strings.ToLower(w.kind) + "-" + w.name)
		create(t, object)
		made[fmt.Sprintf("%s %s/%s", w.kind, w.namespace, object.GetName())] = w
	}
	label(t, in, "true")

	trust := newTrust("forecast", "forecast")
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	create(t, trust)
	got := becomes(t, trust.Name, settled, counts(len(made), 10, 1),
		condition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.AuditModeReason),
		condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))
	if image := imageOf(got, unsigned); image == nil || image.Usage != v1alpha1.UsageRequested || *image.Workloads != 6 {
		t.Errorf("%s: got %+v, want it asked for by 6 workloads", unsigned, image)
	}
	foretold := violating(got, v1alpha1.EffectWouldDeny)
	if diff := cmp.Diff([]string{"StatefulSet " + out + "/statefulset-elsewhere"}, violating(got, v1alpha1.EffectWouldDenyOnceOptedIn)); diff != "" {
		t.Errorf("what an opt-in would refuse (-want +got):\n%s", diff)
	}

	enforce(t, trust, v1alpha1.EnforcementEnforce)
	p.untilAnswer(predicted{kind: "ReplicaSet", namespace: in, images: []string{unsigned}}, "failed policy: forecast")
	var refused []string
	for name, w := range made {
		if err := w.submit(t, shared.Client); err != nil {
			if wrong := isRefused(err, ""); wrong != "" {
				t.Errorf("%s: %s", name, wrong)
			}
			refused = append(refused, name)
		}
	}
	slices.Sort(refused)
	if diff := cmp.Diff(refused, foretold); diff != "" {
		t.Errorf("what is refused differs from what Audit foretold (-refused +foretold):\n%s", diff)
	}
	becomes(t, trust.Name, settled, counts(len(made), 10, 1),
		condition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.NamespacesNotOptedInReason))
	label(t, out, "true")
	becomes(t, trust.Name, settled, counts(len(made), 11, 0),
		condition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.UncoveredImagesDeniedReason))
	cover := foreignPolicy("forecast-beside", "docker.io/forecast-beside/image", staticAnswer("pass"))
	create(t, cover)
	becomes(t, trust.Name, settled, counts(len(made), 10, 0),
		condition(v1alpha1.EnforcedCondition, metav1.ConditionTrue, v1alpha1.AdmissionEnforcesReason))
}

// counts of workloads in the summary: all, those that would be refused, and those refused once opted in.
func counts(workloads, deny, later int) func(*trust) string {
	return func(got *trust) string {
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

// violating are the workloads in the list of violations.
func violating(got *trust, effect v1alpha1.ViolationEffect) []string {
	var workloads []string
	for _, v := range got.Status.Violations {
		if v.Effect == effect {
			workloads = append(workloads, fmt.Sprintf("%s %s/%s", v.Kind, v.Namespace, v.Name))
		}
	}
	slices.Sort(workloads)
	return slices.Compact(workloads)
}

func label(t *testing.T, namespace, value string) {
	t.Helper()
	change(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, func(ns *corev1.Namespace) {
		if ns.Labels == nil {
			ns.Labels = map[string]string{}
		}
		ns.Labels["policy.sigstore.dev/include"] = value
	})
}

// TestRunningDigest judges what nodes report, not what tags say.
func TestRunningDigest(t *testing.T) {
	const image = "docker.io/running/image:v1"
	index, platforms, err := images.PushIndex(t.Context(), image, t.Name(), shared.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	attach(t, index, newSignature(t, shared.Sigstore, index, release))
	p := newPredictor(t)
	in := p.namespace("running", nil)
	pod := predicted{kind: "Pod", namespace: in, images: []string{image}}.workload()
	create(t, pod)
	trust := newTrust("running", "running")
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	create(t, trust)
	becomes(t, trust.Name, settled, used(image, index.DigestStr(), v1alpha1.UsageRequested))

	// The node pulled the platform's manifest of the signed index.
	report(t, pod, platforms[0].Name())
	got := becomes(t, trust.Name, settled, used(image, platforms[0].DigestStr(), v1alpha1.UsageRunning),
		verdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	if i := imageOf(got, image); i.IndexDigest != index.DigestStr() || i.TagDigest != "" || *got.Status.Summary.Images != 1 {
		t.Errorf("got %+v, want one image, vouched for by index %s", i, index.DigestStr())
	}

	// The tag moves on to an unsigned image: what runs stays what it is.
	moved := push(t, image)
	// The operator looks at once when it starts, not in the next round.
	restart(t, func(t *testing.T) {
		t.Helper()
		if err := shared.StopOperator(); err != nil {
			t.Fatal(err)
		}
	})
	got = becomes(t, trust.Name, settled, func(got *v1alpha1.KarmadaImageTrust) string {
		if *got.Status.Summary.MovedTags != 1 || *got.Status.Summary.Images != 2 {
			return "the moved tag is not seen"
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
	if diff := cmp.Diff([]string{"Pod " + in + "/" + pod.GetName()}, violating(got, v1alpha1.EffectWouldDenyOnceOptedIn)); diff != "" {
		t.Errorf("violations (-want +got):\n%s", diff)
	}

	// The node runs the unsigned one now.
	report(t, pod, moved.Name())
	becomes(t, trust.Name, settled, used(image, moved.DigestStr(), v1alpha1.UsageRunning),
		verdict(image, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
	eventually(t, eventReasons(trust.Name), has(v1alpha1.ImageUntrustedReason))
}

// used wants an image of a digest and a usage.
func used(reference, digest string, usage v1alpha1.Usage) func(*trust) string {
	return func(got *trust) string {
		i := imageOf(got, reference)
		if i == nil || i.Digest != digest || i.Usage != usage {
			return fmt.Sprintf("%s: got %+v, want %s %s", reference, i, usage, digest)
		}
		return ""
	}
}

// report is a node's word on what a pod's container runs.
func report(t *testing.T, pod client.Object, imageID string) {
	t.Helper()
	typed := &corev1.Pod{}
	if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(pod), typed); err != nil {
		t.Fatal(err)
	}
	typed.Status.Phase = corev1.PodRunning
	typed.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: typed.Spec.Containers[0].Name, Image: typed.Spec.Containers[0].Image, ImageID: imageID,
	}}
	if err := shared.Client.Status().Update(t.Context(), typed); err != nil {
		t.Fatal(err)
	}
}

// TestRollback judges what a rollback would return to, apart from the rest.
func TestRollback(t *testing.T) {
	const signed, unsigned = "docker.io/rollback/image:v2", "docker.io/rollback/image:v1"
	pushSigned(t, signed, release)
	push(t, unsigned)
	p := newPredictor(t)
	in := p.namespace("rollback", nil)
	object := predicted{kind: "Deployment", namespace: in, images: []string{unsigned}}.workload()
	create(t, object)
	trust := newTrust("rollback", "rollback")
	create(t, trust)
	becomes(t, trust.Name, settled, verdict(unsigned, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason))
	change(t, object.(*appsv1.Deployment), func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = signed })
	got := becomes(t, trust.Name, settled, func(got *v1alpha1.KarmadaImageTrust) string {
		if i := imageOf(got, unsigned); i == nil || i.Usage != v1alpha1.UsageRollback {
			return fmt.Sprintf("got %+v, want what a rollback returns to", i)
		}
		return ""
	}, condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason))
	violations := violating(got, v1alpha1.EffectWouldDenyOnceOptedIn)
	if len(violations) != 1 || !strings.HasPrefix(violations[0], "ReplicaSet "+in+"/") {
		t.Errorf("violations %v, want the ReplicaSet that a rollback returns to", violations)
	}
}
