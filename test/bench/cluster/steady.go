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
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/karmada-io/image-trust/test/bench/measure"
)

// podRate is the number of pods that come, or go, in a second.
const podRate = 200

// Writes measures what the manager writes: about many trusts with images, and when nothing changes that it has to tell.
func Writes() measure.Group {
	return measure.Group{
		Name: "writes",
		Method: "1,000 trusts and their 5,000 signed images, 10,000 Deployments and 30,000 pods on kube-apiserver and etcd. Writes of the " +
			"manager are counted in the audit log, events and refused ones too, the lease and its event not. In the ten minutes 10,000 pods of " +
			"known images come and go, and the API server ends all watches with 410 Gone, so that everything is listed again.",
		Figures: []measure.Figure{
			measure.AtMost(3, "burst_status_writes_per_cr_with_images", "", "writes of statuses for each of 1,000 new trusts, with their verdicts"),
			measure.AtMost(0, "writes_after_restart", "", "writes after the manager was restarted"),
			measure.AtMost(0, "writes_after_failover", "", "writes after a second replica took over from one that was killed"),
			measure.AtMost(0, "steady_writes_10min", "", "writes in ten minutes"),
		},
		Run: runWrites,
	}
}

func runWrites(run *measure.Run) error {
	w, err := start(run, burst()*imagesPerTeam)
	if err != nil {
		return err
	}
	defer w.stop()
	if err := w.populate(size{}, size{pods: scaled(30_000), workloads: scaled(10_000), images: burst() * imagesPerTeam}); err != nil {
		return err
	}
	m, err := w.startManager("", elect()...)
	if err != nil {
		return err
	}
	if err := w.awaitReady(m); err != nil {
		return err
	}
	if err := w.burstWithImages(m); err != nil {
		return err
	}
	if err := w.restart(m); err != nil {
		return err
	}
	if err := w.failover(); err != nil {
		return err
	}
	return w.steady(scaled(10 * time.Minute))
}

// burstWithImages creates trusts whose images have to be verified.
func (w *world) burstWithImages(m *manager) error {
	seen, err := w.watchPolicies()
	if err != nil {
		return err
	}
	defer seen.Stop()
	created, _, err := w.burst(seen, w.trustOfTeam)
	if err != nil {
		return err
	}
	if err := w.awaitVerdicts(m, burst(), imagesPerTeam); err != nil {
		return err
	}
	writes, err := w.settledWrites(created.began)
	if err != nil {
		return err
	}
	w.run.Figure("burst_status_writes_per_cr_with_images", float64(writes["karmadaimagetrusts/status"])/float64(burst()))
	return nil
}

// restart restarts the manager. Two managers run afterwards.
func (w *world) restart(m *manager) error {
	w.run.Step("the manager restarts")
	if err := w.stopManager(m); err != nil {
		return err
	}
	began := time.Now()
	again, err := w.startManager("", elect()...)
	if err != nil {
		return err
	}
	if err := w.awaitVerdicts(again, burst(), imagesPerTeam); err != nil {
		return err
	}
	writes, err := w.settledWrites(began)
	if err != nil {
		return err
	}
	w.run.Figure("writes_after_restart", float64(sum(writes)))
	_, err = w.startManager("", elect()...)
	return err
}

// failover kills the first of two managers, and ends the second at the end.
func (w *world) failover() error {
	w.run.Step("the leader is killed")
	began := time.Now()
	leader, next := w.managers[0], w.managers[1]
	former, err := w.holder(w.run)
	if err != nil {
		return err
	}
	if err := w.kill(leader); err != nil {
		return err
	}
	err = w.await("the other manager leads", func(ctx context.Context) error {
		now, err := w.holder(ctx)
		if err == nil && now == former {
			err = errors.New("the lease has not expired")
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := w.awaitVerdicts(next, burst(), imagesPerTeam); err != nil {
		return err
	}
	writes, err := w.settledWrites(began)
	if err != nil {
		return err
	}
	w.run.Figure("writes_after_failover", float64(sum(writes)))
	return w.stopManager(next)
}

// steady has pods come and go, and everything listed again.
func (w *world) steady(duration time.Duration) error {
	server, kubeconfig, err := w.expiring()
	if err != nil {
		return err
	}
	defer server.end()
	m, err := w.startManager(kubeconfig, elect()...)
	if err != nil {
		return err
	}
	if err := w.awaitVerdicts(m, burst(), imagesPerTeam); err != nil {
		return err
	}
	began := time.Now()
	w.run.Step("%s without anything to tell", duration)
	if err := w.comeAndGo(began.Add(duration), server); err != nil {
		return err
	}
	writes, err := w.settledWrites(began)
	if err != nil {
		return err
	}
	w.run.Figure("steady_writes_10min", float64(sum(writes)))
	return nil
}

// comeAndGo has pods of known images come, everything listed again, and the pods go.
func (w *world) comeAndGo(until time.Time, server *expiring) error {
	pod := func(n int) *corev1.Pod {
		like, i := w.podIn(n), w.registry.images[n%len(w.registry.images)]
		_, owner := deployment(like, n, i, 1)
		return running(like, fmt.Sprintf("more-%05d", n), i, owner)
	}
	coming := w.storage(podRate)
	for n := range scaled(10_000) {
		if err := coming.put(w.run, pod(n)); err != nil {
			return err
		}
	}
	if err := coming.flush(w.run); err != nil {
		return err
	}
	server.expire()
	leaving := w.storage(podRate)
	for n := range scaled(10_000) {
		if err := leaving.remove(w.run, pod(n)); err != nil {
			return err
		}
	}
	if err := leaving.flush(w.run); err != nil {
		return err
	}
	if server.expired() == 0 {
		return errors.New("no watch was ended, so that nothing was listed again")
	}
	return pause(w.run, time.Until(until))
}
