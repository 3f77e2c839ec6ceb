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
	"slices"

	"github.com/spf13/cobra"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/workload"
)

// planOptions are the flags of plan.
type planOptions struct {
	trusts      trustFlags
	against     []string
	reading     manifestFlags
	installed   installationFlags
	imageFields imageFieldFlags
	trustRoot   trustRootFlags
	registry    registryFlags
	cluster     clusterFlags
	fleet       fleetFlags
	output      outputFlag
}

func newPlanCommand(s streams) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use:   "plan -f FILE [--manifests DIR|FILE|-] [--against FILE]",
		Short: "Show which workloads admission would deny",
		Long: `Show which workloads policy-controller would deny if they were recreated with the trusts enforced: the workloads in a tree
of manifests, those in a cluster, or those in the member clusters of a Karmada control plane.

For manifests, all namespaces are considered opted in, and the only policies are those of the trusts and the
ClusterImagePolicies given with -f. Their objects are planned as they would be created, so their status, UIDs and owners do not
count. What cannot be planned, such as a container without an image, is told with its file and line.

For a cluster, its own policies, webhooks and namespaces are considered too; a trust given with -f replaces the policy of the
same name. Without --namespace, all namespaces of the cluster are included.

Versions of policy-controller decide differently on some images. In a cluster, the version is recognised by the image and the
Deployment of its webhook; for manifests, name it with --policy-controller-version. Where it is not known, such an outcome is
undetermined.

For a Karmada control plane, the plan is for the clusters to which its ClusterPropagationPolicies propagate the trusts, each with
the spec that the ClusterOverridePolicies give it there; those given with -f replace the ones of the same name. The clusters are
read through the control plane, with your rights in them. One that does not answer, or that you may not read, is undetermined.

--against compares with other trusts, for example those that are in force now.

` + retriesHelp + `

Exit codes: 0 no workload would be denied (with --against: none that was not denied before), 1 a workload would be
denied, 2 usage error, or nothing was planned because all was skipped, 3 an outcome is undetermined, or an
object names an image in a way that is not known.`,
		Example: `  kubectl imagetrust plan -f trust.yaml --manifests deploy/
  helm template ./chart | kubectl imagetrust plan -f trust.yaml --manifests -
  kubectl imagetrust plan -f trust.yaml --context production
  kubectl imagetrust plan -f trust.yaml --karmada --cluster-selector rollout=canary
  kubectl imagetrust plan -f new.yaml --against old.yaml --manifests deploy/
  kubectl imagetrust plan -f trust.yaml --manifests deploy/ -o sarif > results.sarif
  kubectl imagetrust plan -f trust.yaml --manifests deploy/ -o markdown >> "$GITHUB_STEP_SUMMARY"`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	flags.StringArrayVar(&o.against, "against", nil, "file or directory with the trusts to compare with; may be repeated")
	o.reading.register(flags, ", instead of the cluster's workloads")
	o.imageFields.register(flags)
	o.installed.registerWebhook(flags)
	o.installed.registerVersion(flags)
	o.trustRoot.register(flags)
	o.registry.register(flags)
	o.cluster.registerNamespaced(flags)
	o.fleet.register(flags)
	namespace := flags.Lookup("namespace")
	namespace.Usage = "namespace of the cluster's workloads, or of the manifests that name none"
	namespace.Annotations = nil // it selects more than the cluster
	o.output.register(flags, formatText, formatWide, formatSARIF, formatMarkdown)
	return cmd
}

// planInput is what a plan is made for.
type planInput struct {
	cluster   admission.Cluster
	workloads []inventory.Workload
	installed installed.PolicyController
	// set has the manifests; it is empty for a cluster.
	set *manifests.Set
	// objects counts those of the manifests.
	objects int
	// pods of the workloads, in their order.
	pods []workload.Pods
	// sources are where the workloads are written; nil for a cluster.
	sources []forecast.Source
	// skipped are the parts of objects that are not planned, and warnings are about those that are.
	skipped  []manifests.Skipped
	warnings []manifests.Warning
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
	if len(o.reading.manifests) == 0 {
		tellUnmatched(s, &o.trusts.reader)
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
	after, err := o.planRequests(ctx, input, in, engine)
	if err != nil {
		return err
	}
	report := newPlanReport(after, &input)
	if len(o.against) > 0 {
		old, err := (&trustFlags{files: o.against, reader: o.trusts.reader, flag: "--against"}).load(ctx, s)
		if err != nil {
			return err
		}
		engine.roots = engine.roots.with(old.roots)
		before, err := o.plan(ctx, input, old, engine)
		if err != nil {
			return err
		}
		report.compare(before)
	}
	tellWarnings(s, input.warnings)
	if err := o.print(s, report); err != nil {
		return err
	}
	result := exitWith(report.code())
	if !o.reading.allowEmpty {
		result = cmp.Or(input.nothingPlanned(), result)
	}
	return complete(input.set, result)
}

// nothingPlanned returns an error if no workload was planned, but something was skipped that may create pods: "0 of 0" would say
// that all is well. Nothing is wrong with files whose objects create none.
func (p *planInput) nothingPlanned() error {
	if p.set == nil || len(p.workloads) > 0 {
		return nil
	}
	left := slices.DeleteFunc(p.allSkipped(), func(s manifests.Skipped) bool { return s.Reason == manifests.Excluded })
	if len(left) == 0 {
		return nil
	}
	return usageErrorf("no workload was planned, and what was skipped may create pods: %s", countReasons(left))
}

// allSkipped returns what was not planned: files, documents, objects and containers.
func (p *planInput) allSkipped() []manifests.Skipped {
	return slices.Concat(p.set.Skipped(), p.skipped)
}

func (o *planOptions) validate() error {
	if err := o.output.validate(); err != nil {
		return err
	}
	if len(o.trusts.files) == 0 {
		return usageErrorf("name the file of the trusts, for example -f trust.yaml")
	}
	if len(o.reading.manifests) > 0 && o.fleet.given() {
		return usageErrorf("--karmada, --clusters and --cluster-selector are about clusters, so not with --manifests")
	}
	if len(o.reading.manifests) == 0 && len(o.imageFields.files) > 0 {
		return usageErrorf("--image-fields is about manifests: name them with --manifests")
	}
	return o.trustRoot.validate()
}

func (o *planOptions) print(s streams, r *planReport) error {
	if o.output.format == formatSARIF {
		log := newSARIFPlan()
		log.add(&r.Plan, "")
		log.skip(r.Skipped)
		return s.Out.sarif(log.rules, log.results)
	}
	return o.output.print(s.Out, r, func(p *text.Printer) {
		if o.output.format == formatMarkdown {
			printPlanMarkdown(p, r)
			return
		}
		printPlan(p, s.Out.style(), r, o.output.format == formatWide)
	})
}

// plan returns the plan for the input with some trusts enforced.
func (o *planOptions) plan(ctx context.Context, input planInput, in *inputs, engine *engine) (forecast.Plan, error) {
	plan, _, err := o.decide(ctx, input, in, engine)
	return plan, err
}

// decide returns the plan for the input with some trusts enforced, and what the plan was made from.
func (o *planOptions) decide(
	ctx context.Context, input planInput, in *inputs, engine *engine,
) (plan forecast.Plan, rollouts forecast.Rollouts, err error) {
	cluster := input.cluster
	cluster.TrustRoot = engine.roots.uses(ctx, &input.cluster, len(o.reading.manifests) > 0)
	policies, err := engine.policies(ctx, in, &cluster)
	if err != nil {
		return plan, rollouts, err
	}
	cluster.Policies = cluster.Policies.Merge(policies...)
	engine.name(cluster.Policies.Registries())
	rollouts = forecast.Rollouts{Cluster: &cluster, Workloads: input.workloads, Pods: input.pods}
	_, err = engine.run(ctx, in, nil, func(judge admission.Judge) {
		plan, rollouts.Judge = forecast.NewPlan(&cluster, input.workloads, judge), judge
	})
	if input.sources != nil {
		plan.Locate(input.sources)
	}
	return plan, rollouts, err
}

// code returns the exit code for the worst outcome, or for the worst one that is new.
func (r *planReport) code() int {
	if r.compared {
		return changeCode(r.Changes)
	}
	outcome := r.Outcome()
	// An image that was seen and not planned is one of which nothing is known.
	unknown := func(s manifests.Skipped) bool { return s.Reason == manifests.UnknownImage }
	if outcome == admission.Allowed && slices.ContainsFunc(r.Skipped, unknown) {
		outcome = admission.Undetermined
	}
	return planCode(outcome)
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
