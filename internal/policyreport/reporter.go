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

package policyreport

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

const (
	fieldOwner = client.FieldOwner(v1alpha1.OperatorName)
	// refreshInterval is the interval between checks for the installed kinds of reports, and between comparisons of the
	// reports in the cluster with unchanged results. There is no cache, because other tools may have a hundred thousand
	// reports.
	refreshInterval = 5 * time.Minute
)

// Reporter writes the reports of trusts. Its exported fields must be set before the first use. It is safe for concurrent
// use.
type Reporter struct {
	// Client writes reports.
	Client client.Client
	// Live reads reports from the API server, without a cache.
	Live client.Reader
	// Mapper finds out which kinds are installed.
	Mapper apimeta.RESTMapper
	// Clock decides when the next check is due.
	Clock clock.PassiveClock

	mu      sync.Mutex
	kind    schema.GroupVersionKind // empty if none is installed
	checked time.Time               // when kind was determined
	written map[string]written      // by trust
}

// written is what the reports of a trust were last known to contain.
type written struct {
	trust   types.UID
	kind    schema.GroupVersionKind
	results []Result
	at      time.Time
}

// Write replaces the results in the reports of a trust, and deletes its reports in namespaces without results. It does
// nothing if no kind of report is installed. It is an error if a report of the same name belongs to something else;
// that report is not changed.
func (r *Reporter) Write(ctx context.Context, trust *v1alpha1.KarmadaImageTrust, results []Result) error {
	kind := r.installed()
	if kind.Empty() || r.upToDate(trust, kind, results) {
		return nil
	}
	results = slices.Clone(results)
	existing, err := r.existing(ctx, kind, trust)
	if err != nil {
		return err
	}
	desired := build(kind, trust, slices.Clone(results))
	var errs []error
	for _, namespace := range slices.Sorted(maps.Keys(desired)) {
		if report := desired[namespace]; !upToDate(report, existing[namespace]) {
			errs = append(errs, r.apply(ctx, trust, report, existing[namespace]))
		}
		delete(existing, namespace)
	}
	for _, stale := range existing {
		errs = append(errs, client.IgnoreNotFound(r.Client.Delete(ctx, stale)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("writing the policy reports of %s: %w", trust.Name, err)
	}
	r.record(trust, kind, results)
	return nil
}

// Forget removes a deleted trust from memory. Its reports are garbage collected, because it owns them.
func (r *Reporter) Forget(trust string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.written, trust)
}

// installed returns the kind of report to write; empty if none is installed.
func (r *Reporter) installed() schema.GroupVersionKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.checked.IsZero() && r.Clock.Since(r.checked) < refreshInterval {
		return r.kind
	}
	r.kind, r.checked = schema.GroupVersionKind{}, r.Clock.Now()
	for _, kind := range kinds() {
		if _, err := r.Mapper.RESTMapping(kind.GroupKind(), kind.Version); err == nil {
			r.kind = kind
			break
		}
	}
	return r.kind
}

// upToDate reports whether the same results were written recently.
func (r *Reporter) upToDate(trust *v1alpha1.KarmadaImageTrust, kind schema.GroupVersionKind, results []Result) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.written[trust.Name]
	return last.trust == trust.UID && last.kind == kind && r.Clock.Since(last.at) < refreshInterval && slices.Equal(last.results, results)
}

func (r *Reporter) record(trust *v1alpha1.KarmadaImageTrust, kind schema.GroupVersionKind, results []Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.written == nil {
		r.written = map[string]written{}
	}
	r.written[trust.Name] = written{trust: trust.UID, kind: kind, results: results, at: r.Clock.Now()}
}

// existing returns the reports of the trust by namespace: those with its label that it owns.
func (r *Reporter) existing(
	ctx context.Context, kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust,
) (map[string]*unstructured.Unstructured, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err := r.Live.List(ctx, list, client.MatchingLabels{TrustLabel: string(trust.UID)}); err != nil {
		return nil, fmt.Errorf("listing the policy reports of %s: %w", trust.Name, err)
	}
	out := map[string]*unstructured.Unstructured{}
	for i := range list.Items {
		if metav1.IsControlledBy(&list.Items[i], trust) {
			out[list.Items[i].GetNamespace()] = &list.Items[i]
		}
	}
	return out, nil
}

// upToDate reports whether a report in the cluster has the desired content.
func upToDate(desired, found *unstructured.Unstructured) bool {
	if found == nil || found.GetName() != desired.GetName() || found.GetLabels()[managedByLabel] != managedBy {
		return false
	}
	for _, field := range []string{"source", "summary", "results"} {
		if !equality.Semantic.DeepEqual(desired.Object[field], found.Object[field]) {
			return false
		}
	}
	return true
}

func (r *Reporter) apply(ctx context.Context, trust *v1alpha1.KarmadaImageTrust, desired, found *unstructured.Unstructured) error {
	if found == nil {
		foreign := &unstructured.Unstructured{}
		foreign.SetGroupVersionKind(desired.GroupVersionKind())
		err := r.Live.Get(ctx, client.ObjectKeyFromObject(desired), foreign)
		if err == nil && !metav1.IsControlledBy(foreign, trust) {
			return fmt.Errorf("%s %s/%s exists and does not belong to this trust; delete or rename it",
				desired.GetKind(), desired.GetNamespace(), desired.GetName())
		}
		if client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), fieldOwner, client.ForceOwnership)
	if apierrors.IsNotFound(err) {
		return nil // the namespace was deleted
	}
	return err
}
