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

package signing

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/mod/semver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// another is an identity that no trust names.
var another = sigstore.GitHubWorkflow("karmada-io/dashboard", "dockerhub-released-image.yml", "refs/tags/v1.16.0", labtest.Commit)

// trial is a trust with images that cosign signed: by each method one as the trust requires, and one where another
// identity took part.
type trial struct {
	lab                *labtest.Lab
	cosign             *Cosign
	methods            []Method
	trust              *v1alpha1.KarmadaImageTrust
	trusted, untrusted map[string]sample
	// judges are the versions of cosign, and question is what they are asked.
	judges   []*labtest.Program
	question []string
}

// sample is an image index, as releases are.
type sample struct {
	reference string
	digest    name.Digest
}

func newTrial(
	t *testing.T, lab *labtest.Lab, cosign *Cosign, organisation string, methods []Method,
	store func(m Method, image name.Digest, last sigstore.Identity),
) *trial {
	t.Helper()
	out := &trial{
		lab: lab, cosign: cosign, methods: methods, trusted: map[string]sample{}, untrusted: map[string]sample{},
		judges: []*labtest.Program{lab.NewCosign(t), lab.NewCosignV3(t)}, question: []string{"verify"},
	}
	var references []string
	push := func(reference string) sample {
		digest, _, err := images.PushIndex(t.Context(), reference, reference, lab.RemoteOptions()...)
		if err != nil {
			t.Fatal(err)
		}
		return sample{reference, digest}
	}
	for _, m := range methods {
		repository := "docker.io/" + organisation + "/" + m.Name
		out.trusted[m.Name], out.untrusted[m.Name] = push(repository+":trusted"), push(repository+":untrusted")
		store(m, out.trusted[m.Name].digest, labtest.Release)
		store(m, out.untrusted[m.Name].digest, another)
		references = append(references, out.trusted[m.Name].reference, out.untrusted[m.Name].reference)
	}
	out.trust = labtest.NewTrust(organisation, organisation, references...)
	if cosign.trustRoot != nil {
		out.trust.Spec.TrustRoot = &v1alpha1.TrustRootReference{Name: cosign.trustRoot.GetName()}
	}
	return out
}

// check compares all answers on all images.
func (c *trial) check(t *testing.T, denial string) {
	t.Helper()
	compiled, err := policy.Compile(c.trust.Spec)
	if err != nil {
		t.Fatal(err)
	}
	p := prediction.New(t, c.lab)
	root := p.Root
	if c.cosign.trustRoot != nil {
		if root, err = trustroot.FromTrustRoot(c.cosign.trustRoot); err != nil {
			t.Fatal(err)
		}
	}
	c.lab.Create(t, c.trust)
	status := c.lab.WaitForTrust(t, c.trust.Name, labtest.Reconciled,
		labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionFalse, v1alpha1.UntrustedImagesReason))
	cluster := p.Cluster()
	for _, m := range c.methods {
		t.Run(m.Name, func(t *testing.T) {
			c.checkVerdicts(t, p.For(t), root, m, compiled.Signers[0].Rule, status)
			c.checkJudges(t, m)
			trusted, untrusted, denial := c.trusted[m.Name].reference, c.untrusted[m.Name].reference, denial
			if m.Since == "" || semver.Compare(c.lab.PolicyController.Version(), m.Since) >= 0 {
				checkForecast(p.For(t), cluster, compiled, trusted, admission.Allowed, "")
				c.lab.WaitUntilAllowed(t, trusted)
			} else {
				checkForecast(p.For(t), cluster, compiled, trusted, admission.Denied, v1alpha1.FormatNotAcceptedReason)
				c.lab.WaitUntilDenied(t, trusted, "failed policy: "+c.trust.Name)
				denial = "failed policy: " + c.trust.Name // for the format, not for the identity
			}
			checkForecast(p.For(t), cluster, compiled, untrusted, admission.Denied, "")
			c.lab.WaitUntilDenied(t, untrusted, denial)
		})
	}
}

// checkVerdicts compares what the verifier and the operator say of both images of a method.
func (c *trial) checkVerdicts(
	t *testing.T, p *prediction.Predictor, root *trustroot.Root, m Method, rule *policy.Rule, status *v1alpha1.KarmadaImageTrust,
) {
	t.Helper()
	type outcome struct {
		Verdict v1alpha1.Verdict
		Reason  string
		Signer  *v1alpha1.Signer
		Format  policy.Format
	}
	verify := func(s sample) outcome {
		got := p.Verifier.Verify(t.Context(), s.digest, rule, root)
		t.Logf("%s: %s", s.reference, got.Message)
		return outcome{got.Verdict, got.Reason, got.Signer, got.Format}
	}
	want := outcome{v1alpha1.VerdictVerified, v1alpha1.SignedReason, labtest.SignerOf(labtest.Release), m.Stored}
	if diff := cmp.Diff(want, verify(c.trusted[m.Name])); diff != "" {
		t.Errorf("verdict on the trusted image (-want +got):\n%s", diff)
	}
	want = outcome{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.IdentityMismatchReason, Signer: labtest.SignerOf(another)}
	got := verify(c.untrusted[m.Name])
	got.Format = "" // nothing is verified
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdict on the untrusted image (-want +got):\n%s", diff)
	}
	trusted, untrusted := c.trusted[m.Name].reference, c.untrusted[m.Name].reference
	if wrong := labtest.HasVerdict(untrusted, v1alpha1.VerdictUntrusted, v1alpha1.IdentityMismatchReason)(status); wrong != "" {
		t.Error(wrong)
	}
	if wrong := labtest.HasVerdict(trusted, v1alpha1.VerdictVerified, v1alpha1.SignedReason)(status); wrong != "" {
		t.Fatal(wrong)
	}
	shown := labtest.FindImage(status, trusted)
	if diff := cmp.Diff(labtest.SignerOf(labtest.Release), shown.Signer); diff != "" || shown.SignatureFormat != m.format() {
		t.Errorf("the status names the format %s, want %s, and the signer (-want +got):\n%s", shown.SignatureFormat, m.format(), diff)
	}
}

// checkJudges asks both versions of cosign about both images of a method.
func (c *trial) checkJudges(t *testing.T, m Method) {
	t.Helper()
	identity := []string{"--certificate-oidc-issuer", labtest.Release.Issuer, "--certificate-identity", labtest.Release.Subject}
	for i, judge := range c.judges {
		version := i + 2
		asks := func(s sample, more ...string) bool {
			args := slices.Concat(c.question, identity, c.cosign.judging, more, []string{s.digest.String()})
			if version == 2 {
				// It looks for the other format only when it is told to.
				args = append(args, "--offline", "--new-bundle-format="+boolText(m.format() == v1alpha1.SignatureFormatBundle))
			}
			got := judge.Run(t, "", args...)
			if got.Code != 0 {
				t.Logf("cosign %d: %s%s", version, got.Stdout, got.Stderr)
			}
			return got.Code == 0
		}
		if want := version > 2 || !m.OnlyV3; asks(c.trusted[m.Name]) != want {
			t.Errorf("cosign %d accepts the trusted image: %t", version, !want)
		}
		if m.OnlyV3 && !asks(c.trusted[m.Name], "--use-signed-timestamps") {
			t.Errorf("cosign %d rejects the trusted image by its timestamp", version)
		}
		if asks(c.untrusted[m.Name]) {
			t.Errorf("cosign %d accepts the untrusted image", version)
		}
	}
}

func boolText(value bool) string {
	if value {
		return "true"
	}
	return "false"
}

// checkForecast compares the forecast for a pod with what admission must say, for a reason if one is given.
func checkForecast(
	p *prediction.Predictor, cluster *admission.Cluster, trust *policy.Policy, image string, want admission.Outcome, reason string,
) {
	p.T.Helper()
	pod := prediction.Workload{Kind: "Pod", Namespace: labtest.Namespace, Images: []string{image}}
	got := p.Predict(cluster, pod.AdmissionObject(), trust)
	forReason := reason == "" || slices.ContainsFunc(got.Findings, func(f admission.Finding) bool { return f.Reason == reason })
	if got.Outcome != want || !forReason {
		p.T.Errorf("%s is foretold to be %s, want %s %s: %+v", image, got.Outcome, want, reason, got)
	}
}
