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

import corev1 "k8s.io/api/core/v1"

// The fields of a pod's spec in which an image can be named.
const (
	InitContainers      = "initContainers"
	Containers          = "containers"
	EphemeralContainers = "ephemeralContainers"
	// Volumes holds image volumes, whose image containers mount.
	Volumes = "volumes"
)

// Container is a container of a pod or of a pod template, or an image volume. In JSON it has its name and its image.
type Container struct {
	// Field is InitContainers, Containers, EphemeralContainers or Volumes.
	Field string `json:"-"`
	// Name of the container or of the volume.
	Name string `json:"container"`
	// Image as written.
	Image string `json:"image"`
}

// Place is a place in a pod's spec in which an image can be named.
type Place struct {
	// Field is the list in the spec.
	Field string
	// Image is the path of the image in an item of the list, such as image.
	Image []string
}

// Places returns every place in a pod's spec in which an image can be named, in the order in which ImagesOf returns them.
func Places() []Place {
	image := []string{"image"}
	return []Place{
		{InitContainers, image}, {Containers, image}, {EphemeralContainers, image}, {Volumes, []string{"image", "reference"}},
	}
}

// ImagesOf returns the containers of a pod's spec, and its image volumes. It shares its text with the spec.
func ImagesOf(spec *corev1.PodSpec) []Container {
	if spec == nil {
		return []Container{}
	}
	all := make([]Container, 0, len(spec.InitContainers)+len(spec.Containers)+len(spec.EphemeralContainers))
	for i := range spec.InitContainers {
		all = append(all, Container{InitContainers, spec.InitContainers[i].Name, spec.InitContainers[i].Image})
	}
	for i := range spec.Containers {
		all = append(all, Container{Containers, spec.Containers[i].Name, spec.Containers[i].Image})
	}
	for i := range spec.EphemeralContainers {
		all = append(all, Container{EphemeralContainers, spec.EphemeralContainers[i].Name, spec.EphemeralContainers[i].Image})
	}
	for i := range spec.Volumes {
		if image := spec.Volumes[i].Image; image != nil {
			all = append(all, Container{Volumes, spec.Volumes[i].Name, image.Reference})
		}
	}
	return all
}
