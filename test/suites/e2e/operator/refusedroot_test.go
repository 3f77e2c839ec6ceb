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
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// rootForms returns TrustRoots of each form for the same Sigstore: with logs that have ECDSA keys, and also with its log of
// Rekor v2, whose key is Ed25519 like that of the public good instance.
func rootForms(t *testing.T, private *sigstore.Sigstore) (usable, refused map[string]*unstructured.Unstructured) {
	t.Helper()
	forms := func(inRepository []sigstore.TrustedRootOption, inline ...sigstore.TrustRootOption) map[string]*unstructured.Unstructured {
		mirror, packed, start := publish(t, private, inRepository...)
		keys, err := private.TrustRoot("refused-keys", inline...)
		if err != nil {
			t.Fatal(err)
		}
		return map[string]*unstructured.Unstructured{
			"refused-keys":   keys,
			"refused-packed": sigstore.PackedTrustRoot("refused-packed", packed, start),
			"refused-remote": sigstore.RemoteTrustRoot("refused-remote", mirror, start),
		}
	}
	return forms([]sigstore.TrustedRootOption{sigstore.WithoutRekorV2()}), forms(nil, sigstore.WithRekorV2())
}

// TestRefusedRoot has TrustRoots that no version of policy-controller can use, in each form: what is forecast is what admission
// decides, before and after they are mended, and after they are spoiled again.
func TestRefusedRoot(t *testing.T) {
	private := labtest.NewSigstore(t)
	usable, refused := rootForms(t, private)
	p := prediction.New(t, lab)
	in := p.CreateNamespace("refused-root", false)
	for name, root := range refused {
		t.Run(name, func(t *testing.T) {
			p := p.For(t)
			image := "docker.io/" + name + "/image:v1"
			digest := lab.PushImage(t, image)
			lab.AttachSignatures(t, digest, labtest.NewSignature(t, private, digest, labtest.Release))
			// The workload is created before anything is enforced: the namespace opts in afterwards.
			setOptIn(t, in, "false")
			workload := prediction.Workload{Name: "signed", Kind: "Deployment", Namespace: in, Images: []string{image}}
			deployment := workload.Object()
			deployment.SetGenerateName("")
			deployment.SetName(name)
			lab.Create(t, deployment)
			setOptIn(t, in, "true")

			spoiled := root.DeepCopy().Object["spec"]
			lab.Create(t, root)
			trust := labtest.NewTrust(name, name, image)
			trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: name}
			lab.Create(t, trust)
			got := lab.WaitForTrust(t, trust.Name,
				labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
				labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, v1alpha1.TrustRootNotUsableReason),
				labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionFalse, v1alpha1.TrustRootNotUsableReason),
				hasCounts(1, 1, 0))
			if message, want := got.Status.Violations[0].Message, " is Ed25519, and policy-controller accepts only ECDSA keys"; !strings.Contains(message, want) {
				t.Errorf("the violation says %q, want %q", message, want)
			}
			if predicted := p.Predict(p.Cluster(), workload.AdmissionObject()); predicted.Outcome != admission.Denied {
				t.Errorf("predicted %s %+v, want Denied", predicted.Outcome, predicted.Findings)
			}
			lab.WaitUntilDenied(t, image, "trustRootRef "+name+" not found")

			labtest.Update(t, lab.Client, root, func(o *unstructured.Unstructured) { o.Object["spec"] = usable[name].Object["spec"] })
			lab.WaitForTrust(t, trust.Name, labtest.Reconciled, hasCounts(1, 0, 0),
				labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionTrue, v1alpha1.AppliedReason),
				labtest.HasCondition(v1alpha1.EnforcedCondition, metav1.ConditionTrue, v1alpha1.AdmissionEnforcesReason))
			if predicted := p.Predict(p.Cluster(), workload.AdmissionObject()); predicted.Outcome != admission.Allowed {
				t.Errorf("predicted %s %+v, want Allowed", predicted.Outcome, predicted.Findings)
			}
			lab.WaitUntilAllowed(t, image)

			// policy-controller keeps the keys of the version before.
			labtest.Update(t, lab.Client, root, func(o *unstructured.Unstructured) { o.Object["spec"] = spoiled })
			lab.WaitForTrust(t, trust.Name,
				labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, v1alpha1.TrustRootNotUsableReason),
				func(got *v1alpha1.KarmadaImageTrust) string {
					if s := got.Status.Summary; *s.Undetermined != *s.Workloads || *s.WouldDeny != 0 {
						return fmt.Sprintf("%d of %d workloads are undetermined, want all of them", *s.Undetermined, *s.Workloads)
					}
					return ""
				})
			lab.WaitUntilAllowed(t, image)
		})
	}
}

// TestStatusOfRefusedRoot shows what policy-controller says about a TrustRoot that it refuses: not that it is not ready.
func TestStatusOfRefusedRoot(t *testing.T) {
	_, refused := rootForms(t, labtest.NewSigstore(t))
	root := refused["refused-keys"]
	lab.Create(t, root)
	waitfor.State(t, func(ctx context.Context) (*unstructured.Unstructured, error) {
		got := root.DeepCopy()
		return got, lab.Client.Get(ctx, client.ObjectKeyFromObject(root), got)
	}, func(got *unstructured.Unstructured) string {
		observed, _, _ := unstructured.NestedInt64(got.Object, "status", "observedGeneration")
		if observed != got.GetGeneration() {
			return "policy-controller has not seen it"
		}
		conditions, _, _ := unstructured.NestedSlice(got.Object, "status", "conditions")
		for _, c := range conditions {
			if condition, ok := c.(map[string]any); ok && condition["type"] == "Ready" && condition["status"] != "Unknown" {
				return fmt.Sprintf("Ready is %v", condition["status"])
			}
		}
		return ""
	})
}
