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

import "testing"

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
