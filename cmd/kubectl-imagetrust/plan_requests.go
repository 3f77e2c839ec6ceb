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
	"fmt"
	"time"

	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/workload"
)

const (
	// attachedTimeout bounds how long registries are asked what they have attached to images: the outcomes do not depend on it.
	attachedTimeout = 20 * time.Second
	// toldManifests is from how many GETs of manifests on the text tells of them: Docker Hub allows 100 in six hours to those who do
	// not log in.
	toldManifests = 100
)

// planRequests returns the plan for the input with some trusts enforced, with the requests to registries that its rollouts cause.
func (o *planOptions) planRequests(ctx context.Context, input planInput, in *inputs, engine *engine) (forecast.Plan, error) {
	plan, rollouts, err := o.decide(ctx, input, in, engine)
	if err != nil {
		return plan, err
	}
	bounded, stop := context.WithTimeout(ctx, attachedTimeout)
	defer stop()
	var predictions []requests.Prediction
	engine.attached.Predict(bounded, func(know requests.Knowledge) { predictions = rollouts.Predict(know) })
	plan.Expect(predictions)
	return plan, nil
}

// podsOf returns how many pods the workloads of a cluster have now. Of a Job that is not how many it has in all.
func podsOf(index *inventory.Index, workloads []inventory.Workload) []workload.Pods {
	pods := make([]workload.Pods, 0, len(workloads))
	for _, w := range workloads {
		switch {
		case w.Group == "" && w.Kind == "Pod":
			pods = append(pods, workload.OnePod())
		case w.Group == "batch":
			pods = append(pods, workload.Pods{})
		default:
			pods = append(pods, workload.Pods{Count: index.Pods(w.UID), Known: true})
		}
	}
	return pods
}

// printRequests writes how many requests to registries all workloads cause when they are created, if they are many, or all is wanted.
func printRequests(p *text.Printer, expected *requests.Prediction, all bool) {
	if expected == nil {
		return
	}
	known, complete := expected.Known()
	if known.Total == 0 || known.ManifestGets < toldManifests && !all {
		return
	}
	them, least := "", ""
	if expected.Pods != nil {
		them = " with " + text.Count(int(*expected.Pods), "pod")
	}
	if !complete {
		least = "at least "
	}
	p.Printf("Creating them%s lets policy-controller send %s%d requests to registries, %d of them GETs of manifests, which registries limit",
		them, least, known.Total, known.ManifestGets)
	if !complete {
		p.Printf("; not all is known: %s", expected.Unknown[0])
		if more := len(expected.Unknown) - 1; more > 0 {
			p.Printf(" %s", fmt.Sprintf("(and %d more)", more))
		}
	}
	p.Printf("\n")
}
