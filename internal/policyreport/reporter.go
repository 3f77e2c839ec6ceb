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
	// lookInterval is how often it is looked which kind of report is installed, and whether somebody changed reports
	// whose content is still what it was. No cache is kept: other tools may have a hundred thousand reports.
	lookInterval = 5 * time.Minute
)

// Reporter keeps reports in line with results. Its fields are set before the first use.
type Reporter struct {
	// Client writes to the API server.
	Client client.Client
	// Live reads from it.
	Live client.Reader
	// Mapper knows the installed kinds.
	Mapper apimeta.RESTMapper
	// Clock is the real one in production.
	Clock clock.PassiveClock

	mu      sync.Mutex
	kind    schema.GroupVersionKind // empty: none is installed
	looked  time.Time
	written map[string]written // by trust
}

// written is what was last seen to be in place.
type written struct {
	trust   types.UID
	kind    schema.GroupVersionKind
	results []Result
	at      time.Time
}

// Write brings the reports of a trust in line with its results, and deletes those of namespaces that have none. Where
// no kind of report is installed it does nothing. Reports that others made are left alone.
func (r *Reporter) Write(ctx context.Context, trust *v1alpha1.KarmadaImageTrust, results []Result) error {
	kind := r.installed()
	if kind.Empty() || r.inPlace(trust, kind, results) {
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
		if report := desired[namespace]; !same(report, existing[namespace]) {
			errs = append(errs, r.put(ctx, trust, report, existing[namespace]))
		}
		delete(existing, namespace)
	}
	for _, stale := range existing {
		errs = append(errs, client.IgnoreNotFound(r.Client.Delete(ctx, stale)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("writing reports: %w", err)
	}
	r.remember(trust, kind, results)
	return nil
}

// Forget drops what is remembered of a trust. Its reports go with it, as it owns them.
func (r *Reporter) Forget(trust string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.written, trust)
}

// installed is the kind of report to write.
func (r *Reporter) installed() schema.GroupVersionKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.looked.IsZero() && r.Clock.Since(r.looked) < lookInterval {
		return r.kind
	}
	r.kind, r.looked = schema.GroupVersionKind{}, r.Clock.Now()
	for _, kind := range kinds() {
		if _, err := r.Mapper.RESTMapping(kind.GroupKind(), kind.Version); err == nil {
			r.kind = kind
			break
		}
	}
	return r.kind
}

func (r *Reporter) inPlace(trust *v1alpha1.KarmadaImageTrust, kind schema.GroupVersionKind, results []Result) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.written[trust.Name]
	return last.trust == trust.UID && last.kind == kind && r.Clock.Since(last.at) < lookInterval && slices.Equal(last.results, results)
}

func (r *Reporter) remember(trust *v1alpha1.KarmadaImageTrust, kind schema.GroupVersionKind, results []Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.written == nil {
		r.written = map[string]written{}
	}
	r.written[trust.Name] = written{trust: trust.UID, kind: kind, results: results, at: r.Clock.Now()}
}

// existing reports of the trust, by namespace: those with its label that it owns.
func (r *Reporter) existing(
	ctx context.Context, kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust,
) (map[string]*unstructured.Unstructured, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	if err := r.Live.List(ctx, list, client.MatchingLabels{TrustLabel: string(trust.UID)}); err != nil {
		return nil, fmt.Errorf("listing reports: %w", err)
	}
	out := map[string]*unstructured.Unstructured{}
	for i := range list.Items {
		if metav1.IsControlledBy(&list.Items[i], trust) {
			out[list.Items[i].GetNamespace()] = &list.Items[i]
		}
	}
	return out, nil
}

// same tells whether a report holds what it should.
func same(desired, found *unstructured.Unstructured) bool {
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

func (r *Reporter) put(ctx context.Context, trust *v1alpha1.KarmadaImageTrust, desired, found *unstructured.Unstructured) error {
	if found == nil {
		foreign := &unstructured.Unstructured{}
		foreign.SetGroupVersionKind(desired.GroupVersionKind())
		err := r.Live.Get(ctx, client.ObjectKeyFromObject(desired), foreign)
		if err == nil && !metav1.IsControlledBy(foreign, trust) {
			return fmt.Errorf("%s %s/%s exists and is not this trust's: it is left as it is",
				desired.GetKind(), desired.GetNamespace(), desired.GetName())
		}
		if client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	err := r.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(desired), fieldOwner, client.ForceOwnership)
	if apierrors.IsNotFound(err) {
		return nil // the namespace is gone, and all in it
	}
	return err
}
