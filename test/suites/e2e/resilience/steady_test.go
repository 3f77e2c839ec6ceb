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

package resilience

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
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestSteadyState counts the operator's writes while nothing that concerns it changes: objects are touched,
// failed verifications are retried, and the operator is restarted and verifies everything again.
func TestSteadyState(t *testing.T) {
	touched := createSteadyObjects(t)
	begin, before := time.Now(), lab.ReadMetrics(t)
	for range 3 {
		for _, object := range touched {
			touch(t, object)
		}
	}
	// Failed verifications are retried meanwhile, except for images that do not exist: these wait for the next cycle.
	waitForVerifications(t, before, map[string]float64{v1alpha1.RegistryUnreachableReason: 1})
	end := markAuditLog(t)
	touchedOnly := operatorRequests(t, begin, end)

	// Several times, since the order of events differs from start to start.
	for range 5 {
		lab.MustStopOperator(t)
		lab.MustStartOperator(t)
		waitForVerifications(t, "", map[string]float64{
			v1alpha1.SignedReason: 2, v1alpha1.UnsignedReason: 1, v1alpha1.ImageNotFoundReason: 1, v1alpha1.RegistryUnreachableReason: 1,
			v1alpha1.UntrustedCertificateReason: 1, v1alpha1.TrustRootUnavailableReason: 1,
		})
	}
	for _, object := range touched {
		touch(t, object)
	}
	requests := operatorRequests(t, begin, markAuditLog(t))

	writes := slices.DeleteFunc(slices.Clone(requests), func(r controlplane.Request) bool { return !r.IsWrite() })
	for _, r := range writes {
		t.Errorf("%s %s %s %s: %d", r.Time.Format(time.TimeOnly), r.Verb, r.URI, r.Name, r.Code)
	}
	for _, r := range touchedOnly {
		// A policy in conflict is read each time, since the cache may be stale.
		if r.Name != conflictName {
			t.Errorf("the operator reads what it watches: %s %s: %d", r.Verb, r.URI, r.Code)
		}
	}
	fmt.Printf("figure: steady_state_writes %d\n", len(writes))
}

// conflictName is the name of a trust, and of a policy that the operator did not create.
const conflictName = "steady-conflict"

// createSteadyObjects creates trusts in every lasting state, and other objects that trusts are reconciled for.
func createSteadyObjects(t *testing.T) []client.Object {
	t.Helper()
	const (
		signed, unsigned, absent = "docker.io/steady/signed:v1", "docker.io/steady/unsigned:v1", "docker.io/steady/absent:v1"
		audited                  = "docker.io/steady/audited:v1"
		broken                   = "docker.io/steady-broken/image:v1"
	)
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushSignedImage(t, audited, labtest.Release)
	lab.PushImage(t, unsigned)
	lab.Intercept(t, labtest.RepositoryOf(t, broken), labtest.RespondWith(http.StatusServiceUnavailable))
	private := labtest.NewSigstore(t)
	root, err := private.TrustRoot("steady")
	if err != nil {
		t.Fatal(err)
	}
	lab.Create(t, root)

	mixed := labtest.NewTrust("steady-mixed", "steady", signed, unsigned, absent)
	warn := labtest.NewTrust("steady-warn", "steady-broken", broken)
	warn.Spec.Enforcement = v1alpha1.EnforcementWarn
	audit := labtest.NewTrust("steady-audit", "steady", audited)
	audit.Spec.Enforcement = v1alpha1.EnforcementAudit
	rooted := labtest.NewTrust("steady-root", "steady", signed)
	rooted.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: root.GetName()}
	rootless := labtest.NewTrust("steady-rootless", "steady", signed)
	rootless.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: "steady-absent"}
	conflict := labtest.NewTrust(conflictName, conflictName)
	foreign := labtest.NewPolicy(conflict.Name)
	foreign.Object["spec"] = map[string]any{
		"images":      []any{map[string]any{"glob": "index.docker.io/steady-conflict/*"}},
		"authorities": []any{map[string]any{"name": "pass", "static": map[string]any{"action": "pass"}}},
	}
	lab.Create(t, foreign)
	objects := []client.Object{root, foreign}
	for _, trust := range []*v1alpha1.KarmadaImageTrust{mixed, warn, audit, rooted, rootless, conflict} {
		lab.Create(t, trust)
		objects = append(objects, trust)
	}
	lab.WaitForTrust(t, mixed.Name, labtest.Reconciled,
		labtest.HasVerdict(signed, v1alpha1.VerdictVerified, v1alpha1.SignedReason),
		labtest.HasVerdict(unsigned, v1alpha1.VerdictUntrusted, v1alpha1.UnsignedReason),
		labtest.HasVerdict(absent, v1alpha1.VerdictUnknown, v1alpha1.ImageNotFoundReason))
	lab.WaitForTrust(t, warn.Name, labtest.Reconciled, labtest.HasVerdict(broken, v1alpha1.VerdictUnknown, v1alpha1.RegistryUnreachableReason))
	lab.WaitForTrust(t, audit.Name, labtest.Reconciled, labtest.HasVerdict(audited, v1alpha1.VerdictVerified, v1alpha1.SignedReason))
	lab.WaitForTrust(t, rooted.Name, labtest.Reconciled, labtest.HasVerdict(signed, v1alpha1.VerdictUntrusted, v1alpha1.UntrustedCertificateReason))
	lab.WaitForTrust(t, conflict.Name, labtest.HasCondition(v1alpha1.StalledCondition, metav1.ConditionTrue, v1alpha1.PolicyConflictReason))
	lab.WaitForTrust(t, rootless.Name,
		labtest.HasCondition(v1alpha1.PolicyAppliedCondition, metav1.ConditionFalse, v1alpha1.TrustRootNotUsableReason),
		labtest.HasVerdict(signed, v1alpha1.VerdictUnknown, v1alpha1.TrustRootUnavailableReason))
	made, err := lab.Policy(mixed.Name)(t.Context())
	if err != nil || made == nil {
		t.Fatalf("no policy: %v", err)
	}
	// Reconciliations that the last writes caused must not be mistaken for those of a touch.
	waitUntilIdle(t)
	return append(objects, made)
}

// touch changes an annotation of an object, and waits for the reconciliation that this causes.
func touch(t *testing.T, object client.Object) {
	t.Helper()
	before := reconciliations(lab.ReadMetrics(t))
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"metadata":{"annotations":{"touched":%q}}}`, rand.Text()))
	if err := lab.Client.Patch(t.Context(), object.DeepCopyObject().(client.Object), patch); err != nil {
		t.Fatal(err)
	}
	waitfor.State(t, func(context.Context) (float64, error) { return reconciliations(lab.ReadMetrics(t)), nil }, func(now float64) string {
		if now <= before {
			return "no reconciliation yet"
		}
		return ""
	})
	waitUntilIdle(t)
}

// reconciliations returns how many reconciliations have ended.
func reconciliations(m labtest.Metrics) float64 {
	return m.Sum("controller_runtime_reconcile_total", `controller="karmadaimagetrust"`)
}

// waitUntilIdle waits until no reconciliation is running or queued.
func waitUntilIdle(t *testing.T) {
	t.Helper()
	waitfor.State(t, func(context.Context) (labtest.Metrics, error) { return lab.ReadMetrics(t), nil }, func(m labtest.Metrics) string {
		if m.Sum("workqueue_depth", `name="karmadaimagetrust"`) > 0 ||
			m.Sum("controller_runtime_active_workers", `controller="karmadaimagetrust"`) > 0 {
			return "the reconciler is busy"
		}
		return ""
	})
}

// waitForVerifications waits until at least so many more verifications than before have ended, by reason, and the
// reconciler is idle.
func waitForVerifications(t *testing.T, before labtest.Metrics, want map[string]float64) {
	t.Helper()
	ended := func(m labtest.Metrics, reason string) float64 {
		return m.Sum("karmada_image_trust_verification_duration_seconds_count", fmt.Sprintf("reason=%q", reason))
	}
	waitfor.State(t, func(context.Context) (labtest.Metrics, error) { return lab.ReadMetrics(t), nil }, func(now labtest.Metrics) string {
		for reason, count := range want {
			if got := ended(now, reason) - ended(before, reason); got < count {
				return fmt.Sprintf("%v verifications ended %s, want at least %v", got, reason, count)
			}
		}
		return ""
	})
	waitUntilIdle(t)
}

// markAuditLog makes a request that nothing else makes, waits until the audit log contains it, and therefore
// everything before it as well, and returns its time.
func markAuditLog(t *testing.T) time.Time {
	t.Helper()
	name := "mark-" + strings.ToLower(rand.Text())
	_ = lab.Client.Get(t.Context(), client.ObjectKey{Namespace: metav1.NamespaceDefault, Name: name}, &corev1.ConfigMap{})
	begin := time.Now().Add(-time.Minute)
	found := waitfor.State(t, func(context.Context) ([]controlplane.Request, error) {
		requests, err := lab.Requests(begin)
		return slices.DeleteFunc(requests, func(r controlplane.Request) bool { return r.Name != name }), err
	}, func(found []controlplane.Request) string {
		if len(found) == 0 {
			return "the audit log does not contain the mark yet"
		}
		return ""
	})
	return found[0].Time
}

// operatorRequests returns the operator's requests, except those of leader election (its lease and its event) and
// watches, which the API server ends from time to time.
func operatorRequests(t *testing.T, begin, end time.Time) []controlplane.Request {
	t.Helper()
	requests, err := lab.Requests(begin)
	if err != nil {
		t.Fatal(err)
	}
	account := lab.OperatorAccount()
	total := 0
	own := slices.DeleteFunc(requests, func(r controlplane.Request) bool {
		if r.User != "system:serviceaccount:"+account.Namespace+":"+account.Name || r.Time.After(end) {
			return true
		}
		total++
		election := r.Resource == "leases" || r.Resource == "events" && r.Group == "" && r.Namespace == account.Namespace
		return election || r.Verb == "watch"
	})
	if total == 0 {
		t.Error("the audit log contains no request of the operator, not even for its lease")
	}
	return own
}
