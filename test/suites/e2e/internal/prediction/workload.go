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

package prediction

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// WorkloadKinds are the kinds that policy-controller's webhooks examine.
var WorkloadKinds = []string{"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"}

// Workload is a case: a workload whose admission is predicted.
type Workload struct {
	Name, Kind, Namespace string
	Labels                map[string]string
	// InitImages and Images are the images of its containers, and VolumeImages those of its image volumes.
	InitImages, Images, VolumeImages []string
	// Create submits the workload for real; otherwise it is a dry run.
	Create bool
	// Undetermined is the reason for which nothing can be predicted. The workload is not submitted then.
	Undetermined string
	// Admitted, if not nil, is what admission must really answer, whatever is predicted.
	Admitted *bool
}

// Title is the name of the case's subtest.
func (c Workload) Title() string {
	return strings.ReplaceAll(c.Name+" "+c.Kind, " ", "_")
}

// AdmissionObject returns the workload as the prediction takes it.
func (c Workload) AdmissionObject() admission.Object {
	groups := map[string]string{"Pod": "", "Job": "batch", "CronJob": "batch"}
	group, ok := groups[c.Kind]
	if !ok {
		group = "apps"
	}
	o := admission.Object{Group: group, Version: "v1", Kind: c.Kind, Namespace: c.Namespace, Labels: c.Labels}
	spec := c.podSpec()
	for _, container := range spec.InitContainers {
		o.Containers = append(o.Containers, admission.Container{Field: "initContainers", Name: container.Name, Image: container.Image})
	}
	for _, container := range spec.Containers {
		o.Containers = append(o.Containers, admission.Container{Field: "containers", Name: container.Name, Image: container.Image})
	}
	return o
}

func (c Workload) podSpec() corev1.PodSpec {
	spec := corev1.PodSpec{RestartPolicy: corev1.RestartPolicyAlways}
	if c.Kind == "Job" || c.Kind == "CronJob" {
		spec.RestartPolicy = corev1.RestartPolicyNever
	}
	for i, image := range c.InitImages {
		spec.InitContainers = append(spec.InitContainers, corev1.Container{Name: "init-" + string(rune('a'+i)), Image: image})
	}
	for i, image := range c.Images {
		spec.Containers = append(spec.Containers, corev1.Container{Name: "main-" + string(rune('a'+i)), Image: image})
	}
	for i, image := range c.VolumeImages {
		spec.Volumes = append(spec.Volumes, corev1.Volume{
			Name: "volume-" + string(rune('a'+i)), VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: image}},
		})
	}
	return spec
}

// Object returns the workload as it is submitted, without a name.
func (c Workload) Object() client.Object {
	meta := metav1.ObjectMeta{GenerateName: "predicted-", Namespace: c.Namespace, Labels: c.Labels}
	selected := map[string]string{"app": "predicted"}
	selector := &metav1.LabelSelector{MatchLabels: selected}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: selected}, Spec: c.podSpec()}
	switch c.Kind {
	case "Pod":
		return &corev1.Pod{ObjectMeta: meta, Spec: c.podSpec()}
	case "Deployment":
		return &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Replicas: new(int32(0)), Selector: selector, Template: template}}
	case "StatefulSet":
		return &appsv1.StatefulSet{
			ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{Replicas: new(int32(0)), Selector: selector, Template: template},
		}
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

// Submit submits the workload, as a dry run unless Create is set. A created workload lives until the test ends.
func (c Workload) Submit(t *testing.T, lab *labtest.Lab, as client.Client) error {
	t.Helper()
	object := c.Object()
	if !c.Create {
		return as.Create(t.Context(), object, client.DryRunAll)
	}
	err := as.Create(t.Context(), object)
	if err == nil {
		t.Cleanup(func() { lab.Delete(t, object) })
	}
	return err
}
