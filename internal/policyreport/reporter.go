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
	"crypto/sha256"
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
	"github.com/karmada-io/image-trust/internal/text"
)

const (
	fieldOwner = client.FieldOwner(v1alpha1.OperatorName)
	// refreshInterval is the interval between checks for the installed kinds of reports, and between comparisons of the
	// reports in the cluster with unchanged results. There is no cache, because other tools may have a hundred thousand
	// reports.
	refreshInterval = 5 * time.Minute
	// pageSize is how many reports are read at a time. Whoever may write reports in a namespace can label any as a trust's,
	// and each may have as much as etcd takes.
	pageSize = 20
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
	trust types.UID
	kind  schema.GroupVersionKind
	// results has a digest of the results of each namespace.
	results map[string][sha256.Size]byte
	at      time.Time
	// rejected are the reports that the API server did not accept, by namespace.
	rejected map[string]rejected
}

type rejected struct {
	why string
	at  time.Time
}

// Rejection is a report that is not written, for a reason that a retry does not change: something else has its name, a quota
// is used up, an admission webhook denies it.
type Rejection struct{ Namespace, Why string }

// Results are the results of a trust.
type Results interface {
	// Namespaces returns the namespaces that may have results.
	Namespaces() []string
	// In returns the results of a namespace, in the same order for the same results.
	In(namespace string) []Result
}

// Write replaces the results in the reports of a trust, and deletes its reports in namespaces without results. It does
// nothing if no kind of report is installed. It returns the reports that are not written, each once for the same reason: what
// is wrong in one namespace is no error of the trust. They are tried again after five minutes. Only the results of the changed
// namespaces differ from those of the last call that returned no error: nothing else is looked at, except every five minutes.
func (r *Reporter) Write(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, results Results, changed map[string]bool,
) ([]Rejection, error) {
	kind := r.installed()
	if kind.Empty() {
		return nil, nil
	}
	last, recent := r.last(trust, kind)
	d, err := r.differences(ctx, kind, trust, last, recent, results, changed)
	if err != nil {
		return nil, err
	}
	a := attempts{before: last.rejected, now: map[string]rejected{}, at: r.Clock.Now()}
	for namespace, why := range a.before {
		if _, has := d.digests[namespace]; recent && has && d.desired[namespace] == nil {
			a.now[namespace] = why
		}
	}
	for _, namespace := range slices.Sorted(maps.Keys(d.desired)) {
		if d.found.upToDate[namespace] {
			continue
		}
		if last, ok := a.before[namespace]; ok && r.Clock.Since(last.at) < refreshInterval {
			a.now[namespace] = last
			continue
		}
		a.made(namespace, r.apply(ctx, trust, d.desired[namespace], d.found.exists[namespace]))
	}
	for _, stale := range d.found.stale {
		a.made(stale.GetNamespace(), client.IgnoreNotFound(r.Client.Delete(ctx, stale)))
	}
	if err := errors.Join(a.errs...); err != nil {
		return a.news, fmt.Errorf("writing the policy reports of %s: %w", trust.Name, err)
	}
	at := r.Clock.Now()
	if recent {
		at = last.at // of the last comparison with what is in the cluster
	}
	r.record(trust, written{trust: trust.UID, kind: kind, results: d.digests, at: at, rejected: a.now})
	return a.news, nil
}

// difference is what has to be written.
type difference struct {
	// desired are the reports of the namespaces that were looked at, if they may have to be written.
	desired map[string]*unstructured.Unstructured
	// digests of the results of all namespaces.
	digests map[string][sha256.Size]byte
	found   comparison
}

// differences returns what has to be written: in the changed namespaces after a recent comparison, otherwise in all of them.
func (r *Reporter) differences(
	ctx context.Context, kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust, last written, recent bool, results Results,
	changed map[string]bool,
) (difference, error) {
	d := difference{desired: map[string]*unstructured.Unstructured{}, digests: map[string][sha256.Size]byte{}}
	look := func(namespace string) {
		if all := results.In(namespace); len(all) > 0 {
			if d.digests[namespace] = digestOf(all); !recent || d.digests[namespace] != last.results[namespace] {
				d.desired[namespace] = newReport(kind, trust, namespace, all)
			}
		}
	}
	var err error
	if recent {
		for namespace := range changed {
			look(namespace)
		}
		d.digests, d.found.stale, err = r.merge(ctx, kind, trust, last, d.digests, changed)
		return d, err
	}
	for _, namespace := range results.Namespaces() {
		look(namespace)
	}
	d.found, err = r.compare(ctx, kind, trust, d.desired)
	return d, err
}

// attempts are those to write and delete reports.
type attempts struct {
	// before and now are the namespaces in which that is rejected.
	before, now map[string]rejected
	at          time.Time
	// news are what is rejected for another reason than before, and errs all other failures.
	news []Rejection
	errs []error
}

// made notes how an attempt in a namespace ended.
func (a *attempts) made(namespace string, err error) {
	why, isRejected := rejection(err)
	if !isRejected {
		a.errs = append(a.errs, err)
		return
	}
	a.now[namespace] = rejected{why: why, at: a.at}
	if a.before[namespace].why != why {
		a.news = append(a.news, Rejection{Namespace: namespace, Why: why})
	}
}

// merge returns the digests of all namespaces after some changed, and the reports of those that have no results any more.
func (r *Reporter) merge(
	ctx context.Context, kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust, last written,
	now map[string][sha256.Size]byte, changed map[string]bool,
) (all map[string][sha256.Size]byte, stale []*unstructured.Unstructured, err error) {
	all = maps.Clone(last.results)
	for namespace := range changed {
		_, had := last.results[namespace]
		digest, has := now[namespace]
		switch {
		case has:
			all[namespace] = digest
		case had:
			delete(all, namespace)
			report := &unstructured.Unstructured{}
			report.SetGroupVersionKind(kind)
			switch err := r.Live.Get(ctx, client.ObjectKey{Namespace: namespace, Name: nameOf(trust.Name)}, report); {
			case client.IgnoreNotFound(err) != nil:
				return nil, nil, fmt.Errorf("reading the policy report of %s in %s: %w", trust.Name, namespace, err)
			case err == nil && metav1.IsControlledBy(report, trust):
				stale = append(stale, report)
			}
		}
	}
	return all, stale, nil
}

// digestOf returns a digest of results.
func digestOf(results []Result) [sha256.Size]byte {
	hash := sha256.New()
	for i := range results {
		_, _ = fmt.Fprintf(hash, "%#v\n", results[i]) // a hash does not fail
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// errForeign is wrapped where a report of the name exists that is not the trust's.
var errForeign = errors.New("exists and does not belong to this trust; delete or rename it")

// rejection returns why the API server does not accept a report, and whether that is so.
func rejection(err error) (string, bool) {
	if err == nil {
		return "", false
	}
	rejects := errors.Is(err, errForeign) || apierrors.IsForbidden(err) || apierrors.IsInvalid(err) ||
		apierrors.IsRequestEntityTooLargeError(err) || apierrors.IsBadRequest(err)
	return text.Truncate(err.Error(), maxMessage), rejects
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

// last returns what was written last of a trust, and whether that was compared with what is in the cluster recently.
func (r *Reporter) last(trust *v1alpha1.KarmadaImageTrust, kind schema.GroupVersionKind) (last written, recent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if last = r.written[trust.Name]; last.trust != trust.UID || last.kind != kind {
		return written{}, false
	}
	return last, r.Clock.Since(last.at) < refreshInterval
}

func (r *Reporter) record(trust *v1alpha1.KarmadaImageTrust, last written) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.written == nil {
		r.written = map[string]written{}
	}
	r.written[trust.Name] = last
}

// comparison is how the reports of a trust in the cluster compare with the desired ones.
type comparison struct {
	// exists and upToDate report which namespaces have the trust's report, and which with the desired content.
	exists, upToDate map[string]bool
	// stale are reports of the trust that are not desired, without their content.
	stale []*unstructured.Unstructured
}

// compare reads the reports of the trust: those with its label that it owns. Their content is not kept.
func (r *Reporter) compare(
	ctx context.Context, kind schema.GroupVersionKind, trust *v1alpha1.KarmadaImageTrust, desired map[string]*unstructured.Unstructured,
) (comparison, error) {
	found := comparison{exists: map[string]bool{}, upToDate: map[string]bool{}}
	next := ""
	for {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		err := r.Live.List(ctx, list, client.MatchingLabels{TrustLabel: string(trust.UID)}, client.Limit(pageSize), client.Continue(next))
		if err != nil {
			return comparison{}, fmt.Errorf("listing the policy reports of %s: %w", trust.Name, err)
		}
		for i := range list.Items {
			if metav1.IsControlledBy(&list.Items[i], trust) {
				found.add(kind, &list.Items[i], desired[list.Items[i].GetNamespace()])
			}
		}
		if next = list.GetContinue(); next == "" {
			return found, nil
		}
	}
}

func (c *comparison) add(kind schema.GroupVersionKind, report, desired *unstructured.Unstructured) {
	namespace := report.GetNamespace()
	if desired == nil || desired.GetName() != report.GetName() {
		stale := &unstructured.Unstructured{}
		stale.SetGroupVersionKind(kind)
		stale.SetNamespace(namespace)
		stale.SetName(report.GetName())
		c.stale = append(c.stale, stale)
		return
	}
	c.exists[namespace], c.upToDate[namespace] = true, upToDate(desired, report)
}

// upToDate reports whether a report in the cluster has the desired content.
func upToDate(desired, found *unstructured.Unstructured) bool {
	if found.GetLabels()[managedByLabel] != managedBy {
		return false
	}
	for _, field := range []string{"source", "summary", "results"} {
		if !equality.Semantic.DeepEqual(desired.Object[field], found.Object[field]) {
			return false
		}
	}
	return true
}

func (r *Reporter) apply(
	ctx context.Context, trust *v1alpha1.KarmadaImageTrust, desired *unstructured.Unstructured, exists bool,
) error {
	if !exists {
		foreign := &unstructured.Unstructured{}
		foreign.SetGroupVersionKind(desired.GroupVersionKind())
		err := r.Live.Get(ctx, client.ObjectKeyFromObject(desired), foreign)
		if err == nil && !metav1.IsControlledBy(foreign, trust) {
			return fmt.Errorf("%s %s/%s %w", desired.GetKind(), desired.GetNamespace(), desired.GetName(), errForeign)
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
