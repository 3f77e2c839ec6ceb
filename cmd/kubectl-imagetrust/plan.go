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
	"github.com/karmada-io/image-trust/internal/inventory"
)

// planOptions are the flags of plan.
type planOptions struct {
	trusts    trustFlags
	against   []string
	manifests []string
	namespace string
	webhook   string
	material  materialFlags
	registry  registryFlags
	cluster   clusterFlags
	output    string
}

func newPlanCommand(s streams) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use:   "plan -f FILE [--manifests DIR|-] [--against FILE]",
		Short: "Foretell which workloads admission would refuse",
		Long: `Foretell which workloads admission would refuse, were they created anew with the trusts enforced: those in a tree of
manifests, which kustomize or Helm may have made, or those in a cluster.

Of manifests, every namespace counts as opted in, and no policies as in force but those of the trusts and the
ClusterImagePolicies given with -f. In a cluster its own policies, webhooks and namespaces count too; a trust given with -f
takes the place of the one of its name.

With --against, the trusts in force before are given too, and what changes is shown.

Exit codes: 0 nothing would be refused (with --against: nothing that was not before), 1 something would be, 2 wrong usage,
3 something could not be told now.`,
		Example: `  kubectl imagetrust plan -f trust.yaml --manifests deploy/
  helm template ./chart | kubectl imagetrust plan -f trust.yaml --manifests -
  kubectl imagetrust plan -f trust.yaml --context production
  kubectl imagetrust plan -f new.yaml --against old.yaml --manifests deploy/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	flags.StringArrayVar(&o.against, "against", nil, "file or directory with the trusts in force before; may be repeated")
	flags.StringArrayVar(&o.manifests, "manifests", nil,
		"file or directory with manifests, - for standard input; may be repeated. Without it, the cluster's workloads are looked at")
	flags.StringVarP(&o.namespace, "namespace", "n", "default", "namespace of manifests that name none")
	flags.StringVar(&o.webhook, "policy-webhook-name", "policy.sigstore.dev", "name of policy-controller's webhooks in the cluster")
	o.material.register(flags)
	o.registry.register(flags)
	o.cluster.register(flags)
	flags.StringVarP(&o.output, "output", "o", "", "json, yaml or wide (the admitted ones too); text for people when empty")
	return cmd
}

// scene is what a plan is made of.
type scene struct {
	cluster   admission.Cluster
	workloads []inventory.Workload
}

func (o *planOptions) run(ctx context.Context, s streams) error {
	if err := o.validate(); err != nil {
		return err
	}
	given, err := o.trusts.load(s)
	if err != nil {
		return err
	}
	look := o.lookAtManifests
	if len(o.manifests) == 0 {
		look = o.lookAtCluster
	}
	scene, err := look(ctx, s)
	if err != nil {
		return err
	}
	engine, err := newEngine(ctx, s, engineOptions{&o.material, &o.registry, &o.cluster}, given)
	if err != nil {
		return err
	}
	defer engine.close()
	after, err := o.plan(ctx, scene, given, engine)
	if err != nil {
		return err
	}
	if len(o.against) == 0 {
		if err := printPlan(s, o.output, planReport{Plan: after}); err != nil {
			return err
		}
		return ended(planCode(after))
	}
	old, err := (&trustFlags{files: o.against}).load(s)
	if err != nil {
		return err
	}
	before, err := o.plan(ctx, scene, old, engine)
	if err != nil {
		return err
	}
	changes := forecast.Changes(before, after)
	if err := printPlan(s, o.output, planReport{Plan: after, Changes: changes, compared: true}); err != nil {
		return err
	}
	return ended(changeCode(changes))
}

func (o *planOptions) validate() error {
	switch o.output {
	case "", "wide", "json", "yaml":
	default:
		return usage("--output must be json, yaml or wide, not %q", o.output)
	}
	if len(o.trusts.files) == 0 {
		return usage("name the trusts, with -f trust.yaml")
	}
	return o.material.validate()
}

// plan for the scene with some trusts enforced.
func (o *planOptions) plan(ctx context.Context, in scene, given *trusts, engine *engine) (forecast.Plan, error) {
	cluster := in.cluster
	policies, err := engine.policies(ctx, given, cluster.Target())
	if err != nil {
		return forecast.Plan{}, err
	}
	cluster.Policies = cluster.Policies.Merge(policies...)
	var plan forecast.Plan
	_, err = engine.run(ctx, given, nil, func(judge admission.Judge) {
		plan = forecast.NewPlan(&cluster, in.workloads, judge)
	})
	return plan, err
}

func planCode(p forecast.Plan) int {
	switch {
	case p.Summary.Denied > 0:
		return exitUntrusted
	case p.Summary.Undetermined > 0:
		return exitUnknown
	default:
		return exitOK
	}
}

// changeCode complains of what got worse.
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
