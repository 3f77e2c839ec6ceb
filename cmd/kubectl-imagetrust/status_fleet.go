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
	"reflect"
	"slices"
	"time"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	workv1alpha2 "github.com/karmada-io/karmada/pkg/apis/work/v1alpha2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/fleet"
	"github.com/karmada-io/image-trust/internal/text"
)

// fleetStatus is the result of status for a Karmada control plane.
type fleetStatus struct {
	Trusts []fleet.Report `json:"trusts"`
}

// runFleet shows the trusts of a Karmada control plane.
func (o *statusOptions) runFleet(ctx context.Context, s streams, name string, selection fleet.Selection) error {
	c, err := o.cluster.connect()
	if err != nil {
		return err
	}
	status, err := readFleet(ctx, c, name, selection)
	if err != nil {
		return err
	}
	if name != "" && len(status.Trusts) == 0 && !o.watch {
		return usageErrorf("KarmadaImageTrust %q not found", name)
	}
	if err := o.printFleet(s, status); err != nil {
		return err
	}
	if o.watch {
		return o.followFleet(ctx, s, c, name, selection, status)
	}
	return exitWith(o.fleetCode(status, selection))
}

// readFleet reads what is known of the trusts, or of the one with the name, in the clusters that are selected.
func readFleet(ctx context.Context, c client.Reader, name string, selection fleet.Selection) (*fleetStatus, error) {
	trusts := &v1alpha1.KarmadaImageTrustList{}
	var opts []client.ListOption
	if name != "" {
		opts = append(opts, client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", name)})
	}
	if err := c.List(ctx, trusts, opts...); err != nil {
		return nil, unavailable(fmt.Errorf("listing KarmadaImageTrusts: %w", err))
	}
	clusters, err := members(ctx, c, selection)
	if err != nil {
		return nil, err
	}
	status := &fleetStatus{Trusts: []fleet.Report{}}
	for i := range trusts.Items {
		source := fleet.Source{Trust: &trusts.Items[i], Clusters: clusters, Restricted: !selection.All()}
		if err := readBinding(ctx, c, &source); err != nil {
			return nil, err
		}
		status.Trusts = append(status.Trusts, fleet.NewReport(source))
	}
	return status, nil
}

// readBinding reads how a trust is propagated. That the user may not read it is no error: the status of the trust says less, but
// enough.
func readBinding(ctx context.Context, c client.Reader, source *fleet.Source) error {
	binding := &workv1alpha2.ClusterResourceBinding{}
	name := fleet.BindingName(source.Trust.Name)
	switch err := c.Get(ctx, client.ObjectKey{Name: name}, binding); {
	case err == nil:
		if parsed, ok := fleet.ParseBinding(binding, source.Trust.Name); ok {
			source.Binding = parsed
		}
	case apimeta.IsNoMatchError(err) || apierrors.IsForbidden(err):
		source.BindingUnreadable = fmt.Sprintf("ClusterResourceBinding %s cannot be read: %s", name, oneLine(err))
	case !apierrors.IsNotFound(err):
		return unavailable(fmt.Errorf("reading ClusterResourceBinding %s: %w", name, err))
	}
	return nil
}

func (o *statusOptions) printFleet(s streams, status *fleetStatus) error {
	return o.output.print(s.Out, status, func(p *text.Printer) {
		fleetPrinter{Printer: p, style: s.Out.style(), all: o.output.format == formatWide, now: time.Now()}.reports(status.Trusts)
	})
}

// fleetCode returns the exit code for what is known of the trusts.
func (o *statusOptions) fleetCode(status *fleetStatus, selection fleet.Selection) int {
	verdicts := []v1alpha1.Verdict{}
	for i := range status.Trusts {
		verdicts = append(verdicts, status.Trusts[i].Verdict)
		if o.readyToEnforce {
			verdicts = append(verdicts, status.Trusts[i].WouldDeny())
		}
	}
	switch {
	case slices.Contains(verdicts, v1alpha1.VerdictUntrusted):
		return exitUntrusted
	case slices.ContainsFunc(verdicts, func(v v1alpha1.Verdict) bool { return v != v1alpha1.VerdictVerified }),
		len(verdicts) == 0 && (o.readyToEnforce || !selection.All()):
		return exitUnknown
	default:
		return exitOK
	}
}

// fleetLists are the kinds of which the status of a fleet is made.
func fleetLists() []client.ObjectList {
	return []client.ObjectList{&v1alpha1.KarmadaImageTrustList{}, &clusterv1alpha1.ClusterList{}, &workv1alpha2.ClusterResourceBindingList{}}
}

// pause is how long followFleet waits for further changes: Karmada writes several objects for one.
const pause = time.Second

// followFleet prints each trust of which something else is known than before, until the context ends.
func (o *statusOptions) followFleet(
	ctx context.Context, s streams, c client.WithWatch, name string, selection fleet.Selection, before *fleetStatus,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the watches
	changed := make(chan struct{}, 1)
	ended := make(chan error, len(fleetLists()))
	for _, list := range fleetLists() {
		changes, err := c.Watch(ctx, list)
		if err != nil {
			return unavailable(fmt.Errorf("watching %T: %w", list, err))
		}
		go func() {
			for range changes.ResultChan() {
				select {
				case changed <- struct{}{}:
				default: // one is pending
				}
			}
			ended <- unavailable(errors.New("the API server ended the watch"))
		}()
	}
	for {
		select {
		case <-ctx.Done():
		case err := <-ended:
			if ctx.Err() == nil {
				return err
			}
		case <-changed:
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
		now, err := readFleet(ctx, c, name, selection)
		if ctx.Err() != nil {
			return nil // the user interrupts it
		}
		if err != nil {
			return err
		}
		if err := o.printChanges(s, before, now); err != nil {
			return err
		}
		before = now
	}
}

// printChanges prints the trusts of which something else is known than before.
func (o *statusOptions) printChanges(s streams, before, now *fleetStatus) error {
	old := map[string]*fleet.Report{}
	for i := range before.Trusts {
		old[before.Trusts[i].Trust] = &before.Trusts[i]
	}
	var different fleetStatus
	for i := range now.Trusts {
		report := &now.Trusts[i]
		if last := old[report.Trust]; last == nil || !reflect.DeepEqual(last, report) {
			different.Trusts = append(different.Trusts, *report)
		}
		delete(old, report.Trust)
	}
	for i := range before.Trusts {
		if name := before.Trusts[i].Trust; old[name] != nil {
			if err := s.Out.print(text.Sprintf("%s was deleted\n", name)); err != nil {
				return err
			}
		}
	}
	if len(different.Trusts) == 0 {
		return nil
	}
	return o.printFleet(s, &different)
}
