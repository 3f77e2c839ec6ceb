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
	"slices"
	"sync"

	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/credentialprovider"
	"github.com/karmada-io/image-trust/internal/verify/dockerconfig"
	"github.com/karmada-io/image-trust/internal/verify/options"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// retriesHelp says what pool.Batch does about a registry that fails for a moment.
const retriesHelp = `If a registry fails for a moment (5xx, a closed connection, or 429 with a short Retry-After), an image is
examined again: up to three times in all, the last time within 10 seconds of the first.`

// registryFlags are the flags for registries. Credentials come from the Docker configuration, and from credential providers.
type registryFlags struct {
	registries options.Registries
	workers    int
}

func (f *registryFlags) register(flags *pflag.FlagSet) {
	const workers = 10
	f.registries.AddFlags(flags)
	flags.IntVar(&f.workers, "parallel", workers, "number of images that are verified concurrently")
}

// verifier returns a verifier that keeps the verified material of signatures, for JSON output, and the client that it reads with. It
// may ask registries on this machine, which is the user's, and registries in private networks that the user names.
func (f *registryFlags) verifier(
	named *registry.Named, broken *brokenCredentials, conditions verify.Conditions,
) (*verify.Cosign, *registry.Client, error) {
	if f.workers < 1 {
		return nil, nil, usageErrorf("--parallel must be at least 1, not %d", f.workers)
	}
	f.registries.Providers.Observe = broken.observe
	client, err := f.registries.Client(
		registry.WithLoopback(), registry.WithNamed(named.Has), registry.WithKeychain(dockerconfig.New(broken.add)))
	if err != nil {
		return nil, nil, usageErrorf("%w", err)
	}
	return verify.New(verify.WithRegistry(client), verify.WithMaterial(), verify.WithConditions(conditions)), client, nil
}

// brokenCredentials are sentences about credentials that cannot be read. It is safe for concurrent use.
type brokenCredentials struct {
	mu        sync.Mutex
	sentences []string
	observed  map[string]bool // the sentences about credential providers, whether they were printed or not
}

func (b *brokenCredentials) add(sentence string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sentences = append(b.sentences, sentence)
}

// observe adds a run of a credential provider that has failed. A sentence is added once, however many registries it is about.
func (b *brokenCredentials) observe(run credentialprovider.Run) {
	if run.Problem == "" {
		return
	}
	sentence := run.Problem + "; registries are asked without credentials"
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.observed[sentence] {
		if b.observed == nil {
			b.observed = map[string]bool{}
		}
		b.observed[sentence] = true
		b.sentences = append(b.sentences, sentence)
	}
}

// tell prints what was added since it was called last.
func (b *brokenCredentials) tell(to *output) {
	b.mu.Lock()
	defer b.mu.Unlock()
	slices.Sort(b.sentences)
	var p text.Printer
	for _, sentence := range b.sentences[:min(len(b.sentences), maxTold)] {
		p.Printf("%s: %s\n", to.style().warning("warning"), sentence)
	}
	if more := len(b.sentences) - maxTold; more > 0 {
		p.Printf("%s: and %d more\n", to.style().warning("warning"), more)
	}
	b.sentences = nil
	_ = to.print(&p)
}
