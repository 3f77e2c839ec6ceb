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
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/inventory/feed"
	"github.com/karmada-io/image-trust/internal/workload"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// newInventory returns an inventory that is kept up to date with the shared API server.
func newInventory(t *testing.T) *inventory.Index {
	t.Helper()
	index := inventory.New(func(string) {})
	f, err := feed.New(shared.Config(), index)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Start(ctx) }()
	t.Cleanup(sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}))
	waitfor.NoError(t, func(context.Context) error {
		if !index.Synced() {
			return fmt.Errorf("not synced")
		}
		return nil
	})
	return index
}

// TestInventory creates objects of every watched kind in a real API server, before the inventory starts and while it
// runs.
func TestInventory(t *testing.T) {
	c, err := client.New(shared.Config(), client.Options{Scheme: scheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	const namespace = "inventory"
	digest := "sha256:" + strings.Repeat("a", 64)
	early := newInventory(t)
	create := func(object client.Object) {
		t.Helper()
		if err := c.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
	create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})
	create(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})
	labels := map[string]string{"app": "x"}
	meta := func(name string, owner *metav1.OwnerReference) metav1.ObjectMeta {
		m := metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels}
		if owner != nil {
			m.OwnerReferences = []metav1.OwnerReference{*owner}
		}
		return m
	}
	spec := func(policy corev1.RestartPolicy) corev1.PodSpec {
		return corev1.PodSpec{
			RestartPolicy: policy,
			Containers: []corev1.Container{{
				Name: "main", Image: "karmada/main:v1", Env: []corev1.EnvVar{{Name: "SECRET", Value: "secret"}},
			}},
			InitContainers: []corev1.Container{{Name: "init", Image: "karmada/init:v1"}},
		}
	}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec(corev1.RestartPolicyAlways)}
	once := corev1.PodTemplateSpec{Spec: spec(corev1.RestartPolicyNever)}
	selector := &metav1.LabelSelector{MatchLabels: labels}

	deployment := &appsv1.Deployment{ObjectMeta: meta("deployment", nil), Spec: appsv1.DeploymentSpec{Selector: selector, Template: template}}
	create(deployment)
	replicaSet := &appsv1.ReplicaSet{
		ObjectMeta: meta("replicaset", metav1.NewControllerRef(deployment, appsv1.SchemeGroupVersion.WithKind("Deployment"))),
		Spec:       appsv1.ReplicaSetSpec{Selector: selector, Template: template},
	}
	create(replicaSet)
	pod := &corev1.Pod{
		ObjectMeta: meta("pod", metav1.NewControllerRef(replicaSet, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))),
		Spec:       spec(corev1.RestartPolicyAlways),
	}
	create(pod)
	create(&corev1.Pod{ObjectMeta: meta("standalone", nil), Spec: spec(corev1.RestartPolicyAlways)})
	create(&corev1.ReplicationController{
		ObjectMeta: meta("replicationcontroller", nil), Spec: corev1.ReplicationControllerSpec{Selector: labels, Template: &template},
	})
	create(&appsv1.StatefulSet{ObjectMeta: meta("statefulset", nil), Spec: appsv1.StatefulSetSpec{Selector: selector, Template: template}})
	create(&appsv1.DaemonSet{ObjectMeta: meta("daemonset", nil), Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template}})
	create(&batchv1.Job{ObjectMeta: meta("job", nil), Spec: batchv1.JobSpec{Template: once}})
	create(&batchv1.CronJob{ObjectMeta: meta("cronjob", nil), Spec: batchv1.CronJobSpec{
		Schedule: "* * * * *", JobTemplate: batchv1.JobTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: batchv1.JobSpec{Template: once}},
	}})
	pod.Status.Phase = corev1.PodRunning
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", Image: "x", ImageID: "docker.io/karmada/main@" + digest}}
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "init", Image: "x", ImageID: "docker-pullable://karmada/init@" + digest}}
	if err := c.Status().Update(t.Context(), pod); err != nil {
		t.Fatal(err)
	}

	const asks = " containers/main=karmada/main:v1 initContainers/init=karmada/init:v1"
	want := []string{
		"CronJob cronjob" + asks,
		"DaemonSet daemonset" + asks,
		"Deployment deployment" + asks + " runs containers/main=karmada/main:v1 a runs initContainers/init=karmada/init:v1 a",
		"Job job" + asks,
		"Pod standalone" + asks + " runs containers/main=karmada/main:v1  runs initContainers/init=karmada/init:v1 ",
		"ReplicationController replicationcontroller" + asks,
		"StatefulSet statefulset" + asks,
	}
	// One inventory received events, the other lists the objects.
	for name, index := range map[string]*inventory.Index{"early": early, "late": newInventory(t)} {
		waitfor.NoError(t, func(context.Context) error {
			if diff := cmp.Diff(want, workloadsOf(index, namespace)); diff != "" {
				return fmt.Errorf("%s (-want +got):\n%s", name, diff)
			}
			return nil
		})
	}
	for _, kind := range workload.Watched() {
		opts := []client.DeleteAllOfOption{client.InNamespace(namespace), client.GracePeriodSeconds(0), client.PropagationPolicy(metav1.DeletePropagationBackground)}
		if err := c.DeleteAllOf(t.Context(), kind.New().(client.Object), opts...); err != nil {
			t.Fatal(err)
		}
	}
	waitfor.NoError(t, func(context.Context) error {
		if left := workloadsOf(early, namespace); len(left) != 0 {
			return fmt.Errorf("left: %v", left)
		}
		return nil
	})
}

func workloadsOf(index *inventory.Index, namespace string) []string {
	var out []string
	for _, w := range index.Select("test", "", inventory.MatchFunc(func(string) bool { return true })) {
		if w.Namespace != namespace {
			continue
		}
		line := w.Kind + " " + w.Name
		containers := slices.Clone(w.Template)
		slices.SortFunc(containers, func(a, b inventory.Container) int { return strings.Compare(a.Field, b.Field) })
		for _, c := range containers {
			line += fmt.Sprintf(" %s/%s=%s", c.Field, c.Name, c.Image)
		}
		for _, r := range w.Running {
			line += fmt.Sprintf(" runs %s/%s=%s %.1s", r.Field, r.Name, r.Image, strings.TrimPrefix(r.Digest, "sha256:"))
		}
		out = append(out, line)
	}
	return out
}
