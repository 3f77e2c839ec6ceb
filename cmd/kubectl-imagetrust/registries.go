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

	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// registryFlags say how registries are reached. Credentials come from the Docker configuration.
type registryFlags struct {
	ca       string
	insecure []string
	workers  int
}

func (f *registryFlags) register(flags *pflag.FlagSet) {
	const workers = 10
	flags.StringVar(&f.ca, "registry-ca", "",
		"file with certificate authorities (PEM) that registries may have their certificates from, beside the system's")
	flags.StringArrayVar(&f.insecure, "insecure-registry", nil,
		"registry (host or host:port) that may be spoken to over plain HTTP or with any certificate; may be repeated")
	flags.IntVar(&f.workers, "parallel", workers, "how many images are verified at a time")
}

// verifier that reads from registries as the flags say.
func (f *registryFlags) verifier() (*verify.Cosign, error) {
	if f.workers < 1 {
		return nil, usage("--parallel must be at least 1")
	}
	opts := []registry.Option{registry.WithInsecure(f.insecure...)}
	if f.ca != "" {
		content, err := os.ReadFile(f.ca)
		if err != nil {
			return nil, usage("reading --registry-ca: %w", err)
		}
		roots, err := registry.Roots(content)
		if err != nil {
			return nil, usage("reading --registry-ca %s: %w", f.ca, err)
		}
		opts = append(opts, registry.WithRoots(roots))
	}
	return verify.New(verify.WithRegistry(registry.New(opts...)), verify.WithMaterial()), nil
}
