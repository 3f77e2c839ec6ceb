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

package matching

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/controllers"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/bench/measure"
)

// few and many are numbers of Deployments, and perTrust how many of them one trust covers.
const few, many, perTrust = 625, 5000, 5

// queue counts what is enqueued. Time passes with the Deployments.
type queue struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]

	count int
	clock time.Duration
	due   map[reconcile.Request]time.Duration
}

func (q *queue) Add(reconcile.Request) { q.count++ }

func (q *queue) AddAfter(request reconcile.Request, after time.Duration) {
	q.count++
	if _, ok := q.due[request]; !ok {
		q.due[request] = q.clock + after
	}
}

// wakeUpGrowth returns how many times as many wake-ups eight times as many Deployments and trusts cause: the worse of a namespace
// where each image is covered by a policy, and of one without policies.
func wakeUpGrowth(ctx context.Context) (float64, error) {
	worst := 0.0
	for _, enforced := range []bool{true, false} {
		var counts []int
		for _, deployments := range []int{few, many} {
			count, err := wakeUpsOf(ctx, deployments, enforced)
			if err != nil {
				return 0, err
			}
			counts = append(counts, count)
		}
		worst = max(worst, float64(counts[1])/float64(counts[0]))
	}
	return worst, nil
}

// wakeUpsOf applies Deployments of one namespace, 100 in a second, and returns how many requests are enqueued for them.
func wakeUpsOf(ctx context.Context, deployments int, enforced bool) (int, error) {
	const perSecond = 100
	q := &queue{due: map[reconcile.Request]time.Duration{}}
	trigger := &controllers.Trigger{}
	if err := trigger.Start(ctx, q); err != nil {
		return 0, fmt.Errorf("starting the trigger: %w", err)
	}
	r := &controllers.KarmadaImageTrustReconciler{
		Inventory: inventory.New(trigger.EnqueueAfter), Admission: admission.NewState(admission.DefaultWebhookName, admission.Supported()...),
		Trigger: trigger,
	}
	r.Inventory.WatchNamespaces(trigger.EnqueueNeighbours)
	for _, source := range admission.Sources() {
		r.Admission.MarkListed(source)
	}
	for i := range deployments / perTrust {
		name := fmt.Sprint("trust-", i)
		compiled, err := compile(globs("registry.example.com/trust-%d/*", i)...)
		if err != nil {
			return 0, err
		}
		r.Inventory.Changes(name, "", compiled)
		if enforced {
			r.Admission.SetPolicy(compiled.ClusterImagePolicy(name, policy.Target{}))
		}
	}
	for i := range deployments {
		q.clock += time.Second / perSecond
		r.Inventory.Apply(deployment(i, fmt.Sprintf("registry.example.com/trust-%d/app-%d:v1", i/perTrust, i)))
		for request, at := range q.due {
			if q.clock < at && i < deployments-1 {
				continue
			}
			delete(q.due, request)
			if request.Namespace == "" {
				continue // a pass of a trust
			}
			if _, err := r.Reconcile(ctx, request); err != nil {
				return 0, fmt.Errorf("waking the trusts of %s: %w", request.Namespace, err)
			}
		}
	}
	return q.count, nil
}

func deployment(i int, image string) *inventory.Object {
	name := fmt.Sprint("deployment-", i)
	return &inventory.Object{
		Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "default", Name: name, UID: types.UID(name),
		Template: []inventory.Container{{Field: "containers", Name: "main", Image: image}},
	}
}

// newImageGrowth returns the CPU time of Deployments with new images among many trusts, as part of that among few. Each image is one
// of a trust in both.
func newImageGrowth() (float64, error) {
	const fewTrusts = trusts / 8
	sample := func(n int) (measure.Sample, error) {
		compiled := make([]*policy.Policy, n)
		for i := range compiled {
			var err error
			if compiled[i], err = compile(forms()[i%len(forms())].globs(i)...); err != nil {
				return nil, err
			}
		}
		x := inventory.New(func(string) {})
		for i, p := range compiled {
			x.Changes(fmt.Sprint("trust-", i), "", p)
		}
		return measure.CPU(func() error {
			for i := range images {
				x.Apply(deployment(i, fmt.Sprintf("registry.example.com/team-%d/app-%d:v1", i%n, i)))
			}
			for i := range images {
				x.Delete(types.UID(fmt.Sprint("deployment-", i)))
			}
			for i := range n {
				x.Changes(fmt.Sprint("trust-", i), "", compiled[i])
			}
			return nil
		}), nil
	}
	among, err := sample(trusts)
	if err != nil {
		return 0, err
	}
	amongFew, err := sample(fewTrusts)
	if err != nil {
		return 0, err
	}
	return measure.Ratio(measure.MinPairs, among, amongFew)
}
