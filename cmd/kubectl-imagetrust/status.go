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
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// statusOptions are the flags of status.
type statusOptions struct {
	cluster clusterFlags
	output  string
	watch   bool
}

func newStatusCommand(s streams) *cobra.Command {
	o := &statusOptions{}
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show the trusts of a cluster: what is verified, what would be refused, and what is in the way",
		Long: `Show the trusts of a cluster as the operator last reported them: what is verified, what would be refused, and what is
in the way.

Exit codes: 0 all images are verified, 1 one is untrusted, 2 wrong usage, 3 something is not known.`,
		Example: `  kubectl imagetrust status
  kubectl imagetrust status karmada --watch`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, args) },
	}
	flags := cmd.Flags()
	o.cluster.register(flags)
	flags.BoolVarP(&o.watch, "watch", "w", false, "go on, and show each trust again that changes")
	flags.StringVarP(&o.output, "output", "o", "", "json, yaml or wide; without it, text for people")
	return cmd
}

func (o *statusOptions) run(ctx context.Context, s streams, args []string) error {
	show, err := o.printer(s)
	if err != nil {
		return err
	}
	c, err := o.cluster.connect()
	if err != nil {
		return err
	}
	list := &v1alpha1.KarmadaImageTrustList{}
	var opts []client.ListOption
	if len(args) > 0 {
		opts = append(opts, client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", args[0])})
	}
	if err := c.List(ctx, list, opts...); err != nil {
		return unavailable(fmt.Errorf("the trusts cannot be read: %w", err))
	}
	if len(args) > 0 && len(list.Items) == 0 && !o.watch {
		return usage("there is no KarmadaImageTrust %s", args[0])
	}
	if err := show(s.Out, list.Items); err != nil {
		return err
	}
	if !o.watch {
		return ended(statusCode(list.Items))
	}
	opts = append(opts, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}})
	changes, err := c.Watch(ctx, &v1alpha1.KarmadaImageTrustList{}, opts...)
	if err != nil {
		return unavailable(fmt.Errorf("the trusts cannot be watched: %w", err))
	}
	defer changes.Stop()
	return follow(ctx, s, changes, show)
}

// follow shows each trust that changes, until the user has seen enough.
func follow(ctx context.Context, s streams, changes watch.Interface, show func(io.Writer, []v1alpha1.KarmadaImageTrust) error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case change, ok := <-changes.ResultChan():
			if !ok {
				return unavailable(errors.New("the API server ended the watch"))
			}
			trust, ok := change.Object.(*v1alpha1.KarmadaImageTrust)
			switch {
			case !ok:
				return unavailable(fmt.Errorf("the API server ended the watch: %v", change.Object))
			case change.Type == watch.Deleted:
				if _, err := fmt.Fprintf(s.Out, "%s was deleted\n", trust.Name); err != nil {
					return err
				}
			default:
				if err := show(s.Out, []v1alpha1.KarmadaImageTrust{*trust}); err != nil {
					return err
				}
			}
		}
	}
}

func (o *statusOptions) printer(s streams) (func(io.Writer, []v1alpha1.KarmadaImageTrust) error, error) {
	switch o.output {
	case "":
		return func(w io.Writer, all []v1alpha1.KarmadaImageTrust) error {
			return printTrusts(w, styleFor(s.Out), all, false)
		}, nil
	case "wide":
		return func(w io.Writer, all []v1alpha1.KarmadaImageTrust) error {
			return printTrusts(w, styleFor(s.Out), all, true)
		}, nil
	case "json", "yaml":
		return func(w io.Writer, all []v1alpha1.KarmadaImageTrust) error { return o.encode(w, all) }, nil
	default:
		return nil, usage("--output must be json, yaml or wide, not %q", o.output)
	}
}

func (o *statusOptions) encode(w io.Writer, all []v1alpha1.KarmadaImageTrust) error {
	for i := range all {
		all[i].SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KarmadaImageTrust"))
		all[i].ManagedFields = nil
	}
	list := &v1alpha1.KarmadaImageTrustList{Items: all}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("KarmadaImageTrustList"))
	encoded, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	if o.output == "yaml" {
		if encoded, err = yaml.JSONToYAML(encoded); err != nil {
			return err
		}
	} else {
		encoded = append(encoded, '\n')
	}
	_, err = w.Write(encoded)
	return err
}

// statusCode is the exit code for what the operator reported.
func statusCode(all []v1alpha1.KarmadaImageTrust) int {
	code := exitOK
	for i := range all {
		verified := apimeta.FindStatusCondition(all[i].Status.Conditions, v1alpha1.ImagesVerifiedCondition)
		switch {
		case verified == nil || verified.Status == metav1.ConditionUnknown:
			code = exitUnknown
		case verified.Status == metav1.ConditionFalse:
			return exitUntrusted
		}
	}
	return code
}
