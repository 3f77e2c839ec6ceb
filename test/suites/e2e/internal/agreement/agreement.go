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

// Package agreement compares forecasts with the answers of the real policy-controller, of whichever version runs.
package agreement

import (
	"context"
	"fmt"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/test/lab/filter"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

const (
	// minWorkloads is the least number of workloads that a complete run needs for its figure to mean something.
	minWorkloads = 150
	// maxUndetermined is how many of a hundred workloads may stay without a prediction.
	maxUndetermined = 5
)

// Run predicts how the policy-controller of a lab decides on workloads of all kinds, submits them then, and compares. It
// prints the agreement as a figure for the version that runs.
func Run(t *testing.T, lab *labtest.Lab) *prediction.Predictor {
	t.Helper()
	p := prediction.New(t, lab)
	t.Run("one policy", func(t *testing.T) { predictOnePolicy(p.For(t)) })
	t.Run("several policies", func(t *testing.T) { predictSeveralPolicies(p.For(t)) })
	t.Run("no policy", func(t *testing.T) { predictUncovered(p.For(t)) })
	t.Run("differences", func(t *testing.T) { predictDifferences(p.For(t)) })
	t.Run("limited webhooks", func(t *testing.T) { predictLimitedWebhooks(p.For(t)) })

	undetermined := p.Outcomes[admission.Undetermined]
	if filter.AllSubtests() {
		if p.Asked < minWorkloads || p.Outcomes[admission.Allowed] < minWorkloads/4 || p.Outcomes[admission.Denied] < minWorkloads/4 {
			t.Errorf("%d workloads were submitted with the outcomes %v, want at least %d and a quarter of each", p.Asked, p.Outcomes, minWorkloads)
		}
		if undetermined*100 > maxUndetermined*(p.Asked+undetermined) {
			t.Errorf("%d of %d workloads are undetermined, want at most %d %%", undetermined, p.Asked+undetermined, maxUndetermined)
		}
	}
	version := figureName(lab.PolicyController.Version())
	fmt.Printf("figure: admission_agreement_%s %d/%d\n", version, p.Agreed, p.Asked)
	fmt.Printf("figure: admission_undetermined_%s %d/%d\n", version, undetermined, p.Asked+undetermined)
	return p
}

// figureName returns a version as the names of figures have it, 1_2_3.
func figureName(version string) string {
	return strings.ReplaceAll(strings.TrimPrefix(version, "v"), ".", "_")
}

// predictOnePolicy covers the policy that a trust renders.
func predictOnePolicy(p *prediction.Predictor) {
	t := p.T
	signed, unsigned, foreign := "docker.io/predict/signed:v1", "docker.io/predict/unsigned:v1", "docker.io/predict/foreign:v1"
	digest := p.Lab.PushSignedImage(t, signed, labtest.Release)
	untrusted := p.Lab.PushImage(t, unsigned)
	p.Lab.PushSignedImage(t, foreign, labtest.UntrustedSigner)
	pulled := p.Lab.PushSignedImage(t, "registry-1.docker.io/predict/signed:v1", labtest.Release)
	pulledUntrusted := p.Lab.PushImage(t, "registry-1.docker.io/predict/unsigned:v1")
	const uncovered = "docker.io/predict-uncovered/image:v1"
	p.Lab.PushImage(t, uncovered)
	const many = "docker.io/predict/many:v1"
	index, platforms, err := images.PushIndex(t.Context(), many, t.Name(), p.Lab.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	p.Lab.AttachSignatures(t, index, labtest.NewSignature(t, p.Lab.Sigstore, index, labtest.Release))
	p.CreatePolicies(prediction.TrustPolicy(t, "predict", "predict"))

	in := p.CreateNamespace("predict-in", true)
	for _, kind := range prediction.WorkloadKinds {
		p.Check(prediction.Workload{Name: "signed", Kind: kind, Namespace: in, Images: []string{signed}, Create: true})
		p.Check(prediction.Workload{Name: "unsigned", Kind: kind, Namespace: in, Images: []string{unsigned}, Create: true})
	}
	for _, c := range []prediction.Workload{
		{Name: "signed by another identity", Kind: "Deployment", Images: []string{foreign}},
		{Name: "first trusted", Kind: "Deployment", Images: []string{signed, unsigned}},
		{Name: "first untrusted", Kind: "StatefulSet", Images: []string{foreign, signed}},
		{Name: "two trusted", Kind: "DaemonSet", Images: []string{signed, many}},
		{Name: "untrusted init container", Kind: "Job", InitImages: []string{unsigned}, Images: []string{signed}},
		{Name: "trusted init container", Kind: "CronJob", InitImages: []string{signed}, Images: []string{many}},
		{Name: "by digest", Kind: "Pod", Images: []string{digest.Name()}},
		{Name: "by tag and digest", Kind: "ReplicaSet", Images: []string{"predict/signed:v1@" + digest.DigestStr()}},
		{Name: "by another tag and digest", Kind: "Deployment", Images: []string{"docker.io/predict/signed:gone@" + digest.DigestStr()}},
		{Name: "without a host", Kind: "Deployment", Images: []string{"predict/signed:v1"}},
		{Name: "without a host untrusted", Kind: "Deployment", Images: []string{"predict/unsigned:v1"}},
		{Name: "host in full", Kind: "Pod", Images: []string{"index.docker.io/predict/unsigned:v1"}},
		{Name: "index by tag", Kind: "Deployment", Images: []string{many}},
		{Name: "index by digest", Kind: "Job", Images: []string{index.Name()}},
		{Name: "platform digest", Kind: "Deployment", Images: []string{platforms[0].Name()}},
		{Name: "platform digest with tag", Kind: "CronJob", Images: []string{"docker.io/predict/many:v1@" + platforms[1].DigestStr()}},
		{Name: "uncovered", Kind: "Pod", Images: []string{uncovered}},
		{Name: "uncovered and trusted", Kind: "Deployment", Images: []string{signed, uncovered}},
		{Name: "uncovered init container", Kind: "CronJob", InitImages: []string{uncovered}, Images: []string{signed}},
		{Name: "invalid name", Kind: "Deployment", Images: []string{"docker.io/predict/UPPER:v1"}},
		{Name: "name of one letter", Kind: "Pod", Images: []string{"docker.io/x:v1"}},
		{Name: "digest of another algorithm", Kind: "Deployment", Images: []string{"docker.io/predict/signed@sha512:" + strings.Repeat("a", 128)}},
		{Name: "address of Docker Hub", Kind: "Pod", Images: []string{pulled.Name()}},
		{Name: "address of Docker Hub, untrusted", Kind: "CronJob", Images: []string{pulledUntrusted.Name()}},
		{Name: "host with the port of https", Kind: "Pod", Images: []string{"docker.io:443/predict/signed@" + digest.DigestStr()}},
		{Name: "host in upper case", Kind: "Deployment", Images: []string{"Docker.io/predict/signed@" + digest.DigestStr()}},
		{Name: "host with a trailing dot", Kind: "Job", Images: []string{"docker.io./predict/signed@" + digest.DigestStr()}},
		{Name: "localhost without a port", Kind: "Pod", Images: []string{"localhost/predict@" + digest.DigestStr()}},
		{Name: "untrusted image volume", Kind: "Pod", Images: []string{signed}, VolumeImages: []string{unsigned}},
		{Name: "image volume with an invalid name", Kind: "Deployment", Images: []string{signed}, VolumeImages: []string{"docker.io/predict/UPPER"}},
		{Name: "trusted image volume", Kind: "CronJob", Images: []string{unsigned}, VolumeImages: []string{signed}},
		{Name: "tag that does not exist", Kind: "Pod", Images: []string{"docker.io/predict/signed:missing"}, Undetermined: v1alpha1.ImageNotFoundReason},
	} {
		c.Namespace = in
		p.Check(c)
	}
	predictEphemeral(p, in, signed, signed, digest.Name(), untrusted.Name())

	for name, labels := range map[string]map[string]string{
		"predict-out":      nil,
		"predict-false":    {labtest.OptInLabel: "false"},
		"predict-excluded": {labtest.OptInLabel: "true", "webhooks.knative.dev/exclude": "true"},
	} {
		out := p.Lab.CreateNamespace(p.T, name, labels)
		for _, kind := range []string{"Pod", "Deployment", "CronJob"} {
			p.Check(prediction.Workload{Name: name, Kind: kind, Namespace: out, Images: []string{unsigned, uncovered}})
		}
	}
}

// predictEphemeral adds an ephemeral container to a running pod, which is an update for admission.
func predictEphemeral(p *prediction.Predictor, namespace, allowed string, added ...string) {
	for _, image := range added {
		p.T.Run("ephemeral container "+image, func(t *testing.T) {
			pod := prediction.Workload{Kind: "Pod", Namespace: namespace, Images: []string{allowed}}.Object()
			p.Lab.Create(t, pod)
			with := pod.(*corev1.Pod).DeepCopy()
			with.Spec.EphemeralContainers = []corev1.EphemeralContainer{{
				EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: image, TerminationMessagePolicy: "File"},
			}}
			object := prediction.Workload{Kind: "Pod", Namespace: namespace, Images: []string{with.Spec.Containers[0].Image}}.AdmissionObject()
			object.Containers = append(object.Containers, admission.Container{Field: "ephemeralContainers", Name: "debug", Image: image})
			decision := p.Predict(p.Cluster(), object)
			p.Outcomes[decision.Outcome]++
			p.Asked++
			p.Warnings.Take()
			err := p.Client.SubResource("ephemeralcontainers").Update(t.Context(), with)
			if wrong := prediction.Disagreement(decision, err, p.Warnings.Take()); wrong != "" {
				t.Errorf("%s\npredicted: %+v\nreal answer: %v", wrong, decision, err)
				return
			}
			p.Agreed++
		})
	}
}

// predictUncovered covers images that no policy covers, under each no-match-policy.
func predictUncovered(p *prediction.Predictor) {
	const covered, uncovered = "docker.io/predict/unsigned:v1", "docker.io/predict-uncovered-only/image:v1"
	untrusted := p.Lab.PushImage(p.T, covered)
	p.Lab.PushImage(p.T, uncovered)
	p.CreatePolicies(prediction.TrustPolicy(p.T, "predict-next-to", "predict"))
	in := p.CreateNamespace("predict-uncovered-only", true)
	defer configure(p, "deny", in, uncovered)
	for _, value := range []string{"allow", "warn", "nonsense"} {
		configure(p, value, in, uncovered)
		for _, kind := range []string{"Pod", "Deployment", "CronJob"} {
			p.Check(prediction.Workload{Name: value + " uncovered", Kind: kind, Namespace: in, Images: []string{uncovered}})
		}
		for _, spelling := range []string{"docker.io:443", "Docker.io", "docker.io."} {
			escaped := spelling + "/predict/unsigned@" + untrusted.DigestStr()
			p.Check(prediction.Workload{Name: value + " spelled " + spelling, Kind: "Pod", Namespace: in, Images: []string{escaped}})
		}
		p.Check(prediction.Workload{Name: value + " uncovered and untrusted", Kind: "Deployment", Namespace: in, Images: []string{uncovered, covered}})
	}
}

// predictLimitedWebhooks covers webhooks with an objectSelector.
func predictLimitedWebhooks(p *prediction.Predictor) {
	t := p.T
	const unsigned = "docker.io/predict/unsigned:v1"
	digest := p.Lab.PushImage(t, unsigned)
	p.CreatePolicies(prediction.TrustPolicy(t, "predict-limited", "predict"))
	in := p.CreateNamespace("predict-limited", true)
	selector := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "skip", Operator: metav1.LabelSelectorOpDoesNotExist}}}
	skipped := map[string]string{"skip": "yes"}

	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{}
	for _, object := range []client.Object{validating, mutating} {
		object.SetName("policy.sigstore.dev")
		if err := p.Lab.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
			t.Fatal(err)
		}
	}
	limit := func(validates, mutates *metav1.LabelSelector) {
		labtest.Update(t, p.Client, validating, func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks[0].ObjectSelector = validates
		})
		labtest.Update(t, p.Client, mutating, func(c *admissionregistrationv1.MutatingWebhookConfiguration) { c.Webhooks[0].ObjectSelector = mutates })
	}
	defer limit(nil, nil)

	limit(selector, nil)
	p.WaitUntilAllowed(prediction.Workload{Kind: "ReplicaSet", Namespace: in, Labels: skipped, Images: []string{unsigned}})
	p.Check(prediction.Workload{Name: "not selected", Kind: "Deployment", Namespace: in, Labels: skipped, Images: []string{unsigned}})
	p.Check(prediction.Workload{Name: "selected", Kind: "Deployment", Namespace: in, Images: []string{unsigned}})
	limit(nil, selector)
	p.WaitUntilDenied(prediction.Workload{Kind: "ReplicaSet", Namespace: in, Labels: skipped, Images: []string{unsigned}}, "must be an image digest")
	p.Check(prediction.Workload{Name: "tag stays", Kind: "Deployment", Namespace: in, Labels: skipped, Images: []string{unsigned}})
	p.Check(prediction.Workload{Name: "digest stays", Kind: "Deployment", Namespace: in, Labels: skipped, Images: []string{digest.Name()}})
}

// configure sets no-match-policy, and waits until the webhook applies it.
func configure(p *prediction.Predictor, value, namespace, uncovered string) {
	t := p.T
	t.Helper()
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "cosign-system", Name: admission.ConfigName}}
	if err := p.Lab.Client.Get(t.Context(), client.ObjectKeyFromObject(config), config); err != nil {
		t.Fatal(err)
	}
	labtest.Update(t, p.Client, config, func(c *corev1.ConfigMap) {
		if c.Data == nil {
			c.Data = map[string]string{}
		}
		c.Data["no-match-policy"] = value
	})
	probe := prediction.Workload{Kind: "ReplicaSet", Namespace: namespace, Images: []string{uncovered}}
	switch value {
	case "allow":
		p.WaitUntilAllowed(probe)
	case "warn":
		waitfor.State(t, func(ctx context.Context) (string, error) {
			p.Warnings.Take()
			err := p.Client.Create(ctx, probe.Object(), client.DryRunAll)
			return p.Warnings.Take(), err
		}, func(warnings string) string {
			if warnings == "" {
				return "no warning yet"
			}
			return ""
		})
	default:
		p.WaitUntilDenied(probe, "no matching policies")
	}
}
