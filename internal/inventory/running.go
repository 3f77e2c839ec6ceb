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
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/karmada-io/image-trust/internal/workload"
)

// report is what a node reports of one container, or of one mount of an image volume.
type report struct {
	// started reports whether the container runs or has run.
	started bool
	// digest that is reported; empty for none.
	digest string
}

// running returns the containers and the image volumes of a pod, with what its node reports of them.
func running(pod *corev1.Pod, all []Container) []Running {
	statuses := statusesOf(pod)
	out := make([]Running, 0, len(all))
	for _, c := range all {
		reports := []report{statuses.containers[[2]string{c.Field, c.Name}]}
		if c.Field == workload.Volumes {
			reports = statuses.volume(c)
		}
		for _, r := range reports {
			out = append(out, Running{Container: c, Digest: intern(r.digest), Started: r.started})
		}
	}
	return out
}

// podStatus is what a node reports of a pod.
type podStatus struct {
	// containers by field and name.
	containers map[[2]string]report
	// volumes are the reports of each image volume by its name, one for each container that mounts it.
	volumes map[string][]report
	// mounted are the volumes that a container which has started mounts.
	mounted map[string]bool
}

func statusesOf(pod *corev1.Pod) podStatus {
	s := podStatus{containers: map[[2]string]report{}, volumes: map[string][]report{}, mounted: map[string]bool{}}
	s.read(workload.InitContainers, pod.Status.InitContainerStatuses)
	s.read(workload.Containers, pod.Status.ContainerStatuses)
	s.read(workload.EphemeralContainers, pod.Status.EphemeralContainerStatuses)
	for i := range pod.Spec.InitContainers {
		s.mount(workload.InitContainers, pod.Spec.InitContainers[i].Name, pod.Spec.InitContainers[i].VolumeMounts)
	}
	for i := range pod.Spec.Containers {
		s.mount(workload.Containers, pod.Spec.Containers[i].Name, pod.Spec.Containers[i].VolumeMounts)
	}
	for i := range pod.Spec.EphemeralContainers {
		s.mount(workload.EphemeralContainers, pod.Spec.EphemeralContainers[i].Name, pod.Spec.EphemeralContainers[i].VolumeMounts)
	}
	return s
}

func (s *podStatus) read(field string, statuses []corev1.ContainerStatus) {
	for i := range statuses {
		status := &statuses[i]
		s.containers[[2]string{field, status.Name}] = report{started: started(status), digest: RunningDigest(status.ImageID)}
		for j := range status.VolumeMounts {
			mount := &status.VolumeMounts[j]
			if mount.VolumeStatus != nil && mount.VolumeStatus.Image != nil {
				s.volumes[mount.Name] = append(s.volumes[mount.Name],
					report{started: true, digest: RunningDigest(mount.VolumeStatus.Image.ImageRef)})
			}
		}
	}
}

func (s *podStatus) mount(field, container string, mounts []corev1.VolumeMount) {
	if !s.containers[[2]string{field, container}].started {
		return
	}
	for i := range mounts {
		s.mounted[mounts[i].Name] = true
	}
}

// volume returns what is reported of an image volume, without duplicates. Nodes report it only with the feature gate
// ImageVolumeWithDigest. Without it, what a volume of a tag holds cannot be told once it is mounted. A digest that is written
// is what the node pulls.
func (s *podStatus) volume(c Container) []report {
	reports := s.volumes[c.Name]
	if len(reports) == 0 {
		pinned := strings.Contains(c.Image, "@")
		return []report{{started: s.mounted[c.Name] && !pinned}}
	}
	reports = slices.SortedFunc(slices.Values(reports), func(a, b report) int { return cmp.Compare(a.digest, b.digest) })
	return slices.Compact(reports)
}

// started reports whether a container runs or has run: it has a state that says so, or the container runtime knows it. What a
// container waits for, such as its restart, does not undo that.
func started(status *corev1.ContainerStatus) bool {
	return status.State.Running != nil || status.State.Terminated != nil ||
		status.LastTerminationState.Running != nil || status.LastTerminationState.Terminated != nil ||
		status.RestartCount > 0 || status.Started != nil && *status.Started ||
		status.ContainerID != "" || status.ImageID != ""
}
