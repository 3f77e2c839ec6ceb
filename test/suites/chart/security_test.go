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

package chart

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// TestPodSecurity creates the pods of all Deployments in a namespace where the API server enforces the Pod Security Standard
// "restricted".
func TestPodSecurity(t *testing.T) {
	const enforced = "pod-security"
	c := newClient(t)
	host, err := render.Build(repository(t) + "/config/karmada/instance/host")
	if err != nil {
		t.Fatal(err)
	}
	hosted, err := render.Objects(host)
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string][]*unstructured.Unstructured{
		"config/default":               installation(t),
		"config/reports":               installation(t, "reports"),
		"config/pullsecrets":           installation(t, "pullsecrets"),
		"config/credentialproviders":   installation(t, "credentialproviders/ecr"),
		"config/karmada/instance/host": hosted,
	}
	for _, file := range valuesFiles(t) {
		sets[file] = parse(t, rendered(t, "--values", file))
	}
	var template corev1.PodTemplateSpec
	for name, objects := range sets {
		found := false
		for _, o := range objects {
			if o.GetKind() == "PriorityClass" {
				create(t, c, o)
			}
		}
		for _, o := range objects {
			spec, ok, _ := unstructured.NestedMap(o.Object, "spec", "template")
			if !ok || o.GetKind() != "Deployment" {
				continue
			}
			found = true
			template = corev1.PodTemplateSpec{}
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &template); err != nil {
				t.Fatal(err)
			}
			account := template.Spec.ServiceAccountName
			if account == "" {
				account = "default"
			}
			createNamespace(t, c, enforced, account)
			for _, secret := range template.Spec.ImagePullSecrets {
				create(t, c, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: secret.Name, Namespace: enforced}})
			}
			if err := createPod(t, c, enforced, template); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if !found {
			t.Errorf("%s has no Deployment", name)
		}
	}
	for name, weaken := range map[string]func(*corev1.PodTemplateSpec){
		"as root":               func(pod *corev1.PodTemplateSpec) { pod.Spec.SecurityContext.RunAsNonRoot = nil },
		"without seccomp":       func(pod *corev1.PodTemplateSpec) { pod.Spec.SecurityContext.SeccompProfile = nil },
		"with capabilities":     func(pod *corev1.PodTemplateSpec) { pod.Spec.Containers[0].SecurityContext.Capabilities = nil },
		"on the node's network": func(pod *corev1.PodTemplateSpec) { pod.Spec.HostNetwork = true },
	} {
		pod := *template.DeepCopy()
		weaken(&pod)
		if err := createPod(t, c, enforced, pod); err == nil {
			t.Errorf("a pod %s is admitted, so that the check proves nothing", name)
		}
	}
}

// createPod creates a pod, once the API server, which watches PriorityClasses, has the one that was created before.
func createPod(t *testing.T, c client.Client, namespace string, template corev1.PodTemplateSpec) error {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: *template.Spec.DeepCopy()}
	pod.GenerateName, pod.Namespace = "manager-", namespace
	if !*pod.Spec.Containers[0].SecurityContext.ReadOnlyRootFilesystem {
		t.Error("the root file system is writable")
	}
	var err error
	waitfor.True(t, "the API server knows the PriorityClass", func(ctx context.Context) (bool, error) {
		err = c.Create(ctx, pod.DeepCopy())
		return err == nil || !strings.Contains(err.Error(), "no PriorityClass with name"), nil
	})
	return err
}

func create(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	copied, _ := object.DeepCopyObject().(client.Object)
	if err := client.IgnoreAlreadyExists(c.Create(t.Context(), copied)); err != nil {
		t.Fatal(err)
	}
}
