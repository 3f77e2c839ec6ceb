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

package forecast

import (
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/workload"
)

// Rollouts predicts the requests to registries when workloads are created.
type Rollouts struct {
	Cluster   *admission.Cluster
	Workloads []inventory.Workload
	// Pods of the workloads, in their order.
	Pods []workload.Pods
	// Judge answers as it did for the plan of the workloads.
	Judge admission.Judge
}

// Predict returns the predictions for the workloads, in their order.
func (r Rollouts) Predict(know requests.Knowledge) []requests.Prediction {
	predictor := requests.Predictor{
		Cluster: r.Cluster, Judge: r.Judge, Know: know,
		Decide: func(o admission.Object) admission.Decision { return decide(r.Cluster, o, r.Judge) },
	}
	predictions := make([]requests.Prediction, 0, len(r.Workloads))
	for i, w := range r.Workloads {
		objects := AdmissionObjects(w)
		predictions = append(predictions, predictor.Predict(requests.Rollout{
			Objects: objects, Pods: r.Pods[i],
			Finishes: w.Group == "batch",
			// Only the object of the user has a name.
			Retried: len(objects) > 0 && objects[0].Name == "",
		}))
	}
	return predictions
}

// Expect adds the predictions for the workloads that the plan was made for, in their order.
func (p *Plan) Expect(predictions []requests.Prediction) {
	for i := range p.Workloads {
		p.Workloads[i].RegistryRequests = &predictions[p.Workloads[i].Ordinal]
	}
	if len(predictions) > 0 {
		p.Summary.RegistryRequests = new(requests.Sum(predictions))
	}
}
