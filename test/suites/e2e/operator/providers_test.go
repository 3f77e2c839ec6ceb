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

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/providers"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestCredentialProviders verifies an image with the credentials of a provider. One that fails keeps no public image from being
// verified, and is named where the registry wants credentials.
func TestCredentialProviders(t *testing.T) {
	const (
		private  = "registry.example/provider-private/app:v1"
		public   = "registry.example/provider-fails/public:v1"
		rejected = "registry.example/provider-fails/private:v1"
		password = "correct-horse"
	)
	for _, image := range []string{private, public, rejected} {
		lab.PushSignedImage(t, image, labtest.Release)
	}
	for _, image := range []string{private, rejected} {
		lab.Intercept(t, labtest.RepositoryOf(t, image), labtest.RequireBasicAuth("reader", password))
	}
	program, err := providers.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	configured, err := providers.New(program, t.TempDir(),
		providers.Provider{Name: "answers", Image: "registry.example/provider-private", User: "reader", Password: password},
		providers.Provider{Name: "fails", Image: "registry.example/provider-fails"},
	)
	if err != nil {
		t.Fatal(err)
	}
	lab.RestartOperator(t, configured.Flags()...)
	trust := labtest.NewTrust("credential-providers", "", private, public, rejected)
	trust.Spec.Images = []v1alpha1.ImageGlob{"registry.example/provider-private/*", "registry.example/provider-fails/*"}
	lab.Create(t, trust)

	got := lab.WaitForTrust(t, trust.Name, labtest.Reconciled,
		labtest.HasVerdict(private, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasVerdict(public, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasVerdict(rejected, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnauthorizedReason))
	want := `; it was asked without credentials: the credential provider "fails" fails with exit code 1`
	if message := labtest.FindImage(got, rejected).Message; !strings.HasSuffix(message, want) {
		t.Errorf("message %q, want %q", message, want)
	}
	for provider, repository := range map[string]string{"answers": "registry.example/provider-private/app", "fails": "registry.example/provider-fails/"} {
		asked, err := configured.Asked(provider)
		if err != nil || len(asked) == 0 {
			t.Errorf("%s was not asked: %v", provider, err)
		}
		for _, image := range asked {
			if !strings.HasPrefix(image, repository) {
				t.Errorf("%s was asked about %s", provider, image)
			}
		}
	}
	log, err := os.ReadFile(filepath.Join(lab.Dir(), "manager.log"))
	if err != nil || !strings.Contains(string(log), "A credential provider failed") {
		t.Errorf("the log does not say that a provider failed: %v", err)
	}
	if strings.Contains(waitfor.Dump(got)+string(log), password) {
		t.Error("the status or the log holds the password")
	}
}
