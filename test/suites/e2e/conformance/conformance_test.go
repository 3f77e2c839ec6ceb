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

package conformance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	"github.com/karmada-io/image-trust/internal/assess"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/filter"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// conformanceCase is an image with the artifacts stored for it, and the expected verdict.
type conformanceCase struct {
	name string
	// store stores signatures and the like for the image; nil stores nothing.
	store func(s *stored)
	// reference to verify; nil: the image's tag.
	reference func(s *stored) string

	verdict v1alpha1.Verdict
	reason  string
	// differs explains by judge why it answers differently from the verdict, and admissionDiffers why the webhook
	// answers differently from the forecast; empty: it agrees. The project must be on the safe side, except for the one
	// rule of the CLI that rejects more than necessary.
	differs          map[string]string
	admissionDiffers string
	// cosignStricter reports that cosign rejects the image by that rule.
	cosignStricter bool
	// crash are the judges that crash on the image, which counts as a rejection. If policy-controller does, its tester
	// verifies it instead of the webhook.
	crash []string
}

// stored is the pushed image of a case.
type stored struct {
	t       *testing.T
	image   name.Digest
	fixture *conformanceFixture
}

// conformanceFixture is a trust with the cases that it applies to.
type conformanceFixture struct {
	name string
	// spec changes the trust.
	spec func(*v1alpha1.KarmadaImageTrustSpec)
	// sigstore is trusted by the trust, other is not.
	sigstore, other *sigstore.Sigstore
	// root is the TrustRoot that the trust names; nil: the default one.
	root  *unstructured.Unstructured
	cases []conformanceCase
	// timestamps reports that a timestamp may tell the time of an entry that has none, which cosign has to be asked for.
	timestamps bool

	trust    *v1alpha1.KarmadaImageTrust
	compiled *policy.Policy
	trusted  *trustroot.Root
}

// answers are all answers on one image.
type answers struct {
	verdict, forecast, cosign, admission string
	// judges are the answers of those that can know, by name.
	judges map[string]string
}

// TestConformance compares the verdicts and forecasts of the project with the answers of cosign and of
// policy-controller on the same images: valid ones, incomplete ones, and attacks.
func TestConformance(t *testing.T) {
	p := prediction.New(t, lab)
	tester, plugin := newTester(t), lab.NewPlugin(t)
	asked := judges(t, tester)
	fixtures := conformanceFixtures(t, labtest.NewSigstore(t))
	var policies []*unstructured.Unstructured
	for _, fixture := range fixtures {
		policies = append(policies, fixture.prepare(t, p))
	}
	p.CreatePolicies(policies...)
	in := p.CreateNamespace("conformance", true)
	cluster := p.Cluster()

	table := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	names := []string{cosign2, cosign3, admit13, admit15}
	_, _ = fmt.Fprintf(table, "CASE\tVERDICT\tFORECAST\t%s\t%s\tDIFFERENCE\n", admit14, strings.Join(names, "\t"))
	cases, unsafe, wronged := 0, 0, 0
	for i, fixture := range fixtures {
		for _, c := range fixture.cases {
			t.Run(fixture.name+"/"+strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
				s := fixture.push(t, &c)
				reference := s.reference(&c)
				got := fixture.verify(t, p.For(t), cluster, in, reference)
				if ran := runVerify(t, plugin, fixture, reference); ran.Code != labtest.ExitCodes[c.verdict] {
					t.Errorf("kubectl imagetrust verify ends with %d, want %d\n%s%s", ran.Code, labtest.ExitCodes[c.verdict], ran.Stdout, ran.Stderr)
				}
				got.judges = ask(t, asked, fixture, policies[i], reference)
				got.cosign = got.judges[cosign2]
				got.admission = admit(t, p, tester, in, reference, fixture, policies[i], &c)
				cases++
				if !check(t, got, &c) {
					unsafe++
				}
				if !checkJudges(t, got, &c) {
					wronged++
				}
				_, _ = fmt.Fprintf(table, "%s: %s\t%s\t%s\t%s\t", fixture.name, c.name, got.verdict, got.forecast, got.admission)
				for _, name := range names {
					_, _ = fmt.Fprintf(table, "%s\t", cmp.Or(got.judges[name], "-"))
				}
				_, _ = fmt.Fprintln(table, c.differences())
			})
		}
	}
	_ = table.Flush()
	fmt.Printf("figure: conformance_cases %d\nfigure: conformance_unsafe %d\nfigure: conformance_false_untrusted %d\nfigure: conformance_judges %d\n",
		cases, unsafe, wronged, len(asked)+1)
	if wronged > 0 {
		t.Errorf("%d of %d images are untrusted although a judge accepts them, which is not explained", wronged, cases)
	}
	if unsafe > 0 {
		t.Errorf("%d of %d cases are unsafe", unsafe, cases)
	}
	if cases < minCases && filter.AllSubtests() {
		t.Errorf("%d cases, want at least %d", cases, minCases)
	}
}

// minCases is the least number of cases that a complete run needs for its figures to mean something.
const minCases = 200

const (
	accepts = "accepts"
	rejects = "rejects"
	crashes = "crashes"
)

func answerText(accepted bool) string {
	if accepted {
		return accepts
	}
	return rejects
}

// check compares the answers with the case, and reports whether they are on the safe side.
func check(t *testing.T, got answers, c *conformanceCase) (safe bool) {
	t.Helper()
	verified := string(v1alpha1.VerdictVerified)
	accepted := strings.HasPrefix(got.verdict, verified)
	if want := string(c.verdict) + " " + c.reason; got.verdict != want {
		t.Errorf("the verdict is %s, want %s", got.verdict, want)
	}
	if ((got.forecast == accepts) != (got.admission == accepts)) != (c.admissionDiffers != "") {
		t.Errorf("the forecast is that admission %s, but it %s; a difference is explained by %q", got.forecast, got.admission, c.admissionDiffers)
	}
	lax := accepted && got.cosign != accepts && !c.cosignStricter && got.judges[cosign3] != accepts
	overpromised := got.forecast == accepts && got.admission != accepts
	return !lax && !overpromised
}

// checkJudges compares the verdict with the answers of the judges. It returns false if the image is untrusted and a judge accepts it
// for no reason that is known.
func checkJudges(t *testing.T, got answers, c *conformanceCase) bool {
	t.Helper()
	accepted, right := strings.HasPrefix(got.verdict, string(v1alpha1.VerdictVerified)), true
	for name, answer := range got.judges {
		known := c.differs[name]
		if ((answer == accepts) != accepted) != (known != "") {
			t.Errorf("the verdict is %s, but %s %s; a difference is explained by %q", got.verdict, name, answer, known)
		}
		if answer == accepts && known == "" && strings.HasPrefix(got.verdict, string(v1alpha1.VerdictUntrusted)) {
			right = false
		}
	}
	crashed := slices.DeleteFunc(slices.Sorted(maps.Keys(got.judges)), func(name string) bool { return got.judges[name] != crashes })
	if got.admission == crashes {
		crashed = append(crashed, admit14)
	}
	slices.Sort(crashed)
	if !slices.Equal(crashed, slices.Sorted(slices.Values(c.crash))) {
		t.Errorf("%q crash, want %q", crashed, c.crash)
	}
	return right
}

// differences are the reasons why others answer differently, each once.
func (c *conformanceCase) differences() string {
	reasons := slices.Sorted(maps.Values(c.differs))
	if c.admissionDiffers != "" {
		reasons = append(reasons, c.admissionDiffers)
	}
	return strings.Join(slices.Compact(reasons), "; ")
}

// prepare makes the fixture's trust, and returns its policy.
func (f *conformanceFixture) prepare(t *testing.T, p *prediction.Predictor) *unstructured.Unstructured {
	t.Helper()
	trust := labtest.NewTrust("conform-"+f.name, "conform-"+f.name)
	f.trusted = p.Root
	if f.root != nil {
		lab.Create(t, f.root)
		trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: f.root.GetName()}
		var err error
		if f.trusted, err = trustroot.FromTrustRoot(f.root); err != nil {
			t.Fatal(err)
		}
	}
	if f.spec != nil {
		f.spec(&trust.Spec)
	}
	f.trust = trust
	var err error
	if f.compiled, err = policy.Compile(trust.Spec); err != nil {
		t.Fatal(err)
	}
	roots := assess.Roots{}
	if f.root != nil {
		roots[f.root.GetName()] = f.trusted
	}
	target := assess.Target(admission.V014().Target(admission.Config{}), roots)
	return f.compiled.ClusterImagePolicy(trust.Name, target)
}

// push pushes the image of a case, an index as releases are, and stores its artifacts.
func (f *conformanceFixture) push(t *testing.T, c *conformanceCase) *stored {
	t.Helper()
	reference := "docker.io/conform-" + f.name + "/" + strings.ToLower(strings.ReplaceAll(c.name, " ", "-")) + ":v1"
	index, _, err := images.PushIndex(t.Context(), reference, reference, lab.RemoteOptions()...)
	if err != nil {
		t.Fatal(err)
	}
	s := &stored{t: t, image: index, fixture: f}
	if c.store != nil {
		c.store(s)
	}
	return s
}

// reference returns the reference that the case verifies.
func (s *stored) reference(c *conformanceCase) string {
	if c.reference != nil {
		return c.reference(s)
	}
	return s.image.Context().Tag("v1").String()
}

// verify returns the verdict of the project and its forecast for the image.
func (f *conformanceFixture) verify(
	t *testing.T, p *prediction.Predictor, cluster *admission.Cluster, namespace, reference string,
) answers {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	digest, failure := p.Verifier.Resolve(t.Context(), ref)
	if failure != nil {
		t.Fatal(failure.Message)
	}
	result := p.Verifier.Verify(t.Context(), digest, f.compiled.Signers[0].Rule, f.trusted)
	t.Logf("%s %s: %s", result.Verdict, result.Reason, result.Message)
	pod := prediction.Workload{Kind: "Pod", Namespace: namespace, Images: []string{reference}}
	decision := p.Predict(cluster, pod.AdmissionObject(), f.compiled)
	if decision.Outcome == admission.Undetermined && result.Verdict != v1alpha1.VerdictUnknown {
		t.Errorf("nothing is predicted: %+v", decision.Findings)
	}
	// An undetermined forecast does not count as accepted.
	return answers{
		verdict:  string(result.Verdict) + " " + result.Reason,
		forecast: answerText(decision.Outcome == admission.Allowed),
	}
}

// admit returns the answer of policy-controller on the image.
func admit(
	t *testing.T, p *prediction.Predictor, tester *cosignCLI, namespace, reference string, f *conformanceFixture, cip client.Object, c *conformanceCase,
) string {
	t.Helper()
	if slices.Contains(c.crash, admit14) {
		return tester.policyTester(t, binaries.PolicyTester, f, cip, reference)
	}
	pod := prediction.Workload{Kind: "Pod", Namespace: namespace, Images: []string{reference}}
	err := p.Client.Create(context.WithoutCancel(t.Context()), pod.Object(), client.DryRunAll)
	if err != nil {
		t.Logf("admission: %v", err)
		if wrong := labtest.CheckDenied(err, ""); wrong != "" {
			t.Error(wrong)
		}
	}
	return answerText(err == nil)
}

// runVerify runs kubectl imagetrust verify with the trust of a fixture.
func runVerify(t *testing.T, p *labtest.Plugin, f *conformanceFixture, reference string) labtest.Result {
	t.Helper()
	objects := []any{f.trust}
	if f.root != nil {
		objects = append(objects, f.root)
	}
	args := append([]string{"verify", reference, "-f", labtest.WriteObjects(t, objects...), "-o", "json"}, p.SigstoreFlags...)
	return p.Run(t, "", args...)
}
