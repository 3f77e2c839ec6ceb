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

	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// materialFlags say by which root of trust signatures are judged.
type materialFlags struct {
	trustedRoot, trustRoot       string
	tufMirror, tufRoot, tufCache string
	offline                      bool
}

func (f *materialFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.trustedRoot, "trusted-root", "",
		"file with the root of trust (a Sigstore trusted_root.json), in place of the public good instance's")
	flags.StringVar(&f.trustRoot, "trust-root", "",
		"name of a TrustRoot, in the files given with -f or in the cluster, in place of the public good instance's")
	// The variables are cosign's.
	flags.StringVar(&f.tufMirror, "tuf-mirror", os.Getenv("TUF_MIRROR"),
		"URL of the TUF repository with the root of trust, $TUF_MIRROR by default; needs --tuf-root")
	flags.StringVar(&f.tufRoot, "tuf-root", os.Getenv("TUF_ROOT_JSON"),
		"file with the root.json that trust in --tuf-mirror starts from, $TUF_ROOT_JSON by default")
	flags.StringVar(&f.tufCache, "tuf-cache", defaultTUFCache(), "directory that keeps the root of trust until the next time")
	flags.BoolVar(&f.offline, "offline", false, "fetch no root of trust: use the one that was kept, while it is valid")
}

// defaultTUFCache is empty where the user has no directory for such things.
func defaultTUFCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "kubectl-imagetrust", "tuf")
}

func (f *materialFlags) validate() error {
	switch {
	case f.trustedRoot != "" && f.trustRoot != "":
		return usage("--trusted-root and --trust-root name two roots of trust: drop one")
	case (f.tufMirror == "") != (f.tufRoot == ""):
		return usage("--tuf-mirror and --tuf-root belong together: set both or none")
	}
	return nil
}

// material finds roots of trust, each once.
type material struct {
	flags *materialFlags
	// given are the TrustRoots in the user's files; cluster finds others.
	given   map[string]*unstructured.Unstructured
	cluster func(ctx context.Context, name string) (*unstructured.Unstructured, error)
	known   map[string]*trustroot.Root
}

func newMaterial(flags *materialFlags, given map[string]*unstructured.Unstructured, cluster *clusterFlags) *material {
	return &material{flags: flags, given: given, cluster: cluster.trustRoot, known: map[string]*trustroot.Root{}}
}

// root of trust by the name of a TrustRoot; that of the flags where a trust names none.
func (m *material) root(ctx context.Context, name string) (*trustroot.Root, error) {
	if name == "" {
		name = m.flags.trustRoot
	}
	if known, ok := m.known[name]; ok {
		return known, nil
	}
	load := m.named
	if name == "" {
		load = m.unnamed
	}
	root, err := load(ctx, name)
	if err != nil {
		return nil, err
	}
	m.known[name] = root
	return root, nil
}

func (m *material) unnamed(ctx context.Context, _ string) (*trustroot.Root, error) {
	if m.flags.trustedRoot != "" {
		content, err := os.ReadFile(m.flags.trustedRoot)
		if err != nil {
			return nil, usage("reading --trusted-root: %w", err)
		}
		root, err := trustroot.FromJSON(content)
		if err != nil {
			return nil, usage("reading --trusted-root %s: %w", m.flags.trustedRoot, err)
		}
		return root, nil
	}
	repository := trustroot.Repository{Mirror: m.flags.tufMirror, CacheDir: m.flags.tufCache, Offline: m.flags.offline}
	if m.flags.tufRoot != "" {
		content, err := os.ReadFile(m.flags.tufRoot)
		if err != nil {
			return nil, usage("reading --tuf-root: %w", err)
		}
		repository.Root = content
	}
	root, err := repository.Fetch(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	return root, nil
}

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
	if m.flags.tufCache != "" {
		settings.CacheDir = filepath.Join(m.flags.tufCache, "named", name)
	}
	root, err := trustroot.Load(ctx, object, settings)
	if err != nil {
		return nil, unavailable(err)
	}
	return root, nil
}
