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
	"fmt"
	"os"
	"path/filepath"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// fixedRoot is a root of trust from a file.
type fixedRoot struct{ root *trustroot.Root }

func (f fixedRoot) Current() (*trustroot.Root, error) { return f.root, nil }

// defaultRoot is what trusts are checked against that name no TrustRoot.
func defaultRoot(mgr manager.Manager, opts options, trigger *controllers.Trigger) (controllers.Roots, error) {
	if opts.trustedRoot != "" {
		content, err := os.ReadFile(opts.trustedRoot)
		if err != nil {
			return nil, fmt.Errorf("reading --trusted-root: %w", err)
		}
		root, err := trustroot.FromJSON(content)
		if err != nil {
			return nil, fmt.Errorf("reading --trusted-root %s: %w", opts.trustedRoot, err)
		}
		return fixedRoot{root}, nil
	}
	repository := trustroot.Repository{Mirror: opts.tufMirror, CacheDir: opts.tufCache}
	if opts.tufRoot != "" {
		content, err := os.ReadFile(opts.tufRoot)
		if err != nil {
			return nil, fmt.Errorf("reading --tuf-root: %w", err)
		}
		repository.Root = content
	}
	roots := trustroot.NewDefault(repository, ctrl.Log.WithName("trustroot"))
	if err := metrics.Registry.Register(confirmedRoot(roots)); err != nil {
		return nil, err
	}
	if err := mgr.Add(manager.RunnableFunc(roots.Run)); err != nil {
		return nil, err
	}
	return roots, mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-roots.Changed():
				trigger.EnqueueAll(ctx)
			}
		}
	}))
}

// namedRoots are those of TrustRoots, of which some are fetched beside.
func namedRoots(mgr manager.Manager, opts options, trigger *controllers.Trigger) (*trustroot.Named, error) {
	cacheDir := ""
	if opts.tufCache != "" {
		cacheDir = filepath.Join(opts.tufCache, "named")
	}
	named := trustroot.NewNamed(cacheDir, ctrl.Log.WithName("trustroot"), trigger.EnqueueAll)
	if err := metrics.Registry.Register(newConfirmedRoots(named)); err != nil {
		return nil, err
	}
	return named, mgr.Add(manager.RunnableFunc(named.Run))
}
