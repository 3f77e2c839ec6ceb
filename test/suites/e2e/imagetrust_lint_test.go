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
	"encoding/json"
	"strings"
	"testing"
)

// TestPluginLint has the plugin judge trusts: one without a fault, and some with.
func TestPluginLint(t *testing.T) {
	p := newPlugin(t)
	const head = "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\nmetadata:\n  name: lint\nspec:\n"
	const issuer = "  issuer: https://token.actions.githubusercontent.com\n"
	const strict = `  identity: https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.16.0` + "\n"
	tests := map[string]struct {
		spec, want string
		code       int
	}{
		"sound": {spec: "  images:\n  - ghcr.io/karmada-io/image\n" + issuer + strict},
		"refused": {
			spec: "  images:\n  - ghcr.io/karmada-io/image:v1\n" + issuer + strict, code: 1,
			want: "standard input:7:5: error: spec.images[0]: Invalid value: \"ghcr.io/karmada-io/image:v1\": a glob cannot select tags",
		},
		"misspelt": {
			spec: "  images: [ghcr.io/karmada-io/image]\n" + issuer + "  identityRegex: a\n", code: 1,
			want: "unknown field \"spec.identityRegex\"",
		},
		"loose": {
			spec: "  images: [ghcr.io/karmada-io/image]\n" + issuer + "  identityRegexp: ^https://github\\.com/karmada-io/karmada/.*$\n", code: 1,
			want: "warning: spec.identityRegexp: ends in \".*\"",
		},
		"unsigned": {spec: "  images:\n  - docker.io/karmada/*\n" + issuer + strict, code: 1, want: "[unsigned-images]"},
		"only the operator knows": {
			spec: "  images: [ghcr.io/karmada-io/image]\n" + issuer + strict + "  verification:\n    references:\n    - nginx\n", code: 1,
			want: "standard input:11:7: error: spec.verification.references[0]: Invalid value: \"nginx\": no glob of images selects it",
		},
		"no trust": {spec: "", code: 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			input := head + tc.spec
			if tc.spec == "" {
				input = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
			}
			got := p.run(t, input, "lint", "-f", "-")
			if got.code != tc.code || !strings.Contains(got.stdout, tc.want) || tc.code == 0 && got.stdout != "" {
				t.Errorf("exit code %d, want %d and %q\n%s%s", got.code, tc.code, tc.want, got.stdout, got.stderr)
			}
			if sarif := p.run(t, input, "lint", "-f", "-", "-o", "sarif"); sarif.code != tc.code || tc.code != 2 && !json.Valid([]byte(sarif.stdout)) {
				t.Errorf("exit code %d, not SARIF:\n%s", sarif.code, sarif.stdout)
			}
		})
	}
}

// TestPluginAlone: what needs neither a cluster nor a registry.
func TestPluginAlone(t *testing.T) {
	p := newPlugin(t)
	for _, preset := range []string{"karmada-release", "karmada-latest", "kubernetes-release"} {
		trust := p.run(t, "", "init", "--preset", preset)
		if got := p.run(t, trust.stdout, "lint", "-f", "-"); got.code != 0 {
			t.Errorf("%s: %s", preset, got.stdout)
		}
	}
	for _, tc := range []struct{ args, want string }{
		{"version", "unknown"}, {"completion bash", "__start_kubectl-imagetrust"}, {"--help", "kubectl imagetrust [command]"},
		{"verify --help", "--certificate-identity-regexp='^https://github.com/karmada-io/karmada/.*$'"},
		{"plan --help", "kubectl imagetrust plan -f new.yaml --against old.yaml"},
	} {
		got := p.run(t, "", strings.Fields(tc.args)...)
		if got.code != 0 || !strings.Contains(got.stdout, tc.want) || got.stderr != "" {
			t.Errorf("%s: exit code %d, want %q in\n%s%s", tc.args, got.code, tc.want, got.stdout, got.stderr)
		}
	}
}
