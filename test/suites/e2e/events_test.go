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

package e2e

import (
	"context"
	"slices"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// eventReasons observes the reasons of the events about a trust.
func eventReasons(name string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		events := &eventsv1.EventList{}
		// Those about objects without a namespace are kept in the default one.
		if err := shared.Client.List(ctx, events, client.InNamespace("default")); err != nil {
			return nil, err
		}
		var reasons []string
		for _, event := range events.Items {
			if event.Regarding.Kind == "KarmadaImageTrust" && event.Regarding.Name == name {
				reasons = append(reasons, event.Reason)
			}
		}
		return reasons, nil
	}
}

// has looks for one among several.
func has(wanted string) func([]string) string {
	return func(found []string) string {
		if !slices.Contains(found, wanted) {
			return "no " + wanted
		}
		return ""
	}
}
