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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/installed"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// renderOptions are the flags of render.
type renderOptions struct {
	trusts    trustFlags
	trustRoot trustRootFlags
	cluster   clusterFlags
	installed installationFlags
	output    outputFlag
}

func newRenderCommand(s streams) *cobra.Command {
	o := &renderOptions{}
	cmd := &cobra.Command{
		Use:   "render -f FILE",
		Short: "Print the ClusterImagePolicies that the operator would apply",
		Long: `Print the ClusterImagePolicies that the operator would apply, for review in Git. They need no operator, only sigstore
policy-controller. A trust with enforcement Audit has none.

A policy depends on the TrustRoot that its trust names, and on policy-controller's configuration (ConfigMap
config-policy-controller). Both are read from the files given with -f. A TrustRoot that is not in the files is read from the
cluster. The configuration and the version of policy-controller are read from the cluster only if a flag names one, such as
--context or --kubeconfig; otherwise the configuration is policy-controller's default, and the policy is one that every
supported version verifies.`,
		Example: `  kubectl imagetrust render -f trust.yaml
  kubectl imagetrust render -f trust.yaml --context production`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	o.trusts.registerFiles(flags)
	o.cluster.register(flags)
	o.installed.registerWebhook(flags)
	o.installed.registerVersion(flags)
	o.output.register(flags, formatYAML)
	return cmd
}

func (o *renderOptions) run(ctx context.Context, s streams) error {
	if err := o.output.validate(); err != nil {
		return err
	}
	o.trusts.unique = true // kubectl would apply the last one of the printed policies
	in, err := o.trusts.load(ctx, s)
	if err != nil {
		return err
	}
	tellUnmatched(s, &o.trusts.reader)
	found, config, err := o.installation(ctx, in)
	if err != nil {
		return err
	}
	roots := newTrustRoots(&o.trustRoot, in.roots, &o.cluster)
	policies := make([]*unstructured.Unstructured, 0, len(in.trusts))
	for _, one := range in.trusts {
		rendered, err := o.render(ctx, one, roots, found.Versions.Target(config))
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
		if err := s.Out.print(text.Sprintf("---\n")); err != nil {
			return err
		}
	}
	if rendered != nil {
		return o.output.print(s.Out, rendered.Object, nil)
	}
	if o.output.format != formatYAML {
		return nil
	}
	return s.Out.print(text.Sprintf("# KarmadaImageTrust %s has no ClusterImagePolicy: its enforcement is Audit.\n", name))
}

// render returns the policy of a trust, or nil if its enforcement is Audit.
func (o *renderOptions) render(
	ctx context.Context, one trust, roots *trustRoots, target policy.Target,
) (*unstructured.Unstructured, error) {
	named, err := roots.all(ctx, one.compiled)
	if err != nil {
		return nil, err
	}
	return one.compiled.ClusterImagePolicy(one.name, assess.Target(target, named)), nil
}

// installation returns what is known of policy-controller, and its configuration: that in the files, or else that in the cluster
// if the command line names one, or else the default one.
func (o *renderOptions) installation(ctx context.Context, in *inputs) (installed.PolicyController, admission.Config, error) {
	if !o.cluster.explicit() {
		found, err := o.installed.assume()
		if err != nil {
			return found, admission.Config{}, err
		}
		config, err := admission.ParseConfig(nil)
		return found, in.configOr(config), err
	}
	c, err := o.cluster.connect()
	if err != nil {
		return installed.PolicyController{}, admission.Config{}, err
	}
	found, config, err := o.installed.read(ctx, c)
	return found, in.configOr(config), err
}
