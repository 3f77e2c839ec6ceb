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
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// cutOff shows the last word of a member and its silence, and what is outdated once the trust changes.
func (s *story) cutOff(t *testing.T) {
	silent, others := fleet.Member(t, west), []string{east, north}
	template := s.agree(t)
	last, err := readReport(t.Context(), west, template)
	if err != nil {
		t.Fatal(err)
	}
	lastWords := map[string]report{west: last}
	silent.Membership.CutOff()
	t.Cleanup(func() {
		if err := silent.Membership.Reconnect(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if said := awaitPropagated(t, s.trust.Name, metav1.ConditionUnknown, v1alpha1.ClusterNotAnsweringReason); !strings.Contains(said, "west (since 2") {
		t.Errorf("Propagated says %q, want the member and since when", said)
	}
	// What happens in the member now is not heard.
	endPod(t, west, unsignedImage)
	silent.WaitForTrust(t, s.trust.Name, func(got *v1alpha1.KarmadaImageTrust) string {
		if labtest.FindImage(got, unsignedImage) != nil {
			return "the image is still there"
		}
		return ""
	})
	s.await(t, s.trust.Name, others, lastWords)
	awaitImages(t, s.trust.Name, map[string]string{unsignedImage: "west", otherImage: "west", mirrorImage: "north"})
	printed := fleet.Plugin(t).Run(t, "", "status", s.trust.Name).Stdout
	words := fmt.Sprintf("last: %s", last.trust.Status.Summary.VerifiedRatio)
	if line := lineOf(printed, west); !strings.Contains(line, "no word for ") || !strings.Contains(line, words) {
		t.Errorf("kubectl imagetrust status prints this, want %s without an answer and %q:\n%s", west, words, printed)
	}

	s.trustSigner(t, labtest.UntrustedSigner.Subject)
	got := s.await(t, s.trust.Name, others, lastWords)
	if got.Status.ObservedGeneration != template.Generation || got.Generation == template.Generation {
		t.Errorf("generation %d is observed of %d, want the earlier one", got.Status.ObservedGeneration, got.Generation)
	}
	if got.Status.Fleet.ReportingRatio != "2/3" {
		t.Errorf("%s clusters report, want 2/3", got.Status.Fleet.ReportingRatio)
	}
	s.trustSigner(t, labtest.Release.Subject)

	if err := silent.Membership.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitPropagated(t, s.trust.Name, metav1.ConditionTrue, v1alpha1.PropagatedReason)
	awaitImages(t, s.trust.Name, map[string]string{otherImage: "west", mirrorImage: "north"})
	s.agree(t)
}

// lineOf returns the first line of a text about a member.
func lineOf(printed, member string) string {
	for line := range strings.Lines(printed) {
		if strings.Contains(line, " "+member+" ") {
			return line
		}
	}
	return ""
}

// joinedLater makes a cluster a member that has the trust's images already.
func (s *story) joinedLater(t *testing.T) {
	joining := fleet.Member(t, late)
	startPod(t, late, signedImage)
	startPod(t, late, unsignedImage)
	if made, err := joining.Policy(s.trust.Name)(t.Context()); err != nil || made != nil {
		t.Errorf("the cluster has the policy %v (%v) before it is a member", made, err)
	}
	s.whole.Cleanup(func() {
		if err := joining.Membership.Unjoin(context.WithoutCancel(s.whole.Context())); err != nil {
			t.Error(err)
		}
	})
	if err := joining.Membership.Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := fleet.Label(t.Context(), late, map[string]string{"fleet-story": "member"}); err != nil {
		t.Fatal(err)
	}
	s.members = append(s.members, late)
	waitfor.State(t, joining.Policy(s.trust.Name), hasPolicy("enforce", "index.docker.io/fleet-story/*"))
	awaitImages(t, s.trust.Name, map[string]string{unsignedImage: "late", otherImage: "west", mirrorImage: "north"})
	awaitPropagated(t, s.trust.Name, metav1.ConditionTrue, v1alpha1.PropagatedReason)
	if got := s.agree(t); got.Status.Fleet.ReportingRatio != "4/4" {
		t.Errorf("%s clusters report, want 4/4", got.Status.Fleet.ReportingRatio)
	}
}

// steadyRounds is how often everything is looked at again in the chapter about the steady state.
const steadyRounds = 3

// steady has Karmada and the instance on the control plane look at everything again. Each round ends when another trust has
// gone to all members and their reports have come back, behind which nothing about this one is waiting.
func (s *story) steady(t *testing.T) {
	probe := labtest.NewTrust("fleet-story-probe", "fleet-story-probe")
	fleet.Kubectl(t, labtest.ToYAML(t, probe), "apply", "--server-side", "-f", "-")
	t.Cleanup(func() { deleteTrust(t, probe.Name) })
	t.Cleanup(func() { fleet.label(t, "fleet-story-round-") })
	var round tally
	round.await(t, probe.Name, s.members, nil)
	s.agree(t)
	before := s.versions(t)
	for i := range steadyRounds {
		fleet.label(t, fmt.Sprintf("fleet-story-round=%d", i))
		update(t, &v1alpha1.KarmadaImageTrust{ObjectMeta: metav1.ObjectMeta{Name: probe.Name}}, func(trust *v1alpha1.KarmadaImageTrust) {
			trust.Spec.Identity = fmt.Sprintf("https://example.com/%d", i)
		})
		round.await(t, probe.Name, s.members, nil)
	}
	if err := errors.Join(fleet.StopInstance(), fleet.StartInstance(t.Context())); err != nil {
		t.Fatal(err)
	}
	awaitPropagated(t, probe.Name, metav1.ConditionTrue, v1alpha1.PropagatedReason)
	after := s.versions(t)
	for object, version := range after {
		if before[object] != version {
			s.steadyWrites++
			t.Errorf("%s has the resource version %s, want still %s", object, version, before[object])
		}
	}
	if len(before) != len(after) {
		t.Errorf("there are %d objects, want still %d", len(after), len(before))
	}
}

// label sets or removes a label of all members.
func (f *testFleet) label(t *testing.T, label string) {
	t.Helper()
	// It may be a clean-up, which runs after the test's own context has ended.
	if _, err := f.kubectl(context.WithoutCancel(t.Context()), "", "label", "--overwrite", "clusters", "--all", label); err != nil {
		t.Error(err)
	}
}

// versions returns the resource versions of the trust, of its Works, and of what it is in the members.
func (s *story) versions(t *testing.T) map[string]string {
	t.Helper()
	template, err := fleetTrust(s.trust.Name)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	works, err := worksOf(t.Context(), s.trust.Name)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{"the trust on the control plane": template.ResourceVersion}
	for i := range works {
		versions["Work "+works[i].Namespace+"/"+works[i].Name] = works[i].ResourceVersion
	}
	for _, name := range s.members {
		in := fleet.Member(t, name)
		trust, err := in.Trust(s.trust.Name)(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		made, err := in.Policy(s.trust.Name)(t.Context())
		if err != nil || made == nil {
			t.Fatalf("policy in %s: %v, %v", name, made, err)
		}
		maps.Copy(versions, map[string]string{
			"the trust in " + name:  trust.ResourceVersion,
			"the policy in " + name: made.GetResourceVersion(),
		})
	}
	return versions
}

// nothingLeft returns an error while there is anything of a trust that was deleted on the control plane, there or in a
// cluster.
func nothingLeft(ctx context.Context, trust string) error {
	var errs []error
	if _, err := fleetTrust(trust)(ctx); !apierrors.IsNotFound(err) {
		errs = append(errs, fmt.Errorf("the trust on the control plane: %w", cannot(err)))
	}
	bindings := &workv1alpha2.ClusterResourceBindingList{}
	if err := fleet.Client.List(ctx, bindings); err != nil {
		return err
	}
	for i := range bindings.Items {
		if resource := bindings.Items[i].Spec.Resource; resource.Kind == v1alpha1.KarmadaImageTrustKind && resource.Name == trust {
			errs = append(errs, fmt.Errorf("the ClusterResourceBinding %s is still there", bindings.Items[i].Name))
		}
	}
	works, err := worksOf(ctx, trust)
	if err != nil {
		return err
	}
	for i := range works {
		errs = append(errs, fmt.Errorf("the Work %s/%s is still there", works[i].Namespace, works[i].Name))
	}
	for name, in := range fleet.members {
		err := in.Client.Get(ctx, client.ObjectKey{Name: trust}, &v1alpha1.KarmadaImageTrust{})
		if !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("the trust in %s: %w", name, cannot(err)))
		}
		if made, err := in.Policy(trust)(ctx); err != nil || made != nil {
			errs = append(errs, fmt.Errorf("the policy in %s: %w", name, cannot(err)))
		}
	}
	return errors.Join(errs...)
}

var errStillThere = errors.New("it is still there")

// cannot returns why an object could not be read, or that it is still there.
func cannot(err error) error {
	if err != nil {
		return err
	}
	return errStillThere
}
