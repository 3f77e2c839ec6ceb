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
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// TestTable compares the entries of the table with each other and with the types of the API.
func TestTable(t *testing.T) {
	for _, k := range All() {
		t.Run(k.Kind, func(t *testing.T) {
			if got := Find(k.Group, k.Kind); got != k {
				t.Errorf("Find returns %v", got)
			}
			gvks, _, err := scheme.Scheme.ObjectKinds(k.New())
			if err != nil || !slices.Contains(gvks, k.GroupVersionKind) {
				t.Errorf("New returns an object of %v, want %v: %v", gvks, k.GroupVersionKind, err)
			}
			if want := strings.ToLower(k.Kind) + "s"; k.Resource != want {
				t.Errorf("resource %s, want %s", k.Resource, want)
			}
			if k.IsPod() != (k.Child() == nil) {
				t.Errorf("child %v: every kind but Pod has one", k.Child())
			}
			if k.Watched && !k.IsPod() && !k.Child().Watched {
				t.Errorf("%s is watched, but not its child %s", k.Kind, k.Child().Kind)
			}
		})
	}
	if got := Find("example.com", "Deployment"); got != nil {
		t.Errorf("a kind of another group is %v", got)
	}
}

// TestRead compares the paths in the table with what Read returns for typed objects.
func TestRead(t *testing.T) {
	for _, k := range All() {
		t.Run(k.Kind, func(t *testing.T) {
			spec := map[string]any{"containers": []any{map[string]any{"name": "main", "image": "x:1"}}}
			object := map[string]any{"metadata": map[string]any{"name": "x"}}
			set(object, spec, strings.Split(k.PodSpecPath(), "."))
			labelsPath := []string{"metadata", "labels"}
			if k.TemplatePath != "" {
				labelsPath = append(strings.Split(k.TemplatePath, "."), labelsPath...)
			}
			set(object, map[string]any{"app": "web"}, labelsPath)
			typed := k.New()
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, typed); err != nil {
				t.Fatal(err)
			}
			got, ok := Read(typed)
			if !ok || got.Kind != k || got.Meta.Name != "x" {
				t.Fatalf("got %+v, %v", got, ok)
			}
			if got.PodSpec == nil || len(got.PodSpec.Containers) != 1 || got.PodSpec.Containers[0].Image != "x:1" {
				t.Errorf("%s is not the path of the pod specification: %+v", k.PodSpecPath(), got.PodSpec)
			}
			if want := map[string]string{"app": "web"}; !cmp.Equal(want, got.PodLabels) {
				t.Errorf("labels of pods %v, want %v", got.PodLabels, want)
			}
		})
	}
	if _, ok := Read(&corev1.Node{}); ok {
		t.Error("a Node is a workload")
	}
}

func set(object map[string]any, value any, path []string) {
	for _, field := range path[:len(path)-1] {
		next, ok := object[field].(map[string]any)
		if !ok {
			next = map[string]any{}
			object[field] = next
		}
		object = next
	}
	object[path[len(path)-1]] = value
}

// TestReadState reads what only some kinds have.
func TestReadState(t *testing.T) {
	jobLabels, podLabels := map[string]string{"of": "job"}, map[string]string{"of": "pod"}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: podLabels}}
	complete := batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}
	failed := batchv1.JobCondition{Type: batchv1.JobFailed, Status: corev1.ConditionTrue}
	suspended := batchv1.JobCondition{Type: batchv1.JobSuspended, Status: corev1.ConditionTrue}
	type state struct {
		ChildLabels          map[string]string
		ScaledDown, Finished bool
	}
	for name, tc := range map[string]struct {
		object any
		want   state
	}{
		"a Deployment labels ReplicaSets as their pods": {&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: template}}, state{ChildLabels: podLabels}},
		"a CronJob labels Jobs": {
			&batchv1.CronJob{Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: jobLabels}, Spec: batchv1.JobSpec{Template: template},
			}}},
			state{ChildLabels: jobLabels},
		},
		"a StatefulSet creates pods":             {&appsv1.StatefulSet{Spec: appsv1.StatefulSetSpec{Template: template}}, state{}},
		"a ReplicaSet with the default replicas": {&appsv1.ReplicaSet{}, state{}},
		"a ReplicaSet without replicas":          {&appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0))}}, state{ScaledDown: true}},
		"a ReplicaSet with replicas left": {
			&appsv1.ReplicaSet{Spec: appsv1.ReplicaSetSpec{Replicas: new(int32(0))}, Status: appsv1.ReplicaSetStatus{Replicas: 1}}, state{},
		},
		"a ReplicationController without replicas": {
			&corev1.ReplicationController{Spec: corev1.ReplicationControllerSpec{Replicas: new(int32(0))}}, state{ScaledDown: true},
		},
		"a Deployment without replicas": {&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: new(int32(0))}}, state{}},
		"a complete Job":                {&batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{complete}}}, state{Finished: true}},
		"a failed Job":                  {&batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{failed}}}, state{Finished: true}},
		"a suspended Job":               {&batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{suspended}}}, state{}},
		"a running Pod":                 {&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodRunning}}, state{}},
		"a succeeded Pod":               {&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}, state{Finished: true}},
		"a failed Pod":                  {&corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodFailed}}, state{Finished: true}},
	} {
		t.Run(name, func(t *testing.T) {
			o, ok := Read(tc.object)
			if !ok {
				t.Fatal("not a workload")
			}
			if diff := cmp.Diff(tc.want, state{o.ChildLabels, o.ScaledDown, o.Finished}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestKeptBy(t *testing.T) {
	for name, tc := range map[string]struct {
		kind        *Kind
		group, name string
		want        bool
	}{
		"a ReplicaSet of a Deployment":                    {Find("apps", "ReplicaSet"), "apps", "Deployment", true},
		"a ReplicaSet of something else":                  {Find("apps", "ReplicaSet"), "example.com", "Deployment", false},
		"a ReplicationController of a DeploymentConfig":   {Find("", "ReplicationController"), "apps.openshift.io", "DeploymentConfig", true},
		"a Job of a CronJob, which has ended or will run": {Find("batch", "Job"), "batch", "CronJob", false},
	} {
		if got := tc.kind.KeptBy(tc.group, tc.name); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}
