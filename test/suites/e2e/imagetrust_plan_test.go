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
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// planned is what is read of a plan.
type planned struct {
	Summary   struct{ Workloads, Denied, Undetermined, Allowed, Uncovered int }
	Workloads []struct{ Kind, Namespace, Name, Outcome string }
	Changes   []struct {
		Workload struct{ Kind, Name, Outcome string }
		Before   string
	}
}

// outcomes of workloads by kind and name.
func (p planned) outcomes() map[string]string {
	out := map[string]string{}
	for _, w := range p.Workloads {
		out[w.Kind+" "+w.Name] = w.Outcome
	}
	return out
}

func (p *plugin) plan(t *testing.T, stdin string, args ...string) (planned, int) {
	t.Helper()
	got := p.run(t, stdin, append(append([]string{"plan", "-o", "json"}, args...), p.sigstore...)...)
	var out planned
	if err := json.Unmarshal([]byte(got.stdout), &out); err != nil {
		t.Fatalf("%v\n%s%s", err, got.stdout, got.stderr)
	}
	return out, got.code
}

// TestPluginPlan has the plugin foretell what admission makes of manifests, and has the real one answer.
func TestPluginPlan(t *testing.T) {
	plugin, p := newPlugin(t), newPredictor(t)
	const signed, unsigned, foreign = "docker.io/plan/signed:v1", "docker.io/plan/unsigned:v1", "docker.io/plan/foreign:v1"
	digest := pushSigned(t, signed, release)
	push(t, unsigned)
	pushSigned(t, foreign, stranger)
	p.load(trustPolicy(t, "plan", "plan"))
	in := p.namespace("plan", map[string]string{"policy.sigstore.dev/include": "true"})

	var cases []predicted
	for _, kind := range kindsOfWorkloads {
		for _, images := range [][]string{
			{signed}, {unsigned}, {foreign}, {digest.String()}, {signed + "@" + digest.DigestStr()}, {signed, unsigned}, {"plan/signed:v1"},
		} {
			cases = append(cases, predicted{kind: kind, namespace: in, images: images})
		}
		cases = append(cases, predicted{kind: kind, namespace: in, init: []string{unsigned}, images: []string{signed}})
	}
	var documents []any
	for i, c := range cases {
		documents = append(documents, named(t, c.workload(), fmt.Sprintf("w%d", i)))
	}
	file := writeObjects(t, newTrust("plan", "plan"))
	got, code := plugin.plan(t, asYAML(t, documents...), "-f", file, "--manifests", "-")
	if code != 1 || got.Summary.Workloads != len(cases) {
		t.Errorf("exit code %d, %d workloads, want 1 and %d", code, got.Summary.Workloads, len(cases))
	}
	outcomes, agreed := got.outcomes(), 0
	for i, c := range cases {
		err := p.listening.Create(context.WithoutCancel(t.Context()), c.workload(), client.DryRunAll)
		want := "Allowed"
		if err != nil {
			want = "Denied"
			if wrong := isRefused(err, ""); wrong != "" {
				t.Error(wrong)
			}
		}
		if said := outcomes[fmt.Sprintf("%s w%d", c.kind, i)]; said != want {
			t.Errorf("%s with %v %v: foretold %q, really %s: %v", c.kind, c.init, c.images, said, want, err)
			continue
		}
		agreed++
	}
	fmt.Printf("figure: plan_agreement %d/%d\n", agreed, len(cases))
}

// TestPluginPlanAgainst shows what a change of a trust would change, in a cluster.
func TestPluginPlanAgainst(t *testing.T) {
	plugin, p := newPlugin(t), newPredictor(t)
	const signed, foreign = "docker.io/against/signed:v1", "docker.io/against/foreign:v1"
	pushSigned(t, signed, release)
	pushSigned(t, foreign, stranger)
	in := p.namespace("against", nil)
	for name, image := range map[string]string{"signed": signed, "foreign": foreign} {
		workload := named(t, predicted{kind: "Deployment", namespace: in, images: []string{image}}.workload(), name)
		create(t, workload)
	}
	wide := newTrust("against", "against")
	wide.Spec.Identity, wide.Spec.IdentityRegexp = "", v1alpha1.Regexp(`https://github\.com/.*`)
	before, after := writeObjects(t, wide), writeObjects(t, newTrust("against", "against"))

	got, code := plugin.plan(t, "", "-f", before)
	if outcomes := got.outcomes(); outcomes["Deployment signed"] != "Allowed" || outcomes["Deployment foreign"] != "Allowed" {
		t.Errorf("exit code %d, %v", code, outcomes)
	}
	got, code = plugin.plan(t, "", "-f", after, "--against", before)
	if code != 1 || len(got.Changes) != 1 || got.Changes[0].Workload.Name != "foreign" || got.Changes[0].Before != "Allowed" {
		t.Errorf("exit code %d, changes %+v", code, got.Changes)
	}
	if got, code = plugin.plan(t, "", "-f", before, "--against", after); code != 0 || len(got.Changes) != 1 {
		t.Errorf("the other way round: exit code %d, changes %+v", code, got.Changes)
	}
}

// TestPluginRender: what render prints the API server takes, and it is what the operator applies.
func TestPluginRender(t *testing.T) {
	p := newPlugin(t)
	trust := newTrust("rendered", "rendered")
	got := p.run(t, asYAML(t, trust.DeepCopy()), "render", "-f", "-")
	if got.code != 0 {
		t.Fatal(got.stderr)
	}
	printed := newPolicy("rendered")
	if err := yaml.Unmarshal([]byte(got.stdout), &printed.Object); err != nil {
		t.Fatal(err)
	}
	create(t, trust)
	becomes(t, trust.Name, settled)
	applied, err := getPolicy(trust.Name)(t.Context())
	if err != nil || applied == nil {
		t.Fatalf("the operator applied nothing: %v", err)
	}
	if want, got := dump(applied.Object["spec"]), dump(printed.Object["spec"]); got != want {
		t.Errorf("render prints\n%s\nand the operator applied\n%s", got, want)
	}
}

// TestPluginStatus shows the trusts of a cluster.
func TestPluginStatus(t *testing.T) {
	p := newPlugin(t)
	const good, unsigned = "docker.io/plugin-status/good:v1", "docker.io/plugin-status/unsigned:v1"
	pushSigned(t, good, release)
	push(t, unsigned)
	trust := newTrust("plugin-status", "plugin-status", good, unsigned)
	create(t, trust)
	becomes(t, trust.Name, settled)
	got := p.run(t, "", "status", trust.Name)
	for _, want := range []string{"✗ plugin-status  Enforce · 1/2 verified", "✗ " + unsigned + "  Unsigned: "} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("status does not have %q", want)
		}
	}
	if got.code != 1 || strings.Contains(got.stdout, good) || got.stderr != "" {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := p.run(t, "", "status", trust.Name, "-o", "wide"); !strings.Contains(got.stdout, "✓ "+good+"  Signed: ") {
		t.Errorf("wide does not show what is verified:\n%s", got.stdout)
	}
	if got := p.run(t, "", "status", trust.Name, "-o", "json"); !json.Valid([]byte(got.stdout)) || got.code != 1 {
		t.Errorf("exit code %d, not JSON:\n%s", got.code, got.stdout)
	}
	if got := p.run(t, "", "status", "nobody"); got.code != 2 || !strings.Contains(got.stderr, `KarmadaImageTrust "nobody" not found`) {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
}

// named gives an object a name, and says what it is, as manifests do.
func named(t *testing.T, object client.Object, name string) client.Object {
	t.Helper()
	kind, err := apiutil.GVKForObject(object, shared.Client.Scheme())
	if err != nil {
		t.Fatal(err)
	}
	object.GetObjectKind().SetGroupVersionKind(kind)
	object.SetGenerateName("")
	object.SetName(name)
	return object
}
