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
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	pcconfig "github.com/sigstore/policy-controller/pkg/apis/config"
	pcv1alpha1 "github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/policy-controller/pkg/reconciler/trustroot/resources"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// keysOf is the ConfigMap that policy-controller writes for a TrustRoot with keys.
func keysOf(t *testing.T, namespace string, root *unstructured.Unstructured) *corev1.ConfigMap {
	t.Helper()
	encoded, err := json.Marshal(root.Object)
	if err != nil {
		t.Fatal(err)
	}
	var typed pcv1alpha1.TrustRoot
	if err := json.Unmarshal(encoded, &typed); err != nil {
		t.Fatal(err)
	}
	keys, err := pcconfig.ConvertSigstoreKeys(t.Context(), typed.Spec.SigstoreKeys)
	if err != nil {
		t.Fatal(err)
	}
	entry, err := resources.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: admission.KeysName}, Data: map[string]string{root.GetName(): entry},
	}
}

func newNamespace(prefix string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix}}
}

// TestTrustRootKeys follows a TrustRoot from before it exists, and the ConfigMap that policy-controller, which does not run, would
// write.
func TestTrustRootKeys(t *testing.T) {
	installPolicyController(t, shared)
	o, s := start(t, shared.Config()), newClusterObjects(t)
	system, tenant := newNamespace("system-"), newNamespace("tenant-")
	s.create(system)
	s.create(tenant)
	webhook := validatingWebhook()
	webhook.Webhooks[0].ClientConfig.Service.Namespace = system.Name
	s.create(webhook)
	trust := gen.Trust("rooted")
	trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: "rooted"}
	o.create(trust)
	o.policy("rooted", exists)
	o.reportReady("rooted", "True", "", "")
	expect := func(status, reason, message string) {
		t.Helper()
		waitfor.NoError(t, func(ctx context.Context) error {
			got := &v1alpha1.KarmadaImageTrust{}
			if err := o.Get(ctx, client.ObjectKeyFromObject(trust), got); err != nil {
				return err
			}
			c := apimeta.FindStatusCondition(got.Status.Conditions, v1alpha1.PolicyAppliedCondition)
			if c == nil || string(c.Status) != status || c.Reason != reason || !strings.Contains(c.Message, message) {
				return fmt.Errorf("PolicyApplied is %+v, want %s/%s: %s", c, status, reason, message)
			}
			return nil
		})
	}
	expect("False", v1alpha1.TrustRootNotUsableReason, "TrustRoot rooted does not exist: create it")

	private, err := sigstore.New()
	if err != nil {
		t.Fatal(err)
	}
	root, err := private.TrustRoot("rooted")
	if err != nil {
		t.Fatal(err)
	}
	foreign := keysOf(t, tenant.Name, root)
	s.create(foreign)
	s.create(root)
	expect("Unknown", v1alpha1.TrustRootNotReadyReason, "does not have the keys of TrustRoot rooted yet")

	// The operator lists the ConfigMap when it starts, and watches it from then on.
	o.stop()
	keys := keysOf(t, system.Name, root)
	entries := keys.Data
	s.create(keys)
	start(t, shared.Config())
	expect("True", v1alpha1.AppliedReason, "is Ready")
	change(s, keys, func(o *corev1.ConfigMap) { o.Data = nil })
	expect("Unknown", v1alpha1.TrustRootNotReadyReason, "does not have the keys of TrustRoot rooted yet")
	change(s, keys, func(o *corev1.ConfigMap) { o.Data = entries })
	expect("True", v1alpha1.AppliedReason, "is Ready")

	refused, err := private.TrustRoot("rooted", sigstore.WithRekorV2())
	if err != nil {
		t.Fatal(err)
	}
	change(s, root, func(o *unstructured.Unstructured) { o.Object["spec"] = refused.Object["spec"] })
	expect("False", v1alpha1.TrustRootNotUsableReason, "and verifies by an earlier version of it: the key of transparency log 2")
	change(s, keys, func(o *corev1.ConfigMap) { o.Data = nil })
	expect("False", v1alpha1.TrustRootNotUsableReason, "cannot use TrustRoot rooted: the key of transparency log 2")
}
