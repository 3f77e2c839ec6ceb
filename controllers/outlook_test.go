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
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// knowing answers at once: images with "bad" in their name are untrusted, all have one digest.
type knowing struct {
	asked, retained []pool.Request
	// silent has nothing examined yet.
	silent bool
}

func (k *knowing) Answers(_ string, requests []pool.Request, _ time.Time) []pool.Answer {
	k.asked = append(k.asked, requests...)
	answers := make([]pool.Answer, 0, len(requests))
	for _, r := range requests {
		answer := pool.Answer{Digest: hex("a"), Result: verifiedResult, Known: true, Fresh: true}
		switch {
		case k.silent:
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

func (k *knowing) Retain(_ string, requests []pool.Request) { k.retained = requests }

func (*knowing) Forget(string) {}

type oneRoot struct{}

func (oneRoot) Current() (*trustroot.Root, error) { return &trustroot.Root{Fingerprint: "one"}, nil }

// newLooking is a reconciler in a cluster whose namespace "in" opts in.
func newLooking(tb testing.TB) (*KarmadaImageTrustReconciler, *knowing) {
	tb.Helper()
	verdicts := &knowing{}
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
	for _, source := range []admission.Source{
		admission.WebhookConfigurations, admission.WebhookConfigurations, admission.Configuration, admission.Namespaces,
	} {
		r.Admission.Read(source)
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
		Enforcement: v1alpha1.EnforcementAudit,
	}
	compiled, err := policy.Compile(trust.Spec)
	if err != nil {
		tb.Fatal(err)
	}
	return trust, compiled
}

// foreignCIP covers the images of the trust too, and wants another identity.
func foreignCIP(name, subject string) *unstructured.Unstructured {
	cip := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"images": []any{map[string]any{"glob": "index.docker.io/karmada/*"}},
		"authorities": []any{map[string]any{"name": "a", "keyless": map[string]any{
			"url": "https://fulcio", "identities": []any{map[string]any{"issuer": "https://issuer", "subject": subject}},
		}}},
	}}}
	cip.SetName(name)
	return cip
}

func TestLook(t *testing.T) {
	r, verdicts := newLooking(t)
	trust, compiled := compiledTrust(t)
	applyDeployment(r, "good", "karmada/good:v1")
	applyDeployment(r, "bad", "karmada/bad:v1")
	applyDeployment(r, "beside", "karmada/good:v1", "nginx")
	applyDeployment(r, "others", "nginx")
	r.Admission.SetPolicy(foreignCIP("other", "else"))

	look := func(applied policyOutcome) ([]assess.Image, outlook) {
		return r.look(t.Context(), trust, compiled, applied, time.Time{})
	}
	images, seen := look(noPolicyWanted())
	if len(images) != 2 || seen.workloads != 3 || seen.pending {
		t.Errorf("got %d images and %d workloads, pending %t; want 2 and 3, and nothing pending", len(images), seen.workloads, seen.pending)
	}
	// The images of the trust with both identities, and the digest of an image that no policy covers. A request for a verdict
	// resolves the tag too.
	var asked []string
	for _, q := range verdicts.asked {
		asked = append(asked, q.Ref.Name()+" "+subjectOf(q.Rule))
	}
	want := []string{
		"index.docker.io/karmada/bad:v1 someone", "index.docker.io/karmada/good:v1 someone",
		"index.docker.io/karmada/bad:v1 else", "index.docker.io/karmada/good:v1 else", "index.docker.io/library/nginx:latest ",
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
	refused := func(seen outlook) []string {
		var out []string
		for _, f := range seen.forecasts {
			for _, refusal := range f.Denials {
				out = append(out, f.Workload.Name+" "+refusal.Policy+" "+refusal.Reason)
			}
		}
		return out
	}
	if diff := cmp.Diff([]string{"bad karmada Unsigned", "bad other Unsigned", "beside  NoMatchingPolicy"}, refused(seen)); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
	if len(seen.others) != 1 || seen.others[0].Name != "other" || seen.others[0].Images != 2 {
		t.Errorf("other policies %+v, want one, which covers 2 images", seen.others)
	}

	// A foreign policy of the trust's own name counts beside the trust.
	r.Admission.SetPolicy(foreignCIP("karmada", "else"))
	_, seen = look(policyOutcome{condition: failure(v1alpha1.PolicyConflictReason, "foreign")})
	want = []string{"bad KarmadaImageTrust karmada Unsigned", "bad karmada Unsigned", "bad other Unsigned", "beside  NoMatchingPolicy"}
	if diff := cmp.Diff(want, refused(seen)); diff != "" {
		t.Errorf("refused beside a foreign policy (-want +got):\n%s", diff)
	}

	verdicts.silent = true
	if _, seen = look(noPolicyWanted()); !seen.pending || seen.forecasts[0].Outcome != admission.Undetermined {
		t.Errorf("nothing is examined yet: pending %t, %+v", seen.pending, seen.forecasts[0])
	}
}

// BenchmarkLook is one pass over a trust with 5,000 images in 2,500 workloads that other policies cover too.
func BenchmarkLook(b *testing.B) {
	r, _ := newLooking(b)
	trust, compiled := compiledTrust(b)
	for i := range 2500 {
		applyDeployment(r, fmt.Sprint("web-", i), fmt.Sprintf("karmada/app-%d:v1", i), fmt.Sprintf("karmada/bad-%d:v1", i))
	}
	for i := range 10 {
		r.Admission.SetPolicy(foreignCIP(fmt.Sprint("other-", i), "else"))
	}
	for b.Loop() {
		if images, seen := r.look(b.Context(), trust, compiled, noPolicyWanted(), time.Time{}); len(images) != 5000 || len(seen.forecasts) != 2500 {
			b.Fatalf("%d images, %d workloads", len(images), len(seen.forecasts))
		}
	}
}

func subjectOf(rule *policy.Rule) string {
	if rule == nil {
		return ""
	}
	return rule.Identity.Subject
}

func hex(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }
