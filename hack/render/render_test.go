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

package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/types"
)

const digest = "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"

func TestParseImage(t *testing.T) {
	for image, want := range map[string]types.Image{
		"ghcr.io/a/b:v1":               {NewName: "ghcr.io/a/b", NewTag: "v1"},
		"ghcr.io/a/b@" + digest:        {NewName: "ghcr.io/a/b", Digest: digest},
		"ghcr.io/a/b:v1@" + digest:     {NewName: "ghcr.io/a/b", NewTag: "v1", Digest: digest},
		"localhost:5000/app:v1":        {NewName: "localhost:5000/app", NewTag: "v1"},
		"localhost:5000/app@" + digest: {NewName: "localhost:5000/app", Digest: digest},
		"image-trust:dev":              {NewName: "image-trust", NewTag: "dev"},
	} {
		want.Name = Image
		got, err := ParseImage(image)
		if err != nil {
			t.Errorf("%s: %v", image, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", image, diff)
		}
	}
	for _, image := range []string{"ghcr.io/a/b", "localhost:5000/app", "ghcr.io/a/b@sha256:abc", "ghcr.io/A/app:v1", "", "app b:v1", "app:v1\nb"} {
		if got, err := ParseImage(image); err == nil {
			t.Errorf("%q is taken for %+v", image, got)
		}
	}
}

// TestInstallation builds config/default with an image and a component.
func TestInstallation(t *testing.T) {
	for name, want := range map[string]string{
		"":                                Image + ":unreleased",
		"localhost:5000/app:v1@" + digest: "localhost:5000/app:v1@" + digest,
	} {
		built, err := Installation("../..", Options{Image: name, Components: []string{"reports"}})
		if err != nil {
			t.Fatal(err)
		}
		objects, err := Objects(built)
		if err != nil {
			t.Fatal(err)
		}
		if objects[0].GetKind() != "Namespace" {
			t.Errorf("the first object is a %s, and what is in the namespace could not be created", objects[0].GetKind())
		}
		reports := false
		for _, o := range objects {
			reports = reports || o.GetName() == "karmada-image-trust-reports"
			if o.GetKind() != "Deployment" {
				continue
			}
			containers, _, err := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
			if err != nil || len(containers) != 1 {
				t.Fatalf("%d containers: %v", len(containers), err)
			}
			container, _ := containers[0].(map[string]any)
			if container["image"] != want {
				t.Errorf("the image is %v, want %s", container["image"], want)
			}
			if args, _ := container["args"].([]any); len(args) == 0 || args[len(args)-1] != "--policy-reports" {
				t.Errorf("the arguments are %v", args)
			}
		}
		if !reports {
			t.Error("the component has no effect")
		}
	}
	if _, err := Installation("../..", Options{Image: "app"}); err == nil || !strings.Contains(err.Error(), "neither a tag nor a digest") {
		t.Errorf("got %v", err)
	}
}
