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

package operator

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestSpellings applies the sample with each spelling of Docker Hub's name.
func TestSpellings(t *testing.T) {
	digest := lab.PushSignedImage(t, "docker.io/karmada/karmada-scheduler:v1.16.0", labtest.Release)
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
		lab.Create(t, trust)
		reference := prefix + "karmada-scheduler:v1.16.0"
		got := lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(reference, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
		if image := labtest.FindImage(got, reference); image.Digest != digest.DigestStr() {
			t.Errorf("%s: digest %s, want %s", reference, image.Digest, digest.DigestStr())
		}
		made, err := lab.Policy(trust.Name)(t.Context())
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
		image := lab.WaitUntilAllowed(t, prefix+"karmada-scheduler:v1.16.0")
		if want := "index.docker.io/karmada/karmada-scheduler:v1.16.0@" + digest.DigestStr(); image != want {
			t.Errorf("%s: allowed as %s, want %s", prefix, image, want)
		}
	}
	lab.PushImage(t, "docker.io/karmada/karmada-dashboard:v1")
	for _, prefix := range spellings {
		_, err := labtest.CreatePod(t, lab.Client, prefix+"karmada-dashboard:v1")
		if wrong := labtest.CheckDenied(err, "no signatures found"); wrong != "" {
			t.Errorf("%s: %s", prefix, wrong)
		}
	}
}

func readSample(t *testing.T) *v1alpha1.KarmadaImageTrust {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "config", "samples", "karmada.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	sample := &v1alpha1.KarmadaImageTrust{}
	if err := yaml.UnmarshalStrict(content, sample); err != nil {
		t.Fatal(err)
	}
	return sample
}
