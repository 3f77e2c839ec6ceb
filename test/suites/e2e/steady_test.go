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
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/controlplane"
)

// TestSteadyState counts what the operator writes while nothing has changed for it: objects are touched,
// images that cannot be judged are tried again, the operator is restarted and verifies everything anew.
func TestSteadyState(t *testing.T) {
	touched := steadyObjects(t)
	begin, judged := time.Now(), readMetrics(t)
	for range 3 {
		for _, object := range touched {
			touch(t, object)
		}
	}
	// What cannot be judged is tried again meanwhile.
	awaitVerifications(t, judged, map[string]float64{v1alpha1.ImageNotFoundReason: 1, v1alpha1.RegistryUnreachableReason: 1})
	end := mark(t)
	touchedOnly := operatorRequests(t, begin, end)

	// Several times, since what a start does depends on what it finds out first.
	for range 5 {
		if err := shared.StopOperator(); err != nil {
			t.Fatal(err)
		}
		restart(t)
		awaitVerifications(t, "", map[string]float64{
			v1alpha1.SignedReason: 2, v1alpha1.UnsignedReason: 1, v1alpha1.ImageNotFoundReason: 1, v1alpha1.RegistryUnreachableReason: 1,
			v1alpha1.UntrustedCertificateReason: 1, v1alpha1.TrustRootUnavailableReason: 1,
		})
	}
	for _, object := range touched {
		touch(t, object)
	}
	requests := operatorRequests(t, begin, mark(t))

	writes := slices.DeleteFunc(slices.Clone(requests), func(r controlplane.Request) bool { return !r.IsWrite() })
	for _, r := range writes {
		t.Errorf("%s %s %s %s: %d", r.Time.Format(time.TimeOnly), r.Verb, r.URI, r.Name, r.Code)
	}
	for _, r := range touchedOnly {
		// A policy in conflict is read anew each time, since the cache may be behind.
		if r.Name != conflictName {
			t.Errorf("it asks for what it watches: %s %s: %d", r.Verb, r.URI, r.Code)
		}
	}
	fmt.Printf("figure: steady_state_writes %d\n", len(writes))
}

// conflictName is of a trust, and of a policy that it did not make.
const conflictName = "steady-conflict"

// steadyObjects are trusts in every state that lasts, and other objects that trusts are reconciled for.
func steadyObjects(t *testing.T) []client.Object {
	t.Helper()
	const (
		signed, unsigned, absent = "docker.io/steady/signed:v1", "docker.io/steady/unsigned:v1", "docker.io/steady/absent:v1"
		audited                  = "docker.io/steady/audited:v1"
		broken                   = "docker.io/steady-broken/image:v1"
	)
	pushSigned(t, signed, release)
	pushSigned(t, audited, release)
	push(t, unsigned)
	registry.insert(t, repositoryOf(t, broken), answer(http.StatusServiceUnavailable))
	private := newSigstore(t)
	root, err := private.TrustRoot("steady")
	if err != nil {
		t.Fatal(err)
	}
	create(t, root)

	mixed := newTrust("steady-mixed", "steady", signed, unsigned, absent)
	warn := newTrust("steady-warn", "steady-broken", broken)
	warn.Spec.Enforcement = v1alpha1.EnforcementWarn
	audit := newTrust("steady-audit", "steady", audited)
	audit.Spec.Enforcement = v1alpha1.EnforcementAudit
	rooted := newTrust("steady-root", "steady", signed)
	rooted.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: root.GetName()}
	rootless := newTrust("steady-rootless", "steady", signed)
	rootless.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: "steady-absent"}
	conflict := newTrust(conflictName, conflictName)
	foreign := newPolicy(conflict.Name)
	foreign.Object["spec"] = map[string]any{
		"images":      []any{map[string]any{"glob": "index.docker.io/steady-conflict/*"}},
		"authorities": []any{map[string]any{"name": "pass", "static": map[string]any{"action": "pass"}}},
	}
	create(t, foreign)
	objects := []client.Object{root, foreign}
	for _, trust := range []*trust{mixed, warn, audit, rooted, rootless, conflict} {
		create(t, trust)
		objects = append(objects, trust)
	}
	becomes(t, mixed.Name, settled,
		verdict(signed, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		verdict(unsigned, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason),
		verdict(absent, v1alpha1.VerdictUnknown, v1alpha1.ImageNotFoundReason))
	becomes(t, warn.Name, settled, verdict(broken, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnreachableReason))
	becomes(t, audit.Name, settled, verdict(audited, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	becomes(t, rooted.Name, settled, verdict(signed, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
	becomes(t, conflict.Name, condition(v1alpha1.StalledCondition, metav1.ConditionTrue, v1alpha1.PolicyConflictReason))
	becomes(t, rootless.Name, settled, verdict(signed, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason))
	made, err := getPolicy(mixed.Name)(t.Context())
	if err != nil || made == nil {
		t.Fatalf("no policy: %v", err)
	}
	// The last writes' own events bring passes that are not to be mistaken for those of a touch.
	quiet(t)
	return append(objects, made)
}

// touch changes an object in a way that means nothing, and waits for the pass that this brings.
func touch(t *testing.T, object client.Object) {
	t.Helper()
	before := passes(readMetrics(t))
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"metadata":{"annotations":{"touched":%q}}}`, rand.Text()))
	if err := shared.Client.Patch(t.Context(), object.DeepCopyObject().(client.Object), patch); err != nil { //nolint:forcetypeassert // a copy
		t.Fatal(err)
	}
	eventually(t, func(context.Context) (float64, error) { return passes(readMetrics(t)), nil }, func(now float64) string {
		if now <= before {
			return "no pass was made"
		}
		return ""
	})
	quiet(t)
}

// passes is how many passes the reconciler has ended.
func passes(m metrics) float64 {
	return m.sum("controller_runtime_reconcile_total", `controller="karmadaimagetrust"`)
}

// quiet waits until no pass is under way or queued.
func quiet(t *testing.T) {
	t.Helper()
	eventually(t, func(context.Context) (metrics, error) { return readMetrics(t), nil }, func(m metrics) string {
		if m.sum("workqueue_depth", `name="karmadaimagetrust"`) > 0 ||
			m.sum("controller_runtime_active_workers", `controller="karmadaimagetrust"`) > 0 {
			return "the reconciler is at work"
		}
		return ""
	})
}

// awaitVerifications waits until as many more than before have ended, by reason, and what they led to is done.
func awaitVerifications(t *testing.T, before metrics, want map[string]float64) {
	t.Helper()
	ended := func(m metrics, reason string) float64 {
		return m.sum("karmada_image_trust_verification_duration_seconds_count", fmt.Sprintf("reason=%q", reason))
	}
	eventually(t, func(context.Context) (metrics, error) { return readMetrics(t), nil }, func(now metrics) string {
		for reason, count := range want {
			if got := ended(now, reason) - ended(before, reason); got < count {
				return fmt.Sprintf("%v verifications ended %s, want at least %v", got, reason, count)
			}
		}
		return ""
	})
	quiet(t)
}

// mark asks the API server for something that nobody else asks for, waits until its audit log has that, so
// that it has everything from before as well, and returns the time of it.
func mark(t *testing.T) time.Time {
	t.Helper()
	name := "mark-" + strings.ToLower(rand.Text())
	_ = shared.Client.Get(t.Context(), client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: name}, &corev1.ConfigMap{})
	begin := time.Now().Add(-time.Minute)
	found := eventually(t, func(context.Context) ([]controlplane.Request, error) {
		requests, err := shared.Requests(begin)
		return slices.DeleteFunc(requests, func(r controlplane.Request) bool { return r.Name != name }), err
	}, func(found []controlplane.Request) string {
		if len(found) == 0 {
			return "the audit log lags behind"
		}
		return ""
	})
	return found[0].Time
}

// operatorRequests are the operator's own, but for what keeps one replica the leader: its lease, and the event
// that says so; and for watches, which the API server ends now and then.
func operatorRequests(t *testing.T, begin, end time.Time) []controlplane.Request {
	t.Helper()
	requests, err := shared.Requests(begin)
	if err != nil {
		t.Fatal(err)
	}
	account := shared.OperatorAccount()
	all := 0
	own := slices.DeleteFunc(requests, func(r controlplane.Request) bool {
		if r.User != "system:serviceaccount:"+account.Namespace+":"+account.Name || r.Time.After(end) {
			return true
		}
		all++
		leads := r.Resource == "leases" || r.Resource == "events" && r.Group == "" && r.Namespace == account.Namespace
		return leads || r.Verb == "watch"
	})
	if all == 0 {
		t.Error("the audit log knows no request of the operator, not even for its lease")
	}
	return own
}
