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
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

// kubeconfig has two contexts; production is the current one.
const kubeconfig = `apiVersion: v1
kind: Config
current-context: production
clusters:
- name: production
  cluster: {server: "https://production.example"}
- name: staging
  cluster: {server: "https://staging.example"}
users:
- name: admin
  user: {token: admins}
- name: viewer
  user: {token: viewers}
contexts:
- name: production
  context: {cluster: production, user: admin, namespace: shop}
- name: staging
  context: {cluster: staging, user: viewer}
`

// connection is what flags change about the connection to a cluster.
type connection struct {
	Host, Token, User string
	Groups            []string
	Timeout           time.Duration
}

// TestClusterFlags covers the flags that kubectl users expect.
func TestClusterFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	for name, tc := range map[string]struct {
		args []string
		want connection
		// namespace is the default namespace of manifests.
		namespace string
	}{
		"none":         {want: connection{Host: "https://production.example", Token: "admins"}, namespace: "default"},
		"--kubeconfig": {args: []string{"--kubeconfig", file}, want: connection{Host: "https://production.example", Token: "admins"}, namespace: "shop"},
		"--context":    {args: []string{"--context", "staging"}, want: connection{Host: "https://staging.example", Token: "viewers"}, namespace: "default"},
		"--cluster":    {args: []string{"--cluster", "staging"}, want: connection{Host: "https://staging.example", Token: "admins"}, namespace: "shop"},
		"--user":       {args: []string{"--user", "viewer"}, want: connection{Host: "https://production.example", Token: "viewers"}, namespace: "default"},
		"--server":     {args: []string{"--server", "https://other.example"}, want: connection{Host: "https://other.example", Token: "admins"}, namespace: "shop"},
		"--token":      {args: []string{"--token", "mine"}, want: connection{Host: "https://production.example", Token: "mine"}, namespace: "default"},
		"--namespace":  {args: []string{"-n", "apps"}, want: connection{Host: "https://production.example", Token: "admins"}, namespace: "apps"},
		"--as": {
			args:      []string{"--as", "jane", "--as-group", "a", "--as-group", "b"},
			want:      connection{Host: "https://production.example", Token: "admins", User: "jane", Groups: []string{"a", "b"}},
			namespace: "default",
		},
		"--request-timeout": {
			args: []string{"--request-timeout", "3s"}, want: connection{Host: "https://production.example", Token: "admins", Timeout: 3 * time.Second},
			namespace: "default",
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := &planOptions{}
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			o.cluster.registerNamespaced(flags)
			if err := flags.Parse(tc.args); err != nil {
				t.Fatal(err)
			}
			config, err := o.cluster.config()
			if err != nil {
				t.Fatal(err)
			}
			got := connection{config.Host, config.BearerToken, config.Impersonate.UserName, config.Impersonate.Groups, config.Timeout}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("connection (-want +got):\n%s", diff)
			}
			namespace, err := o.defaultNamespace()
			if err != nil || namespace != tc.namespace {
				t.Errorf("namespace %q, error %v, want %q", namespace, err, tc.namespace)
			}
		})
	}
}
