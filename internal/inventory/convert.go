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

package inventory

import (
	"strings"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Convert keeps what the inventory needs of an object of the API, nil for what it has no use for. Nothing of the
// object is kept alive.
func Convert(object any) *Object {
	switch o := object.(type) {
	case *corev1.Pod:
		return pod(o)
	case *appsv1.Deployment:
		return workload(appsv1.SchemeGroupVersion.WithKind("Deployment"), &o.ObjectMeta, &o.Spec.Template)
	case *appsv1.ReplicaSet:
		out := workload(appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), &o.ObjectMeta, &o.Spec.Template)
		out.Replicas = o.Spec.Replicas == nil || *o.Spec.Replicas > 0 || o.Status.Replicas > 0
		return out
	case *appsv1.StatefulSet:
		return workload(appsv1.SchemeGroupVersion.WithKind("StatefulSet"), &o.ObjectMeta, &o.Spec.Template)
	case *appsv1.DaemonSet:
		return workload(appsv1.SchemeGroupVersion.WithKind("DaemonSet"), &o.ObjectMeta, &o.Spec.Template)
	case *batchv1.Job:
		out := workload(batchv1.SchemeGroupVersion.WithKind("Job"), &o.ObjectMeta, &o.Spec.Template)
		out.Finished = finished(o)
		return out
	case *batchv1.CronJob:
		out := workload(batchv1.SchemeGroupVersion.WithKind("CronJob"), &o.ObjectMeta, &o.Spec.JobTemplate.Spec.Template)
		out.JobLabels = interned(o.Spec.JobTemplate.Labels)
		return out
	default:
		return nil
	}
}

func workload(kind schema.GroupVersionKind, meta *metav1.ObjectMeta, template *corev1.PodTemplateSpec) *Object {
	out := identified(kind, meta)
	out.PodLabels = interned(template.Labels)
	out.Template = containers(&template.Spec)
	return out
}

func identified(kind schema.GroupVersionKind, meta *metav1.ObjectMeta) *Object {
	out := &Object{
		Group: kind.Group, Version: kind.Version, Kind: kind.Kind,
		Namespace: intern(meta.Namespace), Name: strings.Clone(meta.Name), UID: types.UID(strings.Clone(string(meta.UID))),
		Labels: interned(meta.Labels),
	}
	if owner := metav1.GetControllerOfNoCopy(meta); owner != nil {
		version, err := schema.ParseGroupVersion(owner.APIVersion)
		if err == nil {
			out.Owner = &Owner{
				Group: intern(version.Group), Version: intern(version.Version), Kind: intern(owner.Kind),
				Name: intern(owner.Name), UID: types.UID(intern(string(owner.UID))),
			}
		}
	}
	return out
}

func pod(o *corev1.Pod) *Object {
	out := identified(corev1.SchemeGroupVersion.WithKind("Pod"), &o.ObjectMeta)
	out.PodLabels = out.Labels
	out.Template = containers(&o.Spec)
	out.Finished = o.Status.Phase == corev1.PodSucceeded || o.Status.Phase == corev1.PodFailed
	digests := map[[2]string]string{}
	for field, statuses := range map[string][]corev1.ContainerStatus{
		"initContainers":      o.Status.InitContainerStatuses,
		"containers":          o.Status.ContainerStatuses,
		"ephemeralContainers": o.Status.EphemeralContainerStatuses,
	} {
		for i := range statuses {
			digests[[2]string{field, statuses[i].Name}] = RunningDigest(statuses[i].ImageID)
		}
	}
	for _, c := range out.Template {
		out.Running = append(out.Running, Running{
			Container: c, Digest: intern(digests[[2]string{c.Field, c.Name}]),
		})
	}
	return out
}

func containers(spec *corev1.PodSpec) []Container {
	out := make([]Container, 0, len(spec.InitContainers)+len(spec.Containers)+len(spec.EphemeralContainers))
	for i := range spec.InitContainers {
		out = append(out, container("initContainers", spec.InitContainers[i].Name, spec.InitContainers[i].Image))
	}
	for i := range spec.Containers {
		out = append(out, container("containers", spec.Containers[i].Name, spec.Containers[i].Image))
	}
	for i := range spec.EphemeralContainers {
		out = append(out, container("ephemeralContainers", spec.EphemeralContainers[i].Name, spec.EphemeralContainers[i].Image))
	}
	return out
}

func container(field, name, image string) Container {
	return Container{Field: field, Name: intern(name), Image: intern(image)}
}

func finished(job *batchv1.Job) bool {
	for i := range job.Status.Conditions {
		c := &job.Status.Conditions[i]
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// intern shares equal strings, and lets go of the object that a string came in.
func intern(s string) string { return unique.Make(s).Value() }

func interned(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return nil
	}
	out := make(map[string]string, len(labels))
	for key, value := range labels {
		out[intern(key)] = intern(value)
	}
	return out
}
