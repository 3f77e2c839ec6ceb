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
	"time"

	workv1alpha1 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestMembersWithoutOperator propagates a policy that is rendered on the control plane. The operator in the member has no part in
// it until it gets a trust of the same name.
func TestMembersWithoutOperator(t *testing.T) {
	const (
		name     = "rendered"
		signed   = "docker.io/rendered/signed:v1"
		unsigned = "docker.io/rendered/unsigned:v1"
	)
	m := fleet.Member(t, east)
	m.PushSignedImage(t, signed, labtest.Release)
	m.PushImage(t, unsigned)
	propagateRendered(t)

	trust := labtest.NewTrust(name, name)
	fleet.Apply(t, render(t, trust))
	waitfor.State(t, m.Policy(name), labtest.PolicyReady)
	m.WaitUntilAllowed(t, signed)
	m.WaitUntilDenied(t, unsigned, "failed policy: "+name)
	waitfor.State(t, onControlPlane(policy.ClusterImagePolicyKind.Kind, name), readyAtGeneration)
	binding := waitfor.State(t, bindingOf(name+"-clusterimagepolicy"), healthyIn(east))
	if got := len(binding.Spec.Clusters); got != 1 || binding.Spec.Clusters[0].Name != east {
		t.Errorf("the policy is propagated to %v, want only %s, which is labelled for it", binding.Spec.Clusters, east)
	}
	checkNotRewritten(t, policy.ClusterImagePolicyKind.Kind, name)

	// A change arrives, and the control plane says when it has.
	trust.Spec.Enforcement = v1alpha1.EnforcementWarn
	fleet.Kubectl(t, render(t, trust), "apply", "--server-side", "-f", "-")
	waitfor.State(t, m.Policy(name), hasModeOf("warn"))
	m.WaitUntilAllowed(t, unsigned)
	waitfor.State(t, onControlPlane(policy.ClusterImagePolicyKind.Kind, name), readyAtGeneration)

	// The operator does not adopt the policy, although it looks like one of its own.
	propagated, err := m.Policy(name)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m.Create(t, labtest.NewTrust(name, name))
	got := m.WaitForTrust(t, name,
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, v1alpha1.PolicyConflictReason))
	if applied := apimeta.FindStatusCondition(got.Status.Conditions, v1alpha1.PolicyAppliedCondition); !strings.Contains(
		applied.Message, "was propagated to this cluster by Karmada") {
		t.Errorf("the message does not say where the policy comes from: %s", applied.Message)
	}
	now, err := m.Policy(name)(t.Context())
	if err != nil || now == nil || now.GetResourceVersion() != propagated.GetResourceVersion() {
		t.Errorf("the propagated policy was touched: %v, %v", now, err)
	}
}

// TestTemplatesWithoutDefaults propagates a policy and a TrustRoot that policy-controller's webhook changes in the member.
func TestTemplatesWithoutDefaults(t *testing.T) {
	const name = "by-hand"
	m := fleet.Member(t, east)
	propagateRendered(t)

	root, err := m.Sigstore.TrustRoot(name)
	if err != nil {
		t.Fatal(err)
	}
	authorities, _, err := unstructured.NestedSlice(root.Object, "spec", "sigstoreKeys", "certificateAuthorities")
	if err != nil || len(authorities) == 0 {
		t.Fatalf("the TrustRoot has no authorities: %v", err)
	}
	for _, one := range authorities {
		authority := one.(map[string]any)
		authority["certChain"] = wrap(authority["certChain"])
		delete(authority, "subject")
	}
	if err := unstructured.SetNestedSlice(root.Object, authorities, "spec", "sigstoreKeys", "certificateAuthorities"); err != nil {
		t.Fatal(err)
	}
	template := labtest.NewPolicy(name)
	template.SetLabels(map[string]string{policy.ManagedByLabel: policy.ManagedByValue})
	template.Object["spec"] = map[string]any{
		"mode":   "warn",
		"images": []any{map[string]any{"glob": "index.docker.io/by-hand/*"}},
		"match":  []any{map[string]any{"resource": "pods", "version": "v1"}},
		"authorities": []any{map[string]any{"keyless": map[string]any{
			"trustRootRef": name,
			"identities":   []any{map[string]any{"issuer": labtest.Release.Issuer, "subject": labtest.Release.Subject}},
		}}},
	}
	fleet.Apply(t, labtest.ToYAML(t, root, template))
	waitfor.State(t, m.Policy(name), labtest.PolicyReady)
	waitfor.State(t, onControlPlane(policy.ClusterImagePolicyKind.Kind, name), readyAtGeneration)
	// The TrustRoot is propagated to members without policy-controller, too, where it never becomes ready.
	waitfor.State(t, bindingOf(name+"-trustroot"), healthyIn(east))
	waitfor.State(t, onControlPlane(policy.TrustRootKind.Kind, name), func(got *unstructured.Unstructured) string {
		conditions, _, _ := unstructured.NestedSlice(got.Object, "status", "conditions")
		for _, entry := range conditions {
			ready, ok := entry.(map[string]any)
			if ok && ready["type"] == "Ready" && ready["status"] == "Unknown" && ready["message"] == north+", "+west {
				return ""
			}
		}
		return fmt.Sprintf("Ready is not Unknown because of %s and %s: %v", north, west, conditions)
	})
	for _, kind := range []string{policy.TrustRootKind.Kind, policy.ClusterImagePolicyKind.Kind} {
		checkNotRewritten(t, kind, name)
	}

	// Whoever removes the mode wants the default, not what the member had.
	unstructured.RemoveNestedField(template.Object, "spec", "mode")
	fleet.Kubectl(t, labtest.ToYAML(t, template), "apply", "--server-side", "-f", "-")
	waitfor.State(t, m.Policy(name), hasModeOf("enforce"))
	waitfor.State(t, onControlPlane(policy.ClusterImagePolicyKind.Kind, name), readyAtGeneration)
	checkNotRewritten(t, policy.ClusterImagePolicyKind.Kind, name)
}

// propagateRendered propagates rendered policies to east for as long as the test lasts.
func propagateRendered(t *testing.T) {
	t.Helper()
	fleet.Kubectl(t, "", "label", "cluster", east, "image-trust=rendered")
	fleet.Kubectl(t, "", "apply", "--server-side", "-k", "config/karmada/rendered")
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, args := range [][]string{{"delete", "-k", "config/karmada/rendered"}, {"label", "cluster", east, "image-trust-"}} {
			if _, err := fleet.kubectl(ctx, "", args...); err != nil {
				t.Error(err)
			}
		}
	})
}

// render returns what kubectl imagetrust render prints for a trust.
func render(t *testing.T, trust *v1alpha1.KarmadaImageTrust) string {
	t.Helper()
	result := fleet.PluginOf(t, east).Run(t, "", "render", "-f", labtest.WriteObjects(t, trust))
	if result.Code != 0 {
		t.Fatalf("render: %s", result.Stderr)
	}
	return result.Stdout
}

// wrap breaks Base64 into lines, as the base64 command does.
func wrap(encoded any) string {
	text := fmt.Sprint(encoded)
	lines := slices.Collect(func(yield func(string) bool) {
		for piece := range slices.Chunk([]byte(text), 76) {
			if !yield(string(piece)) {
				return
			}
		}
	})
	return strings.Join(lines, "\n") + "\n"
}

// onControlPlane observes an object of policy-controller on the control plane.
func onControlPlane(kind, name string) func(context.Context) (*unstructured.Unstructured, error) {
	return func(ctx context.Context) (*unstructured.Unstructured, error) {
		got := &unstructured.Unstructured{}
		got.SetGroupVersionKind(policy.ClusterImagePolicyKind.GroupVersion().WithKind(kind))
		return got, fleet.Client.Get(ctx, client.ObjectKey{Name: name}, got)
	}
}

// readyAtGeneration is the check that all members of a template are ready, and have observed its generation.
func readyAtGeneration(got *unstructured.Unstructured) string {
	observed, _, _ := unstructured.NestedInt64(got.Object, "status", "observedGeneration")
	if ready := policy.ReadyCondition(got); ready.Status != metav1.ConditionTrue || observed != got.GetGeneration() {
		return fmt.Sprintf("Ready is %s (%s: %s), and generation %d of %d is observed",
			ready.Status, ready.Reason, ready.Message, observed, got.GetGeneration())
	}
	return ""
}

func hasModeOf(want string) func(*unstructured.Unstructured) string {
	return func(got *unstructured.Unstructured) string {
		if got == nil {
			return "no policy"
		}
		if mode, _, _ := unstructured.NestedString(got.Object, "spec", "mode"); mode != want {
			return fmt.Sprintf("the mode is %q, want %q", mode, want)
		}
		return ""
	}
}

// bindingOf observes the ClusterResourceBinding of a template.
func bindingOf(name string) func(context.Context) (*workv1alpha2.ClusterResourceBinding, error) {
	return func(ctx context.Context) (*workv1alpha2.ClusterResourceBinding, error) {
		got := &workv1alpha2.ClusterResourceBinding{}
		return got, getTyped(ctx, "ClusterResourceBinding", workv1alpha2.SchemeGroupVersion.String(), client.ObjectKey{Name: name}, got)
	}
}

func healthyIn(cluster string) func(*workv1alpha2.ClusterResourceBinding) string {
	return func(got *workv1alpha2.ClusterResourceBinding) string {
		for _, item := range got.Status.AggregatedStatus {
			if item.ClusterName != cluster {
				continue
			}
			if item.Health == workv1alpha2.ResourceHealthy {
				return ""
			}
			return fmt.Sprintf("%s is %s", item.ClusterName, item.Health)
		}
		return cluster + " is not reported"
	}
}

// getTyped reads one of Karmada's objects, whose kinds the client does not know.
func getTyped(ctx context.Context, kind, apiVersion string, key client.ObjectKey, into any) error {
	got := &unstructured.Unstructured{}
	got.SetAPIVersion(apiVersion)
	got.SetKind(kind)
	if err := fleet.Client.Get(ctx, key, got); err != nil {
		return err
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(got.Object, into)
}

// checkNotRewritten makes Karmada compare the object in east with its template several times, and checks that it writes nothing:
// a template that never equals what the member's webhook makes of it would be written whenever Karmada looks at it.
func checkNotRewritten(t *testing.T, kind, name string) {
	t.Helper()
	m := fleet.Member(t, east)
	work := findWork(t, kind, name)
	// Karmada compares when a suspension ends. The next suspension begins after the comparison.
	since := time.Now()
	suspend(t, work, true)
	for range 3 {
		suspend(t, work, false)
		suspend(t, work, true)
	}
	suspend(t, work, false)
	requests, err := m.Requests(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	created := false
	for _, r := range requests {
		if !r.IsWrite() || r.Name != name || r.Subresource != "" || !strings.HasPrefix(r.UserAgent, "karmada-controller-manager/") {
			continue
		}
		created = created || r.Verb == "create"
		if r.Time.After(since) {
			t.Errorf("Karmada wrote what it had not changed: %s %s by %s", r.Verb, r.URI, r.User)
		}
	}
	if !created {
		t.Errorf("no request of Karmada that creates %s %s is in the audit log", kind, name)
	}
}

// findWork returns the key of the Work that has an object for east.
func findWork(t *testing.T, kind, name string) client.ObjectKey {
	t.Helper()
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(workv1alpha1.SchemeGroupVersion.String())
	list.SetKind("WorkList")
	if err := fleet.Client.List(t.Context(), list, client.InNamespace("karmada-es-"+east)); err != nil {
		t.Fatal(err)
	}
	for _, item := range list.Items {
		manifests, _, _ := unstructured.NestedSlice(item.Object, "spec", "workload", "manifests")
		for _, entry := range manifests {
			object := unstructured.Unstructured{Object: entry.(map[string]any)}
			if object.GetKind() == kind && object.GetName() == name {
				return client.ObjectKeyFromObject(&item)
			}
		}
	}
	t.Fatalf("no Work has %s %s", kind, name)
	return client.ObjectKey{}
}

// suspend begins or ends the suspension of a Work, and waits until Karmada has noticed.
func suspend(t *testing.T, key client.ObjectKey, suspended bool) {
	t.Helper()
	fleet.Kubectl(t, "", "patch", "work", "-n", key.Namespace, key.Name, "--type=merge",
		"-p", fmt.Sprintf(`{"spec":{"suspendDispatching":%t}}`, suspended))
	want := metav1.ConditionTrue
	if suspended {
		want = metav1.ConditionFalse
	}
	waitfor.State(t, func(ctx context.Context) (*workv1alpha1.Work, error) {
		got := &workv1alpha1.Work{}
		return got, getTyped(ctx, "Work", workv1alpha1.SchemeGroupVersion.String(), key, got)
	}, func(got *workv1alpha1.Work) string {
		if !apimeta.IsStatusConditionPresentAndEqual(got.Status.Conditions, workv1alpha1.WorkDispatching, want) {
			return fmt.Sprintf("%s is not %s: %v", workv1alpha1.WorkDispatching, want, got.Status.Conditions)
		}
		return ""
	})
}
