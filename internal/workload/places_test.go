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
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// TestPlaces walks all fields of a pod's spec, and fails when Kubernetes adds one in which an image may be named: ImagesOf and
// Places have to include it, or it is listed here as something else.
func TestPlaces(t *testing.T) {
	notImages := []string{
		"ImagePullSecrets", "InitContainers.ImagePullPolicy", "Containers.ImagePullPolicy",
		"EphemeralContainers.EphemeralContainerCommon.ImagePullPolicy",
		"Volumes.VolumeSource.RBD.RBDImage", // a block device of Ceph
		"Volumes.VolumeSource.Image",        // the place itself, of which Reference is the image
	}
	var places, filled []string
	spec := &corev1.PodSpec{}
	var walk func(value reflect.Value, path string)
	walk = func(value reflect.Value, path string) {
		switch value.Kind() {
		case reflect.Pointer:
			value.Set(reflect.New(value.Type().Elem()))
			walk(value.Elem(), path)
		case reflect.Slice:
			value.Set(reflect.MakeSlice(value.Type(), 1, 1))
			walk(value.Index(0), path)
		case reflect.Struct:
			if value.Type().PkgPath() != reflect.TypeFor[corev1.Pod]().PkgPath() {
				return
			}
			for i := range value.NumField() {
				name := value.Type().Field(i).Name
				at := strings.TrimPrefix(path+"."+name, ".")
				lower := strings.ToLower(name)
				image := strings.Contains(lower, "image") || strings.Contains(lower, "artifact") || name == "Reference"
				if image && !slices.Contains(notImages, at) {
					places = append(places, at)
					if value.Field(i).Kind() != reflect.String {
						t.Errorf("%s is a %s, not a text", at, value.Field(i).Type())
						continue
					}
					value.Field(i).SetString(at)
				}
				walk(value.Field(i), at)
			}
		default:
		}
	}
	walk(reflect.ValueOf(spec).Elem(), "")
	for _, image := range ImagesOf(spec) {
		filled = append(filled, image.Image)
	}
	if len(filled) != len(Places()) {
		t.Errorf("%d images in %d places", len(filled), len(Places()))
	}
	slices.Sort(places)
	slices.Sort(filled)
	if diff := cmp.Diff(places, filled); diff != "" {
		t.Errorf("fields in which an image can be named (-in Kubernetes +in ImagesOf):\n%s", diff)
	}
	for i, place := range Places() {
		if got := ImagesOf(spec)[i].Field; got != place.Field {
			t.Errorf("image %d is of %s, but the place is %s", i, got, place.Field)
		}
	}
}
