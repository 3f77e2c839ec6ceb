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

	"github.com/spf13/cobra"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
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
	judge, err := newJudge(s, o, given)
	if err != nil {
		return err
	}
	after, err := o.plan(ctx, scene, given, judge)
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
	before, err := o.plan(ctx, scene, old, judge)
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
func (o *planOptions) plan(ctx context.Context, in scene, given *trusts, judge *judge) (forecast.Plan, error) {
	cluster := in.cluster
	policies, err := judge.policies(ctx, given, cluster.Target())
	if err != nil {
		return forecast.Plan{}, err
	}
	cluster.Policies = cluster.Policies.Merge(policies...)
	if err := judge.ask(ctx, forecast.Questions(&cluster, in.workloads)); err != nil {
		return forecast.Plan{}, err
	}
	return forecast.NewPlan(&cluster, in.workloads, judge.answer), nil
}

// judge answers the questions that plans depend on, each once.
type judge struct {
	streams  streams
	verifier pool.Verifier
	workers  int
	roots    *material
	known    map[admission.QuestionKey]admission.Answer
}

func newJudge(s streams, o *planOptions, given *trusts) (*judge, error) {
	verifier, err := o.registry.verifier()
	if err != nil {
		return nil, err
	}
	return &judge{
		streams: s, verifier: verifier, workers: o.registry.workers,
		roots: newMaterial(&o.material, given.roots, &o.cluster),
		known: map[admission.QuestionKey]admission.Answer{},
	}, nil
}

// policies of the trusts once they are enforced, and of the ClusterImagePolicies beside them.
func (j *judge) policies(ctx context.Context, given *trusts, target policy.Target) ([]*admission.Policy, error) {
	var policies []*admission.Policy
	for _, one := range given.all {
		if name := one.compiled.TrustRoot; name != "" {
			root, err := j.roots.root(ctx, name)
			if err != nil {
				return nil, err
			}
			target.TransparencyLog, target.TimestampAuthority = root.Logs(), root.Timestamps()
		}
		policies = append(policies, admission.ParsePolicy(one.compiled.Enforced().ClusterImagePolicy(one.name, target)))
	}
	for _, cip := range given.policies {
		policies = append(policies, admission.ParsePolicy(cip))
	}
	return policies, nil
}

// ask finds out what is not known yet.
func (j *judge) ask(ctx context.Context, questions []admission.Question) error {
	var open []admission.Question
	var requests []pool.Request
	for _, q := range questions {
		if _, known := j.known[q.Key()]; known {
			continue
		}
		request := pool.Request{Ref: q.Ref, ResolveOnly: q.Rule == nil, Rule: q.Rule, RootName: q.TrustRoot}
		if q.Rule != nil {
			root, err := j.roots.root(ctx, q.TrustRoot)
			if err != nil {
				return err
			}
			request.Root = root
		}
		open, requests = append(open, q), append(requests, request)
	}
	shown := newProgress(j.streams.ErrOut)
	answers, err := pool.VerifyAll(ctx, j.verifier, requests, j.workers, shown.show)
	shown.end()
	if err != nil {
		return unavailable(err)
	}
	for i, q := range open {
		result := answers[i].Result
		j.known[q.Key()] = admission.Answer{
			Digest: answers[i].Digest, Verdict: result.Verdict, Reason: result.Reason, Message: result.Message,
		}
	}
	return nil
}

// answer is the Judge that admission is foretold with.
func (j *judge) answer(q admission.Question) admission.Answer {
	if known, ok := j.known[q.Key()]; ok {
		return known
	}
	return admission.Answer{
		Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason, Message: fmt.Sprintf("%s was not examined", q.Ref),
	}
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
