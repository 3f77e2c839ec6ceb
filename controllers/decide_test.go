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
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// fakePool answers at once: images with "bad" in their name are untrusted, and all have one digest.
type fakePool struct {
	requested, retained []pool.Request
	// pending answers that nothing is known yet.
	pending bool
}

func (p *fakePool) Answers(_ string, requests []pool.Request, _ time.Time) []pool.Answer {
	p.requested = append(p.requested, requests...)
	answers := make([]pool.Answer, 0, len(requests))
	for _, r := range requests {
		answer := pool.Answer{Digest: hex("a"), Result: verifiedResult, Known: true, Fresh: true}
		switch {
		case p.pending:
			answer = pool.Pending()
		case r.Rule == nil:
			answer.Result = verify.Result{}
		case strings.Contains(r.Ref.Name(), "bad"):
			answer.Result = unsignedResult
		}
		answers = append(answers, answer)
	}
	return answers
}

// Changes returns the answers to all requests, as they are now.
func (p *fakePool) Changes(subscriber string) []pool.Answered {
	requested := p.requested
	all := make([]pool.Answered, 0, len(requested))
	for i, answer := range p.Answers(subscriber, requested, time.Time{}) {
		all = append(all, pool.Answered{Key: requested[i].Key(), Answer: answer})
	}
	p.requested = requested
	return all
}

func (*fakePool) Release(string, []pool.Key) {}

func (p *fakePool) Retain(_ string, requests []pool.Request) { p.retained = requests }

func (*fakePool) Forget(string) {}

// oneRoot is a default root of trust.
type oneRoot struct{}

func (oneRoot) Current() (*trustroot.Root, error) { return &trustroot.Root{Fingerprint: "one"}, nil }

// newTestReconciler returns a reconciler in a cluster whose namespace "in" opts in.
func newTestReconciler(tb testing.TB) (*KarmadaImageTrustReconciler, *fakePool) {
	tb.Helper()
	verdicts := &fakePool{}
	r := &KarmadaImageTrustReconciler{
		Verdicts: verdicts, Roots: oneRoot{}, TrustRoots: trustroot.NewNamed("", logr.Discard(), nil), PullSecrets: &PullSecrets{}, Inventory: inventory.New(func(string) {}), Admission: admission.NewState("w", admission.V014()),
	}
	rules := []admissionregistrationv1.RuleWithOperations{{
		Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.OperationAll},
		Rule:       admissionregistrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: []string{"*"}},
	}}
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"include": "true"}}
	r.Admission.SetValidating(&admissionregistrationv1.ValidatingWebhookConfiguration{
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{Name: "w", Rules: rules, NamespaceSelector: selector}},
	})
	r.Admission.SetMutating(&admissionregistrationv1.MutatingWebhookConfiguration{
		Webhooks: []admissionregistrationv1.MutatingWebhook{{Name: "w", Rules: rules, NamespaceSelector: selector}},
	})
	r.Admission.SetNamespace("in", map[string]string{"include": "true"})
	for _, source := range admission.Sources() {
		r.Admission.MarkListed(source)
	}
	return r, verdicts
}

func applyDeployment(r *KarmadaImageTrustReconciler, name string, images ...string) {
	o := &inventory.Object{
		Group: "apps", Version: "v1", Kind: "Deployment", Namespace: "in", Name: name, UID: types.UID(name), Template: []inventory.Container{},
	}
	for i, image := range images {
		o.Template = append(o.Template, inventory.Container{Field: "containers", Name: fmt.Sprint("c", i), Image: image})
	}
	r.Inventory.Apply(o)
}

func compiledTrust(tb testing.TB) (*v1alpha1.KarmadaImageTrust, *policy.Policy) {
	tb.Helper()
	trust := makeTrust(1)
	trust.Spec = v1alpha1.KarmadaImageTrustSpec{
		Images: []v1alpha1.ImageGlob{"docker.io/karmada/*"}, Issuer: "https://issuer", Identity: "someone",
		Enforcement: v1alpha1.EnforcementEnforce,
	}
	compiled, err := policy.Compile(trust.Spec)
	if err != nil {
		tb.Fatal(err)
	}
	return trust, compiled
}

// foreignCIP covers the images of the trust, too, and requires another identity.
func foreignCIP(name string) *unstructured.Unstructured {
	cip := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"images": []any{map[string]any{"glob": "index.docker.io/karmada/*"}},
		"authorities": []any{map[string]any{"name": "a", "keyless": map[string]any{
			"url": "https://fulcio", "identities": []any{map[string]any{"issuer": "https://issuer", "subject": "else"}},
		}}},
	}}}
	cip.SetName(name)
	return cip
}

// newScope is the scope of a reconciliation after the workloads have been listed.
func newScope(tb testing.TB, r *KarmadaImageTrustReconciler) *scope {
	tb.Helper()
	trust, compiled := compiledTrust(tb)
	cluster, err := r.Admission.Cluster()
	if err != nil {
		tb.Fatal(err)
	}
	s := &scope{trust: trust, compiled: compiled, roots: map[string]rootOfTrust{}, versions: r.Admission.Versions(), cluster: &cluster}
	for _, name := range compiled.TrustRoots() {
		r.rootOfTrust(tb.Context(), s, name)
	}
	s.listed = true
	return s
}

// denials of a forecast as WORKLOAD POLICY REASON.
func denials(d *decision) []string {
	var out []string
	for _, workload := range forecastsOf(d) {
		for _, denial := range workload.Denials {
			out = append(out, workload.Workload.Name+" "+denial.Policy+" "+denial.Reason)
		}
	}
	return out
}

func TestDecide(t *testing.T) {
	r, verdicts := newTestReconciler(t)
	applyDeployment(r, "good", "karmada/good:v1")
	applyDeployment(r, "bad", "karmada/bad:v1")
	applyDeployment(r, "uncovered", "karmada/good:v1", "nginx")
	applyDeployment(r, "others", "nginx")
	r.Admission.SetPolicy(foreignCIP("other"))

	d := r.decide(t.Context(), newScope(t, r))
	if d.images() != 2 || d.forecast.workloads != 3 || d.forecast.pending {
		t.Errorf("got %d images and %d workloads, pending %t; want 2 and 3, and nothing pending", d.images(), d.forecast.workloads, d.forecast.pending)
	}
	// The images of the trust with both identities, and the digest of an image that no policy covers. A request for a verdict
	// resolves the tag too; the other identity is about the digest then. The image that
	// no policy covers is denied whatever its digest is, so its registry is not asked.
	var requested []string
	for _, q := range verdicts.requested {
		requested = append(requested, q.Ref.Name()+" "+subjectOf(q.Rule))
	}
	want := []string{
		"index.docker.io/karmada/bad:v1 someone", "index.docker.io/karmada/good:v1 someone",
		"index.docker.io/karmada/bad@" + hex("a") + " else", "index.docker.io/karmada/good@" + hex("a") + " else",
	}
	if diff := cmp.Diff(want, requested); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"bad karmada Unsigned", "bad other Unsigned", "uncovered  NoMatchingPolicy"}, denials(&d)); diff != "" {
		t.Errorf("denials (-want +got):\n%s", diff)
	}
	if others := d.forecast.otherPolicies; len(others) != 1 || others[0].Name != "other" || others[0].Images != 2 {
		t.Errorf("other policies %+v, want one, which covers 2 images", others)
	}
	if d.policy.Enforcement != v1alpha1.EnforcementEnforce || d.desired.GetName() != "karmada" {
		t.Errorf("it decided on enforcement %s and policy %v", d.policy.Enforcement, d.desired)
	}

	verdicts.pending = true
	if d = r.decide(t.Context(), newScope(t, r)); !d.forecast.pending || forecastsOf(&d)[0].Outcome != admission.Undetermined {
		t.Errorf("without verdicts: pending %t, %+v", d.forecast.pending, forecastsOf(&d)[0])
	}
}

// TestDecideRequestsWhatArisesFromVerdicts has a policy on a single digest, which covers a tag once the tag is resolved.
func TestDecideRequestsWhatArisesFromVerdicts(t *testing.T) {
	r, verdicts := newTestReconciler(t)
	applyDeployment(r, "bad", "karmada/bad:v1")
	onDigest := foreignCIP("on-digest")
	onDigest.Object["spec"].(map[string]any)["images"] = []any{map[string]any{"glob": "index.docker.io/karmada/bad@" + hex("a")}}
	r.Admission.SetPolicy(onDigest)

	d := r.decide(t.Context(), newScope(t, r))
	if diff := cmp.Diff([]string{"bad karmada Unsigned", "bad on-digest Unsigned"}, denials(&d)); diff != "" {
		t.Errorf("denials (-want +got):\n%s", diff)
	}
	if len(verdicts.requested) != 2 || len(verdicts.retained) != 2 || d.forecast.pending {
		t.Errorf("%d requests, %d retained, pending %t; want 2, both retained, and nothing pending",
			len(verdicts.requested), len(verdicts.retained), d.forecast.pending)
	}
}

// TestDecideWithForeignPolicy has a policy of the trust's name, which is not the trust's, count in addition to the trust.
func TestDecideWithForeignPolicy(t *testing.T) {
	r, _ := newTestReconciler(t)
	applyDeployment(r, "bad", "karmada/bad:v1")
	foreign := foreignCIP("karmada")
	r.Admission.SetPolicy(foreign)
	s := newScope(t, r)
	s.policy = clusterPolicy{cached: foreign, live: foreign, liveRead: true}
	d := r.decide(t.Context(), s)
	if diff := cmp.Diff([]string{"bad KarmadaImageTrust karmada Unsigned", "bad karmada Unsigned"}, denials(&d)); diff != "" {
		t.Errorf("denials (-want +got):\n%s", diff)
	}
	if result := r.applyPolicy(t.Context(), s, &d); result.condition.Reason != v1alpha1.PolicyConflictReason {
		t.Errorf("got %+v, want a conflict", result.condition)
	}
}

// TestDecideBeforeWorkloadsAreListed decides on the policy alone.
func TestDecideBeforeWorkloadsAreListed(t *testing.T) {
	r, verdicts := newTestReconciler(t)
	s := newScope(t, r)
	s.listed = false
	d := r.decide(t.Context(), s)
	if d.records != nil || d.forecast.tally != nil || d.forecast.gaps != nil || len(verdicts.requested) != 0 || d.desired == nil {
		t.Errorf("got %+v after %d requests, want a policy and nothing else", d, len(verdicts.requested))
	}
}

// TestRetriable: an error is terminal if no retry can help.
func TestRetriable(t *testing.T) {
	invalid := fmt.Errorf("writing: %w", apierrors.NewInvalid(v1alpha1.GroupVersion.WithKind("x").GroupKind(), "x", nil))
	outage := errors.New("timeout")
	tests := map[string]struct {
		errs         []error
		want         bool // an error
		wantTerminal bool
	}{
		"none":              {[]error{nil, nil}, false, false},
		"outage":            {[]error{nil, outage}, true, false},
		"invalid":           {[]error{invalid, nil}, true, true},
		"invalid twice":     {[]error{invalid, errors.Join(invalid)}, true, true},
		"invalid, outage":   {[]error{invalid, outage}, true, false},
		"one of two joined": {[]error{errors.Join(outage, invalid), invalid}, true, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			err := retriable(tc.errs...)
			if terminal := errors.Is(err, reconcile.TerminalError(nil)); (err != nil) != tc.want || terminal != tc.wantTerminal {
				t.Errorf("got %v, terminal %t; want terminal %t", err, terminal, tc.wantTerminal)
			}
		})
	}
}

// BenchmarkDecide is one reconciliation of a trust with 5,000 images in 2,500 workloads that other policies cover, too.
func BenchmarkDecide(b *testing.B) {
	r, _ := newTestReconciler(b)
	for i := range 2500 {
		applyDeployment(r, fmt.Sprint("web-", i), fmt.Sprintf("karmada/app-%d:v1", i), fmt.Sprintf("karmada/bad-%d:v1", i))
	}
	for i := range 10 {
		r.Admission.SetPolicy(foreignCIP(fmt.Sprint("other-", i)))
	}
	s := newScope(b, r)
	for b.Loop() {
		r.works = works{}
		if d := r.decide(b.Context(), s); d.images() != 5000 || d.forecast.workloads != 2500 {
			b.Fatalf("%d images, %d workloads", d.images(), d.forecast.workloads)
		}
	}
}

func subjectOf(rule *policy.Rule) string {
	if rule == nil {
		return ""
	}
	return rule.Signer.Subject
}

func hex(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }
