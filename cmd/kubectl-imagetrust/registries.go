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
	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/options"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// retriesHelp says what pool.Batch does about a registry that fails for a moment.
const retriesHelp = `If a registry fails for a moment (5xx, a closed connection, or 429 with a short Retry-After), an image is
examined again: up to three times in all, the last time within 10 seconds of the first.`

// registryFlags are the flags for registries. Credentials come from the Docker configuration.
type registryFlags struct {
	registries options.Registries
	workers    int
}

func (f *registryFlags) register(flags *pflag.FlagSet) {
	const workers = 10
	f.registries.AddFlags(flags)
	flags.IntVar(&f.workers, "parallel", workers, "number of images that are verified concurrently")
}

// verifier returns a verifier that keeps the verified material of signatures, for JSON output. It may ask registries on this
// machine, which is the user's, and registries in private networks that the user names.
func (f *registryFlags) verifier(named *registry.Named, conditions verify.Conditions) (*verify.Cosign, error) {
	if f.workers < 1 {
		return nil, usageErrorf("--parallel must be at least 1, not %d", f.workers)
	}
	client, err := f.registries.Client(registry.WithLoopback(), registry.WithNamed(named.Has))
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	return verify.New(verify.WithRegistry(client), verify.WithMaterial(), verify.WithConditions(conditions)), nil
}
