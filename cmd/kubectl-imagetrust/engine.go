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
	"strconv"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/attached"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// engine is internal/assess with verdicts in the foreground, and roots of trust from files or a cluster.
type engine struct {
	batch    *pool.Batch
	attached *attached.Reader
	roots    *trustRoots
	progress *progress
	broken   *brokenCredentials
	// registries that the user names, and that may therefore be in a private network.
	registries *registry.Named
	naming     int
	// versions of policy-controller that may be installed, for messages.
	versions string
}

// engineOptions are the flags that verdicts depend on.
type engineOptions struct {
	trustRoot *trustRootFlags
	registry  *registryFlags
	cluster   *clusterFlags
	// versions of policy-controller that may be installed.
	versions admission.Versions
}

// newEngine starts the workers that verify images. The caller must call close.
func newEngine(ctx context.Context, s streams, o engineOptions, in *inputs) (*engine, error) {
	e := &engine{
		roots: newTrustRoots(o.trustRoot, in.roots, o.cluster), progress: &progress{to: s.ErrOut}, registries: &registry.Named{},
		broken: &brokenCredentials{}, versions: o.versions.Range(),
	}
	for _, one := range in.trusts {
		e.name(one.compiled.Registries())
	}
	verifier, client, err := o.registry.verifier(e.registries, e.broken, s.Conditions)
	if err != nil {
		return nil, err
	}
	e.attached = attached.New(client, o.registry.workers)
	e.batch = pool.NewBatch(ctx, verifier, o.registry.workers, e.progress.show)
	return e, nil
}

// name adds registries that the user names: on the command line, or in a policy.
func (e *engine) name(registries []string) {
	e.naming++
	e.registries.Set(strconv.Itoa(e.naming), registries)
}

// close stops the workers.
func (e *engine) close() { e.batch.Close() }

// run verifies the requested images, and those that decide asks about, until decide asks about no others.
func (e *engine) run(
	ctx context.Context, in *inputs, requests []pool.Request, decide func(admission.Judge),
) (*assess.Result, error) {
	running := assess.Engine{Verdicts: foreground{e.batch}, Root: e.roots.root, Version: e.versions}
	for _, one := range in.trusts {
		running.Trusts = append(running.Trusts, one.compiled)
	}
	defer func() {
		e.progress.end()
		e.broken.tell(e.progress.to)
	}()
	return running.Run(ctx, requests, decide)
}

// foreground waits for verdicts.
type foreground struct{ *pool.Batch }

// Answers waits for all answers. If the user interrupts it, that is not a usage error.
func (f foreground) Answers(ctx context.Context, requests []pool.Request) ([]pool.Answer, error) {
	answers, err := f.Batch.Answers(ctx, requests)
	if err != nil {
		return nil, unavailable(err)
	}
	return answers, nil
}

// policies returns the policies of the trusts as if they were enforced, and the ClusterImagePolicies given with them.
func (e *engine) policies(ctx context.Context, in *inputs, cluster *admission.Cluster) ([]*admission.Policy, error) {
	var policies []*admission.Policy
	for _, one := range in.trusts {
		enforced, err := e.policy(ctx, one.name, one.compiled, cluster)
		if err != nil {
			return nil, err
		}
		policies = append(policies, enforced)
	}
	for _, cip := range in.policies {
		policies = append(policies, admission.ParsePolicy(cip, cluster.Versions...))
	}
	return policies, nil
}

// policy returns the policy of a trust as if it were enforced.
func (e *engine) policy(
	ctx context.Context, name string, trust *policy.Policy, cluster *admission.Cluster,
) (*admission.Policy, error) {
	roots, err := e.roots.inTrustRoots(ctx, trust)
	if err != nil {
		return nil, err
	}
	return assess.EnforcedPolicy(name, trust, cluster, roots), nil
}
