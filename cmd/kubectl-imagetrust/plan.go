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

	"github.com/spf13/cobra"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
)

// planOptions are the flags of plan.
type planOptions struct {
	trusts    trustFlags
	against   []string
	manifests []string
	installed installationFlags
	trustRoot trustRootFlags
	registry  registryFlags
	cluster   clusterFlags
	fleet     fleetFlags
	output    outputFlag
}

func newPlanCommand(s streams) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use:   "plan -f FILE [--manifests DIR|FILE|-] [--against FILE]",
		Short: "Show which workloads admission would deny",
		Long: `Show which workloads policy-controller would deny if they were recreated with the trusts enforced: the workloads in a tree
of manifests, those in a cluster, or those in the member clusters of a Karmada control plane.

For manifests, all namespaces are considered opted in, and the only policies are those of the trusts and the
ClusterImagePolicies given with -f. For a cluster, its own policies, webhooks and namespaces are considered too; a trust
given with -f replaces the policy of the same name. Without --namespace, all namespaces of the cluster are included.

Versions of policy-controller decide differently on some images. In a cluster, the version is recognised by the image and the
Deployment of its webhook; for manifests, name it with --policy-controller-version. Where it is not known, such an outcome is
undetermined.

For a Karmada control plane, the plan is for the clusters to which its ClusterPropagationPolicies propagate the trusts, each with
the spec that the ClusterOverridePolicies give it there; those given with -f replace the ones of the same name. The clusters are
read through the control plane, with your rights in them. One that does not answer, or that you may not read, is undetermined.

--against compares with other trusts, for example those that are in force now.

` + retriesHelp + `

Exit codes: 0 no workload would be denied (with --against: none that was not denied before), 1 a workload would be
denied, 2 usage error, 3 an outcome is undetermined.`,
		Example: `  kubectl imagetrust plan -f trust.yaml --manifests deploy/
  helm template ./chart | kubectl imagetrust plan -f trust.yaml --manifests -
  kubectl imagetrust plan -f trust.yaml --context production
  kubectl imagetrust plan -f trust.yaml --karmada --cluster-selector rollout=canary
  kubectl imagetrust plan -f new.yaml --against old.yaml --manifests deploy/`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	flags.StringArrayVar(&o.against, "against", nil, "file or directory with the trusts to compare with; may be repeated")
	flags.StringArrayVar(&o.manifests, "manifests", nil,
		"file or directory with manifests, or - for standard input, instead of the cluster's workloads; may be repeated")
	o.installed.registerWebhook(flags)
	o.installed.registerVersion(flags)
	o.trustRoot.register(flags)
	o.registry.register(flags)
	o.cluster.registerNamespaced(flags)
	o.fleet.register(flags)
	namespace := flags.Lookup("namespace")
	namespace.Usage = "namespace of the cluster's workloads, or of the manifests that name none"
	namespace.Annotations = nil // it selects more than the cluster
	o.output.register(flags, formatText, formatWide)
	return cmd
}

// planInput is what a plan is made for.
type planInput struct {
	cluster   admission.Cluster
	workloads []inventory.Workload
	installed installed.PolicyController
}

func (o *planOptions) run(ctx context.Context, s streams) error {
	if err := o.validate(); err != nil {
		return err
	}
	in, err := o.trusts.load(ctx, s)
	if err != nil {
		return err
	}
	load := o.loadManifests
	if len(o.manifests) == 0 {
		selection, karmada, err := o.ofFleet(ctx)
		if err != nil {
			return err
		}
		if karmada {
			return o.runFleet(ctx, s, in, selection)
		}
		load = o.loadCluster
	}
	input, err := load(ctx, s, in)
	if err != nil {
		return err
	}
	engine, err := newEngine(ctx, s, engineOptions{&o.trustRoot, &o.registry, &o.cluster, input.cluster.Versions}, in)
	if err != nil {
		return err
	}
	defer engine.close()
	after, err := o.plan(ctx, input, in, engine)
	if err != nil {
		return err
	}
	if len(o.against) == 0 {
		if err := o.print(s, planReport{Plan: after, installed: input.installed}); err != nil {
			return err
		}
		return exitWith(planCode(after.Outcome()))
	}
	old, err := (&trustFlags{files: o.against, reader: o.trusts.reader}).load(ctx, s)
	if err != nil {
		return err
	}
	engine.roots = engine.roots.with(old.roots)
	before, err := o.plan(ctx, input, old, engine)
	if err != nil {
		return err
	}
	changes := forecast.Changes(before, after)
	if err := o.print(s, planReport{Plan: after, Changes: changes, compared: true, installed: input.installed}); err != nil {
		return err
	}
	return exitWith(changeCode(changes))
}

func (o *planOptions) validate() error {
	if err := o.output.validate(); err != nil {
		return err
	}
	if len(o.trusts.files) == 0 {
		return usageErrorf("name the file of the trusts, for example -f trust.yaml")
	}
	if len(o.manifests) > 0 && o.fleet.given() {
		return usageErrorf("--karmada, --clusters and --cluster-selector are about clusters, so not with --manifests")
	}
	return o.trustRoot.validate()
}

func (o *planOptions) print(s streams, r planReport) error {
	return o.output.print(s.Out, r, func(p *text.Printer) { printPlan(p, s.Out.style(), r, o.output.format == formatWide) })
}

// plan returns the plan for the input with some trusts enforced.
func (o *planOptions) plan(ctx context.Context, input planInput, in *inputs, engine *engine) (forecast.Plan, error) {
	cluster := input.cluster
	cluster.TrustRoot = engine.roots.uses(ctx, &input.cluster, len(o.manifests) > 0)
	policies, err := engine.policies(ctx, in, &cluster)
	if err != nil {
		return forecast.Plan{}, err
	}
	cluster.Policies = cluster.Policies.Merge(policies...)
	engine.name(cluster.Policies.Registries())
	var plan forecast.Plan
	_, err = engine.run(ctx, in, nil, func(judge admission.Judge) {
		plan = forecast.NewPlan(&cluster, input.workloads, judge)
	})
	return plan, err
}

// planCode returns the exit code for the worst outcome of a plan.
func planCode(outcome admission.Outcome) int {
	switch outcome {
	case admission.Denied:
		return exitUntrusted
	case admission.Undetermined:
		return exitUnknown
	default:
		return exitOK
	}
}

// changeCode returns the exit code for what changed to the worse.
func changeCode(changes []forecast.Change) int {
	code := exitOK
	for i := range changes {
		switch changes[i].Workload.Outcome {
		case admission.Denied:
			return exitUntrusted
		case admission.Undetermined:
			code = exitUnknown
		case admission.Allowed:
		}
	}
	return code
}
