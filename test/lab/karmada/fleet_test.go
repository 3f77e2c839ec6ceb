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
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/manifest"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

const propagation = `apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: note, namespace: default}
spec:
  resourceSelectors:
  - {apiVersion: v1, kind: ConfigMap, name: note}
  placement:
    clusterAffinity:
      labelSelector: {matchLabels: {test: "yes"}}
`

// TestFleet shows that the control plane propagates, notices a member that is cut off,
// and catches up with it.
func TestFleet(t *testing.T) {
	begin := time.Now()
	fleet, err := StartFleet(t.Context(), FleetOptions{
		Members:  []MemberOptions{{Name: "one", Labels: map[string]string{"test": "yes"}}},
		Progress: t.Output(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			fleet.KeepLogs()
		}
		if err := fleet.Stop(); err != nil {
			t.Error(err)
		}
	})
	t.Logf("figure: karmada_ready_seconds %.0f", time.Since(begin).Seconds())

	policy, err := manifest.Parse([]byte(propagation))
	if err != nil {
		t.Fatal(err)
	}
	if err := fleet.apply(t.Context(), policy); err != nil {
		t.Fatal(err)
	}
	note := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "note"},
		Data:       map[string]string{"text": "first"},
	}
	if err := fleet.Client.Create(t.Context(), note); err != nil {
		t.Fatal(err)
	}
	member := fleet.Member("one")
	awaitText(t, member, "first")

	member.CutOff()
	awaitReady(t, fleet, false)
	// Karmada has written to the object since.
	if err := fleet.Client.Patch(t.Context(), note, client.RawPatch(types.MergePatchType, []byte(`{"data":{"text":"second"}}`))); err != nil {
		t.Fatal(err)
	}
	if text, err := member.text(t.Context()); err != nil || text != "first" {
		t.Errorf("the member that is cut off has the text %q (%v), want the first one", text, err)
	}

	if err := member.Reconnect(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaitReady(t, fleet, true)
	awaitText(t, member, "second")

	if err := member.Unjoin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if joined, err := fleet.Joined(t.Context(), "one"); err != nil || joined {
		t.Errorf("the member is joined: %t (%v), want it gone", joined, err)
	}
	// What the control plane put into the member goes with the membership.
	waitfor.True(t, "the propagated object is gone from the member", func(ctx context.Context) (bool, error) {
		_, err := member.text(ctx)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err := fleet.Err(); err != nil {
		t.Error(err)
	}
}

func (m *Member) text(ctx context.Context) (string, error) {
	note := &corev1.ConfigMap{}
	err := m.Client.Get(ctx, client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: "note"}, note)
	return note.Data["text"], err
}

func awaitText(t *testing.T, member *Member, want string) {
	t.Helper()
	waitfor.State(t, member.text, func(text string) string {
		if text != want {
			return "the text in the member is " + text + ", not " + want
		}
		return ""
	})
}

func awaitReady(t *testing.T, fleet *Fleet, want bool) {
	t.Helper()
	begin := time.Now()
	waitfor.True(t, "the control plane has noticed the state of its member", func(ctx context.Context) (bool, error) {
		ready, err := fleet.Ready(ctx, "one")
		return ready == want, err
	})
	t.Logf("ready %t after %.1f s", want, time.Since(begin).Seconds())
}
