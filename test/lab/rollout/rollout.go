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

package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// finalizer is that of the pods of a Job, which its controller removes when they have ended.
const finalizer = "batch.kubernetes.io/job-tracking"

// Created returns an error until a namespace has a number of pods with some labels, and none of them is left unaccounted for by the
// controller of a Job although it has ended.
func Created(ctx context.Context, c client.Client, namespace string, labels map[string]string, want int) error {
	pods, err := list(ctx, c, namespace, labels)
	if err != nil {
		return err
	}
	if len(pods.Items) != want {
		return fmt.Errorf("there are %d pods of %v, not %d", len(pods.Items), labels, want)
	}
	for i := range pods.Items {
		if pod := &pods.Items[i]; pod.Status.Phase == corev1.PodSucceeded && slices.Contains(pod.Finalizers, finalizer) {
			return fmt.Errorf("pod %s has ended, and keeps its finalizer", pod.Name)
		}
	}
	return nil
}

// Finish makes the pods with some labels end, as a node would.
func Finish(ctx context.Context, c client.Client, namespace string, labels map[string]string) error {
	pods, err := list(ctx, c, namespace, labels)
	if err != nil {
		return err
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		pod.Status.Phase = corev1.PodSucceeded
		if err := c.Status().Update(ctx, pod); err != nil {
			return fmt.Errorf("end pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

// Enforced returns an error until a policy denies a pod with an image, in a dry run.
func Enforced(ctx context.Context, c client.Client, namespace, image, policy string) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "enforced-", Namespace: namespace},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
	switch err := c.Create(ctx, pod, client.DryRunAll); {
	case err == nil:
		return fmt.Errorf("policy %s does not deny %s yet", policy, image)
	case !strings.Contains(err.Error(), "failed policy: "+policy):
		return err
	default:
		return nil
	}
}

func list(ctx context.Context, c client.Client, namespace string, labels map[string]string) (*corev1.PodList, error) {
	pods := &corev1.PodList{}
	if err := c.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels(labels)); err != nil {
		return nil, fmt.Errorf("list the pods of %v: %w", labels, err)
	}
	return pods, nil
}
