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

package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kinds is the table.
//
//nolint:gochecknoglobals // Go has no constant tables; nothing changes it.
var kinds = []Kind{
	{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind("Pod"), Resource: "pods",
		Watched: true, Intercepted: true,
		access: of(func(o *corev1.Pod) Object {
			return Object{
				Meta: &o.ObjectMeta, PodLabels: o.Labels, PodSpec: &o.Spec,
				Finished: o.Status.Phase == corev1.PodSucceeded || o.Status.Phase == corev1.PodFailed,
			}
		}),
	},
	{
		// Nothing in Kubernetes creates pods of a PodTemplate: programs read it and create pods of their own, which
		// are workloads in their turn. So there is nothing to watch in a cluster. In manifests its images are pinned
		// and planned for like those of any kind, as a pod of it would be.
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind("PodTemplate"), Resource: "podtemplates",
		TemplatePath: "template", Creates: schema.GroupKind{Kind: "Pod"},
		access: of(func(o *corev1.PodTemplate) Object { return templated(&o.ObjectMeta, &o.Template) }),
	},
	{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind("ReplicationController"), Resource: "replicationcontrollers",
		TemplatePath: "spec.template", Creates: schema.GroupKind{Kind: "Pod"},
		HistoryOf: []schema.GroupKind{{Group: "apps.openshift.io", Kind: "DeploymentConfig"}},
		Watched:   true,
		access: of(func(o *corev1.ReplicationController) Object {
			out := Object{Meta: &o.ObjectMeta}
			if o.Spec.Template != nil {
				out = templated(&o.ObjectMeta, o.Spec.Template)
			}
			out.ScaledDown = scaledDown(o.Spec.Replicas, o.Status.Replicas)
			return out
		}),
	},
	{
		GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("Deployment"), Resource: "deployments",
		TemplatePath: "spec.template", ChildPath: "spec.template", Creates: schema.GroupKind{Group: "apps", Kind: "ReplicaSet"},
		Watched: true, Intercepted: true,
		access: of(func(o *appsv1.Deployment) Object {
			out := templated(&o.ObjectMeta, &o.Spec.Template)
			out.ChildLabels = o.Spec.Template.Labels
			return out
		}),
	},
	{
		GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("ReplicaSet"), Resource: "replicasets",
		TemplatePath: "spec.template", Creates: schema.GroupKind{Kind: "Pod"},
		HistoryOf: []schema.GroupKind{{Group: "apps", Kind: "Deployment"}},
		Watched:   true, Intercepted: true,
		access: of(func(o *appsv1.ReplicaSet) Object {
			out := templated(&o.ObjectMeta, &o.Spec.Template)
			out.ScaledDown = scaledDown(o.Spec.Replicas, o.Status.Replicas)
			return out
		}),
	},
	{
		GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("StatefulSet"), Resource: "statefulsets",
		TemplatePath: "spec.template", Creates: schema.GroupKind{Kind: "Pod"},
		Watched: true, Intercepted: true,
		access: of(func(o *appsv1.StatefulSet) Object { return templated(&o.ObjectMeta, &o.Spec.Template) }),
	},
	{
		GroupVersionKind: appsv1.SchemeGroupVersion.WithKind("DaemonSet"), Resource: "daemonsets",
		TemplatePath: "spec.template", Creates: schema.GroupKind{Kind: "Pod"},
		Watched: true, Intercepted: true,
		access: of(func(o *appsv1.DaemonSet) Object { return templated(&o.ObjectMeta, &o.Spec.Template) }),
	},
	{
		GroupVersionKind: batchv1.SchemeGroupVersion.WithKind("Job"), Resource: "jobs",
		TemplatePath: "spec.template", Creates: schema.GroupKind{Kind: "Pod"},
		Watched: true, Intercepted: true,
		access: of(func(o *batchv1.Job) Object {
			out := templated(&o.ObjectMeta, &o.Spec.Template)
			out.Finished = finished(o)
			return out
		}),
	},
	{
		GroupVersionKind: batchv1.SchemeGroupVersion.WithKind("CronJob"), Resource: "cronjobs",
		TemplatePath: "spec.jobTemplate.spec.template", ChildPath: "spec.jobTemplate", Creates: schema.GroupKind{Group: "batch", Kind: "Job"},
		Watched: true, Intercepted: true,
		access: of(func(o *batchv1.CronJob) Object {
			out := templated(&o.ObjectMeta, &o.Spec.JobTemplate.Spec.Template)
			out.ChildLabels = o.Spec.JobTemplate.Labels
			return out
		}),
	},
}

// of returns the access to objects of a Go type.
func of[T any, P interface {
	*T
	runtime.Object
}](read func(P) Object) access {
	return access{
		create: func() runtime.Object { return P(new(T)) },
		read: func(object any) (Object, bool) {
			o, ok := object.(P)
			if !ok {
				return Object{}, false
			}
			return read(o), true
		},
	}
}

func templated(meta *metav1.ObjectMeta, template *corev1.PodTemplateSpec) Object {
	return Object{Meta: meta, PodLabels: template.Labels, PodSpec: &template.Spec}
}

// scaledDown reports whether no replicas are wanted, and none are left. The API server sets an absent number to 1.
func scaledDown(wanted *int32, left int32) bool { return wanted != nil && *wanted <= 0 && left <= 0 }

func finished(job *batchv1.Job) bool {
	for i := range job.Status.Conditions {
		c := &job.Status.Conditions[i]
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}
