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

package karmada

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	workv1alpha1 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	storyTrust    = "fleet-story"
	signedImage   = "docker.io/fleet-story/app:v1"
	unsignedImage = "docker.io/fleet-story/unsigned:v1"
	otherImage    = "docker.io/fleet-story/other:v1" // signed by a signer that no trust names
	mirrorGlob    = "registry.example.com/fleet-story/*"
	mirrorImage   = "registry.example.com/fleet-story/other:v1"
)

// storyPolicies select the members by a label of their own, and override the trust in two groups of them.
const storyPolicies = `
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterPropagationPolicy
metadata: {name: fleet-story}
spec:
  resourceSelectors:
  - {apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: fleet-story}
  placement:
    clusterAffinity: {labelSelector: {matchLabels: {fleet-story: member}}}
    clusterTolerations: [{operator: Exists}]
---
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterOverridePolicy
metadata: {name: fleet-story-enforcement}
spec:
  resourceSelectors:
  - {apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: fleet-story}
  overrideRules:
  - targetCluster: {labelSelector: {matchLabels: {rollout: production}}}
    overriders: {plaintext: [{path: /spec/enforcement, operator: replace, value: %s}]}
---
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterOverridePolicy
metadata: {name: fleet-story-mirror}
spec:
  resourceSelectors:
  - {apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: fleet-story}
  overrideRules:
  - targetCluster: {labelSelector: {matchLabels: {registry: mirror}}}
    overriders: {plaintext: [{path: /spec/images, operator: replace, value: ["registry.example.com/fleet-story/*"]}]}
`

// story is the life of one trust in the fleet. Its chapters build on each other.
type story struct {
	tally

	whole *testing.T // for what lasts longer than a chapter
	trust *v1alpha1.KarmadaImageTrust
	// members that have the trust.
	members []string
	// reflectedBytes is the most that the status of one member took up on the control plane.
	reflectedBytes int
	steadyWrites   int
}

func TestFleetStory(t *testing.T) {
	s := &story{whole: t, trust: labtest.NewTrust(storyTrust, "fleet-story"), members: []string{east, north, west}}
	s.begin(t)
	fmt.Printf("figure: fleet_members %d\n", len(s.members))
	// The first part that fails ends the others, which rely on it.
	_ = t.Run("a trust that is applied once is in every member that is selected", s.applied) &&
		t.Run("admission in a member", s.admission) &&
		t.Run("mixed verdicts", s.mixedVerdicts) &&
		t.Run("a change of the spec", s.specChanged) &&
		t.Run("a change of an override", s.overrideChanged) &&
		t.Run("a member that is cut off", s.cutOff) &&
		t.Run("a member that joins later", s.joinedLater) &&
		t.Run("nothing is written while nothing changes", s.steady) &&
		t.Run("a trust that is deleted is gone everywhere", s.deleted)
	fmt.Printf("figure: fleet_status_agreement %d/%d\n", s.agreed, s.compared)
	fmt.Printf("figure: fleet_reflected_bytes_max %d bytes\n", s.reflectedBytes)
	fmt.Printf("figure: fleet_steady_state_writes %d\n", s.steadyWrites)
}

// begin pushes the images, starts workloads, and labels the members.
func (s *story) begin(t *testing.T) {
	t.Helper()
	in := fleet.Member(t, east)
	in.PushSignedImage(t, signedImage, labtest.Release)
	in.PushImage(t, unsignedImage)
	in.PushSignedImage(t, otherImage, labtest.UntrustedSigner)
	in.PushSignedImage(t, mirrorImage, labtest.UntrustedSigner)
	t.Cleanup(func() {
		for _, one := range fleet.members {
			deletePods(t, one)
		}
	})
	for _, name := range s.members {
		if err := fleet.Label(t.Context(), name, map[string]string{"fleet-story": "member"}); err != nil {
			t.Fatal(err)
		}
	}
	fleet.Apply(t, fmt.Sprintf(storyPolicies, v1alpha1.EnforcementWarn))
	t.Cleanup(func() { deleteTrust(t, s.trust.Name) })
}

// deleteTrust deletes a trust on the control plane, and waits until the members that answer have lost it.
func deleteTrust(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), waitfor.Timeout)
	defer cancel()
	if err := client.IgnoreNotFound(fleet.Client.Delete(ctx, &v1alpha1.KarmadaImageTrust{ObjectMeta: metav1.ObjectMeta{Name: name}})); err != nil {
		t.Error(err)
		return
	}
	if err := waitfor.Success(ctx, func(ctx context.Context) error { return nothingLeft(ctx, name) }); err != nil {
		t.Error(err)
	}
}

// startPod creates a pod with an image in a member, in a namespace that opted in to admission. Without policy-controller
// there, nobody denies it.
func startPod(t *testing.T, in, image string) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: labtest.Namespace, Name: podName(image)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	if err := fleet.Member(t, in).Client.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
}

// endPod deletes the pod with an image in a member.
func endPod(t *testing.T, in, image string) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: labtest.Namespace, Name: podName(image)}}
	if err := fleet.Member(t, in).Client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
}

func podName(image string) string {
	return strings.NewReplacer("/", "-", ":", "-", ".", "-").Replace(image)
}

// agree waits until the status on the control plane is what all members report.
func (s *story) agree(t *testing.T) *v1alpha1.KarmadaImageTrust {
	t.Helper()
	got := s.await(t, s.trust.Name, s.members, nil)
	s.measure(t)
	return got
}

// measure looks at what the members' statuses take up on the control plane.
func (s *story) measure(t *testing.T) {
	t.Helper()
	works, err := worksOf(t.Context(), s.trust.Name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range works {
		for _, status := range works[i].Status.ManifestStatuses {
			if status.Status != nil {
				s.reflectedBytes = max(s.reflectedBytes, len(status.Status.Raw))
			}
		}
	}
	if s.reflectedBytes > 8<<10 {
		t.Errorf("a member's status takes up %d bytes, want at most 8 KiB", s.reflectedBytes)
	}
}

// worksOf returns the Works of a trust, one for each member.
func worksOf(ctx context.Context, trust string) ([]workv1alpha1.Work, error) {
	all := &workv1alpha1.WorkList{}
	if err := fleet.Client.List(ctx, all); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all.Items, func(work workv1alpha1.Work) bool {
		return !slices.ContainsFunc(work.Spec.Workload.Manifests, func(manifest workv1alpha1.Manifest) bool {
			object := &unstructured.Unstructured{}
			return object.UnmarshalJSON(manifest.Raw) == nil &&
				object.GetKind() == v1alpha1.KarmadaImageTrustKind && object.GetName() == trust
		})
	}), nil
}

// applied applies the trust with one command.
func (s *story) applied(t *testing.T) {
	fleet.Kubectl(t, labtest.ToYAML(t, s.trust), "apply", "--server-side", "-f", "-")
	for name, want := range map[string]struct{ mode, glob string }{
		east:  {"enforce", "index.docker.io/fleet-story/*"},
		west:  {"warn", "index.docker.io/fleet-story/*"},
		north: {"enforce", mirrorGlob},
	} {
		waitfor.State(t, fleet.Member(t, name).Policy(s.trust.Name), hasPolicy(want.mode, want.glob))
	}
	fleet.Member(t, east).WaitForTrust(t, s.trust.Name, labtest.Reconciled)
	waitfor.State(t, fleet.Member(t, east).Policy(s.trust.Name), labtest.PolicyReady)
	awaitPropagated(t, s.trust.Name, metav1.ConditionTrue, v1alpha1.PropagatedReason)
	s.agree(t)
	works, err := worksOf(t.Context(), s.trust.Name)
	if err != nil {
		t.Fatal(err)
	}
	if len(works) != len(s.members) {
		t.Errorf("there are %d Works, want %d", len(works), len(s.members))
	}
}

// hasPolicy is the check of a ClusterImagePolicy's mode and its first glob: Docker Hub has two names.
func hasPolicy(mode, glob string) func(*unstructured.Unstructured) string {
	return func(got *unstructured.Unstructured) string {
		if got == nil {
			return "no policy"
		}
		gotMode, _, _ := unstructured.NestedString(got.Object, "spec", "mode")
		images, _, _ := unstructured.NestedSlice(got.Object, "spec", "images")
		if gotMode != mode || len(images) == 0 || fmt.Sprint(images[0]) != fmt.Sprint(map[string]any{"glob": glob}) {
			return fmt.Sprintf("the policy has the mode %s and the images %v, want %s and %s", gotMode, images, mode, glob)
		}
		return ""
	}
}

// awaitPropagated waits for what the instance on the control plane says, and returns its words.
func awaitPropagated(t *testing.T, trust string, status metav1.ConditionStatus, reason string) string {
	t.Helper()
	got := waitfor.State(t, fleetTrust(trust), labtest.HasCondition(v1alpha1.PropagatedCondition, status, reason))
	return apimeta.FindStatusCondition(got.Status.Conditions, v1alpha1.PropagatedCondition).Message
}

// admission asks the real webhook.
func (s *story) admission(t *testing.T) {
	in := fleet.Member(t, east)
	if image := in.WaitUntilAllowed(t, signedImage); !strings.Contains(image, "@sha256:") {
		t.Errorf("the image is %s, want its digest", image)
	}
	in.WaitUntilDenied(t, unsignedImage, "no signatures found")
	in.WaitUntilDenied(t, otherImage, "none of the expected identities matched")
	s.agree(t)
	deletePods(t, in)
}

// deletePods deletes the pods of a member, those that admission allowed and those of startPod.
func deletePods(t *testing.T, in *member) {
	t.Helper()
	// It may be a clean-up, which runs after the test's own context has ended.
	ctx := context.WithoutCancel(t.Context())
	if err := in.Client.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(labtest.Namespace), client.GracePeriodSeconds(0)); err != nil {
		t.Error(err)
	}
}

func (s *story) mixedVerdicts(t *testing.T) {
	startPod(t, east, signedImage)
	startPod(t, west, signedImage)
	startPod(t, west, unsignedImage)
	startPod(t, west, otherImage)
	startPod(t, north, mirrorImage)
	startPod(t, north, unsignedImage) // the globs do not select it there
	awaitImages(t, s.trust.Name, map[string]string{unsignedImage: "west", otherImage: "west", mirrorImage: "north"})
	got := s.agree(t)
	if c := apimeta.FindStatusCondition(got.Status.Conditions, v1alpha1.ImagesVerifiedCondition); c.Status != metav1.ConditionFalse {
		t.Errorf("ImagesVerified is %s, want False", c.Status)
	}
	if table := fleet.Kubectl(t, "", "get", "kit", s.trust.Name); !strings.Contains(table, " 3/3 ") {
		t.Errorf("kubectl get kit prints this, want 3/3 clusters:\n%s", table)
	}
}

// awaitImages waits until the status lists these images as not verified, with the clusters they run in, and no others.
func awaitImages(t *testing.T, trust string, want map[string]string) {
	t.Helper()
	waitfor.State(t, fleetTrust(trust), func(got *v1alpha1.KarmadaImageTrust) string {
		listed := map[string]string{}
		if got.Status.Fleet != nil {
			for i := range got.Status.Fleet.Images {
				image := &got.Status.Fleet.Images[i]
				listed[image.Reference] = strings.Join(image.Clusters, " ")
			}
		}
		if shown, wanted := show(listed), show(want); shown != wanted {
			return "the images that are not verified are " + shown + ", want " + wanted
		}
		return ""
	})
}

// specChanged trusts another signer, and then the first one again.
func (s *story) specChanged(t *testing.T) {
	in := fleet.Member(t, east)
	before := s.agree(t)
	s.trustSigner(t, labtest.UntrustedSigner.Subject)
	got := s.agree(t)
	if got.Generation <= before.Generation || got.Status.ObservedGeneration != got.Generation {
		t.Errorf("the generation is %d after %d, and %d is observed", got.Generation, before.Generation, got.Status.ObservedGeneration)
	}
	for _, name := range s.members {
		waitfor.State(t, fleet.Member(t, name).Policy(s.trust.Name), func(got *unstructured.Unstructured) string {
			if got == nil || !strings.Contains(show(got.Object["spec"]), labtest.UntrustedSigner.Subject) {
				return "the policy in " + name + " does not name the signer"
			}
			return ""
		})
	}
	in.WaitUntilDenied(t, signedImage, "none of the expected identities matched")
	in.WaitUntilAllowed(t, otherImage)

	s.trustSigner(t, labtest.Release.Subject)
	in.WaitUntilAllowed(t, signedImage)
	in.WaitUntilDenied(t, otherImage, "none of the expected identities matched")
	deletePods(t, in)
	startPod(t, east, signedImage)
	s.agree(t)
}

func (s *story) trustSigner(t *testing.T, identity string) {
	t.Helper()
	update(t, &v1alpha1.KarmadaImageTrust{ObjectMeta: metav1.ObjectMeta{Name: s.trust.Name}}, func(trust *v1alpha1.KarmadaImageTrust) {
		trust.Spec.Identity = identity
	})
}

// overrideChanged enforces the trust in the group that was warned.
func (s *story) overrideChanged(t *testing.T) {
	before := s.agree(t)
	fleet.Kubectl(t, fmt.Sprintf(storyPolicies, v1alpha1.EnforcementEnforce), "apply", "--server-side", "-f", "-")
	waitfor.State(t, fleet.Member(t, west).Policy(s.trust.Name), hasPolicy("enforce", "index.docker.io/fleet-story/*"))
	if got := s.agree(t); got.Generation != before.Generation {
		t.Errorf("the generation of the trust is %d, want it still to be %d", got.Generation, before.Generation)
	}
}

// deleted leaves nothing of the trust, on the control plane or in a member.
func (s *story) deleted(t *testing.T) {
	deleteTrust(t, s.trust.Name)
}
