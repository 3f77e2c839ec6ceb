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

package trustroot

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/text"
)

// Named holds the roots of trust of TrustRoot objects. Those in a TUF repository are fetched in the background and kept
// up to date, like the default one, as long as they are in use.
type Named struct {
	cacheDir string
	log      logr.Logger
	changed  func(context.Context)
	now      func() time.Time // time.Now, but for tests

	parsing singleflight.Group // by name and version, so that parsing one TrustRoot does not block the others

	mu      sync.Mutex
	launch  func(*fetching) // starts to fetch; nil unless Run is active
	running map[string]*fetching
	parsed  map[string]parsedRoot
}

// fetching is the root of one TrustRoot in a TUF repository.
type fetching struct {
	source string // fingerprint of the spec
	roots  *Default
	stop   context.CancelFunc
}

// parsedRoot is the root in one version of a TrustRoot. Remote is set if it is in a TUF repository instead.
type parsedRoot struct {
	version string
	remote  *remote
	root    *Root
	err     error
}

// NewNamed returns a Named that fetches once Run is called. The directory is where TUF metadata is cached across restarts;
// empty for no cache. Changed is called after a fetched root has changed.
func NewNamed(cacheDir string, log logr.Logger, changed func(context.Context)) *Named {
	return &Named{
		cacheDir: cacheDir, log: log, changed: changed, now: time.Now,
		running: map[string]*fetching{}, parsed: map[string]parsedRoot{},
	}
}

// Run fetches until ctx ends. It returns nil.
func (n *Named) Run(ctx context.Context) error {
	var working sync.WaitGroup
	n.mu.Lock()
	n.launch = func(f *fetching) {
		fetchCtx, stop := context.WithCancel(ctx)
		f.stop = stop
		working.Go(func() { _ = f.roots.Run(fetchCtx) }) // it returns nil
		working.Go(func() { n.forward(fetchCtx, f.roots) })
	}
	for _, f := range n.running {
		n.launch(f)
	}
	n.mu.Unlock()
	<-ctx.Done()
	n.mu.Lock()
	n.launch = nil
	n.mu.Unlock()
	working.Wait()
	return nil
}

// forward calls changed after each change of a root, until ctx ends.
func (n *Named) forward(ctx context.Context, roots *Default) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-roots.Changed():
			n.changed(ctx)
		}
	}
}

// Root returns the root of trust of a TrustRoot, or why there is none: ErrNotFetched until its first fetch ends.
func (n *Named) Root(object *unstructured.Unstructured) (*Root, error) {
	name, version := object.GetName(), string(object.GetUID())+"/"+object.GetResourceVersion()
	known := n.parse(name, version, object)
	n.mu.Lock()
	defer n.mu.Unlock()
	if known.remote != nil {
		return n.fetched(name, known.remote)
	}
	n.stop(name)
	if known.root != nil {
		// The object stays the same while its metadata expires.
		if err := known.root.valid(n.now()); err != nil {
			return nil, err
		}
	}
	return known.root, known.err
}

// parse returns the root in a version of a TrustRoot, which is parsed once.
func (n *Named) parse(name, version string, object *unstructured.Unstructured) parsedRoot {
	n.mu.Lock()
	known, ok := n.parsed[name]
	n.mu.Unlock()
	if ok && known.version == version && version != "/" {
		return known
	}
	parsed, _, _ := n.parsing.Do(name+"\x00"+version, func() (any, error) {
		result := parsedRoot{version: version}
		spec, err := readSpec(object)
		if err == nil && spec.Remote != nil {
			result.remote = spec.Remote
		} else {
			result.root, result.err = FromTrustRoot(object)
		}
		n.mu.Lock()
		n.parsed[name] = result
		n.mu.Unlock()
		switch {
		case result.err != nil:
			n.log.V(2).Info("TrustRoot cannot be used", "trustRoot", name, "error", text.WithoutSecrets(result.err.Error()))
		case result.root != nil && (!ok || known.root == nil || known.root.Fingerprint != result.root.Fingerprint):
			n.log.Info("Root of trust changed", "trustRoot", name, "fingerprint", result.root.Fingerprint)
		}
		return result, nil
	})
	return parsed.(parsedRoot) //nolint:forcetypeassert // the function above returns a parsedRoot only
}

// Status is what is known of the root of trust of a TrustRoot.
type Status struct {
	// Remote reports whether the root is in a TUF repository, which last confirmed it at Confirmed; zero if it never did.
	Remote    bool
	Confirmed time.Time
	// Root is nil while there is none.
	Root *Root
}

// Status returns what is known of each TrustRoot that is in use.
func (n *Named) Status() map[string]Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make(map[string]Status, len(n.parsed))
	for name, known := range n.parsed {
		if f := n.running[name]; f != nil {
			current, _ := f.roots.Current() // why there is none is reported in conditions
			all[name] = Status{Remote: true, Confirmed: f.roots.Fetched(), Root: current}
			continue
		}
		all[name] = Status{Root: known.root}
	}
	return all
}

// Forget drops the root of a TrustRoot that was deleted.
func (n *Named) Forget(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stop(name)
	delete(n.parsed, name)
}

// stop ends the fetching of a root.
func (n *Named) stop(name string) {
	if f := n.running[name]; f != nil && f.stop != nil {
		f.stop()
	}
	delete(n.running, name)
}

// fetched returns the root in a TUF repository, which is fetched from now on.
func (n *Named) fetched(name string, source *remote) (*Root, error) {
	fingerprint, err := source.fingerprint()
	if err != nil {
		return nil, err
	}
	f := n.running[name]
	if f == nil || f.source != fingerprint {
		n.stop(name)
		repository, err := source.repository()
		if err != nil {
			return nil, err
		}
		if repository.CacheDir, err = source.cacheDir(n.cacheDir); err != nil {
			return nil, err
		}
		f = &fetching{source: fingerprint, roots: NewDefault(repository, n.log.WithValues("trustRoot", name))}
		n.running[name] = f
		if n.launch != nil {
			n.launch(f)
		}
	}
	return f.roots.Current()
}
