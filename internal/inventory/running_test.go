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
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestRunning converts pods whose nodes report their containers in different ways.
func TestRunning(t *testing.T) {
	const image = "registry.example.com/app/x:v1"
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	waits := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
	const bare, asked, reported = "unreported", "asked", "reported"
	for name, tc := range map[string]struct {
		status corev1.ContainerStatus
		want   string
	}{
		"no status yet":                      {corev1.ContainerStatus{}, asked},
		"created next":                       {corev1.ContainerStatus{State: waits}, asked},
		"a digest of the repository":         {corev1.ContainerStatus{State: runs, ImageID: image + "@" + digest}, reported},
		"Docker":                             {corev1.ContainerStatus{State: runs, ImageID: "docker-pullable://registry.example.com/app/x@" + digest}, reported},
		"waits for its restart":              {corev1.ContainerStatus{State: waits, ImageID: image + "@" + digest}, reported},
		"loaded into the node":               {corev1.ContainerStatus{State: runs, ImageID: digest}, bare},
		"loaded into the node with Docker":   {corev1.ContainerStatus{State: runs, ImageID: "docker://" + digest}, bare},
		"a bare id":                          {corev1.ContainerStatus{State: runs, ImageID: strings.Repeat("a", 64)}, bare},
		"sha512":                             {corev1.ContainerStatus{State: runs, ImageID: image + "@sha512:" + strings.Repeat("a", 128)}, bare},
		"no id":                              {corev1.ContainerStatus{State: runs}, bare},
		"an init container that ended":       {corev1.ContainerStatus{State: ended, ImageID: digest}, bare},
		"waits, and ran before":              {corev1.ContainerStatus{State: waits, LastTerminationState: ended}, bare},
		"waits, and was restarted":           {corev1.ContainerStatus{State: waits, RestartCount: 1}, bare},
		"started":                            {corev1.ContainerStatus{Started: new(true)}, bare},
		"not started":                        {corev1.ContainerStatus{Started: new(false)}, asked},
		"created, with an id and no digest":  {corev1.ContainerStatus{State: waits, ImageID: digest}, bare},
		"created, with a container id alone": {corev1.ContainerStatus{State: waits, ContainerID: "containerd://1"}, bare},
	} {
		tc.status.Name = "main"
		pod := &corev1.Pod{Spec: corev1.PodSpec{
			InitContainers: []corev1.Container{{Name: "main", Image: image}},
			Containers:     []corev1.Container{{Name: "main", Image: image}},
			EphemeralContainers: []corev1.EphemeralContainer{
				{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "main", Image: image}},
			},
		}}
		for _, list := range []*[]corev1.ContainerStatus{
			&pod.Status.InitContainerStatuses, &pod.Status.ContainerStatuses, &pod.Status.EphemeralContainerStatuses,
		} {
			*list = []corev1.ContainerStatus{tc.status}
			got := Convert(pod).Running
			*list = nil
			i := slices.IndexFunc(got, func(r Running) bool { return r.Digest != "" || r.Started })
			switch {
			case len(got) != 3:
				t.Errorf("%s: got %v, want 3 containers", name, got)
			case i < 0 && tc.want != asked, i >= 0 && tc.want != state(got[i]):
				t.Errorf("%s: got %+v, want it %s", name, got, tc.want)
			}
		}
	}
}

func state(r Running) string {
	switch {
	case r.Digest != "":
		return "reported"
	case r.Started:
		return "unreported"
	default:
		return "asked"
	}
}

// TestImageVolumes converts pods with an image volume.
func TestImageVolumes(t *testing.T) {
	const byTag = "registry.example.com/app/models:v1"
	byDigest := "registry.example.com/app/models@" + digest
	other := "sha256:" + strings.Repeat("b", 64)
	mount := func(imageRef string) corev1.VolumeMountStatus {
		return corev1.VolumeMountStatus{Name: "models", VolumeStatus: &corev1.VolumeStatus{Image: &corev1.ImageVolumeStatus{ImageRef: imageRef}}}
	}
	for name, tc := range map[string]struct {
		reference string
		started   bool
		mounts    []corev1.VolumeMountStatus
		want      []Running
	}{
		"nothing runs yet":               {byTag, false, nil, []Running{{}}},
		"a tag that is mounted":          {byTag, true, nil, []Running{{Started: true}}},
		"a digest that is mounted":       {byDigest, true, nil, []Running{{}}},
		"a digest is reported":           {byTag, true, []corev1.VolumeMountStatus{mount("x@" + digest), mount("x@" + digest)}, []Running{{Digest: digest, Started: true}}},
		"a digest that is not written":   {byDigest, true, []corev1.VolumeMountStatus{mount("x@" + other)}, []Running{{Digest: other, Started: true}}},
		"two digests are reported":       {byTag, true, []corev1.VolumeMountStatus{mount("x@" + other), mount("x@" + digest)}, []Running{{Digest: digest, Started: true}, {Digest: other, Started: true}}},
		"an id without a repository":     {byDigest, true, []corev1.VolumeMountStatus{mount(other)}, []Running{{Started: true}}},
		"a mount of another kind":        {byTag, false, []corev1.VolumeMountStatus{{Name: "models"}}, []Running{{}}},
		"a mount without a volume there": {byTag, false, []corev1.VolumeMountStatus{{Name: "gone", VolumeStatus: mount(other).VolumeStatus}}, []Running{{}}},
	} {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{UID: "1"},
			Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: "main", Image: "x:v1", VolumeMounts: []corev1.VolumeMount{{Name: "models"}, {Name: "config"}}}},
				Volumes: []corev1.Volume{
					{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}},
					{Name: "models", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: tc.reference}}},
				},
			},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "main", Started: &tc.started, VolumeMounts: tc.mounts}}},
		}
		volume := Container{Field: "volumes", Name: "models", Image: tc.reference}
		for i := range tc.want {
			tc.want[i].Container = volume
		}
		converted := Convert(pod)
		if !slices.Contains(converted.Template, volume) {
			t.Errorf("%s: the volume is missing in %v", name, converted.Template)
		}
		got := slices.DeleteFunc(slices.Clone(converted.Running), func(r Running) bool { return r.Field != "volumes" })
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestPlacesOfReportedImages walks all fields of a pod's status, and fails when Kubernetes adds one in which a node may
// report an image: Convert has to read it.
func TestPlacesOfReportedImages(t *testing.T) {
	status := func(path string) []string {
		return []string{path + ".Image", path + ".ImageID", path + ".VolumeMounts.VolumeStatus.Image", path + ".VolumeMounts.VolumeStatus.Image.ImageRef"}
	}
	known := slices.Concat(status("InitContainerStatuses"), status("ContainerStatuses"), status("EphemeralContainerStatuses"))
	var found []string
	var walk func(of reflect.Type, path string)
	walk = func(of reflect.Type, path string) {
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
			of = of.Elem()
		}
		if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[corev1.Pod]().PkgPath() {
			return
		}
		for field := range of.Fields() {
			at := strings.TrimPrefix(path+"."+field.Name, ".")
			name := strings.ToLower(field.Name)
			if strings.Contains(name, "image") || strings.Contains(name, "artifact") || strings.Contains(name, "digest") {
				found = append(found, at)
			}
			walk(field.Type, at)
		}
	}
	walk(reflect.TypeFor[corev1.PodStatus](), "")
	slices.Sort(known)
	slices.Sort(found)
	if diff := cmp.Diff(known, found); diff != "" {
		t.Errorf("the fields of a pod's status that name an image (-known +found):\n%s", diff)
	}
}
