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
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/text"
)

// statusOptions are the flags of status.
type statusOptions struct {
	cluster        clusterFlags
	fleet          fleetFlags
	output         outputFlag
	watch          bool
	readyToEnforce bool
}

func newStatusCommand(s streams) *cobra.Command {
	o := &statusOptions{}
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show which images of a cluster are verified and what is not enforced",
		Long: `Show the KarmadaImageTrusts of a cluster as the operator last reported them: how many images are verified, which images
and workloads are not, and whether the trust is enforced. JSON and YAML output is a KarmadaImageTrustList.

On a Karmada control plane, show for each trust what its member clusters reported last, which of them do not answer, and to which
the trust is not propagated. JSON and YAML output is an object with the field trusts.

Exit codes: 0 all images are verified, 1 an image is untrusted, 2 usage error, 3 the verdict on an image is unknown, or a cluster
does not answer or has not reported about the current spec. With --ready-to-enforce, also 1 if a workload would be denied, and
3 if that is not known.`,
		Example: `  kubectl imagetrust status
  kubectl imagetrust status karmada --watch
  kubectl imagetrust status karmada -o jsonpath='{.items[0].status.summary.verifiedRatio}'
  kubectl imagetrust status karmada --cluster-selector rollout=canary --ready-to-enforce`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), s, args) },
	}
	flags := cmd.Flags()
	o.cluster.register(flags)
	o.fleet.register(flags)
	flags.BoolVar(&o.readyToEnforce, "ready-to-enforce", false,
		"fail also if a workload would be denied with the trust enforced, or if that is not known")
	flags.BoolVarP(&o.watch, "watch", "w", false, "after printing the trusts, print each trust that changes")
	o.output.register(flags, formatText, formatWide)
	return cmd
}

func (o *statusOptions) run(ctx context.Context, s streams, args []string) error {
	if err := o.output.validate(); err != nil {
		return err
	}
	selection, err := o.fleet.selection()
	if err != nil {
		return err
	}
	switch karmada, err := o.fleet.isKarmada(ctx, &o.cluster); {
	case err != nil:
		return err
	case karmada:
		return o.runFleet(ctx, s, strings.Join(args, ""), selection)
	case !selection.All():
		return usageErrorf("--clusters and --cluster-selector are for a Karmada control plane, which this API server is not")
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
		return unavailable(fmt.Errorf("listing KarmadaImageTrusts: %w", err))
	}
	if len(args) > 0 && len(list.Items) == 0 && !o.watch {
		return usageErrorf("KarmadaImageTrust %q not found", args[0])
	}
	if err := o.print(s, list.Items); err != nil {
		return err
	}
	if !o.watch {
		return exitWith(statusCode(list.Items, o.readyToEnforce))
	}
	opts = append(opts, &client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.ResourceVersion}})
	changes, err := c.Watch(ctx, &v1alpha1.KarmadaImageTrustList{}, opts...)
	if err != nil {
		return unavailable(fmt.Errorf("watching KarmadaImageTrusts: %w", err))
	}
	defer changes.Stop()
	return o.follow(ctx, s, changes)
}

// follow prints each trust that changes until the context ends, which is not an error: the user interrupts it.
func (o *statusOptions) follow(ctx context.Context, s streams, changes watch.Interface) error {
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
				return unavailable(fmt.Errorf("the API server ended the watch: %w", apierrors.FromObject(change.Object)))
			case change.Type == watch.Deleted:
				if err := s.Out.print(text.Sprintf("%s was deleted\n", trust.Name)); err != nil {
					return err
				}
			default:
				if err := o.print(s, []v1alpha1.KarmadaImageTrust{*trust}); err != nil {
					return err
				}
			}
		}
	}
}

func (o *statusOptions) print(s streams, trusts []v1alpha1.KarmadaImageTrust) error {
	kind := v1alpha1.GroupVersion.WithKind("KarmadaImageTrust")
	for i := range trusts {
		trusts[i].SetGroupVersionKind(kind)
		trusts[i].ManagedFields = nil
	}
	list := &v1alpha1.KarmadaImageTrustList{Items: trusts}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	return o.output.print(s.Out, list, func(p *text.Printer) { printTrusts(p, s.Out.style(), trusts, o.output.format == formatWide) })
}

// statusCode returns the exit code for the verdicts that the operator reported, and for what would be denied if that matters too.
func statusCode(trusts []v1alpha1.KarmadaImageTrust, readyToEnforce bool) int {
	code := exitOK
	if readyToEnforce && len(trusts) == 0 {
		code = exitUnknown
	}
	for i := range trusts {
		status := &trusts[i].Status
		verified := apimeta.FindStatusCondition(status.Conditions, v1alpha1.ImagesVerifiedCondition)
		switch {
		case verified != nil && verified.Status == metav1.ConditionFalse, readyToEnforce && wouldDeny(status) == v1alpha1.VerdictUntrusted:
			return exitUntrusted
		case verified == nil || verified.Status == metav1.ConditionUnknown,
			readyToEnforce && (wouldDeny(status) != v1alpha1.VerdictVerified || status.ObservedGeneration != trusts[i].Generation):
			code = exitUnknown
		}
	}
	return code
}

// wouldDeny is Untrusted if admission would deny a workload, Verified if it would deny none, and Unknown if that is not known.
func wouldDeny(status *v1alpha1.KarmadaImageTrustStatus) v1alpha1.Verdict {
	switch summary := status.Summary; {
	case summary == nil || summary.WouldDeny == nil || summary.Undetermined == nil:
		return v1alpha1.VerdictUnknown
	case *summary.WouldDeny > 0:
		return v1alpha1.VerdictUntrusted
	case *summary.Undetermined > 0:
		return v1alpha1.VerdictUnknown
	default:
		return v1alpha1.VerdictVerified
	}
}
