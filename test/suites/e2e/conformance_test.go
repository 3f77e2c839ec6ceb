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
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// conformanceCase is an image with what is stored beside it, and what is to be said of it.
type conformanceCase struct {
	name string
	// store puts something beside the image; nil stores nothing.
	store func(s *stored)
	// reference to judge, the image's tag when nil.
	reference func(s *stored) string

	verdict v1alpha1.Verdict
	reason  string
	// Why a tool answers otherwise; empty where it agrees. The project has to be on the safe side, but for the one rule
	// of the CLI that refuses without need.
	cosignDiffers, admissionDiffers string
	// cosignNeedless tells that cosign's refusal is that rule.
	cosignNeedless bool
	// crashes tells that the image may end a process that judges it: policy-controller judges it in its tester.
	crashes bool
}

// stored is an image of a case, and who may sign it.
type stored struct {
	t     *testing.T
	image name.Digest
	// world that the case is in.
	world *conformanceWorld
}

// conformanceWorld is a trust, and its cases.
type conformanceWorld struct {
	name string
	// spec changes the trust.
	spec func(*v1alpha1.KarmadaImageTrustSpec)
	// sigstore is the one that the trust trusts, and stranger is another.
	sigstore, stranger *sigstore.Sigstore
	// root is the TrustRoot that the trust names, nil for the default one.
	root  *unstructured.Unstructured
	cases []conformanceCase

	trust    *trust
	compiled *policy.Policy
	trusted  *trustroot.Root
}

// answers are what is said of one image.
type answers struct {
	verdict, forecast, cosign, admission string
}

// TestConformance has the project, the real cosign and the real policy-controller judge the same images: sound ones,
// those that lack something, and attacks.
func TestConformance(t *testing.T) {
	p := newPredictor(t)
	cosign, plugin := newCosignCLI(t), newPlugin(t)
	stranger := newSigstore(t)
	worlds := conformanceWorlds(t, stranger)
	var policies []*unstructured.Unstructured
	for _, world := range worlds {
		policies = append(policies, world.prepare(t, p))
	}
	p.load(policies...)
	in := p.namespace("conformance", map[string]string{"policy.sigstore.dev/include": "true"})
	cluster := p.cluster()

	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "CASE\tVERDICT\tCOSIGN\tFORECAST\tADMISSION\tDIFFERENCE")
	cases, unsafe := 0, 0
	for i, world := range worlds {
		for _, c := range world.cases {
			t.Run(world.name+"/"+strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
				s := world.push(t, &c)
				reference := s.named(&c)
				got := world.judge(t, p.in(t), cluster, in, reference)
				if ran := plugin.judge(t, world, reference); ran.code != exitCodes[c.verdict] {
					t.Errorf("kubectl imagetrust verify ends with %d, want %d\n%s%s", ran.code, exitCodes[c.verdict], ran.stdout, ran.stderr)
				}
				got.cosign = cosign.judge(t, world, reference)
				got.admission = admit(t, p, cosign, in, reference, world, policies[i], &c)
				cases++
				if !check(t, got, &c) {
					unsafe++
				}
				_, _ = fmt.Fprintf(table, "%s: %s\t%s\t%s\t%s\t%s\t%s\n", world.name, c.name, got.verdict, got.cosign, got.forecast,
					got.admission, strings.Join(slices.DeleteFunc([]string{c.cosignDiffers, c.admissionDiffers}, func(s string) bool { return s == "" }), "; "))
			})
		}
	}
	_ = table.Flush()
	fmt.Printf("figure: conformance_cases %d\nfigure: conformance_unsafe %d\n", cases, unsafe)
	const least = 60
	if cases < least || unsafe > 0 {
		t.Errorf("%d cases, %d of them unsafe; want at least %d, and none", cases, unsafe, least)
	}
}

const (
	accepts = "accepts"
	refuses = "refuses"
)

func word(accepted bool) string {
	if accepted {
		return accepts
	}
	return refuses
}

// check compares the answers with what is wanted, and tells whether they are on the safe side.
func check(t *testing.T, got answers, c *conformanceCase) (safe bool) {
	t.Helper()
	verified := string(v1alpha1.VerdictVerified)
	accepted := strings.HasPrefix(got.verdict, verified)
	if want := string(c.verdict) + " " + c.reason; got.verdict != want {
		t.Errorf("the verdict is %s, want %s", got.verdict, want)
	}
	if (word(accepted) != got.cosign) != (c.cosignDiffers != "") {
		t.Errorf("the verdict is %s, and cosign %s; a difference is explained by %q", got.verdict, got.cosign, c.cosignDiffers)
	}
	if (got.forecast != got.admission) != (c.admissionDiffers != "") {
		t.Errorf("the forecast is that admission %s, and it %s; a difference is explained by %q", got.forecast, got.admission, c.admissionDiffers)
	}
	lax := accepted && got.cosign == refuses && !c.cosignNeedless
	promised := got.forecast == accepts && got.admission == refuses
	return !lax && !promised
}

// prepare makes the world's trust, and returns its policy.
func (w *conformanceWorld) prepare(t *testing.T, p *predictor) *unstructured.Unstructured {
	t.Helper()
	trust := newTrust("conform-"+w.name, "conform-"+w.name)
	w.trusted = p.root
	if w.root != nil {
		create(t, w.root)
		trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: w.root.GetName()}
		var err error
		if w.trusted, err = trustroot.FromTrustRoot(w.root); err != nil {
			t.Fatal(err)
		}
	}
	if w.spec != nil {
		w.spec(&trust.Spec)
	}
	w.trust = trust
	var err error
	if w.compiled, err = policy.Compile(trust.Spec); err != nil {
		t.Fatal(err)
	}
	return w.compiled.ClusterImagePolicy(trust.Name, policy.Surroundings{Timestamps: w.root != nil && w.trusted.Timestamps()})
}

// push pushes the image of a case, an index as releases are, and stores what belongs to it.
func (w *conformanceWorld) push(t *testing.T, c *conformanceCase) *stored {
	t.Helper()
	reference := "docker.io/conform-" + w.name + "/" + strings.ToLower(strings.ReplaceAll(c.name, " ", "-")) + ":v1"
	index, _, err := images.PushIndex(t.Context(), reference, reference, shared.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	s := &stored{t: t, image: index, world: w}
	if c.store != nil {
		c.store(s)
	}
	return s
}

func (s *stored) named(c *conformanceCase) string {
	if c.reference != nil {
		return c.reference(s)
	}
	return s.image.Context().Tag("v1").String()
}

// judge has the project judge the image, and foretell what admission makes of it.
func (w *conformanceWorld) judge(
	t *testing.T, p *predictor, cluster *admission.Cluster, namespace, reference string,
) answers {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	digest, failure := p.cosign.Resolve(t.Context(), ref)
	if failure != nil {
		t.Fatal(failure.Message)
	}
	result := p.cosign.Verify(t.Context(), digest, w.compiled.Rule, w.trusted)
	t.Logf("%s %s: %s", result.Verdict, result.Reason, result.Message)
	pod := predicted{kind: "Pod", namespace: namespace, images: []string{reference}}
	decision := cluster.Decide(pod.object(), p.judge)
	if decision.Outcome == admission.Undetermined && result.Verdict != v1alpha1.VerdictUnknown {
		t.Errorf("nothing is foretold: %+v", decision.Findings)
	}
	// What cannot be told is no acceptance.
	return answers{
		verdict:  string(result.Verdict) + " " + result.Reason,
		forecast: word(decision.Outcome == admission.Allowed),
	}
}

// admit has policy-controller judge the image.
func admit(
	t *testing.T, p *predictor, cosign *cosignCLI, namespace, reference string, w *conformanceWorld, cip client.Object, c *conformanceCase,
) string {
	t.Helper()
	if c.crashes {
		return cosign.policyTester(t, w, cip, reference)
	}
	pod := predicted{kind: "Pod", namespace: namespace, images: []string{reference}}
	err := p.listening.Create(context.WithoutCancel(t.Context()), pod.workload(), client.DryRunAll)
	if err != nil {
		t.Logf("admission: %v", err)
		if wrong := isRefused(err, ""); wrong != "" {
			t.Error(wrong)
		}
	}
	return word(err == nil)
}
