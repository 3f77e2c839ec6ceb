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
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/internal/admission"
)

// renderOptions are the flags of render.
type renderOptions struct {
	trusts   trustFlags
	material materialFlags
	cluster  clusterFlags
	output   string
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
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	o.cluster.register(flags)
	flags.StringVarP(&o.output, "output", "o", "yaml", "yaml or json")
	return cmd
}

func (o *renderOptions) run(ctx context.Context, s streams) error {
	if o.output != "yaml" && o.output != "json" {
		return usage("--output must be yaml or json, not %q", o.output)
	}
	given, err := o.trusts.load(s)
	if err != nil {
		return err
	}
	roots := newMaterial(&o.material, given.roots, &o.cluster)
	var documents []string
	for _, one := range given.all {
		document, err := o.render(ctx, one, roots)
		if err != nil {
			return err
		}
		documents = append(documents, document)
	}
	separator := "---\n"
	if o.output == "json" {
		separator = ""
	}
	_, err = fmt.Fprint(s.Out, strings.Join(documents, separator))
	return err
}

func (o *renderOptions) render(ctx context.Context, one trust, roots *material) (string, error) {
	target := admission.DefaultBehavior().Target(admission.Config{})
	if one.compiled.TrustRoot != "" {
		root, err := roots.root(ctx, one.compiled.TrustRoot)
		if err != nil {
			return "", err
		}
		target.TransparencyLog, target.TimestampAuthority = root.Logs(), root.Timestamps()
	}
	rendered := one.compiled.ClusterImagePolicy(one.name, target)
	if rendered == nil {
		if o.output == "json" {
			return "", nil
		}
		return fmt.Sprintf("# KarmadaImageTrust %s: enforcement is Audit, so there is no ClusterImagePolicy.\n", one.name), nil
	}
	if o.output == "json" {
		encoded, err := json.MarshalIndent(rendered.Object, "", "  ")
		return string(encoded) + "\n", err
	}
	encoded, err := yaml.Marshal(rendered.Object)
	return string(encoded), err
}
