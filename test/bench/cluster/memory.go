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
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/process"
)

// size is that of a cluster.
type size struct {
	figure                          string
	pods, workloads, images, trusts int
}

// sizes are those of clusters with 100, 1,000 and 5,000 nodes. Each has what the one before it has.
func sizes() []size {
	all := []size{
		{"rss_3k_pods", 3_000, 300, 150, 20},
		{"rss_30k_pods", 30_000, 3_000, 1_500, 200},
		{"rss_150k_pods", 150_000, 10_000, 5_000, 1_000},
	}
	for i, s := range all {
		trusts := scaled(s.trusts)
		all[i] = size{s.figure, scaled(s.pods), scaled(s.workloads), max(scaled(s.images), trusts*imagesPerTeam), trusts}
	}
	return all
}

// Memory measures the memory of the manager on large clusters.
func Memory() measure.Group {
	return measure.Group{
		Name: "memory",
		Method: "The manager as its Deployment runs it, on kube-apiserver and etcd. Deployments, ReplicaSets, pods (5 KB of JSON), " +
			"signed images in a registry and trusts (5 images each) are there first; then the manager starts, lists, verifies all images " +
			"and writes all policies and statuses. The peak is VmHWM. The peer keeps the same pods in a client-go informer.",
		Figures: []measure.Figure{
			measure.Published("rss_3k_pods", "MiB", "peak memory: 3,000 pods, 300 Deployments, 150 images, 20 trusts"),
			measure.Published("rss_30k_pods", "MiB", "peak memory: 30,000 pods, 3,000 Deployments, 1,500 images, 200 trusts"),
			measure.AtMost(200, "rss_150k_pods", "MiB", "peak memory: 150,000 pods, 10,000 Deployments, 5,000 images, 1,000 trusts"),
			measure.Published("rss_150k_pods_restart", "MiB", "the same, once policies and statuses have been written"),
			measure.AtMost(0.09, "rss_vs_full_informer", "", "rss_150k_pods against a client-go informer with the same pods"),
		},
		Run: runMemory,
	}
}

func runMemory(run *measure.Run) error {
	all := sizes()
	w, err := start(run, all[len(all)-1].images)
	if err != nil {
		return err
	}
	defer w.stop()
	var last size
	var rss float64
	for _, s := range all {
		if err := w.populate(last, s); err != nil {
			return err
		}
		if rss, err = w.peakOfManager(s.trusts, imagesPerTeam); err != nil {
			return err
		}
		run.Figure(s.figure, rss)
		last = s
	}
	again, err := w.peakOfManager(last.trusts, imagesPerTeam)
	if err != nil {
		return err
	}
	run.Figure("rss_150k_pods_restart", again)
	full, err := w.peakOfInformer()
	if err != nil {
		return err
	}
	run.Step("the informer takes %.0f MiB", full)
	run.Figure("rss_vs_full_informer", rss/full)
	return nil
}

// populate makes a cluster of a size out of a smaller one.
func (w *world) populate(from, to size) error {
	w.run.Step("making %d pods, %d Deployments and %d trusts", to.pods, to.workloads, to.trusts)
	s := w.storage(0)
	owned, more := 0, to.pods-from.pods
	for n := from.workloads; n < to.workloads; n++ {
		i := w.registry.images[n%to.images]
		// As many pods for each as there are in all for the number of workloads.
		replicas := more*(n-from.workloads+1)/(to.workloads-from.workloads) - owned
		owned += replicas
		like := w.podIn(n)
		d, rs := deployment(like, n, i, int32(replicas)) //nolint:gosec // it is a small number
		if err := errors.Join(s.put(w.run, d), s.put(w.run, rs)); err != nil {
			return err
		}
		for p := range replicas {
			if err := s.put(w.run, running(like, fmt.Sprintf("%s-%04d", rs.Name, p), i, rs)); err != nil {
				return err
			}
		}
	}
	if err := s.flush(w.run); err != nil {
		return err
	}
	for n := from.trusts; n < to.trusts; n++ {
		if err := w.client.Create(w.run, w.trustOfTeam(n)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) trustOfTeam(n int) *v1alpha1.KarmadaImageTrust {
	glob := v1alpha1.ImageGlob(fmt.Sprintf("%s/team-%04d/*", w.registry.host(), n))
	return gen.Trust(fmt.Sprintf("team-%04d", n), gen.WithImages(glob), gen.WithIssuer(signer.Issuer), gen.WithIdentity(signer.Subject))
}

// peakOfManager starts the manager and returns the peak of its memory once a number of trusts have a verdict for all of their
// images, and nothing has changed for a while.
func (w *world) peakOfManager(trusts, images int) (float64, error) {
	w.run.Step("the manager starts")
	m, err := w.startManager("")
	if err != nil {
		return 0, err
	}
	if err := w.awaitVerdicts(m, trusts, images); err != nil {
		return 0, err
	}
	reached, err := peak(m.Process)
	return reached, errors.Join(err, w.stopManager(m))
}

// quiet is how long nothing must have been written until all is taken to be done.
const quiet = 10 * time.Second

// awaitVerdicts waits until all trusts have a verdict for all of their images, and have not changed for a while.
func (w *world) awaitVerdicts(m *manager, trusts, images int) error {
	version, since := "", time.Now()
	return w.await("all images have a verdict", func(ctx context.Context) error {
		var list v1alpha1.KarmadaImageTrustList
		if err := w.client.List(ctx, &list); err != nil {
			return err
		}
		done := 0
		newest := ""
		for i := range list.Items {
			trust := &list.Items[i]
			newest = max(newest, trust.ResourceVersion)
			if s := trust.Status.Summary; s != nil && s.Images != nil && int(*s.Images) == images && s.Unknown != nil && *s.Unknown == 0 {
				done++
			}
			if err := w.noteStatus(trust); err != nil {
				return err
			}
		}
		if newest != version {
			version, since = newest, time.Now()
		}
		if done < trusts {
			return fmt.Errorf("%d of %d trusts have all verdicts", done, trusts)
		}
		if time.Since(since) < quiet {
			return errors.New("trusts are written to")
		}
		// After a restart the statuses are those of the manager before.
		if judged, err := m.judged(ctx); err != nil || judged < trusts*images {
			return fmt.Errorf("%d of %d images have a verdict: %w", judged, trusts*images, err)
		}
		return process.Answers(http.DefaultClient, m.url+"/readyz")(ctx)
	})
}

// noteStatus keeps the size of the largest status.
func (w *world) noteStatus(trust *v1alpha1.KarmadaImageTrust) error {
	status, err := json.Marshal(trust.Status)
	w.statusBytes = max(w.statusBytes, len(status))
	return err
}

// peakOfInformer is the peak of the memory of the peer.
func (w *world) peakOfInformer() (float64, error) {
	w.run.Step("a client-go informer starts")
	log := filepath.Join(w.dir, "informer.log")
	p, err := process.Start(w.run, process.Command{
		Name: "informer", Path: filepath.Join(w.dir, "informer"), LogFile: log, Env: []string{"KUBECONFIG=" + w.Kubeconfig()},
		Ready: func(context.Context) error {
			written, err := os.ReadFile(log)
			if err == nil && !strings.Contains(string(written), "synced") {
				err = errors.New("it has not listed all pods yet")
			}
			return err
		},
		StartTimeout: patience,
	})
	if err != nil {
		return 0, err
	}
	reached, err := peak(p)
	return reached, errors.Join(err, p.Stop())
}
