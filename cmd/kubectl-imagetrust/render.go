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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/admission"
)

// renderOptions are the flags of render.
type renderOptions struct {
	trusts    trustFlags
	trustRoot trustRootFlags
	cluster   clusterFlags
	output    outputFlag
}

func newRenderCommand(s streams) *cobra.Command {
	o := &renderOptions{}
	cmd := &cobra.Command{
		Use:   "render -f FILE",
		Short: "Print the ClusterImagePolicies that the operator would apply",
		Long: `Print the ClusterImagePolicies that the operator would apply, for review in Git. They need no operator, only sigstore
policy-controller. A trust with enforcement Audit has none.

A policy depends on the TrustRoot that its trust names; that is read from the files too, or from the cluster.`,
		Example: `  kubectl imagetrust render -f trust.yaml`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	o.cluster.register(flags)
	o.output.register(flags, formatYAML)
	return cmd
}

func (o *renderOptions) run(ctx context.Context, s streams) error {
	if err := o.output.validate(); err != nil {
		return err
	}
	in, err := o.trusts.load(s)
	if err != nil {
		return err
	}
	roots := newTrustRoots(&o.trustRoot, in.roots, &o.cluster)
	policies := make([]*unstructured.Unstructured, 0, len(in.trusts))
	for _, one := range in.trusts {
		rendered, err := o.render(ctx, one, roots)
		if err != nil {
			return err
		}
		policies = append(policies, rendered)
	}
	for i, rendered := range policies {
		if err := o.print(s, i, in.trusts[i].name, rendered); err != nil {
			return err
		}
	}
	return nil
}

// print prints a policy as a document of its own. YAML says so in a comment if a trust has none.
func (o *renderOptions) print(s streams, i int, name string, rendered *unstructured.Unstructured) error {
	if o.output.format == formatYAML && i > 0 {
		if _, err := fmt.Fprintln(s.Out, "---"); err != nil {
			return err
		}
	}
	if rendered != nil {
		return o.output.print(s.Out, rendered.Object, nil)
	}
	if o.output.format != formatYAML {
		return nil
	}
	_, err := fmt.Fprintf(s.Out, "# KarmadaImageTrust %s has no ClusterImagePolicy: its enforcement is Audit.\n", name)
	return err
}

// render returns the policy of a trust, or nil if its enforcement is Audit.
func (o *renderOptions) render(ctx context.Context, one trust, roots *trustRoots) (*unstructured.Unstructured, error) {
	target := admission.DefaultBehavior().Target(admission.Config{})
	if one.compiled.TrustRoot != "" {
		root, err := roots.root(ctx, one.compiled.TrustRoot)
		if err != nil {
			return nil, err
		}
		target.TransparencyLog, target.TimestampAuthority = root.Logs(), root.Timestamps()
	}
	return one.compiled.ClusterImagePolicy(one.name, target), nil
}
