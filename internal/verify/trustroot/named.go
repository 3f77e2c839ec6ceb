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
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Named are the roots of trust of TrustRoots. Those in a TUF repository are fetched beside and kept fresh, as the
// default one is, for as long as somebody asks for them.
type Named struct {
	cacheDir string
	log      logr.Logger
	changed  func(context.Context)

	mu      sync.Mutex
	ctx     context.Context //nolint:containedctx // what Run was called with: fetching goes on until it ends
	working sync.WaitGroup
	running map[string]*fetching
	parsed  map[string]parsedRoot
}

// fetching is the root of one TrustRoot in a TUF repository.
type fetching struct {
	source string // fingerprint of the spec
	roots  *Default
	stop   context.CancelFunc
}

// parsedRoot is what a version of a TrustRoot holds.
type parsedRoot struct {
	version string
	root    *Root
	err     error
}

// NewNamed returns Named that fetch once Run is called. The directory is where TUF metadata is kept over a restart;
// empty keeps nothing. Changed is called after a root was fetched that is another than before.
func NewNamed(cacheDir string, log logr.Logger, changed func(context.Context)) *Named {
	return &Named{cacheDir: cacheDir, log: log, changed: changed, running: map[string]*fetching{}, parsed: map[string]parsedRoot{}}
}

// Run fetches until ctx ends. It returns nil.
func (n *Named) Run(ctx context.Context) error {
	n.mu.Lock()
	n.ctx = ctx
	for _, f := range n.running {
		n.start(f)
	}
	n.mu.Unlock()
	<-ctx.Done()
	n.working.Wait()
	return nil
}

// Root returns the root of trust of a TrustRoot, or why there is none: ErrNotFetched until its first fetch ends.
func (n *Named) Root(object *unstructured.Unstructured) (*Root, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, version := object.GetName(), string(object.GetUID())+"/"+object.GetResourceVersion()
	if known, ok := n.parsed[name]; ok && known.version == version && version != "/" {
		return known.root, known.err
	}
	spec, err := readSpec(object)
	if err == nil && spec.Remote != nil {
		delete(n.parsed, name)
		return n.fetched(name, spec.Remote)
	}
	n.halt(name)
	root, err := FromTrustRoot(object)
	n.parsed[name] = parsedRoot{version: version, root: root, err: err}
	return root, err
}

// Fetched tells, for each TrustRoot in a TUF repository, when that last confirmed the current root; zero if it never did.
func (n *Named) Fetched() map[string]time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	fetched := make(map[string]time.Time, len(n.running))
	for name, f := range n.running {
		fetched[name] = f.roots.Fetched()
	}
	return fetched
}

// Forget what was kept of a TrustRoot that is gone.
func (n *Named) Forget(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.halt(name)
	delete(n.parsed, name)
}

func (n *Named) halt(name string) {
	if f := n.running[name]; f != nil && f.stop != nil {
		f.stop()
	}
	delete(n.running, name)
}

// fetched returns the root in a TUF repository, and has it fetched from now on.
func (n *Named) fetched(name string, source *remote) (*Root, error) {
	encoded, err := json.Marshal(source)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(encoded)
	fingerprint := hex.EncodeToString(sum[:])
	f := n.running[name]
	if f == nil || f.source != fingerprint {
		n.halt(name)
		repository, err := source.repository()
		if err != nil {
			return nil, err
		}
		if n.cacheDir != "" {
			repository.CacheDir = filepath.Join(n.cacheDir, fingerprint)
		}
		f = &fetching{source: fingerprint, roots: NewDefault(repository, n.log.WithValues("trustRoot", name))}
		n.running[name] = f
		n.start(f)
	}
	return f.roots.Current()
}

// start fetching, once Run was called.
func (n *Named) start(f *fetching) {
	if n.ctx == nil || n.ctx.Err() != nil {
		return
	}
	ctx, stop := context.WithCancel(n.ctx)
	f.stop = stop
	n.working.Go(func() { _ = f.roots.Run(ctx) })
	n.working.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-f.roots.Changed():
				n.changed(ctx)
			}
		}
	})
}
