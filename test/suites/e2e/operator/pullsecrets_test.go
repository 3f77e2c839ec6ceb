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
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestPullSecrets verifies an image whose repository needs credentials, first without the right to read the
// pull secret and then with config/pullsecrets.
func TestPullSecrets(t *testing.T) {
	const (
		image = "registry.example/pull-secrets/app:v1"
		named = "image-trust-registries" // in config/pullsecrets
	)
	own := lab.OperatorAccount().Namespace
	lab.PushSignedImage(t, image, labtest.Release)
	lab.Intercept(t, labtest.RepositoryOf(t, image), labtest.RequireBasicAuth("reader", "correct-horse"))
	lab.Create(t, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: named, Namespace: own},
		Type:       corev1.SecretTypeDockerConfigJson,
		StringData: map[string]string{
			corev1.DockerConfigJsonKey: `{"auths":{"registry.example":{"username":"reader","password":"correct-horse"}}}`,
		},
	})
	trust := labtest.NewTrust("pull-secrets", "", image)
	trust.Spec.Images = []v1alpha1.ImageGlob{"registry.example/pull-secrets/*"}
	trust.Spec.Verification.PullSecrets = []v1alpha1.PullSecretReference{{Name: named}}
	lab.Create(t, trust)

	got := lab.WaitForTrust(t, trust.Name, labtest.HasVerdict(image, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnauthorizedReason))
	want := fmt.Sprintf("pull secret %s cannot be read: the operator is not allowed to get Secrets in namespace %s", named, own)
	if message := labtest.FindImage(got, image).Message; !strings.HasSuffix(message, want) {
		t.Errorf("message %q, want %q", message, want)
	}

	createFrom(t, "role.yaml", "role_binding.yaml")
	lab.RestartOperator(t) // rather than wait for the operator to read the Secret again
	got = lab.WaitForTrust(t, trust.Name, labtest.Reconciled, labtest.HasVerdict(image, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	if strings.Contains(waitfor.Dump(got), "correct-horse") {
		t.Error("the status holds the password")
	}
}

// createFrom creates what files in config/pullsecrets hold.
func createFrom(t *testing.T, files ...string) {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		objects, err := manifest.Read(filepath.Join(root, "config", "pullsecrets", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			lab.Create(t, object)
		}
	}
}
