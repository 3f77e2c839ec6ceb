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

package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/gen"
)

// burst is the number of trusts that are created at once.
func burst() int { return scaled(1000) }

// Policies measures how fast a policy follows its trust.
func Policies() measure.Group {
	return measure.Group{
		Name: "policies",
		Method: "The manager on kube-apiserver and etcd, without workloads. A watch of a third party sees the ClusterImagePolicies: that of " +
			"a trust that was created, and one that was applied by hand, in turn (200 pairs; percentiles of the ratios). Then one client " +
			"creates 1,000 trusts, one after the other without a pause. Writes are those in the audit log.",
		Figures: []measure.Figure{
			measure.AtMost(4, "cr_to_cip_vs_apply_p50", "", "from a trust's creation until its policy is seen, against a bare server-side apply"),
			measure.AtMost(8, "cr_to_cip_vs_apply_p95", "", "the same, 95th percentile"),
			measure.AtMost(1.2, "burst_1000_last_vs_create", "", "time until the last of 1,000 policies is seen, against that of creating trusts"),
			measure.AtMost(1.01, "burst_cip_writes_per_cr", "", "writes of policies for each trust of the burst"),
			measure.AtMost(1.10, "burst_status_writes_per_cr", "", "writes of statuses for each trust of the burst, without images"),
		},
		Run: runPolicies,
	}
}

func runPolicies(run *measure.Run) error {
	w, err := start(run, 0)
	if err != nil {
		return err
	}
	defer w.stop()
	w.run.Step("the manager starts")
	m, err := w.startManager("")
	if err != nil {
		return err
	}
	if err := w.awaitReady(m); err != nil {
		return err
	}
	seen, err := w.watchPolicies()
	if err != nil {
		return err
	}
	defer seen.Stop()
	if err := w.latency(seen); err != nil {
		return err
	}
	created, all, err := w.burst(seen, func(n int) *v1alpha1.KarmadaImageTrust { return gen.Trust(fmt.Sprintf("burst-%04d", n)) })
	if err != nil {
		return err
	}
	run.Figure("burst_1000_last_vs_create", all.Seconds()/created.took.Seconds())
	writes, err := w.settledWrites(created.began)
	if err != nil {
		return err
	}
	run.Figure("burst_cip_writes_per_cr", float64(writes["clusterimagepolicies"])/float64(burst()))
	run.Figure("burst_status_writes_per_cr", float64(writes["karmadaimagetrusts/status"])/float64(burst()))
	return nil
}

// latency compares pairs of policies: one of a trust, and one that is applied by hand.
func (w *world) latency(seen *policiesSeen) error {
	pairs := scaled(200)
	w.run.Step("comparing %d pairs of policies", pairs)
	var ratios []float64
	for n := range pairs {
		trust := gen.Trust(fmt.Sprintf("trust-%04d", n))
		through, err := seen.time(w.run, trust.Name, func() error { return w.client.Create(w.run, trust) })
		if err != nil {
			return err
		}
		bare := barePolicy(fmt.Sprintf("bare-%04d", n))
		directly, err := seen.time(w.run, bare.GetName(), func() error {
			return w.client.Apply(w.run, client.ApplyConfigurationFromUnstructured(bare), fieldOwner)
		})
		if err != nil {
			return err
		}
		ratios = append(ratios, through.Seconds()/directly.Seconds())
	}
	w.run.Figure("cr_to_cip_vs_apply_p50", measure.Percentile(ratios, 50))
	w.run.Figure("cr_to_cip_vs_apply_p95", measure.Percentile(ratios, 95))
	return nil
}

func barePolicy(name string) *unstructured.Unstructured {
	p := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"mode":   "enforce",
		"images": []any{map[string]any{"glob": "index.docker.io/example/" + name}},
		"authorities": []any{map[string]any{"keyless": map[string]any{
			"url": "https://fulcio.sigstore.dev", "identities": []any{map[string]any{"issuer": gen.Issuer, "subject": gen.Identity}},
		}}},
	}}}
	p.SetGroupVersionKind(policy.ClusterImagePolicyKind)
	p.SetName(name)
	return p
}

type creation struct {
	began time.Time
	took  time.Duration
}

// burst creates trusts without a pause, and returns when the last of their policies was seen, from the beginning.
func (w *world) burst(seen *policiesSeen, trust func(n int) *v1alpha1.KarmadaImageTrust) (creation, time.Duration, error) {
	w.run.Step("creating %d trusts", burst())
	c := creation{began: time.Now()}
	for n := range burst() {
		if err := w.client.Create(w.run, trust(n)); err != nil {
			return c, 0, err
		}
	}
	c.took = time.Since(c.began)
	var last time.Time
	for n := range burst() {
		at, err := seen.await(w.run, trust(n).Name)
		if err != nil {
			return c, 0, err
		}
		if at.After(last) {
			last = at
		}
	}
	w.run.Step("creating took %.1f s, the last policy was there after %.1f s", c.took.Seconds(), last.Sub(c.began).Seconds())
	return c, last.Sub(c.began), nil
}

// policiesSeen are the policies that a watch has seen.
type policiesSeen struct {
	watch.Interface

	mu sync.Mutex
	at map[string]time.Time
	// waiting are those who wait for a policy.
	waiting map[string]chan time.Time
}

func (w *world) watchPolicies() (*policiesSeen, error) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(policy.ClusterImagePolicyKind)
	stream, err := w.client.Watch(w.run, list)
	if err != nil {
		return nil, err
	}
	s := &policiesSeen{Interface: stream, at: map[string]time.Time{}, waiting: map[string]chan time.Time{}}
	go func() {
		for event := range stream.ResultChan() {
			if object, ok := event.Object.(client.Object); ok && event.Type == watch.Added {
				s.saw(object.GetName(), time.Now())
			}
		}
	}()
	return s, nil
}

func (s *policiesSeen) saw(name string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at[name] = at
	if waiting := s.waiting[name]; waiting != nil {
		waiting <- at
		delete(s.waiting, name)
	}
}

// await returns when a policy was seen.
func (s *policiesSeen) await(ctx context.Context, name string) (time.Time, error) {
	s.mu.Lock()
	at, ok := s.at[name]
	waiting := make(chan time.Time, 1)
	s.waiting[name] = waiting
	s.mu.Unlock()
	if ok {
		return at, nil
	}
	select {
	case at := <-waiting:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	case <-time.After(patience):
		return time.Time{}, errors.New("no policy " + name)
	}
}

// time measures the time from an action until a policy is seen.
func (s *policiesSeen) time(ctx context.Context, name string, action func() error) (time.Duration, error) {
	began := time.Now()
	if err := action(); err != nil {
		return 0, err
	}
	at, err := s.await(ctx, name)
	return at.Sub(began), err
}
