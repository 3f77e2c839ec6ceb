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

package cluster

import (
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes"
)

// template is a running pod as an API server stores it: made by its own defaults, and with the managed fields of those who write to
// pods in a cluster.
func template(ctx context.Context, client kubernetes.Interface, namespace string) (*corev1.Pod, error) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "template", Namespace: namespace,
			Labels: map[string]string{
				"app.kubernetes.io/name": "app", "app.kubernetes.io/instance": "app-production", "app.kubernetes.io/version": tag,
				"app.kubernetes.io/managed-by": "Helm", appsv1.DefaultDeploymentUniqueLabelKey: "5d4f8c7b9",
			},
			Annotations: map[string]string{
				"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "checksum/config": strings.Repeat("0123456789abcdef", 4),
				"kubernetes.io/config.seen": "2026-11-01T10:00:00Z",
			},
		},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Name: "app", Image: "placeholder", Args: []string{"--listen=:8080", "--config=/etc/app/config.yaml", "--log-format=json"},
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "metrics", ContainerPort: 9090}},
				Env: []corev1.EnvVar{
					{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
					{Name: "DATABASE", Value: "postgres://database.example.svc:5432/app?sslmode=verify-full"}, {Name: "REGION", Value: "eu-central-1"},
				},
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("128Mi")},
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app", ReadOnly: true}},
				LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromString("http")},
				}},
				ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromString("http")},
				}},
			}},
			Volumes: []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
				LocalObjectReference: corev1.LocalObjectReference{Name: "app-config"},
			}}}},
			Tolerations: []corev1.Toleration{
				{Key: corev1.TaintNodeNotReady, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
				{Key: corev1.TaintNodeUnreachable, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute},
			},
		},
	}
	pods := client.CoreV1().Pods(namespace)
	created, err := pods.Create(ctx, pod, metav1.CreateOptions{FieldManager: "kube-controller-manager"})
	if err != nil {
		return nil, fmt.Errorf("creating a pod: %w", err)
	}
	binding := &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: pod.Name}, Target: corev1.ObjectReference{Kind: "Node", Name: "node-0001"}}
	if err := pods.Bind(ctx, binding, metav1.CreateOptions{}); err != nil {
		return nil, fmt.Errorf("binding a pod: %w", err)
	}
	created.Status = runningStatus()
	created.ResourceVersion = ""
	created, err = pods.UpdateStatus(ctx, created, metav1.UpdateOptions{FieldManager: "kubelet"})
	if err != nil {
		return nil, fmt.Errorf("setting the status of a pod: %w", err)
	}
	if err := pods.Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)}); err != nil {
		return nil, fmt.Errorf("deleting a pod: %w", err)
	}
	created.ResourceVersion, created.Spec.NodeName = "", "node-0001"
	return created, nil
}

func runningStatus() corev1.PodStatus {
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, HostIP: "10.0.0.1", PodIP: "10.1.0.1", StartTime: &now,
		HostIPs: []corev1.HostIP{{IP: "10.0.0.1"}}, PodIPs: []corev1.PodIP{{IP: "10.1.0.1"}}, QOSClass: corev1.PodQOSBurstable,
		ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", Image: "placeholder", ImageID: "placeholder", Ready: true, Started: new(true),
			ContainerID: "containerd://" + strings.Repeat("0123456789abcdef", 4),
			State:       corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		}},
	}
	for _, condition := range []corev1.PodConditionType{
		corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled,
	} {
		status.Conditions = append(status.Conditions, corev1.PodCondition{Type: condition, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	return status
}

// running returns a pod that runs an image.
func running(like *corev1.Pod, podName string, i image, owner *appsv1.ReplicaSet) *corev1.Pod {
	pod := like.DeepCopy()
	pod.Name, pod.UID = podName, uuid.NewUUID()
	pod.Spec.Containers[0].Image = i.reference()
	pod.Status.ContainerStatuses[0].Image = i.reference()
	pod.Status.ContainerStatuses[0].ImageID = i.repository + "@" + i.digest
	if owner != nil {
		pod.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(owner, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}
	}
	return pod
}

// uidOf is the UID of a workload with a number, which is always the same.
func uidOf(kind string, number int) types.UID {
	h := hash(fmt.Appendf(nil, "%s/%d", kind, number))
	return types.UID(fmt.Sprintf("%s-%s-4%s-8%s-%s", h[:8], h[8:12], h[12:15], h[15:18], h[18:30]))
}

// deployment returns a Deployment of an image, and its ReplicaSet. They are the same each time but for the replicas.
func deployment(like *corev1.Pod, number int, i image, replicas int32) (*appsv1.Deployment, *appsv1.ReplicaSet) {
	labels := map[string]string{"app.kubernetes.io/name": "app", "app.kubernetes.io/instance": fmt.Sprintf("app-%05d", number)}
	pods := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: like.Annotations}, Spec: *like.Spec.DeepCopy()}
	pods.Spec.Containers[0].Image, pods.Spec.NodeName = i.reference(), ""
	meta := metav1.ObjectMeta{
		Name: fmt.Sprintf("app-%05d", number), Namespace: like.Namespace, UID: uidOf("deployment", number),
		CreationTimestamp: like.CreationTimestamp,
		Labels:            labels, ManagedFields: like.ManagedFields, Generation: 1,
	}
	d := &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
		Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: pods,
	}}
	d.Status = appsv1.DeploymentStatus{Replicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas, ObservedGeneration: 1}
	rs := &appsv1.ReplicaSet{ObjectMeta: *meta.DeepCopy(), Spec: appsv1.ReplicaSetSpec{
		Replicas: &replicas, Selector: d.Spec.Selector, Template: *pods.DeepCopy(),
	}}
	rs.Name, rs.UID = meta.Name+"-5d4f8c7b9", uidOf("replicaset", number)
	rs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))}
	rs.Status = appsv1.ReplicaSetStatus{Replicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas, ObservedGeneration: 1}
	return d, rs
}
