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

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	f := newFixture(t)
	f.write("audit.yaml", f.trust("audit", "Audit", "app/*"))
	f.runGolden("render", map[string]pluginTest{
		"yaml":         {args: []string{"-f", "trust.yaml"}},
		"json":         {args: []string{"-f", "trust.yaml", "-o", "json"}},
		"jsonpath":     {args: []string{"-f", "trust.yaml", "-o", "jsonpath={.metadata.name}"}},
		"several":      {args: []string{"-f", "trust.yaml", "-f", "down.yaml"}},
		"several json": {args: []string{"-f", "trust.yaml", "-f", "down.yaml", "-o", "json"}},
		"audit":        {args: []string{"-f", "audit.yaml"}},
		"audit json":   {args: []string{"-f", "audit.yaml", "-o", "json"}},
		"private":      {args: []string{"-f", "private.yaml"}},
		"enable-oci11": {args: []string{"-f", "trust.yaml", "-f", "-"}, stdin: config("enable-oci11: 'true'")},
		"invalid configuration": {
			args: []string{"-f", "trust.yaml", "-f", "-"}, stdin: config("enable-oci11: [a]"), code: exitUsage,
		},
		"configuration unreachable": {args: []string{"-f", "trust.yaml", "--server", "http://127.0.0.1:1"}, code: exitUnknown},
		"TrustRoot not found":       {args: []string{"-f", "-"}, stdin: f.trust("a", "Enforce", "app/*", "trustRoot: {name: private}"), code: exitUsage},
		"cluster unreachable": {
			args:  []string{"-f", "-", "--server", "http://127.0.0.1:1"},
			stdin: f.trust("a", "Enforce", "app/*", "trustRoot: {name: private}"), code: exitUnknown,
		},
		"no file":        {code: exitUsage},
		"unknown format": {args: []string{"-f", "trust.yaml", "-o", "wide"}, code: exitUsage},
		"unknown field":  {args: []string{"-f", "-"}, stdin: f.trust("a", "Enforce", "app/*", "colour: red"), code: exitUsage},
		"invalid trust":  {args: []string{"-f", "-"}, stdin: f.trust("a", "Enforce", "app/*", "identityRegexp: x"), code: exitUsage},
	})
}

// config returns the ConfigMap of policy-controller with one line of data.
func config(line string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-policy-controller, namespace: cosign-system}\ndata:\n  " + line + "\n"
}

// TestRenderForCluster reads policy-controller's configuration from a cluster that the command line names.
func TestRenderForCluster(t *testing.T) {
	const (
		webhooks  = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
		configMap = "/api/v1/namespaces/cosign-system/configmaps/config-policy-controller"
	)
	registered := `{"kind": "ValidatingWebhookConfigurationList", "apiVersion": "admissionregistration.k8s.io/v1", "items": [{
		"metadata": {"name": "policy.sigstore.dev"},
		"webhooks": [{"name": "policy.sigstore.dev", "clientConfig": {"service": {"namespace": "cosign-system", "name": "webhook"}}}]
	}]}`
	oci11 := `{"kind": "ConfigMap", "apiVersion": "v1", "data": {"enable-oci11": "true"},
		"metadata": {"namespace": "cosign-system", "name": "config-policy-controller"}}`
	for name, tc := range map[string]struct {
		webhooks, configMap string
		bundles             bool
	}{
		"enable-oci11":              {webhooks: registered, configMap: oci11},
		"no ConfigMap":              {webhooks: registered, bundles: true},
		"webhook is not registered": {webhooks: strings.Replace(registered, `"webhooks"`, `"others"`, 1), configMap: oci11, bundles: true},
	} {
		t.Run(name, func(t *testing.T) {
			answers := map[string]string{
				"/api":                                  `{"kind": "APIVersions", "versions": ["v1"]}`,
				"/apis":                                 `{"kind": "APIGroupList", "apiVersion": "v1", "groups": [{"name": "admissionregistration.k8s.io", "versions": [{"groupVersion": "admissionregistration.k8s.io/v1", "version": "v1"}], "preferredVersion": {"groupVersion": "admissionregistration.k8s.io/v1", "version": "v1"}}]}`,
				"/api/v1":                               `{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{"name": "configmaps", "namespaced": true, "kind": "ConfigMap", "verbs": ["get"]}]}`,
				"/apis/admissionregistration.k8s.io/v1": `{"kind": "APIResourceList", "groupVersion": "admissionregistration.k8s.io/v1", "resources": [{"name": "validatingwebhookconfigurations", "kind": "ValidatingWebhookConfiguration", "verbs": ["list"]}]}`,
				webhooks:                                tc.webhooks, configMap: tc.configMap,
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				answer := answers[r.URL.Path]
				if answer == "" {
					w.WriteHeader(http.StatusNotFound)
					answer = `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}`
				}
				_, _ = io.WriteString(w, answer)
			}))
			defer server.Close()
			f := &fixture{t: t, registry: "registry.example"}
			got := f.run(f.trust("app", "Enforce", "app/*"), "render", "-f", "-", "--server", server.URL)
			if got.code != exitOK || strings.Contains(got.stdout, "signatureFormat: bundle") != tc.bundles {
				t.Errorf("exit code %d, want bundles: %t\n%s%s", got.code, tc.bundles, got.stdout, got.stderr)
			}
		})
	}
}
