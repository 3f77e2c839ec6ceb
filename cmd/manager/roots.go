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

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// fixedRoot is a root of trust from a file. It never changes.
type fixedRoot struct{ root *trustroot.Root }

// Current returns the root of trust.
func (f fixedRoot) Current() (*trustroot.Root, error) { return f.root, nil }

// defaultRoot returns the root of trust of the trusts that name no TrustRoot. When it changes, all trusts are enqueued.
func defaultRoot(mgr manager.Manager, opts managerOptions, trigger *controllers.Trigger) (controllers.Roots, error) {
	root, err := opts.root.FromFile()
	if err != nil {
		return nil, err
	}
	if root != nil {
		return fixedRoot{root}, nil
	}
	repository, err := opts.root.Repository()
	if err != nil {
		return nil, err
	}
	roots := trustroot.NewDefault(repository, ctrl.Log.WithName("trustroot"))
	// Every replica has the root, so that one that cannot fetch it does not take the place of one that has it.
	if err := mgr.Add(everyReplica{roots.Run}); err != nil {
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

// namedRoots returns the roots of trust of TrustRoots. Those in a TUF repository are fetched in the background.
func namedRoots(mgr manager.Manager, opts managerOptions, trigger *controllers.Trigger) (*trustroot.Named, error) {
	named := trustroot.NewNamed(opts.root.NamedCacheDir(), ctrl.Log.WithName("trustroot"), trigger.EnqueueAll)
	return named, mgr.Add(manager.RunnableFunc(named.Run))
}
