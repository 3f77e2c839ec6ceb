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

package controllers

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/verify"
)

// healthyObservation is of a reconciliation after which all four conditions are True.
func healthyObservation() *observation {
	return &observation{
		now:    now,
		policy: applied(),
		images: []assess.Image{usedImage("a", verifiedResult)},
		forecast: observedForecast{
			workloads: 1,
			forecasts: []forecast.Forecast{{
				Workload: inventory.Workload{Kind: "Pod", Namespace: "ns", Name: "a"}, Outcome: admission.Allowed, Interception: admission.Intercepted,
			}},
			gaps: []forecast.Gap{},
		},
		cycle:    verificationCycle{due: true},
		interval: time.Hour,
	}
}

func usedImage(reference string, result verify.Result) assess.Image {
	i := image(reference, result)
	i.Usage, i.Workloads = v1alpha1.UsageRunning, 1
	return i
}

// TestUnobservedIsNeverTrue blanks each field of what a healthy reconciliation observed, and finds no condition True that
// depends on the field. A field that is not in the table fails the test: decide which conditions depend on it.
func TestUnobservedIsNeverTrue(t *testing.T) {
	const (
		ready, policyApplied, imagesVerified, enforced = v1alpha1.ReadyCondition, v1alpha1.PolicyAppliedCondition,
			v1alpha1.ImagesVerifiedCondition, v1alpha1.EnforcedCondition
	)
	all := []string{ready, policyApplied, imagesVerified, enforced}
	ofPolicy := []string{ready, policyApplied, enforced}
	ofImages := []string{ready, imagesVerified, enforced}
	dependents := map[string][]string{
		"now":                                    {ready},
		"policy":                                 ofPolicy,
		"policy.condition":                       ofPolicy,
		"policy.condition.Status":                ofPolicy,
		"policy.condition.Reason":                ofPolicy,
		"policy.condition.Message":               nil,
		"policy.status":                          {ready, enforced},
		"policy.status.Name":                     nil,
		"policy.status.Mode":                     {enforced},
		"policy.status.Ready":                    nil, // the condition has it
		"images":                                 ofImages,
		"images[0]":                              {ready, imagesVerified},
		"images[0].Reference":                    nil,
		"images[0].Answer":                       {ready, imagesVerified},
		"images[0].Answer.Digest":                {imagesVerified},
		"images[0].Answer.Result":                {imagesVerified},
		"images[0].Answer.Result.Verdict":        {imagesVerified},
		"images[0].Answer.Result.Reason":         {imagesVerified},
		"images[0].Answer.Result.Signer":         nil, // shown, and not what the verdict is derived from
		"images[0].Answer.Result.LogIndex":       nil,
		"images[0].Answer.Result.Log":            nil,
		"images[0].Answer.Result.IntegratedTime": nil,
		"images[0].Answer.Known":                 {imagesVerified},
		"images[0].Answer.Fresh":                 {ready},
		"images[0].Usage":                        nil,
		"images[0].Workloads":                    nil,
		"forecast":                               {enforced},
		"forecast.workloads":                     nil,
		"forecast.forecasts":                     {enforced},
		"forecast.forecasts[0]":                  nil, // the gaps are derived from it, not the condition
		"forecast.gaps":                          {enforced},
		"cycle":                                  {ready},
		"cycle.due":                              {ready},
		"interval":                               nil,
	}
	trueConditions := func(obs *observation) []string {
		var out []string
		for _, c := range computeStatus(makeTrust(1), obs).Conditions {
			if c.Status == metav1.ConditionTrue && slices.Contains(all, c.Type) {
				out = append(out, c.Type)
			}
		}
		return out
	}
	if got := trueConditions(healthyObservation()); len(got) != len(all) {
		t.Fatalf("a healthy reconciliation has %v True, want %v", got, all)
	}
	if got := trueConditions(&observation{}); len(got) != 0 {
		t.Errorf("a reconciliation that observed nothing has %v True", got)
	}
	var paths []string
	walk(reflect.ValueOf(healthyObservation()).Elem(), "", func(path string, _ reflect.Value) { paths = append(paths, path) })
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			dependent, ok := dependents[path]
			if !ok {
				t.Fatal("it is not in the table: which conditions depend on it?")
			}
			obs := healthyObservation()
			walk(reflect.ValueOf(obs).Elem(), "", func(p string, field reflect.Value) {
				if p == path {
					field.SetZero()
				}
			})
			for _, got := range trueConditions(obs) {
				if slices.Contains(dependent, got) {
					t.Errorf("without it, %s is True", got)
				}
			}
		})
	}
	if len(paths) != len(dependents) {
		t.Errorf("the table has %d fields, the observation %d: %v", len(dependents), len(paths), paths)
	}
}

// walk visits the fields of a struct that are set, and theirs, by path. Of a list it visits the first element. It does not
// visit the fields of what is only counted or shown.
func walk(v reflect.Value, path string, visit func(path string, field reflect.Value)) {
	if path != "" {
		if v.IsZero() {
			return
		}
		visit(path, v)
	}
	switch v.Interface().(type) {
	case time.Time, forecast.Forecast, *v1alpha1.Signer:
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walkFields(v.Elem(), path, visit)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			walk(v.Index(0), path+"[0]", visit)
		}
	case reflect.Struct:
		walkFields(v, path, visit)
	default: // it has no fields
	}
}

func walkFields(v reflect.Value, path string, visit func(path string, field reflect.Value)) {
	for i := range v.NumField() {
		field := v.Field(i)
		// The fields of an observation are not exported.
		field = reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
		name := v.Type().Field(i).Name
		if path != "" {
			name = fmt.Sprintf("%s.%s", path, name)
		}
		walk(field, name, visit)
	}
}
