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
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// planOutput is the part of plan -o json that the tests read.
type planOutput struct {
	Summary   struct{ Workloads, Denied, Undetermined, Allowed, Uncovered int }
	Workloads []struct{ Kind, Namespace, Name, Outcome string }
	Changes   []struct {
		Workload struct{ Kind, Name, Outcome string }
		Before   string
	}
}

// outcomes returns the outcomes of the workloads by kind and name.
func (p planOutput) outcomes() map[string]string {
	out := map[string]string{}
	for _, w := range p.Workloads {
		out[w.Kind+" "+w.Name] = w.Outcome
	}
	return out
}

// runPlan runs kubectl imagetrust plan, and returns its output and its exit code.
func runPlan(t *testing.T, p *labtest.Plugin, stdin string, args ...string) (planOutput, int) {
	t.Helper()
	got := p.Run(t, stdin, append(append([]string{"plan", "-o", "json"}, args...), p.SigstoreFlags...)...)
	var out planOutput
	if err := json.Unmarshal([]byte(got.Stdout), &out); err != nil {
		t.Fatalf("%v\n%s%s", err, got.Stdout, got.Stderr)
	}
	return out, got.Code
}

// TestPluginPlan compares the plan for manifests with the answers of the real admission.
func TestPluginPlan(t *testing.T) {
	plugin, p := lab.NewPlugin(t), prediction.New(t, lab)
	const signed, unsigned, foreign = "docker.io/plan/signed:v1", "docker.io/plan/unsigned:v1", "docker.io/plan/foreign:v1"
	digest := lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushImage(t, unsigned)
	lab.PushSignedImage(t, foreign, labtest.UntrustedSigner)
	p.CreatePolicies(prediction.TrustPolicy(t, "plan", "plan"))
	in := p.CreateNamespace("plan", true)

	var cases []prediction.Workload
	for _, kind := range prediction.WorkloadKinds {
		for _, images := range [][]string{
			{signed}, {unsigned}, {foreign}, {digest.String()}, {signed + "@" + digest.DigestStr()}, {signed, unsigned}, {"plan/signed:v1"},
		} {
			cases = append(cases, prediction.Workload{Kind: kind, Namespace: in, Images: images})
		}
		cases = append(cases, prediction.Workload{Kind: kind, Namespace: in, InitImages: []string{unsigned}, Images: []string{signed}})
	}
	var documents []any
	for i, c := range cases {
		documents = append(documents, named(t, c.Object(), fmt.Sprintf("w%d", i)))
	}
	file := labtest.WriteObjects(t, labtest.NewTrust("plan", "plan"))
	got, code := runPlan(t, plugin, labtest.ToYAML(t, documents...), "-f", file, "--manifests", "-")
	if code != 1 || got.Summary.Workloads != len(cases) {
		t.Errorf("exit code %d, %d workloads, want 1 and %d", code, got.Summary.Workloads, len(cases))
	}
	outcomes, agreed := got.outcomes(), 0
	for i, c := range cases {
		err := p.Client.Create(context.WithoutCancel(t.Context()), c.Object(), client.DryRunAll)
		want := "Allowed"
		if err != nil {
			want = "Denied"
			if wrong := labtest.CheckDenied(err, ""); wrong != "" {
				t.Error(wrong)
			}
		}
		if planned := outcomes[fmt.Sprintf("%s w%d", c.Kind, i)]; planned != want {
			t.Errorf("%s with %v %v: planned %q, really %s: %v", c.Kind, c.InitImages, c.Images, planned, want, err)
			continue
		}
		agreed++
	}
	fmt.Printf("figure: plan_agreement %d/%d\n", agreed, len(cases))
}

// TestPluginPlanAgainst plans the change of a trust for the workloads of a cluster.
func TestPluginPlanAgainst(t *testing.T) {
	plugin, p := lab.NewPlugin(t), prediction.New(t, lab)
	const signed, foreign = "docker.io/against/signed:v1", "docker.io/against/foreign:v1"
	lab.PushSignedImage(t, signed, labtest.Release)
	lab.PushSignedImage(t, foreign, labtest.UntrustedSigner)
	in := p.CreateNamespace("against", false)
	for name, image := range map[string]string{"signed": signed, "foreign": foreign} {
		workload := named(t, prediction.Workload{Kind: "Deployment", Namespace: in, Images: []string{image}}.Object(), name)
		lab.Create(t, workload)
	}
	wide := labtest.NewTrust("against", "against")
	wide.Spec.Identity, wide.Spec.IdentityRegexp = "", v1alpha1.Regexp(`https://github\.com/.*`)
	before, after := labtest.WriteObjects(t, wide), labtest.WriteObjects(t, labtest.NewTrust("against", "against"))

	got, code := runPlan(t, plugin, "", "-f", before)
	if outcomes := got.outcomes(); outcomes["Deployment signed"] != "Allowed" || outcomes["Deployment foreign"] != "Allowed" {
		t.Errorf("exit code %d, %v", code, outcomes)
	}
	got, code = runPlan(t, plugin, "", "-f", after, "--against", before)
	if code != 1 || len(got.Changes) != 1 || got.Changes[0].Workload.Name != "foreign" || got.Changes[0].Before != "Allowed" {
		t.Errorf("exit code %d, changes %+v", code, got.Changes)
	}
	if got, code = runPlan(t, plugin, "", "-f", before, "--against", after); code != 0 || len(got.Changes) != 1 {
		t.Errorf("the other way round: exit code %d, changes %+v", code, got.Changes)
	}
}

// TestPluginRender compares the output of render with the policy that the operator applies.
func TestPluginRender(t *testing.T) {
	p := lab.NewPlugin(t)
	trust := labtest.NewTrust("rendered", "rendered")
	got := p.Run(t, labtest.ToYAML(t, trust.DeepCopy()), "render", "-f", "-")
	if got.Code != 0 {
		t.Fatal(got.Stderr)
	}
	printed := labtest.NewPolicy("rendered")
	if err := yaml.Unmarshal([]byte(got.Stdout), &printed.Object); err != nil {
		t.Fatal(err)
	}
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
	applied, err := lab.Policy(trust.Name)(t.Context())
	if err != nil || applied == nil {
		t.Fatalf("the operator applied nothing: %v", err)
	}
	if want, got := waitfor.Dump(applied.Object["spec"]), waitfor.Dump(printed.Object["spec"]); got != want {
		t.Errorf("render prints\n%s\nand the operator applied\n%s", got, want)
	}
}

// TestPluginStatus checks the output of status.
func TestPluginStatus(t *testing.T) {
	p := lab.NewPlugin(t)
	const good, unsigned = "docker.io/plugin-status/good:v1", "docker.io/plugin-status/unsigned:v1"
	lab.PushSignedImage(t, good, labtest.Release)
	lab.PushImage(t, unsigned)
	trust := labtest.NewTrust("plugin-status", "plugin-status", good, unsigned)
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled)
	got := p.Run(t, "", "status", trust.Name)
	for _, want := range []string{"✗ plugin-status  Enforce · 1/2 verified", "✗ " + unsigned + "  Unsigned: "} {
		if !strings.Contains(got.Stdout, want) {
			t.Errorf("status does not have %q", want)
		}
	}
	if got.Code != 1 || strings.Contains(got.Stdout, good) || got.Stderr != "" {
		t.Errorf("exit code %d\n%s%s", got.Code, got.Stdout, got.Stderr)
	}
	if got := p.Run(t, "", "status", trust.Name, "-o", "wide"); !strings.Contains(got.Stdout, "✓ "+good+"  Signed: ") {
		t.Errorf("wide does not show what is verified:\n%s", got.Stdout)
	}
	if got := p.Run(t, "", "status", trust.Name, "-o", "json"); !json.Valid([]byte(got.Stdout)) || got.Code != 1 {
		t.Errorf("exit code %d, not JSON:\n%s", got.Code, got.Stdout)
	}
	if got := p.Run(t, "", "status", "missing"); got.Code != 2 || !strings.Contains(got.Stderr, `KarmadaImageTrust "missing" not found`) {
		t.Errorf("exit code %d: %s", got.Code, got.Stderr)
	}
}

// named sets the name, the apiVersion and the kind of an object, as manifests do.
func named(t *testing.T, object client.Object, name string) client.Object {
	t.Helper()
	kind, err := apiutil.GVKForObject(object, lab.Client.Scheme())
	if err != nil {
		t.Fatal(err)
	}
	object.GetObjectKind().SetGroupVersionKind(kind)
	object.SetGenerateName("")
	object.SetName(name)
	return object
}
