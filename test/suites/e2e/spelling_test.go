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

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// TestSpellings applies the sample with each of Docker Hub's names.
func TestSpellings(t *testing.T) {
	digest := pushSigned(t, "docker.io/karmada/karmada-scheduler:v1.16.0", release)
	spellings := map[string]string{"docker": "docker.io/karmada/", "bare": "karmada/", "index": "index.docker.io/karmada/"}
	specs := map[string]any{}
	for name, prefix := range spellings {
		trust := readSample(t)
		trust.Name = "spelling-" + name
		for i, image := range trust.Spec.Images {
			trust.Spec.Images[i] = v1alpha1.ImageGlob(strings.Replace(string(image), "docker.io/karmada/", prefix, 1))
		}
		references := trust.Spec.Verification.References
		for i, reference := range references {
			references[i] = v1alpha1.ImageReference(strings.Replace(string(reference), "docker.io/karmada/", prefix, 1))
		}
		create(t, trust)
		reference := prefix + "karmada-scheduler:v1.16.0"
		got := becomes(t, trust.Name, settled, verdict(reference, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
		if image := imageOf(got, reference); image.Digest != digest.DigestStr() {
			t.Errorf("%s: digest %s, want %s", reference, image.Digest, digest.DigestStr())
		}
		made, err := getPolicy(trust.Name)(t.Context())
		if err != nil || made == nil {
			t.Fatalf("ClusterImagePolicy %s: %v, %v", trust.Name, made, err)
		}
		specs[name] = made.Object["spec"]
	}
	for name, spec := range specs {
		if diff := cmp.Diff(specs["docker"], spec); diff != "" {
			t.Errorf("the policies of docker.io and of %s differ (-docker.io +other):\n%s", spellings[name], diff)
		}
	}
	for _, prefix := range spellings {
		image := admitted(t, prefix+"karmada-scheduler:v1.16.0")
		if want := "index.docker.io/karmada/karmada-scheduler:v1.16.0@" + digest.DigestStr(); image != want {
			t.Errorf("%s: admitted as %s, want %s", prefix, image, want)
		}
	}
	push(t, "docker.io/karmada/karmada-dashboard:v1")
	for _, prefix := range spellings {
		_, err := runPod(t, shared.Client, prefix+"karmada-dashboard:v1")
		if wrong := isRefused(err, "no signatures found"); wrong != "" {
			t.Errorf("%s: %s", prefix, wrong)
		}
	}
}

func readSample(t *testing.T) *trust {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "config", "samples", "karmada.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	sample := &trust{}
	if err := yaml.UnmarshalStrict(content, sample); err != nil {
		t.Fatal(err)
	}
	return sample
}
