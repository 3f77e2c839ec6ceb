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

package karmada

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/karmada"
	"github.com/karmada-io/image-trust/test/lab/prometheus"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	instanceTrust  = "instance-story"
	instancePolicy = `
apiVersion: policy.karmada.io/v1alpha1
kind: ClusterPropagationPolicy
metadata: {name: instance-story}
spec:
  resourceSelectors:
  - {apiVersion: trust.karmada.io/v1alpha1, kind: KarmadaImageTrust, name: instance-story}
  placement:
    clusterAffinity: {clusterNames: [east, west]}
    clusterTolerations: [{operator: Exists}]
`
)

// TestControlPlaneInstance follows the condition Propagated of one trust next to what Karmada aggregates, through a policy that comes
// late and a member that is cut off. Once nothing changes, neither of the two writers makes the other one write.
func TestControlPlaneInstance(t *testing.T) {
	west := fleet.Member(t, west)
	// The default policy selects every trust.
	const defaultPolicy = "config/karmada/policies"
	fleet.Kubectl(t, "", "delete", "clusterpropagationpolicy", "karmada-image-trust")
	t.Cleanup(func() {
		if _, err := fleet.kubectl(context.WithoutCancel(t.Context()), "", "apply", "--server-side", "-k", defaultPolicy); err != nil {
			t.Error(err)
		}
	})
	trust := labtest.NewTrust(instanceTrust, instanceTrust)
	trust.Spec.Enforcement = v1alpha1.EnforcementEnforce
	if err := fleet.Client.Create(t.Context(), trust); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fleet.Client.Delete(context.WithoutCancel(t.Context()), trust); err != nil {
			t.Error(err)
		}
	})
	expectPropagated(t, "False/NotPropagated", 1)

	fleet.Apply(t, instancePolicy)
	expectPropagated(t, "True/Propagated", 1)
	expectAggregated(t, 1)
	expectMetrics(t)

	west.Membership.CutOff()
	t.Cleanup(func() {
		if err := west.Membership.Reconnect(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	if message := expectPropagated(t, "Unknown/ClusterNotAnswering", 1); !strings.Contains(message, "west (since ") {
		t.Errorf("the condition does not name the silent member: %q", message)
	}
	expectAggregated(t, 1) // its last word
	if err := west.Membership.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectPropagated(t, "True/Propagated", 1)

	// A new generation is what both write about. What others write makes the instance look again, and it may write the same once more
	// while its cache is behind: never more often than others write, so that the two don't drive each other.
	began := time.Now()
	labtest.Update(t, fleet.Client, trust, func(trust *v1alpha1.KarmadaImageTrust) { trust.Spec.Enforcement = v1alpha1.EnforcementWarn })
	expectPropagated(t, "True/Propagated", 2)
	expectAggregated(t, 2)
	waitfor.NoError(t, func(context.Context) error {
		own, _, err := writes(began)
		if err == nil && own == 0 {
			err = errors.New("the audit log has no write of the instance yet")
		}
		return err
	})
	if own, others, err := writes(began); err != nil || own > 1+others {
		t.Errorf("the instance wrote %d times for one change, and others %d times, error %v", own, others, err)
	}
}

// expectPropagated waits for the condition Propagated, as STATUS/REASON, at a generation. It returns the message.
func expectPropagated(t *testing.T, want string, generation int64) string {
	t.Helper()
	var message string
	waitfor.NoError(t, func(ctx context.Context) error {
		trust := &v1alpha1.KarmadaImageTrust{}
		if err := fleet.Client.Get(ctx, client.ObjectKey{Name: instanceTrust}, trust); err != nil {
			return err
		}
		c := apimeta.FindStatusCondition(trust.Status.Conditions, v1alpha1.PropagatedCondition)
		if c == nil {
			return errors.New("there is no condition Propagated")
		}
		if got := fmt.Sprintf("%s/%s", c.Status, c.Reason); got != want || c.ObservedGeneration != generation {
			return fmt.Errorf("the condition is %s at generation %d: %s", got, c.ObservedGeneration, c.Message)
		}
		message = c.Message
		return nil
	})
	return message
}

// expectMetrics has a real Prometheus scrape the instance: what the dashboard shows of a fleet, and what the alert on it is about.
func expectMetrics(t *testing.T) {
	t.Helper()
	server, err := prometheus.Start(t.Context(), t.TempDir(), fleet.InstanceMetrics, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	for _, query := range []string{
		`max by (trust, state) (karmada_image_trust_fleet_clusters{trust="instance-story",state="Selected"}) == 2`,
		`max by (trust, state) (karmada_image_trust_fleet_clusters{trust="instance-story",state="Reporting"}) == 2`,
		`karmada_image_trust_condition{trust="instance-story",type="Propagated",status="True",reason="Propagated"} == 1`,
		`karmada_image_trust_condition{trust="instance-story",type="Ready"} == 1`,
		`karmada_image_trust_build_info`,
	} {
		waitfor.NoError(t, func(ctx context.Context) error {
			samples, err := server.Query(ctx, query)
			if err == nil && len(samples) != 1 {
				err = fmt.Errorf("%d samples for %s", len(samples), query)
			}
			return err
		})
	}
}

// expectAggregated waits until the status has what both members report about a generation, next to the condition Propagated.
func expectAggregated(t *testing.T, generation int64) {
	t.Helper()
	waitfor.NoError(t, func(ctx context.Context) error {
		trust := &v1alpha1.KarmadaImageTrust{}
		if err := fleet.Client.Get(ctx, client.ObjectKey{Name: instanceTrust}, trust); err != nil {
			return err
		}
		for _, kind := range []string{v1alpha1.ReadyCondition, v1alpha1.PropagatedCondition} {
			if apimeta.FindStatusCondition(trust.Status.Conditions, kind) == nil {
				return fmt.Errorf("there is no condition %s", kind)
			}
		}
		if trust.Status.ObservedGeneration != generation || trust.Status.Fleet == nil || len(trust.Status.Fleet.Clusters) != 2 {
			return fmt.Errorf("generation %d is observed by %+v", trust.Status.ObservedGeneration, trust.Status.Fleet)
		}
		return nil
	})
}

// writes counts the successful writes to the trust of this test: those of the instance, and those of all others.
func writes(since time.Time) (own, others int, err error) {
	requests, err := fleet.Requests(since)
	if err != nil {
		return 0, 0, err
	}
	for _, r := range requests {
		switch {
		case !r.IsWrite() || r.Resource != "karmadaimagetrusts" || r.Name != instanceTrust || r.Code >= 300:
		case r.User == karmada.InstanceUser:
			own++
		default:
			others++
		}
	}
	return own, others, nil
}
