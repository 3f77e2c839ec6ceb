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
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/options"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// trustRootFlags select the root of trust of the trusts that name no TrustRoot.
type trustRootFlags struct {
	root options.RootOfTrust
	// trustRoot is the name of a TrustRoot.
	trustRoot string
	offline   bool
}

func (f *trustRootFlags) register(flags *pflag.FlagSet) {
	f.root = options.RootOfTrust{CacheDir: defaultTUFCache()}
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

// validate completes the flags with environment variables, which are those of cosign, and reports flags that do not go
// together. A variable is no default of a flag, because the help prints defaults, and a URL may have a password.
func (f *trustRootFlags) validate() error {
	f.root.Mirror = cmp.Or(f.root.Mirror, os.Getenv("TUF_MIRROR"))
	f.root.InitialRoot = cmp.Or(f.root.InitialRoot, os.Getenv("TUF_ROOT_JSON"))
	if f.root.File != "" && f.trustRoot != "" {
		return usageErrorf("--trusted-root and --trust-root cannot be combined: remove one of them")
	}
	if err := f.root.Validate(); err != nil {
		return usageErrorf("%w", err)
	}
	return validateName("--trust-root", f.trustRoot)
}

// trustRoots loads roots of trust, each once.
type trustRoots struct {
	flags *trustRootFlags
	// files are the TrustRoots in the files given with -f, by name; cluster reads others.
	files   map[string]*unstructured.Unstructured
	cluster func(ctx context.Context, name string) (*unstructured.Unstructured, error)
	loaded  map[string]*trustroot.Root
	objects map[string]*unstructured.Unstructured
	// failed says why a root of trust is not available, where others of the same trust are.
	failed map[string]error
}

func newTrustRoots(flags *trustRootFlags, files map[string]*unstructured.Unstructured, cluster *clusterFlags) *trustRoots {
	return &trustRoots{
		flags: flags, files: files, cluster: cluster.trustRoot,
		loaded: map[string]*trustroot.Root{}, objects: map[string]*unstructured.Unstructured{}, failed: map[string]error{},
	}
}

// with returns roots of trust of which the given TrustRoots replace those of the same names.
func (r *trustRoots) with(files map[string]*unstructured.Unstructured) *trustRoots {
	replaced := *r
	replaced.files, replaced.loaded = maps.Clone(r.files), maps.Clone(r.loaded)
	for name, object := range files {
		replaced.files[name] = object
		delete(replaced.loaded, name)
	}
	return &replaced
}

// ofMember returns roots of trust of which those that are in no file are read from a member of a fleet.
func (r *trustRoots) ofMember(read func(ctx context.Context, name string) (*unstructured.Unstructured, error)) *trustRoots {
	member := *r
	member.cluster, member.loaded = read, maps.Clone(r.loaded)
	member.objects, member.failed = map[string]*unstructured.Unstructured{}, map[string]error{}
	return &member
}

// keep keeps the roots of trust that do not depend on a member, so that they are loaded once for all of them.
func (r *trustRoots) keep(member *trustRoots) {
	for name, root := range member.loaded {
		if root != nil && (name == "" || r.files[name] != nil) {
			r.loaded[name] = root
		}
	}
}

// root returns the root of trust of a TrustRoot, or the default one if the name is empty.
func (r *trustRoots) root(ctx context.Context, name string) (*trustroot.Root, error) {
	if name == "" {
		name = r.flags.trustRoot
	}
	if root, ok := r.loaded[name]; ok {
		return root, nil
	}
	load := r.named
	if name == "" {
		load = r.unnamed
	}
	root, err := load(ctx, name)
	if err != nil {
		return nil, err
	}
	r.loaded[name] = root
	return root, nil
}

// of returns the roots of trust of the signers of a trust. It is an error if none of them is available. If some are, the others
// are nil from then on, so that the verdicts by them are Unknown, and problem says why.
func (r *trustRoots) of(ctx context.Context, trust *policy.Policy) (assess.Roots, error) {
	return r.available(ctx, trust.TrustRoots())
}

// inTrustRoots is of without the default root of trust: what the policy of a trust depends on.
func (r *trustRoots) inTrustRoots(ctx context.Context, trust *policy.Policy) (assess.Roots, error) {
	return r.available(ctx, named(trust))
}

// all returns every root of trust of inTrustRoots, or an error.
func (r *trustRoots) all(ctx context.Context, trust *policy.Policy) (assess.Roots, error) {
	for _, name := range named(trust) {
		if _, err := r.root(ctx, name); err != nil {
			return nil, err
		}
	}
	return r.inTrustRoots(ctx, trust)
}

// named returns the names of the TrustRoots of a trust.
func named(trust *policy.Policy) []string {
	return slices.DeleteFunc(trust.TrustRoots(), func(name string) bool { return name == "" })
}

func (r *trustRoots) available(ctx context.Context, names []string) (assess.Roots, error) {
	roots := assess.Roots{}
	failed := map[string]error{}
	for _, name := range names {
		root, err := r.root(ctx, name)
		if err != nil {
			failed[name] = err
			continue
		}
		roots[name] = root
	}
	for _, name := range names {
		if err := failed[name]; err != nil && len(roots) == 0 {
			return nil, err
		}
	}
	for name, err := range failed {
		r.loaded[name], r.failed[name] = nil, err
	}
	return roots, nil
}

// problem says why the root of trust of a signer is not available; empty if it is.
func (r *trustRoots) problem(trust *policy.Policy, signer string) string {
	for _, one := range trust.Signers {
		if err := r.failed[one.TrustRoot]; err != nil && one.Name == signer {
			return err.Error()
		}
	}
	return ""
}

// unnamed loads the default root of trust from a file or a TUF repository.
func (r *trustRoots) unnamed(ctx context.Context, _ string) (*trustroot.Root, error) {
	root, err := r.flags.root.FromFile()
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	if root != nil {
		return root, nil
	}
	repository, err := r.flags.root.Repository()
	if err != nil {
		return nil, usageErrorf("%w", err)
	}
	repository.Offline = r.flags.offline
	root, err = repository.Fetch(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	return root, nil
}

// named loads a root of trust from a TrustRoot, which may name a TUF repository.
func (r *trustRoots) named(ctx context.Context, name string) (*trustroot.Root, error) {
	object, err := r.object(ctx, name)
	if err != nil {
		return nil, err
	}
	settings := trustroot.Repository{Offline: r.flags.offline, CacheDir: r.flags.root.NamedCacheDir()}
	root, err := trustroot.Load(ctx, object, settings)
	if err != nil {
		return nil, unavailable(err)
	}
	return root, nil
}

// object returns the TrustRoot of a name.
func (r *trustRoots) object(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	if object := cmp.Or(r.files[name], r.objects[name]); object != nil {
		return object, nil
	}
	object, err := r.cluster(ctx, name)
	if err != nil {
		return nil, err
	}
	r.objects[name] = object
	return object, nil
}

// uses returns a function that says whether the policy-controller of a cluster can use a TrustRoot. One that is in a file is
// judged by itself, and so are all of them if alone is true.
func (r *trustRoots) uses(ctx context.Context, cluster *admission.Cluster, alone bool) func(name string) admission.TrustRootUse {
	known := map[string]admission.TrustRootUse{}
	return func(name string) admission.TrustRootUse {
		use, ok := known[name]
		if !ok {
			use = r.use(ctx, name, cluster, alone)
			known[name] = use
		}
		return use
	}
}

func (r *trustRoots) use(ctx context.Context, name string, cluster *admission.Cluster, alone bool) admission.TrustRootUse {
	object, err := r.object(ctx, name)
	if err != nil {
		return cluster.Use(admission.TrustRoot{Name: name, Missing: apierrors.IsNotFound(err)})
	}
	root, err := r.root(ctx, name)
	if err != nil {
		root = nil // whoever needs it gets the error
	}
	read := assess.TrustRoot(object, root)
	read.Planned = alone || r.files[name] != nil
	return cluster.Use(read)
}
