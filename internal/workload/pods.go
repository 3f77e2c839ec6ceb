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

package workload

// Pods is how many pods a rollout of a workload creates. The zero value is not known.
type Pods struct {
	Count int64
	Known bool
}

// OnePod is the number of pods of a pod.
func OnePod() Pods { return Pods{Count: 1, Known: true} }

// PodsIn returns how many pods a workload of a kind asks for. At returns the value at a path of the object, as JSON has it, and nil if
// there is none. It is not known for a DaemonSet, of which each node has a pod, and for kinds that are not in the table.
func (k *Kind) PodsIn(at func(path string) any) Pods {
	switch {
	case k == nil:
		return Pods{}
	case k.Group == "" && (k.Kind == "Pod" || k.Kind == "PodTemplate"):
		return OnePod()
	case k.Group == "batch" && k.Kind == "Job":
		return podsOfJob(at, "spec")
	case k.Group == "batch" && k.Kind == "CronJob": // of one run
		return podsOfJob(at, k.ChildPath+".spec")
	case k.Kind == "DaemonSet":
		return Pods{}
	default:
		return numberAt(at("spec.replicas"), 1)
	}
}

// podsOfJob returns how many pods a Job has if none of them fails. Without completions it is done when one of its pods is, and starts
// as many as may run at the same time.
func podsOfJob(at func(path string) any, spec string) Pods {
	if completions := at(spec + ".completions"); completions != nil {
		return numberAt(completions, 1)
	}
	return numberAt(at(spec+".parallelism"), 1)
}

// numberAt returns a number of pods, which the API server sets to a default if there is none.
func numberAt(value any, missing int64) Pods {
	count := missing
	switch number := value.(type) {
	case nil:
	case int64:
		count = number
	case int:
		count = int64(number)
	case float64:
		count = int64(number)
	default:
		return Pods{}
	}
	return Pods{Count: count, Known: count >= 0}
}
