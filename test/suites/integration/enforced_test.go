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

package integration

import (
	"context"
	"fmt"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// clusterObjects creates and changes the objects of a cluster for a test.
type clusterObjects struct {
	client.Client
	t *testing.T
}

func newClusterObjects(t *testing.T) *clusterObjects {
	t.Helper()
	c, err := client.New(shared.Config(), client.Options{Scheme: scheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	return &clusterObjects{c, t}
}

// create creates an object for as long as the test lasts.
func (s *clusterObjects) create(object client.Object) {
	s.t.Helper()
	if err := s.Create(s.t.Context(), object); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := s.Delete(context.WithoutCancel(s.t.Context()), object); err != nil {
			s.t.Error(err)
		}
	})
}

// change an object, whatever happened to it meanwhile.
func change[T client.Object](s *clusterObjects, object T, edit func(T)) {
	s.t.Helper()
	waitfor.NoError(s.t, func(context.Context) error {
		if err := s.Get(s.t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		edit(object)
		return s.Update(s.t.Context(), object)
	})
}

func deploymentOf(namespace, image string) *appsv1.Deployment {
	labels := map[string]string{"app": "web"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "web-", Labels: labels},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
		}},
	}
}

// validatingWebhook is the registration of policy-controller, which does not run.
func validatingWebhook() *admissionregistrationv1.ValidatingWebhookConfiguration {
	return &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "policy.sigstore.dev"},
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "policy.sigstore.dev", AdmissionReviewVersions: []string{"v1"},
			SideEffects:   new(admissionregistrationv1.SideEffectClassNone),
			FailurePolicy: new(admissionregistrationv1.Ignore),
			ClientConfig: admissionregistrationv1.WebhookClientConfig{
				Service: &admissionregistrationv1.ServiceReference{Namespace: "cosign-system", Name: "webhook"},
			},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
				Rule: admissionregistrationv1.Rule{
					APIGroups: []string{"", "apps", "batch"}, APIVersions: []string{"v1"},
					Resources: []string{"pods", "replicasets", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs"},
				},
			}},
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"policy.sigstore.dev/include": "true"}},
		}},
	}
}

// TestEnforced closes the gaps of enforcement one by one. Enforced names the most severe one that is left.
func TestEnforced(t *testing.T) {
	installPolicyController(t, shared)
	o, s := start(t, shared.Config()), newClusterObjects(t)
	enforced := func(status, reason string) *v1alpha1.KarmadaImageTrust {
		t.Helper()
		return o.expect("enforced", "Enforced="+status+"/"+reason)
	}
	trust := gen.Trust("enforced")
	trust.Spec.Enforcement = v1alpha1.EnforcementAudit
	o.create(trust)
	enforced("False", v1alpha1.AuditModeReason)
	enforcement := func(value v1alpha1.Enforcement) {
		waitfor.NoError(t, func(context.Context) error {
			if err := o.Get(t.Context(), client.ObjectKeyFromObject(trust), trust); err != nil {
				return err
			}
			trust.Spec.Enforcement = value
			return o.Update(t.Context(), trust)
		})
	}
	enforcement(v1alpha1.EnforcementEnforce)
	o.policy("enforced", exists)
	enforced("False", v1alpha1.PolicyNotReadyReason)
	o.reportReady("enforced", "False", "Broken", "no")
	enforced("False", v1alpha1.PolicyFailedReason)
	o.reportReady("enforced", "True", "", "")
	enforced("False", v1alpha1.WebhookMissingReason)

	webhook := validatingWebhook()
	s.create(webhook)
	enforced("False", v1alpha1.FailurePolicyIgnoreReason)
	change(s, webhook, func(w *admissionregistrationv1.ValidatingWebhookConfiguration) {
		w.Webhooks[0].FailurePolicy = new(admissionregistrationv1.Fail)
	})
	enforced("True", v1alpha1.AdmissionEnforcesReason)

	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "enforced"}}
	s.create(namespace)
	matching, uncovered := deploymentOf("enforced", "docker.io/karmada/karmada-scheduler:v1.16.0"), deploymentOf("enforced", "nginx:1.29")
	s.create(matching)
	s.create(uncovered)
	enforced("False", v1alpha1.NamespacesNotOptedInReason)
	change(s, namespace, func(n *corev1.Namespace) { n.Labels["policy.sigstore.dev/include"] = "true" })
	enforced("False", v1alpha1.UncoveredImagesDeniedReason)

	s.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "cosign-system"}})
	config := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: "cosign-system", Name: "config-policy-controller"},
		Data:       map[string]string{"no-match-policy": "allow"},
	}
	s.create(config)
	enforced("False", v1alpha1.UncoveredImagesAllowedReason)
	attested := newPolicy("enforced-attested")
	attested.Object["spec"] = map[string]any{
		"images": []any{map[string]any{"glob": "index.docker.io/karmada/*"}},
		"authorities": []any{map[string]any{
			"name":         "a",
			"keyless":      map[string]any{"url": "https://fulcio.sigstore.dev", "identities": []any{map[string]any{"issuer": "i", "subject": "s"}}},
			"attestations": []any{map[string]any{"name": "provenance", "predicateType": "https://slsa.dev/provenance/v1"}},
		}},
	}
	if err := o.Create(t.Context(), attested); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Delete(context.WithoutCancel(t.Context()), attested); err != nil {
			t.Error(err)
		}
	})
	change(s, config, func(c *corev1.ConfigMap) { c.Data["enable-oci11"] = "true" })
	// The trust's own policy accepts no bundles then, since policy-controller would accept any.
	o.policy("enforced", func(cip *unstructured.Unstructured) error {
		if authorities, _, _ := unstructured.NestedSlice(cip.Object, "spec", "authorities"); len(authorities) != 1 {
			return fmt.Errorf("%d authorities", len(authorities))
		}
		return nil
	})
	o.reportReady("enforced", "True", "", "")
	got := enforced("False", v1alpha1.AttestationsUnverifiedReason)
	if others := got.Status.OtherPolicies; len(others) != 1 || others[0].Name != attested.GetName() || others[0].Message != "" || others[0].Images != 1 {
		t.Errorf("other policies %+v, want the one that requires attestations", others)
	}

	change(s, webhook, func(w *admissionregistrationv1.ValidatingWebhookConfiguration) {
		w.Webhooks[0].ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "other"}}
	})
	enforced("False", v1alpha1.WebhookLimitedReason)
	enforcement(v1alpha1.EnforcementWarn)
	o.policy("enforced", func(cip *unstructured.Unstructured) error {
		if mode, _, _ := unstructured.NestedString(cip.Object, "spec", "mode"); mode != "warn" {
			return fmt.Errorf("mode %s", mode)
		}
		return nil
	})
	o.reportReady("enforced", "True", "", "")
	enforced("False", v1alpha1.WarnModeReason)

	change(s, config, func(c *corev1.ConfigMap) { c.Data["enable-oci11"] = "perhaps" })
	enforced("Unknown", v1alpha1.AdmissionUnreadableReason)
}
