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

package e2e

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
)

// kindsOfWorkloads are all that admission looks at.
var kindsOfWorkloads = []string{"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"}

// predicted is a workload whose admission is predicted.
type predicted struct {
	name, kind, namespace string
	labels                map[string]string
	// init and images are the images of its containers.
	init, images []string
	// really has it created, not only tried.
	really bool
	// open is the reason for which no answer can be given; nothing is submitted then.
	open string
}

func (c predicted) title() string {
	return strings.ReplaceAll(c.name+" "+c.kind, " ", "_")
}

// object is the workload as the prediction sees it.
func (c predicted) object() admission.Object {
	groups := map[string]string{"Pod": "", "Job": "batch", "CronJob": "batch"}
	group, ok := groups[c.kind]
	if !ok {
		group = "apps"
	}
	o := admission.Object{Group: group, Version: "v1", Kind: c.kind, Namespace: c.namespace, Labels: c.labels}
	spec := c.podSpec()
	for _, container := range spec.InitContainers {
		o.Containers = append(o.Containers, admission.Container{Field: "initContainers", Name: container.Name, Image: container.Image})
	}
	for _, container := range spec.Containers {
		o.Containers = append(o.Containers, admission.Container{Field: "containers", Name: container.Name, Image: container.Image})
	}
	return o
}

func (c predicted) podSpec() corev1.PodSpec {
	spec := corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways}
	if c.kind == "Job" || c.kind == "CronJob" {
		spec.RestartPolicy = corev1.RestartPolicyNever
	}
	for i, image := range c.init {
		spec.InitContainers = append(spec.InitContainers, corev1.Container{Name: "init-" + string(rune('a'+i)), Image: image})
	}
	for i, image := range c.images {
		spec.Containers = append(spec.Containers, corev1.Container{Name: "main-" + string(rune('a'+i)), Image: image})
	}
	return spec
}

// workload is what is submitted.
func (c predicted) workload() client.Object {
	meta := metav1.ObjectMeta{GenerateName: "predicted-", Namespace: c.namespace, Labels: c.labels}
	selected := map[string]string{"app": "predicted"}
	selector := &metav1.LabelSelector{MatchLabels: selected}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: selected}, Spec: c.podSpec()}
	switch c.kind {
	case "Pod":
		return &corev1.Pod{ObjectMeta: meta, Spec: c.podSpec()}
	case "Deployment":
		return &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: new(int32(0)), Selector: selector, Template: template}}
	case "StatefulSet":
		return &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: new(int32(0)), Selector: selector, Template: template}}
	case "DaemonSet":
		return &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template}}
	case "ReplicaSet":
		return &appsv1.ReplicaSet{ObjectMeta: meta, Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0)), Selector: selector, Template: template}}
	case "Job":
		template.Labels = nil
		return &batchv1.Job{ObjectMeta: meta, Spec: batchv1.JobSpec{Suspend: new(true), Template: template}}
	default:
		template.Labels = nil
		return &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{
			Schedule: "0 0 1 1 *", Suspend: new(true),
			JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: template}},
		}}
	}
}

// submit tries the workload, and creates it where the case says so.
func (c predicted) submit(t *testing.T, as client.Client) error {
	t.Helper()
	object := c.workload()
	if !c.really {
		return as.Create(t.Context(), object, client.DryRunAll)
	}
	err := as.Create(t.Context(), object)
	if err == nil {
		t.Cleanup(func() { remove(t, object) })
	}
	return err
}
