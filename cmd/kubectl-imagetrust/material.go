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
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/verify/options"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// materialFlags select the root of trust of the trusts that name no TrustRoot.
type materialFlags struct {
	root options.RootOfTrust
	// trustRoot is the name of a TrustRoot.
	trustRoot string
	offline   bool
}

func (f *materialFlags) register(flags *pflag.FlagSet) {
	// The variables are those of cosign.
	f.root = options.RootOfTrust{
		Mirror: os.Getenv("TUF_MIRROR"), InitialRoot: os.Getenv("TUF_ROOT_JSON"), CacheDir: defaultTUFCache(),
	}
	f.root.AddFlags(flags)
	flags.Lookup("tuf-mirror").Usage += ". The environment variable TUF_MIRROR sets the default"
	flags.Lookup("tuf-root").Usage += ". The environment variable TUF_ROOT_JSON sets the default"
	flags.StringVar(&f.trustRoot, "trust-root", "",
		"name of a TrustRoot, in the files given with -f or in the cluster, as the default root of trust")
	flags.BoolVar(&f.offline, "offline", false, "do not fetch a root of trust: use the cached one while it is valid")
}

// defaultTUFCache returns a directory in the user's cache, or nothing if there is none.
func defaultTUFCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "kubectl-imagetrust", "tuf")
}

func (f *materialFlags) validate() error {
	if f.root.File != "" && f.trustRoot != "" {
		return usage("--trusted-root and --trust-root cannot be combined: remove one of them")
	}
	if err := f.root.Validate(); err != nil {
		return usage("%w", err)
	}
	return nil
}

// material loads roots of trust, each once.
type material struct {
	flags *materialFlags
	// given are the TrustRoots in the files given with -f, by name; cluster reads others.
	given   map[string]*unstructured.Unstructured
	cluster func(ctx context.Context, name string) (*unstructured.Unstructured, error)
	loaded  map[string]*trustroot.Root
}

func newMaterial(flags *materialFlags, given map[string]*unstructured.Unstructured, cluster *clusterFlags) *material {
	return &material{flags: flags, given: given, cluster: cluster.trustRoot, loaded: map[string]*trustroot.Root{}}
}

// root returns the root of trust of a TrustRoot, or the default one if the name is empty.
func (m *material) root(ctx context.Context, name string) (*trustroot.Root, error) {
	if name == "" {
		name = m.flags.trustRoot
	}
	if root, ok := m.loaded[name]; ok {
		return root, nil
	}
	load := m.named
	if name == "" {
		load = m.unnamed
	}
	root, err := load(ctx, name)
	if err != nil {
		return nil, err
	}
	m.loaded[name] = root
	return root, nil
}

// unnamed loads the default root of trust from a file or a TUF repository.
func (m *material) unnamed(ctx context.Context, _ string) (*trustroot.Root, error) {
	root, err := m.flags.root.FromFile()
	if err != nil {
		return nil, usage("%w", err)
	}
	if root != nil {
		return root, nil
	}
	repository, err := m.flags.root.Repository()
	if err != nil {
		return nil, usage("%w", err)
	}
	repository.Offline = m.flags.offline
	root, err = repository.Fetch(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	return root, nil
}

// named loads a root of trust from a TrustRoot, which may name a TUF repository.
func (m *material) named(ctx context.Context, name string) (*trustroot.Root, error) {
	object := m.given[name]
	if object == nil {
		found, err := m.cluster(ctx, name)
		if err != nil {
			return nil, err
		}
		object = found
	}
	settings := trustroot.Repository{Offline: m.flags.offline}
	if dir := m.flags.root.NamedCacheDir(); dir != "" {
		settings.CacheDir = filepath.Join(dir, name)
	}
	root, err := trustroot.Load(ctx, object, settings)
	if err != nil {
		return nil, unavailable(err)
	}
	return root, nil
}
