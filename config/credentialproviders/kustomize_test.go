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

// Package credentialproviders tests the components for credential providers without a cluster.
package credentialproviders

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/pod-security-admission/api"
	podsecurity "k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/hack/render"
	"github.com/karmada-io/image-trust/internal/verify/credentialprovider"
)

// installed is what kubectl would apply.
type installed struct {
	deployment *appsv1.Deployment
	account    *corev1.ServiceAccount
	config     *corev1.ConfigMap
	network    *networkingv1.NetworkPolicy
}

// build renders config/default with components of this directory.
func build(t *testing.T, components ...string) *installed {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	overlay := t.TempDir()
	config, err := filepath.Rel(overlay, filepath.Dir(here))
	if err != nil {
		t.Fatal(err)
	}
	text := "resources: [" + filepath.Join(config, "default") + "]\nimages: [{name: image-trust-credential-providers, newName: registry.example.com/providers, newTag: v1}]\n"
	for _, component := range components {
		text += "components: [" + filepath.Join(config, "credentialproviders", component) + "]\n"
	}
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	built, err := render.Build(overlay)
	if err != nil {
		t.Fatal(err)
	}
	found := &installed{}
	for _, resource := range built.Resources() {
		var into any
		switch resource.GetKind() + " " + resource.GetName() {
		case "Deployment karmada-image-trust":
			found.deployment = &appsv1.Deployment{}
			into = found.deployment
		case "ServiceAccount karmada-image-trust":
			found.account = &corev1.ServiceAccount{}
			into = found.account
		case "NetworkPolicy karmada-image-trust-cloud-identity":
			found.network = &networkingv1.NetworkPolicy{}
			into = found.network
		default:
			if resource.GetKind() != "ConfigMap" || !strings.HasPrefix(resource.GetName(), "image-trust-credential-providers-") {
				continue
			}
			found.config = &corev1.ConfigMap{}
			into = found.config
		}
		if err := yaml.UnmarshalStrict([]byte(resource.MustYaml()), into); err != nil {
			t.Fatalf("%s %s: %v", resource.GetKind(), resource.GetName(), err)
		}
	}
	if found.deployment == nil || found.account == nil {
		t.Fatal("there is no Deployment, or no ServiceAccount")
	}
	return found
}

// TestComponents builds the component for each cloud, and has the provider's configuration read by the code that reads it in the
// manager.
func TestComponents(t *testing.T) {
	plain := build(t)
	for component, tc := range map[string]struct {
		annotation string
		provider   string
		images     []string
		others     []string
		network    []string
	}{
		"ecr": {
			"eks.amazonaws.com/role-arn", "ecr-credential-provider", []string{"111122223333.dkr.ecr.eu-central-1.amazonaws.com/app"},
			[]string{"444455556666.dkr.ecr.eu-central-1.amazonaws.com/app", "public.ecr.aws/app/app"},
			[]string{"169.254.170.23/32 80"},
		},
		"artifact-registry": {
			"iam.gke.io/gcp-service-account", "auth-provider-gcp", []string{"europe-docker.pkg.dev/my-project/repository/app"},
			[]string{"europe-docker.pkg.dev/other/repository/app", "gcr.io/my-project/app"},
			[]string{"169.254.169.254/32 80", "169.254.169.252/32 988"},
		},
		"acr": {
			"", "acr-credential-provider", []string{"myregistry.azurecr.io/app"}, []string{"other.azurecr.io/app", "docker.io/library/nginx"},
			[]string{"169.254.169.254/32 80"},
		},
	} {
		t.Run(component, func(t *testing.T) {
			got := build(t, component)
			if _, ok := got.account.Annotations[tc.annotation]; !ok && tc.annotation != "" {
				t.Errorf("the ServiceAccount has the annotations %v", got.account.Annotations)
			}
			checkNetwork(t, got, tc.network)
			checkPod(t, &got.deployment.Spec.Template, &plain.deployment.Spec.Template)
			if got.config == nil {
				t.Fatal("there is no ConfigMap")
			}
			directory := t.TempDir()
			for key, content := range got.config.Data {
				if err := os.WriteFile(filepath.Join(directory, key), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			config := mounted(t, got, "--image-credential-provider-config=", got.config.Name)
			mounted(t, got, "--image-credential-provider-bin-dir=", "")
			programs := filepath.Join(directory, "programs")
			if err := os.Mkdir(programs, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(programs, tc.provider), []byte("#!/bin/sh\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			keychain, err := credentialprovider.New(filepath.Join(directory, config), programs)
			if err != nil {
				t.Fatal(err)
			}
			for want, images := range map[bool][]string{true: tc.images, false: tc.others} {
				for _, image := range images {
					target, err := name.NewRepository(image)
					if err != nil {
						t.Fatal(err)
					}
					found, err := authn.Resolve(t.Context(), keychain, target)
					if asked := found != authn.Anonymous; err != nil || asked != want {
						t.Errorf("a provider is for %s: %t, %v, want %t", image, asked, err, want)
					}
				}
			}
		})
	}
}

// mounted returns the path in its volume of what an argument of the manager names. The volume is of a ConfigMap, or else is filled
// by the init container.
func mounted(t *testing.T, got *installed, flag, configMap string) string {
	t.Helper()
	pod := got.deployment.Spec.Template.Spec
	manager := pod.Containers[0]
	at := slices.IndexFunc(manager.Args, func(arg string) bool { return strings.HasPrefix(arg, flag) })
	if at < 0 {
		t.Fatalf("%s is not among %q", flag, manager.Args)
	}
	path := strings.TrimPrefix(manager.Args[at], flag)
	for _, mount := range manager.VolumeMounts {
		rest, err := filepath.Rel(mount.MountPath, path)
		if err != nil || strings.HasPrefix(rest, "..") {
			continue
		}
		if !mount.ReadOnly {
			t.Errorf("%s may be written", mount.MountPath)
		}
		volume := pod.Volumes[slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == mount.Name })]
		switch {
		case configMap != "":
			if volume.ConfigMap == nil || volume.ConfigMap.Name != configMap {
				t.Errorf("%s is of the volume %v, want the ConfigMap %s", path, volume, configMap)
			}
		case pod.InitContainers[0].VolumeMounts[0].Name != mount.Name:
			t.Errorf("%s is of the volume %v, which the init container does not fill", path, volume)
		}
		return rest
	}
	t.Fatalf("%s is in no volume", path)
	return ""
}

// checkPod checks that a Pod keeps Pod Security restricted and a root file system that cannot be written, and has memory for the
// programs.
func checkPod(t *testing.T, got, plain *corev1.PodTemplateSpec) {
	t.Helper()
	evaluator, err := podsecurity.NewEvaluator(podsecurity.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range evaluator.EvaluatePod(api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &got.ObjectMeta, &got.Spec) {
		if !result.Allowed {
			t.Errorf("Pod Security: %s: %s", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	for _, container := range slices.Concat(got.Spec.InitContainers, got.Spec.Containers) {
		if readOnly := container.SecurityContext.ReadOnlyRootFilesystem; readOnly == nil || !*readOnly {
			t.Errorf("%s may write its root file system", container.Name)
		}
		if container.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s has no limit of memory", container.Name)
		}
	}
	if image := got.Spec.InitContainers[0].Image; image != "registry.example.com/providers:v1" {
		t.Errorf("the programs are of the image %s, which cannot be chosen", image)
	}
	const more = 256 << 20
	if memory, before := got.Spec.Containers[0].Resources.Limits.Memory(), plain.Spec.Containers[0].Resources.Limits.Memory(); memory.Value() != before.Value()+more {
		t.Errorf("the limit of memory is %s, and %s without providers", memory, before)
	}
}

// checkNetwork checks that a policy allows certain addresses and ports to the operator, and nothing else.
func checkNetwork(t *testing.T, got *installed, want []string) {
	t.Helper()
	if got.network == nil {
		t.Fatal("there is no NetworkPolicy")
	}
	for label, value := range got.network.Spec.PodSelector.MatchLabels {
		if got.deployment.Spec.Template.Labels[label] != value {
			t.Errorf("it selects %v", got.network.Spec.PodSelector)
		}
	}
	var allowed []string
	for _, rule := range got.network.Spec.Egress {
		for _, peer := range rule.To {
			for _, port := range rule.Ports {
				allowed = append(allowed, fmt.Sprint(peer.IPBlock.CIDR, " ", port.Port))
			}
		}
	}
	if !slices.Equal(allowed, want) {
		t.Errorf("it allows %q, want %q", allowed, want)
	}
}
