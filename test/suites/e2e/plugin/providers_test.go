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

package plugin

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/test/lab/providers"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestPluginCredentialProviders: verify, plan and pin use the credentials of providers, and warn of one that fails.
func TestPluginCredentialProviders(t *testing.T) {
	const (
		private  = "registry.example/plugin-provider/app:v1"
		rejected = "registry.example/plugin-provider-fails/app:v1"
		password = "correct-horse"
		problem  = `the credential provider "fails" fails with exit code 1`
	)
	p := lab.NewPlugin(t)
	for _, image := range []string{private, rejected} {
		lab.PushSignedImage(t, image, labtest.Release)
		lab.Intercept(t, labtest.RepositoryOf(t, image), labtest.RequireBasicAuth("reader", password))
	}
	program, err := providers.Build(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	configured, err := providers.New(program, t.TempDir(),
		providers.Provider{Name: "answers", Image: "registry.example/plugin-provider/", User: "reader", Password: password},
		providers.Provider{Name: "fails", Image: "registry.example/plugin-provider-fails/"},
	)
	if err != nil {
		t.Fatal(err)
	}
	trust := labtest.NewTrust("providers", "", private)
	trust.Spec.Images = append(trust.Spec.Images[:0], "registry.example/**")
	file := labtest.WriteObjects(t, trust)
	commands := map[string]func(image string) []string{
		"verify": func(image string) []string { return []string{"verify", image, "-f", file} },
		"plan": func(image string) []string {
			return []string{"plan", "-f", file, "--manifests", podOf(t, image)}
		},
		"pin": func(image string) []string {
			return []string{"pin", "-f", file, "--manifests", podOf(t, image)}
		},
	}
	for command, args := range commands {
		t.Run(command, func(t *testing.T) {
			got := p.Run(t, "", slices.Concat(args(private), p.SigstoreFlags, configured.Flags())...)
			if got.Code != 0 {
				t.Errorf("exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
			}
			got = p.Run(t, "", slices.Concat(args(rejected), p.SigstoreFlags, configured.Flags())...)
			if got.Code == 0 || !strings.Contains(got.Stderr, "warning: "+problem+"; registries are asked without credentials\n") {
				t.Errorf("exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
			}
			if command == "verify" && !strings.Contains(got.Stdout, "it was asked without credentials: "+problem) {
				t.Errorf("the verdict does not say why:\n%s", got.Stdout)
			}
			if strings.Contains(got.Stdout+got.Stderr, password) {
				t.Errorf("the output holds the password")
			}
			for flag, words := range map[string]string{
				configured.Flags()[0]: "belong together: set both or none",
				"--image-credential-provider-config=" + file + " " + configured.Flags()[1]: "reading --image-credential-provider-config: " + file + ": it is not a CredentialProviderConfig",
			} {
				got := p.Run(t, "", slices.Concat(args(private), p.SigstoreFlags, strings.Fields(flag))...)
				if got.Code != 2 || !strings.Contains(got.Stderr, words) {
					t.Errorf("%s: exit code %d\n%s", flag, got.Code, got.Stderr)
				}
			}
		})
	}
}

// podOf writes the manifest of a Pod.
func podOf(t *testing.T, image string) (file string) {
	t.Helper()
	return labtest.WriteObjects(t, &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "provider", Namespace: "default"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}},
	})
}
