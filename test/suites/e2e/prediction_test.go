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
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	verifyregistry "github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// predictor predicts what admission answers, from the state of the API server and the operator's own verifier,
// and asks the real one afterwards.
type predictor struct {
	t *testing.T
	// listening hears the warnings that admission gives.
	listening client.Client
	heard     *warnings

	cosign  *verify.Cosign
	root    *trustroot.Root
	answers map[string]admission.Answer

	agreed, asked int
	outcomes      map[admission.Outcome]int
}

func newPredictor(t *testing.T) *predictor {
	t.Helper()
	p := &predictor{t: t, heard: &warnings{}, answers: map[string]admission.Answer{}, outcomes: map[admission.Outcome]int{}}
	config := rest.CopyConfig(shared.Config())
	config.WarningHandler = p.heard
	var err error
	if p.listening, err = client.New(config, client.Options{Scheme: shared.Client.Scheme()}); err != nil {
		t.Fatal(err)
	}
	p.cosign = verify.New(verify.WithRegistry(verifyregistry.New(verifyregistry.WithTransport(shared.Registry.Proxy.Transport()))))
	encoded, err := shared.Sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	if p.root, err = trustroot.FromJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return p
}

// cluster is what the API server says now.
func (p *predictor) cluster() *admission.Cluster {
	p.t.Helper()
	state := admission.NewState("policy.sigstore.dev")
	list := func(list client.ObjectList, opts ...client.ListOption) {
		p.t.Helper()
		if err := shared.Client.List(p.t.Context(), list, opts...); err != nil {
			p.t.Fatal(err)
		}
	}
	policies := &unstructured.UnstructuredList{}
	kind := policy.ClusterImagePolicyKind
	kind.Kind += "List"
	policies.SetGroupVersionKind(kind)
	list(policies)
	for i := range policies.Items {
		state.SetPolicy(&policies.Items[i])
	}
	validating := &admissionregistrationv1.ValidatingWebhookConfigurationList{}
	list(validating)
	for i := range validating.Items {
		state.SetValidating(&validating.Items[i])
	}
	mutating := &admissionregistrationv1.MutatingWebhookConfigurationList{}
	list(mutating)
	for i := range mutating.Items {
		state.SetMutating(&mutating.Items[i])
	}
	configs := &corev1.ConfigMapList{}
	list(configs, client.MatchingFields{"metadata.name": admission.ConfigName})
	for i := range configs.Items {
		state.SetConfig(&configs.Items[i])
	}
	namespaces := &corev1.NamespaceList{}
	list(namespaces)
	for i := range namespaces.Items {
		state.SetNamespace(namespaces.Items[i].Name, namespaces.Items[i].Labels)
	}
	for _, source := range []admission.Source{
		admission.WebhookConfigurations, admission.WebhookConfigurations, admission.Configuration, admission.Namespaces,
	} {
		state.Read(source)
	}
	cluster, err := state.Cluster()
	if err != nil {
		p.t.Fatal(err)
	}
	return &cluster
}

// judge asks the operator's verifier, once for each question.
func (p *predictor) judge(q admission.Question) admission.Answer {
	key := fmt.Sprint(q.Ref.Name(), q.Rule.ID(), q.TrustRoot)
	if answer, ok := p.answers[key]; ok {
		return answer
	}
	p.answers[key] = p.verify(q)
	return p.answers[key]
}

func (p *predictor) verify(q admission.Question) admission.Answer {
	ctx := p.t.Context()
	digest, failure := p.cosign.Resolve(ctx, q.Ref)
	if failure != nil {
		return admission.Answer{Verdict: failure.Verdict, Reason: failure.Reason, Message: failure.Message}
	}
	if q.Rule == nil {
		return admission.Answer{Digest: digest.DigestStr()}
	}
	root := p.root
	if q.TrustRoot != "" {
		root = p.namedRoot(ctx, q.TrustRoot)
	}
	result := p.cosign.Verify(ctx, digest, q.Rule, root)
	return admission.Answer{Digest: digest.DigestStr(), Verdict: result.Verdict, Reason: result.Reason, Message: result.Message}
}

func (p *predictor) namedRoot(ctx context.Context, name string) *trustroot.Root {
	object := &unstructured.Unstructured{}
	object.SetAPIVersion("policy.sigstore.dev/v1alpha1")
	object.SetKind("TrustRoot")
	if err := shared.Client.Get(ctx, client.ObjectKey{Name: name}, object); err != nil {
		return nil
	}
	root, err := trustroot.FromTrustRoot(object)
	if err != nil {
		p.t.Error(err)
	}
	return root
}

// check predicts first and submits then. The answer that is open has to be so for the reason that the case gives.
func (p *predictor) check(c predicted) {
	p.t.Helper()
	p.t.Run(c.title(), func(t *testing.T) {
		decision := p.cluster().Decide(c.object(), p.judge)
		p.outcomes[decision.Outcome]++
		if c.open != "" {
			if !slices.ContainsFunc(decision.Findings, func(f admission.Finding) bool {
				return f.Effect == admission.EffectUndetermined && f.Reason == c.open
			}) || decision.Outcome != admission.Undetermined {
				t.Errorf("got %+v, want the answer to be open for the reason %s", decision, c.open)
			}
			return
		}
		p.asked++
		p.heard.take()
		err := c.submit(t, p.listening)
		if wrong := disagreement(decision, err, p.heard.take()); wrong != "" {
			t.Errorf("%s\npredicted: %s %s %+v\nreal answer: %v", wrong, decision.Outcome, decision.Interception, decision.Findings, err)
			return
		}
		p.agreed++
	})
}

// disagreement says how a prediction differs from the real answer.
func disagreement(decision admission.Decision, err error, warned string) string {
	if err != nil && isRefused(err, "") != "" {
		return "the API server itself refuses the object"
	}
	switch {
	case decision.Outcome == admission.Undetermined:
		return "nothing is predicted"
	case (err == nil) != (decision.Outcome == admission.Allowed):
		return "the prediction is wrong"
	case err == nil:
		want := slices.ContainsFunc(decision.Findings, func(f admission.Finding) bool { return f.Effect == admission.EffectWarn })
		if got := strings.Contains(warned, "failed policy: ") || strings.Contains(warned, "no matching policies"); got != want {
			return fmt.Sprintf("a warning is predicted: %t; heard %q", want, warned)
		}
		return ""
	}
	// policy-controller may name a policy that only warns in place of one that refuses, so it must be alone.
	words := map[string]bool{}
	for _, f := range decision.Findings {
		words[cmp.Or(f.Policy, f.Reason)] = true
	}
	if len(words) > 1 {
		return ""
	}
	f := decision.Findings[0]
	want := map[string]string{
		v1alpha1.NoMatchingPolicyReason: "no matching policies", v1alpha1.NotADigestReason: "must be an image digest",
	}[f.Reason]
	if f.Policy != "" {
		want = "failed policy: " + f.Policy
	}
	if !strings.Contains(err.Error(), want) {
		return fmt.Sprintf("the real answer does not say %q", want)
	}
	return ""
}
