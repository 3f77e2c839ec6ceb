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
	"fmt"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// stranger signs too, but is not trusted.
var stranger = sigstore.GitHubWorkflow("somebody/else", "release.yml", "refs/tags/v1.0.0", commit)

// TestPrediction predicts what admission answers to workloads of all kinds, and has the real one answer.
func TestPrediction(t *testing.T) {
	p := newPredictor(t)
	t.Run("one policy", func(t *testing.T) { p.in(t).onePolicy() })
	t.Run("several policies", func(t *testing.T) { p.in(t).severalPolicies() })
	t.Run("no policy", func(t *testing.T) { p.in(t).noPolicy() })
	t.Run("limited webhooks", func(t *testing.T) { p.in(t).limitedWebhooks() })

	const least = 60
	if p.asked < least || p.outcomes[admission.Allowed] < least/4 || p.outcomes[admission.Denied] < least/4 {
		t.Errorf("%d workloads were submitted with %v: too few to tell", p.asked, p.outcomes)
	}
	fmt.Printf("figure: admission_agreement %d/%d\n", p.agreed, p.asked)
}

// in has the predictor work for a part of the test.
func (p *predictor) in(t *testing.T) *predictor {
	t.Helper()
	p.t = t
	return p
}

// onePolicy is what a trust makes.
func (p *predictor) onePolicy() {
	t := p.t
	signed, unsigned, foreign := "docker.io/predict/signed:v1", "docker.io/predict/unsigned:v1", "docker.io/predict/foreign:v1"
	digest := pushSigned(t, signed, release)
	bad := push(t, unsigned)
	pushSigned(t, foreign, stranger)
	const uncovered = "docker.io/predict-uncovered/image:v1"
	push(t, uncovered)
	const many = "docker.io/predict/many:v1"
	index, platforms, err := images.PushIndex(t.Context(), many, t.Name(), shared.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	attach(t, index, newSignature(t, shared.Sigstore, index, release))
	p.load(trustPolicy(t, "predict", "predict"))

	in := p.namespace("predict-in", map[string]string{"policy.sigstore.dev/include": "true"})
	for _, kind := range kindsOfWorkloads {
		p.check(predicted{name: "signed", kind: kind, namespace: in, images: []string{signed}, really: true})
		p.check(predicted{name: "unsigned", kind: kind, namespace: in, images: []string{unsigned}, really: true})
	}
	for _, c := range []predicted{
		{name: "signed by a stranger", kind: "Deployment", images: []string{foreign}},
		{name: "one good one bad", kind: "Deployment", images: []string{signed, unsigned}},
		{name: "one bad one good", kind: "StatefulSet", images: []string{foreign, signed}},
		{name: "two good", kind: "DaemonSet", images: []string{signed, many}},
		{name: "bad init container", kind: "Job", init: []string{unsigned}, images: []string{signed}},
		{name: "good init container", kind: "CronJob", init: []string{signed}, images: []string{many}},
		{name: "by digest", kind: "Pod", images: []string{digest.Name()}},
		{name: "by tag and digest", kind: "ReplicaSet", images: []string{"predict/signed:v1@" + digest.DigestStr()}},
		{name: "by another tag and digest", kind: "Deployment", images: []string{"docker.io/predict/signed:gone@" + digest.DigestStr()}},
		{name: "without a host", kind: "Deployment", images: []string{"predict/signed:v1"}},
		{name: "without a host bad", kind: "Deployment", images: []string{"predict/unsigned:v1"}},
		{name: "host in full", kind: "Pod", images: []string{"index.docker.io/predict/unsigned:v1"}},
		{name: "index by tag", kind: "Deployment", images: []string{many}},
		{name: "index by digest", kind: "Job", images: []string{index.Name()}},
		{name: "platform digest", kind: "Deployment", images: []string{platforms[0].Name()}},
		{name: "platform digest with tag", kind: "CronJob", images: []string{"docker.io/predict/many:v1@" + platforms[1].DigestStr()}},
		{name: "uncovered", kind: "Pod", images: []string{uncovered}},
		{name: "uncovered beside good", kind: "Deployment", images: []string{signed, uncovered}},
		{name: "uncovered init container", kind: "CronJob", init: []string{uncovered}, images: []string{signed}},
		{name: "name that cannot be read", kind: "Deployment", images: []string{"docker.io/predict/UPPER:v1"}},
		{name: "tag that does not exist", kind: "Pod", images: []string{"docker.io/predict/signed:missing"}, open: v1alpha1.ImageNotFoundReason},
	} {
		c.namespace = in
		p.check(c)
	}
	p.ephemeral(in, signed, signed, digest.Name(), bad.Name())

	for name, labels := range map[string]map[string]string{
		"predict-out":      nil,
		"predict-false":    {"policy.sigstore.dev/include": "false"},
		"predict-excluded": {"policy.sigstore.dev/include": "true", "webhooks.knative.dev/exclude": "true"},
	} {
		out := p.namespace(name, labels)
		for _, kind := range []string{"Pod", "Deployment", "CronJob"} {
			p.check(predicted{name: name, kind: kind, namespace: out, images: []string{unsigned, uncovered}})
		}
	}
}

// ephemeral adds a container to a running pod, which admission sees as a change of the pod.
func (p *predictor) ephemeral(namespace, good string, added ...string) {
	for _, image := range added {
		p.t.Run("ephemeral container "+image, func(t *testing.T) {
			pod := predicted{kind: "Pod", namespace: namespace, images: []string{good}}.workload()
			create(t, pod)
			with := pod.(*corev1.Pod).DeepCopy()
			with.Spec.EphemeralContainers = []corev1.EphemeralContainer{{
				EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: image, TerminationMessagePolicy: "File"},
			}}
			object := predicted{kind: "Pod", namespace: namespace, images: []string{with.Spec.Containers[0].Image}}.object()
			object.Containers = append(object.Containers, admission.Container{Field: "ephemeralContainers", Name: "debug", Image: image})
			decision := p.cluster().Decide(object, p.judge)
			p.outcomes[decision.Outcome]++
			p.asked++
			p.heard.take()
			err := p.listening.SubResource("ephemeralcontainers").Update(t.Context(), with)
			if wrong := disagreement(decision, err, p.heard.take()); wrong != "" {
				t.Errorf("%s\npredicted: %+v\nreal answer: %v", wrong, decision, err)
				return
			}
			p.agreed++
		})
	}
}

// noPolicy is what becomes of images that no policy covers.
func (p *predictor) noPolicy() {
	const covered, uncovered = "docker.io/predict/unsigned:v1", "docker.io/predict-nobody/image:v1"
	push(p.t, covered)
	push(p.t, uncovered)
	p.load(trustPolicy(p.t, "predict-beside", "predict"))
	in := p.namespace("predict-nobody", map[string]string{"policy.sigstore.dev/include": "true"})
	defer p.configure("deny", in, uncovered)
	for _, value := range []string{"allow", "warn", "nonsense"} {
		p.configure(value, in, uncovered)
		for _, kind := range []string{"Pod", "Deployment", "CronJob"} {
			p.check(predicted{name: value + " uncovered", kind: kind, namespace: in, images: []string{uncovered}})
		}
		p.check(predicted{name: value + " uncovered beside bad", kind: "Deployment", namespace: in, images: []string{uncovered, covered}})
	}
}

// limitedWebhooks are those whose configuration somebody changed.
func (p *predictor) limitedWebhooks() {
	t := p.t
	const unsigned = "docker.io/predict/unsigned:v1"
	digest := push(t, unsigned)
	p.load(trustPolicy(t, "predict-limited", "predict"))
	in := p.namespace("predict-limited", map[string]string{"policy.sigstore.dev/include": "true"})
	selector := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "skip", Operator: metav1.LabelSelectorOpDoesNotExist}}}
	skipped := map[string]string{"skip": "yes"}

	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{}
	for _, object := range []client.Object{validating, mutating} {
		object.SetName("policy.sigstore.dev")
		if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			t.Fatal(err)
		}
	}
	limit := func(validates, mutates *metav1.LabelSelector) {
		change(t, validating, func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks[0].ObjectSelector = validates
		})
		change(t, mutating, func(c *admissionregistrationv1.MutatingWebhookConfiguration) { c.Webhooks[0].ObjectSelector = mutates })
	}
	defer limit(nil, nil)

	limit(selector, nil)
	p.untilAnswer(predicted{kind: "ReplicaSet", namespace: in, labels: skipped, images: []string{unsigned}}, "")
	p.check(predicted{name: "not looked at", kind: "Deployment", namespace: in, labels: skipped, images: []string{unsigned}})
	p.check(predicted{name: "looked at", kind: "Deployment", namespace: in, images: []string{unsigned}})
	limit(nil, selector)
	p.untilAnswer(predicted{kind: "ReplicaSet", namespace: in, labels: skipped, images: []string{unsigned}}, "must be an image digest")
	p.check(predicted{name: "tag stays", kind: "Deployment", namespace: in, labels: skipped, images: []string{unsigned}})
	p.check(predicted{name: "digest stays", kind: "Deployment", namespace: in, labels: skipped, images: []string{digest.Name()}})
}

// untilAnswer waits until admission answers a try with some words, or lets it in where there are none.
func (p *predictor) untilAnswer(c predicted, words string) {
	p.t.Helper()
	type answer struct{ err error }
	eventually(p.t, func(ctx context.Context) (answer, error) {
		return answer{shared.Client.Create(ctx, c.workload(), client.DryRunAll)}, nil
	}, func(a answer) string {
		if words != "" {
			return isRefused(a.err, words)
		}
		if a.err != nil {
			return a.err.Error()
		}
		return ""
	})
}

// configure sets no-match-policy and waits until the webhook goes by it.
func (p *predictor) configure(value, namespace, uncovered string) {
	t := p.t
	t.Helper()
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "cosign-system", Name: admission.ConfigName}}
	if err := shared.Client.Get(t.Context(), client.ObjectKeyFromObject(config), config); err != nil {
		t.Fatal(err)
	}
	change(t, config, func(c *corev1.ConfigMap) {
		if c.Data == nil {
			c.Data = map[string]string{}
		}
		c.Data["no-match-policy"] = value
	})
	probe := predicted{kind: "ReplicaSet", namespace: namespace, images: []string{uncovered}}
	switch value {
	case "allow":
		p.untilAnswer(probe, "")
	case "warn":
		eventually(t, func(ctx context.Context) (string, error) {
			p.heard.take()
			err := p.listening.Create(ctx, probe.workload(), client.DryRunAll)
			return p.heard.take(), err
		}, func(heard string) string {
			if heard == "" {
				return "no warning yet"
			}
			return ""
		})
	default:
		p.untilAnswer(probe, "no matching policies")
	}
}

// namespace of a name, whose pods have a ServiceAccount.
func (p *predictor) namespace(name string, labels map[string]string) string {
	p.t.Helper()
	create(p.t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}})
	eventually(p.t, func(ctx context.Context) (*corev1.ServiceAccount, error) {
		account := &corev1.ServiceAccount{}
		return account, shared.Client.Get(ctx, client.ObjectKey{Namespace: name, Name: "default"}, account)
	}, func(*corev1.ServiceAccount) string { return "" })
	return name
}

// trustPolicy is the policy of a trust in the release workflow.
func trustPolicy(t *testing.T, name, organisation string) *unstructured.Unstructured {
	t.Helper()
	compiled, err := policy.Compile(newTrust(name, organisation).Spec)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.ClusterImagePolicy(name, policy.Surroundings{})
}

// load creates policies, and waits until the webhook has them all: it takes them up together, a moment after they
// are reported Ready.
func (p *predictor) load(policies ...*unstructured.Unstructured) {
	t := p.t
	t.Helper()
	const canary = "predict-canary"
	last := foreignPolicy(canary, "docker.io/predict-canary/image", map[string]any{"name": "no", "static": map[string]any{"action": "fail"}})
	policies = append(policies, last)
	for _, object := range policies {
		create(t, object)
	}
	for _, object := range policies {
		eventually(t, getPolicy(object.GetName()), func(got *unstructured.Unstructured) string {
			conditions, _, _ := unstructured.NestedSlice(got.Object, "status", "conditions")
			for _, c := range conditions {
				if fields, ok := c.(map[string]any); ok && fields["type"] == "Ready" && fields["status"] == "True" {
					return ""
				}
			}
			return "not Ready"
		})
	}
	in := p.namespace("predict-canary", map[string]string{"policy.sigstore.dev/include": "true"})
	const digest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	p.untilAnswer(predicted{kind: "ReplicaSet", namespace: in, images: []string{"docker.io/predict-canary/image" + digest}}, "failed policy: "+canary)
}
