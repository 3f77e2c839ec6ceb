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
	"fmt"
	"os"
	"strings"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// namespaceFile is where Kubernetes tells a pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// registryClient reads from registries as the flags say.
func (o options) registryClient() (*registry.Client, error) {
	opts := []registry.Option{registry.WithInsecure(o.insecure...)}
	if o.registryCA != "" {
		content, err := os.ReadFile(o.registryCA)
		if err != nil {
			return nil, fmt.Errorf("reading --registry-ca: %w", err)
		}
		roots, err := registry.Roots(content)
		if err != nil {
			return nil, fmt.Errorf("reading --registry-ca %s: %w", o.registryCA, err)
		}
		opts = append(opts, registry.WithRoots(roots))
	}
	return registry.New(opts...), nil
}

// secretNamespace is where pull secrets are; empty where that is not known.
func (o options) secretNamespace() string {
	if o.secretsNamespace != "" {
		return o.secretsNamespace
	}
	content, err := os.ReadFile(namespaceFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(content))
}
