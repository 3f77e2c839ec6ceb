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
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/gitops"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestOrderOfTheExample applies the example repository as Argo CD does, wave after wave, and as Flux does, by dependsOn. Each step waits
// until every object of the one before is healthy, by the code of the tool. At the end the image is one that admission verified.
func TestOrderOfTheExample(t *testing.T) {
	const image = "docker.io/karmada/karmada-scheduler:v1.16.0"
	lab.PushSignedImage(t, image, labtest.Release)
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	example := filepath.Join(root, "docs", "examples", "gitops")
	waves, err := gitops.Waves(filepath.Join(example, "argocd", "apps"))
	if err != nil {
		t.Fatal(err)
	}
	order, err := gitops.Order(filepath.Join(example, "flux"))
	if err != nil {
		t.Fatal(err)
	}
	argo, flux := gitops.StartArgo(t), gitops.StartFlux(t)
	for name, way := range map[string]struct {
		steps   []string
		healthy func(*unstructured.Unstructured) (string, bool)
	}{
		"Argo CD": {waves, func(object *unstructured.Unstructured) (string, bool) {
			got := argo.Health(t, object)
			return got.Status + " " + got.Message + got.Error, got.Status == "Healthy" || got.Status == "" && got.Error == ""
		}},
		"Flux": {order, func(object *unstructured.Unstructured) (string, bool) {
			got := flux.Status(t, object, nil)
			return got.Status + " " + got.Message + got.Error, got.Status == "Current"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, step := range way.steps {
				objects := objectsOf(t, root, step)
				if step != "policy-controller" {
					applyAll(t, objects)
				}
				for _, object := range objects {
					switch kind := object.GetKind(); {
					case kind == "PodDisruptionBudget": // its controller does not run in the lab
						continue
					case kind == "Deployment" && step == "policy-controller": // the lab runs its program, and has no Pods of it
						continue
					}
					waitfor.NoError(t, func(ctx context.Context) error {
						runPods(t, object)
						now := object.DeepCopy()
						if err := lab.Client.Get(ctx, client.ObjectKeyFromObject(object), now); err != nil {
							return err
						}
						if state, ok := way.healthy(now); !ok {
							return fmt.Errorf("%s: %s %s is %s", step, now.GetKind(), now.GetName(), state)
						}
						return nil
					})
				}
			}
			pods := &corev1.PodList{}
			if err := lab.Client.List(t.Context(), pods, client.InNamespace("karmada-example")); err != nil {
				t.Fatal(err)
			}
			if len(pods.Items) == 0 || !strings.Contains(pods.Items[0].Spec.Containers[0].Image, "@sha256:") {
				t.Errorf("admission has not verified the image of %d Pods", len(pods.Items))
			}
		})
	}
}

// objectsOf are the objects of an application of the example.
func objectsOf(t *testing.T, root, application string) []*unstructured.Unstructured {
	t.Helper()
	directory := filepath.Join(root, "docs", "examples", "gitops", application)
	switch application {
	case "policy-controller":
		// In place of the chart.
		objects, err := lab.PolicyController.Manifests(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return objects
	case "karmada-image-trust":
		directory = filepath.Join(root, "config", "default")
	}
	built, err := render.Build(directory)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := render.Objects(built)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// applyAll applies objects as the tools do, and deletes what did not exist before at the end of the test, in the opposite order.
func applyAll(t *testing.T, objects []*unstructured.Unstructured) {
	t.Helper()
	for _, object := range objects {
		err := lab.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object.DeepCopy())
		if apierrors.IsNotFound(err) {
			t.Cleanup(func() { lab.Delete(t, object.DeepCopy()) })
		} else if err != nil {
			t.Fatal(err)
		}
		apply := client.ApplyConfigurationFromUnstructured(object.DeepCopy())
		if err := lab.Client.Apply(t.Context(), apply, client.FieldOwner("gitops"), client.ForceOwnership); err != nil {
			t.Fatalf("%s %s: %v", object.GetKind(), object.GetName(), err)
		}
	}
}

// runPods does for the Pods of a Deployment what a node would do: no node runs in the lab.
func runPods(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if object.GetKind() != "Deployment" || object.GroupVersionKind().Group != appsv1.GroupName {
		return
	}
	pods := &corev1.PodList{}
	if err := lab.Client.List(t.Context(), pods, client.InNamespace(object.GetNamespace())); err != nil {
		t.Fatal(err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.Status.Phase == corev1.PodRunning {
			continue
		}
		now := metav1.Now()
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: now}}
		if err := client.IgnoreNotFound(lab.Client.Status().Update(t.Context(), pod)); err != nil && !apierrors.IsConflict(err) {
			t.Fatal(err)
		}
	}
}
