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

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// TestVersion changes the Deployment of policy-controller in all ways in which it can be installed, and has the status follow.
func TestVersion(t *testing.T) {
	installPolicyController(t, shared)
	objects := newClusterObjects(t)
	webhook := validatingWebhook()
	// A namespace of its own, since one that another test deleted cannot be created again.
	const namespace = "policy-controller-version"
	webhook.Webhooks[0].ClientConfig.Service.Namespace = namespace
	objects.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	op := start(t, shared.Config())
	trust := op.create(gen.Trust("version"))
	status := func(want *v1alpha1.PolicyControllerStatus) {
		t.Helper()
		waitfor.NoError(t, func(ctx context.Context) error {
			got := &v1alpha1.KarmadaImageTrust{}
			if err := op.Get(ctx, client.ObjectKeyFromObject(trust), got); err != nil {
				return err
			}
			found := got.Status.PolicyController
			if found != nil && want.Version == "" {
				found.Message = "" // only that there is no version matters
			}
			if diff := cmp.Diff(want, found); diff != "" {
				return fmt.Errorf("status.policyController (-want +got):\n%s", diff)
			}
			return nil
		})
	}
	unknown := &v1alpha1.PolicyControllerStatus{}
	status(unknown)

	objects.create(webhook)
	const image = "ghcr.io/sigstore/policy-controller/policy-controller"
	deployment := deploymentOf(namespace, image+":v0.15.1")
	objects.create(deployment)
	status(&v1alpha1.PolicyControllerStatus{Version: "0.15.1", Source: v1alpha1.VersionByImageTag})

	change(objects, deployment, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Image = image + "@sha256:0bcd60beb93f4427c29cf3a669743caf58490e98ded4380c33c09f092734a6ab"
	})
	status(&v1alpha1.PolicyControllerStatus{Version: "0.13.1", Source: v1alpha1.VersionByImageDigest})

	change(objects, deployment, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Image = image + "@sha256:1111111111111111111111111111111111111111111111111111111111111111"
	})
	status(unknown)

	change(objects, deployment, func(d *appsv1.Deployment) {
		d.Labels["app.kubernetes.io/name"], d.Labels["app.kubernetes.io/version"] = "policy-controller", "0.14.0"
	})
	status(&v1alpha1.PolicyControllerStatus{Version: "0.14.0", Source: v1alpha1.VersionByChartLabel})
}
