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

// Package prediction compares predictions of admission with the answers of the real policy-controller.
package prediction

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/semver"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/condition/child"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	verifyregistry "github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// Predictor predicts how admission decides on workloads, from the state of the API server and the
// product's own verifier, and then submits the workloads to the real admission.
type Predictor struct {
	T   *testing.T
	Lab *labtest.Lab
	// Client receives admission's warnings, which Warnings collects.
	Client   client.Client
	Warnings *labtest.Warnings

	// Verifier and Root are what images are verified with, unless a policy names another root of trust.
	Verifier *verify.Cosign
	Root     *trustroot.Root
	// verdicts of the Verifier, each obtained once.
	verdicts *pool.Batch

	// Agreed of Asked workloads were decided as predicted; Outcomes counts all predictions.
	Agreed, Asked int
	Outcomes      map[admission.Outcome]int
}

// New returns a predictor that trusts the lab's Sigstore by default.
func New(t *testing.T, lab *labtest.Lab) *Predictor {
	t.Helper()
	p := &Predictor{T: t, Lab: lab, Outcomes: map[admission.Outcome]int{}}
	p.Client, p.Warnings = lab.NewWarningClient(t)
	conditions := child.New()
	t.Cleanup(conditions.Close)
	p.Verifier = verify.New(verify.WithConditions(conditions),
		verify.WithRegistry(verifyregistry.New(verifyregistry.WithTransport(lab.Registry.Proxy.Transport()))))
	p.verdicts = pool.NewBatch(t.Context(), p.Verifier, 1, func(int, int) {})
	t.Cleanup(p.verdicts.Close)
	encoded, err := lab.Sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	if p.Root, err = trustroot.FromJSON(encoded); err != nil {
		t.Fatal(err)
	}
	return p
}

// For makes the predictor report to another test, such as a subtest, and returns it.
func (p *Predictor) For(t *testing.T) *Predictor {
	t.Helper()
	p.T = t
	return p
}

// Cluster reads the state that admission depends on from the API server.
func (p *Predictor) Cluster() *admission.Cluster {
	p.T.Helper()
	version := p.Lab.PolicyController.Version()
	behavior, ok := admission.Supported().Find(semver.MajorMinor(version))
	if !ok {
		p.T.Fatalf("policy-controller %s is not supported", version)
	}
	state := admission.NewState(admission.DefaultWebhookName, behavior)
	err := state.Load(func(list admission.ObjectList, name string) error {
		var opts []client.ListOption
		if name != "" {
			opts = append(opts, client.MatchingFields{"metadata.name": name})
		}
		return p.Lab.Client.List(p.T.Context(), list, opts...)
	}, trustroot.Entry)
	if err != nil {
		p.T.Fatal(err)
	}
	cluster, err := state.Cluster()
	if err != nil {
		p.T.Fatal(err)
	}
	cluster.TrustRoot = func(name string) admission.TrustRootUse {
		object, root := p.namedRoot(p.T.Context(), name)
		if object == nil {
			return cluster.Use(admission.TrustRoot{Name: name, Missing: true})
		}
		return cluster.Use(assess.TrustRoot(object, root))
	}
	return &cluster
}

// Predict returns how admission decides on an object, by the engine of the operator and the plugin. The trusts are those
// whose policies are in force.
func (p *Predictor) Predict(cluster *admission.Cluster, object admission.Object, trusts ...*policy.Policy) admission.Decision {
	p.T.Helper()
	engine := &assess.Engine{
		Verdicts: p.verdicts, Root: p.root, Trusts: trusts, Version: cluster.Versions.Range(),
	}
	var decision admission.Decision
	_, err := engine.Run(p.T.Context(), nil, func(judge admission.Judge) { decision = cluster.Decide(object, judge) })
	if err != nil {
		p.T.Fatal(err)
	}
	return decision
}

// root returns the root of trust of a TrustRoot, or the default one if the name is empty.
func (p *Predictor) root(ctx context.Context, name string) (*trustroot.Root, error) {
	if name == "" {
		return p.Root, nil
	}
	_, root := p.namedRoot(ctx, name)
	return root, nil
}

// namedRoot returns a TrustRoot and the root of trust in it, or nil if there is none.
func (p *Predictor) namedRoot(ctx context.Context, name string) (*unstructured.Unstructured, *trustroot.Root) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(policy.TrustRootKind)
	if err := p.Lab.Client.Get(ctx, client.ObjectKey{Name: name}, object); err != nil {
		return nil, nil
	}
	root, err := trustroot.Load(ctx, object, trustroot.Repository{})
	if err != nil {
		p.T.Error(err)
	}
	return object, root
}

// Check predicts first and submits then, and reports whether the workload was allowed. A prediction that is undetermined must be
// so for the reason that the case gives.
func (p *Predictor) Check(c Workload) (allowed bool) {
	p.T.Helper()
	p.T.Run(c.Title(), func(t *testing.T) {
		decision := p.Predict(p.Cluster(), c.AdmissionObject())
		p.Outcomes[decision.Outcome]++
		if c.Undetermined != "" {
			if !slices.ContainsFunc(decision.Findings, func(f admission.Finding) bool {
				return f.Effect == admission.EffectUndetermined && f.Reason == c.Undetermined
			}) || decision.Outcome != admission.Undetermined {
				t.Errorf("got %+v, want it undetermined for the reason %s", decision, c.Undetermined)
			}
			return
		}
		p.Asked++
		p.Warnings.Take()
		err := c.Submit(t, p.Lab, p.Client)
		allowed = err == nil
		if c.Admitted != nil && *c.Admitted != allowed {
			t.Errorf("admission answers %v, want it to admit: %t", err, *c.Admitted)
		}
		if wrong := Disagreement(decision, err, p.Warnings.Take()); wrong != "" {
			t.Errorf("%s\npredicted: %s %s %+v\nreal answer: %v", wrong, decision.Outcome, decision.Interception, decision.Findings, err)
			return
		}
		p.Agreed++
	})
	return allowed
}

// Disagreement returns how a prediction differs from the real answer.
func Disagreement(decision admission.Decision, err error, warned string) string {
	if err != nil && labtest.CheckDenied(err, "") != "" {
		return "the API server itself rejects the object"
	}
	switch {
	case decision.Outcome == admission.Undetermined:
		return "nothing is predicted"
	case (err == nil) != (decision.Outcome == admission.Allowed):
		return "the prediction is wrong"
	case err == nil:
		want := slices.ContainsFunc(decision.Findings, func(f admission.Finding) bool { return f.Effect == admission.EffectWarn })
		if got := strings.Contains(warned, "failed policy: ") || strings.Contains(warned, "no matching policies"); got != want {
			return fmt.Sprintf("a warning is predicted: %t; received %q", want, warned)
		}
		return ""
	}
	// policy-controller may name a policy that only warns instead of one that denies, so the finding must be the only one.
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
		return fmt.Sprintf("the real answer does not contain %q", want)
	}
	return ""
}
