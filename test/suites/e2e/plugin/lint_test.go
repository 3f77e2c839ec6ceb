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
	"encoding/json"
	"strings"
	"testing"
)

// TestPluginLint checks the findings and the exit codes of lint, without and with mistakes.
func TestPluginLint(t *testing.T) {
	p := lab.NewPlugin(t)
	const head = "apiVersion: trust.karmada.io/v1alpha1\nkind: KarmadaImageTrust\nmetadata:\n  name: lint\nspec:\n"
	const issuer = "  issuer: https://token.actions.githubusercontent.com\n"
	const strict = `  identity: https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.16.0` + "\n"
	tests := map[string]struct {
		spec, want string
		code       int
	}{
		"no mistake": {spec: "  images:\n  - ghcr.io/karmada-io/image\n" + issuer + strict},
		"rejected by the API server": {
			spec: "  images:\n  - ghcr.io/karmada-io/image:v1\n" + issuer + strict, code: 1,
			want: "standard input:7:5: error: spec.images[0]: Invalid value: \"ghcr.io/karmada-io/image:v1\": must not contain a tag",
		},
		"misspelt": {
			spec: "  images: [ghcr.io/karmada-io/image]\n" + issuer + "  identityRegex: a\n", code: 1,
			want: "unknown field \"spec.identityRegex\"",
		},
		"loose": {
			spec: "  images: [ghcr.io/karmada-io/image]\n" + issuer + "  identityRegexp: ^https://github\\.com/karmada-io/karmada/.*$\n", code: 1,
			want: "warning: spec.identityRegexp: ends with \".*\"",
		},
		"unsigned": {spec: "  images:\n  - docker.io/karmada/*\n" + issuer + strict, code: 1, want: "[unsigned-images]"},
		"rejected by the operator": {
			spec: "  images: [ghcr.io/karmada-io/image]\n" + issuer + strict + "  verification:\n    references:\n    - nginx\n", code: 1,
			want: "standard input:11:7: error: spec.verification.references[0]: Invalid value: \"nginx\": must match one of the globs",
		},
		"no trust": {spec: "", code: 2},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			input := head + tc.spec
			if tc.spec == "" {
				input = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
			}
			got := p.Run(t, input, "lint", "-f", "-")
			if got.Code != tc.code || !strings.Contains(got.Stdout, tc.want) || tc.code == 0 && got.Stdout != "" {
				t.Errorf("exit code %d, want %d and %q\n%s%s", got.Code, tc.code, tc.want, got.Stdout, got.Stderr)
			}
			if sarif := p.Run(t, input, "lint", "-f", "-", "-o", "sarif"); sarif.Code != tc.code || tc.code != 2 && !json.Valid([]byte(sarif.Stdout)) {
				t.Errorf("exit code %d, not SARIF:\n%s", sarif.Code, sarif.Stdout)
			}
		})
	}
}

// TestPluginAlone runs the commands that need neither a cluster nor a registry.
func TestPluginAlone(t *testing.T) {
	p := lab.NewPlugin(t)
	for _, preset := range []string{"karmada-release", "karmada-latest", "kubernetes-release"} {
		trust := p.Run(t, "", "init", "--preset", preset)
		if got := p.Run(t, trust.Stdout, "lint", "-f", "-"); got.Code != 0 {
			t.Errorf("%s: %s", preset, got.Stdout)
		}
	}
	for _, tc := range []struct{ args, want string }{
		{"version", "unknown"}, {"completion bash", "__start_kubectl-imagetrust"}, {"--help", "kubectl imagetrust [command]"},
		{"verify --help", "--certificate-identity-regexp='^https://github.com/karmada-io/karmada/.*$'"},
		{"plan --help", "kubectl imagetrust plan -f new.yaml --against old.yaml"},
	} {
		got := p.Run(t, "", strings.Fields(tc.args)...)
		if got.Code != 0 || !strings.Contains(got.Stdout, tc.want) || got.Stderr != "" {
			t.Errorf("%s: exit code %d, want %q in\n%s%s", tc.args, got.Code, tc.want, got.Stdout, got.Stderr)
		}
	}
}
