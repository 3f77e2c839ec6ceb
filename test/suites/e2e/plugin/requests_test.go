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

package plugin

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/forecast/requests"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/rollout"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// rolloutCase is a workload that is rolled out for real.
type rolloutCase struct {
	kind string
	// spec of the object, without its selector and template.
	spec map[string]any
	// images of the containers; those of init are of init containers.
	init, images []string
	pods         int
	denied       bool
	// ends reports whether the pods end.
	ends bool
}

// object returns the workload of a case.
func (c rolloutCase) object(t *testing.T, name, namespace string) *unstructured.Unstructured {
	t.Helper()
	object := named(t, prediction.Workload{Kind: c.kind, Namespace: namespace, InitImages: c.init, Images: c.images}.Object(), name)
	encoded, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	out := &unstructured.Unstructured{}
	if err := json.Unmarshal(encoded, out); err != nil {
		t.Fatal(err)
	}
	delete(out.Object, "status")
	if c.kind == "Pod" {
		return out
	}
	labels := map[string]any{"rollout": name}
	out.Object["spec"] = merged(out.Object["spec"], c.spec)
	if c.kind != "Job" {
		_ = unstructured.SetNestedMap(out.Object, labels, "spec", "selector", "matchLabels")
	}
	if err := unstructured.SetNestedMap(out.Object, labels, "spec", "template", "metadata", "labels"); err != nil {
		t.Fatal(err)
	}
	return out
}

func merged(spec any, more map[string]any) map[string]any {
	out, _ := spec.(map[string]any)
	maps.Copy(out, more)
	return out
}

// planned is what the test reads of plan -o json.
type planned struct {
	Workloads []struct {
		Name             string
		RegistryRequests *requests.Prediction
	}
}

// TestPluginPlanRequests compares the requests that plan expects of policy-controller with those that a registry gets while the real
// one admits the real rollouts: exactly, by what is asked for.
func TestPluginPlanRequests(t *testing.T) {
	plugin, p := lab.NewPlugin(t), prediction.New(t, lab)
	const plain, tokens = "requests.example", "tokens.example"
	meter := rollout.NewMeter(tokens)
	lab.InterceptHost(t, plain, meter.Wrap)
	lab.InterceptHost(t, tokens, meter.Wrap)

	const team = plain + "/team/"
	signed := lab.PushSignedImage(t, team+"signed:v1", labtest.Release)
	twice := lab.PushImage(t, team+"twice:v1")
	lab.AttachSignatures(t, twice, labtest.NewSignature(t, lab.Sigstore, twice, labtest.UntrustedSigner),
		labtest.NewSignature(t, lab.Sigstore, twice, labtest.Release))
	bundled := lab.PushImage(t, team+"bundled:v1")
	attachBundle(t, lab.Sigstore, bundled)
	lab.PushImage(t, team+"unsigned:v1")
	lab.PushSignedImage(t, tokens+"/team/signed:v1", labtest.Release)
	trusts := []*v1alpha1.KarmadaImageTrust{
		trustFor("requests-plain", plain+"/team/*"), trustFor("requests-tokens", tokens+"/team/*"),
	}
	foreign := []*unstructured.Unstructured{
		prediction.ForeignPolicy("requests-signed", team+"signed", prediction.StaticAuthority("pass")),
		prediction.ForeignPolicy("requests-twice", team+"twice", signatureAuthority(), signatureAuthority()),
	}
	p.CreatePolicies(append(foreign, policyOf(t, trusts[0]), policyOf(t, trusts[1]))...)
	namespace := p.CreateNamespace("requests", true)

	cases := map[string]rolloutCase{
		"tag":    {kind: "Deployment", spec: map[string]any{"replicas": int64(3)}, images: []string{team + "signed:v1"}, pods: 3},
		"digest": {kind: "ReplicaSet", spec: map[string]any{"replicas": int64(2)}, images: []string{signed.String()}, pods: 2},
		"several": {
			kind: "Deployment", spec: map[string]any{"replicas": int64(2)}, init: []string{team + "bundled:v1"},
			images: []string{team + "twice:v1", bundled.String(), team + "signed:v1"}, pods: 2,
		},
		"parallel": {
			kind: "StatefulSet", spec: map[string]any{"replicas": int64(2), "podManagementPolicy": "Parallel", "serviceName": "none"},
			images: []string{team + "twice:v1"}, pods: 2,
		},
		"pod": {kind: "Pod", images: []string{team + "bundled:v1"}, pods: 1},
		"job": {
			kind: "Job", spec: map[string]any{"completions": int64(2), "parallelism": int64(2), "suspend": false}, images: []string{team + "signed:v1"},
			pods: 2, ends: true,
		},
		"tokens": {kind: "Deployment", spec: map[string]any{"replicas": int64(2)}, images: []string{tokens + "/team/signed:v1"}, pods: 2},
		"denied": {
			kind: "Deployment", spec: map[string]any{"replicas": int64(3)}, images: []string{team + "unsigned:v1", team + "signed:v1"}, denied: true,
		},
	}
	objects, documents := map[string]*unstructured.Unstructured{}, []any{}
	for name, c := range cases {
		objects[name] = c.object(t, name, namespace)
		documents = append(documents, objects[name])
	}
	files := labtest.WriteObjects(t, trusts[0], trusts[1], foreign[0], foreign[1])
	got := plugin.Run(t, labtest.ToYAML(t, documents...),
		append([]string{"plan", "-o", "json", "-f", files, "--manifests", "-"}, plugin.SigstoreFlags...)...)
	var out planned
	if err := json.Unmarshal([]byte(got.Stdout), &out); err != nil || len(out.Workloads) != len(cases) {
		t.Fatalf("%v\n%s%s", err, got.Stdout, got.Stderr)
	}

	exact := 0
	for _, w := range out.Workloads {
		c, host := cases[w.Name], plain
		if w.Name == tokensCase {
			host = tokens
		}
		meter.Reset()
		roll(t, c, objects[w.Name])
		counted, others := meter.Counted(host)
		expected := w.RegistryRequests
		if expected == nil || expected.Count == nil || *expected.Count != counted || counted.Total == 0 || len(others) > 0 {
			t.Errorf("%s: planned %s\ncounted %s %v", w.Name, waitfor.Dump(expected), waitfor.Dump(counted), others)
			continue
		}
		exact++
	}
	fmt.Printf("figure: plan_requests_exact %d/%d\n", exact, len(cases))
}

// tokensCase is the case whose registry wants tokens.
const tokensCase = "tokens"

// roll creates a workload and waits until its controllers have created everything.
func roll(t *testing.T, c rolloutCase, object *unstructured.Unstructured) {
	t.Helper()
	labels := map[string]string{"rollout": object.GetName()}
	err := lab.Client.Create(t.Context(), object.DeepCopy())
	if c.denied {
		if wrong := labtest.CheckDenied(err, "failed policy"); wrong != "" {
			t.Error(wrong)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v", object.GetName(), err)
		return
	}
	t.Cleanup(func() { lab.Delete(t, object) })
	if c.kind == "Pod" {
		return
	}
	waitfor.NoError(t, func(ctx context.Context) error {
		return rollout.Created(ctx, lab.Client, object.GetNamespace(), labels, c.pods)
	})
	if !c.ends {
		return
	}
	waitfor.NoError(t, func(ctx context.Context) error { return rollout.Finish(ctx, lab.Client, object.GetNamespace(), labels) })
	waitfor.NoError(t, func(ctx context.Context) error {
		return rollout.Created(ctx, lab.Client, object.GetNamespace(), labels, c.pods)
	})
}

// trustFor returns a trust in the release workflow for some images.
func trustFor(name, images string) *v1alpha1.KarmadaImageTrust {
	trust := labtest.NewTrust(name, name)
	trust.Spec.Images = []v1alpha1.ImageGlob{v1alpha1.ImageGlob(images)}
	return trust
}

// policyOf returns the policy of a trust for every version of policy-controller, which plan assumes for manifests.
func policyOf(t *testing.T, trust *v1alpha1.KarmadaImageTrust) *unstructured.Unstructured {
	t.Helper()
	compiled, err := policy.Compile(trust.Spec)
	if err != nil {
		t.Fatal(err)
	}
	return compiled.ClusterImagePolicy(trust.Name, admission.Supported().Target(admission.Config{}))
}

// signatureAuthority accepts signatures of the release workflow in cosign's own format.
func signatureAuthority() map[string]any {
	return map[string]any{"keyless": map[string]any{
		"url":        "https://fulcio.sigstore.dev",
		"identities": []any{map[string]any{"issuer": labtest.Release.Issuer, "subject": labtest.Release.Subject}},
	}}
}
