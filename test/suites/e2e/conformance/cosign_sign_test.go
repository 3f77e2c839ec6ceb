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
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/labtest"
	"github.com/karmada-io/image-trust/test/suites/e2e/internal/prediction"
)

// cosignSigner is the cosign command, which signs with the lab's Sigstore.
type cosignSigner struct {
	*cosignCLI
	server *sigstore.Server
	// services and config are flags that lead cosign to the lab's Sigstore: by URLs, and by a signing configuration.
	services, config []string
}

func newCosignSigner(t *testing.T) *cosignSigner {
	t.Helper()
	server, err := lab.Sigstore.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &cosignSigner{cosignCLI: &cosignCLI{lab.NewCosign(t)}, server: server}
	config, err := server.SigningConfig(sigstore.SigningServices{RekorVersion: 1})
	if err != nil {
		t.Fatal(err)
	}
	c.services = []string{"--fulcio-url", server.URL, "--rekor-url", server.URL}
	c.config = []string{"--signing-config", c.write(t, "signing-config.json", config)}
	return c
}

// write writes a file for cosign to read.
func (c *cosignSigner) write(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(c.Dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// runAs runs a command of cosign on an image with the token of an identity.
func (c *cosignSigner) runAs(t *testing.T, id sigstore.Identity, image name.Digest, command string, args ...string) {
	t.Helper()
	token, err := c.server.Token(id)
	if err != nil {
		t.Fatal(err)
	}
	out, ok := c.run(t, slices.Concat([]string{command, "--yes", "--identity-token", token}, args, []string{image.String()})...)
	if !ok {
		t.Fatalf("cosign %s %v %s:\n%s", command, args, image, out)
	}
}

// cosignMethod is one way to sign and attest with cosign, and the format of the result.
type cosignMethod struct {
	name string
	// args are for both, and attest for attestations alone.
	args, attest []string
	stored       policy.Format
	format       v1alpha1.SignatureFormat
}

func (c *cosignSigner) methods() []cosignMethod {
	timestamp := []string{"--timestamp-server-url", c.server.TimestampURL}
	tag := func(name string, args ...[]string) cosignMethod {
		return cosignMethod{name: name, args: slices.Concat(args...), stored: policy.SimpleSigning, format: v1alpha1.SignatureFormatSimpleSigning}
	}
	bundle := func(name string, args ...[]string) cosignMethod {
		args = append(args, []string{"--new-bundle-format"})
		return cosignMethod{name: name, args: slices.Concat(args...), stored: policy.Bundle, format: v1alpha1.SignatureFormatBundle}
	}
	return []cosignMethod{
		tag("tag", c.services),
		tag("tag-timestamped", c.services, timestamp),
		bundle("bundle", c.services),
		bundle("bundle-timestamped", c.services, timestamp),
		bundle("bundle-configured", c.config),
	}
}

// cosignTrial is a trust with images that cosign signed: by each method one as the trust requires, and one where
// another identity took part.
type cosignTrial struct {
	methods            []cosignMethod
	trust              *v1alpha1.KarmadaImageTrust
	trusted, untrusted map[string]sample
}

func newCosignTrial(t *testing.T, organisation string, methods []cosignMethod, store func(w cosignMethod, image name.Digest, last sigstore.Identity)) *cosignTrial {
	t.Helper()
	out := &cosignTrial{methods: methods, trusted: map[string]sample{}, untrusted: map[string]sample{}}
	var references []string
	for _, w := range methods {
		repository := "docker.io/" + organisation + "/" + w.name
		out.trusted[w.name] = newSample(t, repository+":trusted", admissionCase{})
		out.untrusted[w.name] = newSample(t, repository+":untrusted", admissionCase{})
		store(w, out.trusted[w.name].digest, labtest.Release)
		store(w, out.untrusted[w.name].digest, otherRepository)
		references = append(references, out.trusted[w.name].reference)
	}
	out.trust = labtest.NewTrust(organisation, organisation, references...)
	return out
}

// check compares the answers of the verifier, the operator and policy-controller on all images.
func (c *cosignTrial) check(t *testing.T, denial string) {
	t.Helper()
	compiled, err := policy.Compile(c.trust.Spec)
	if err != nil {
		t.Fatal(err)
	}
	p := prediction.New(t, lab)
	lab.Create(t, c.trust)
	status := lab.WaitForTrust(t, c.trust.Name, labtest.Reconciled, labtest.HasCondition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason))
	for _, w := range c.methods {
		t.Run(w.name, func(t *testing.T) {
			type outcome struct {
				Verdict v1alpha1.Verdict
				Reason  string
				Signer  *v1alpha1.Signer
				Format  policy.Format
			}
			verify := func(s sample) outcome {
				got := p.Verifier.Verify(t.Context(), s.digest, compiled.Rule, p.Root)
				t.Logf("%s: %s", s.reference, got.Message)
				return outcome{got.Verdict, got.Reason, got.Signer, got.Format}
			}
			want := outcome{v1alpha1.VerdictVerified, v1alpha1.SignedReason, signerOf(labtest.Release), w.stored}
			if diff := cmp.Diff(want, verify(c.trusted[w.name])); diff != "" {
				t.Errorf("verdict on the trusted image (-want +got):\n%s", diff)
			}
			want = outcome{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.IdentityMismatchReason, Signer: signerOf(otherRepository)}
			got := verify(c.untrusted[w.name])
			got.Format = "" // nothing is verified
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("verdict on the untrusted image (-want +got):\n%s", diff)
			}
			if wrong := labtest.HasVerdict(c.trusted[w.name].reference, v1alpha1.VerdictVerified, v1alpha1.SignedReason)(status); wrong != "" {
				t.Fatal(wrong)
			}
			shown := labtest.FindImage(status, c.trusted[w.name].reference)
			if diff := cmp.Diff(signerOf(labtest.Release), shown.Signer); diff != "" || shown.SignatureFormat != w.format {
				t.Errorf("the status names the format %s, want %s, and the signer (-want +got):\n%s", shown.SignatureFormat, w.format, diff)
			}
			lab.WaitUntilAllowed(t, c.trusted[w.name].reference)
			lab.WaitUntilDenied(t, c.untrusted[w.name].reference, denial)
		})
	}
}

// TestCosignSign signs images with the real cosign, by all methods.
func TestCosignSign(t *testing.T) {
	cosign := newCosignSigner(t)
	newCosignTrial(t, "cosign-sign", cosign.methods(), func(w cosignMethod, image name.Digest, by sigstore.Identity) {
		cosign.runAs(t, by, image, "sign", w.args...)
	}).check(t, otherRepository.Subject)
}

// TestCosignAttest signs and attests images with the real cosign, by all methods. Another identity attests
// the bill of materials of the untrusted ones.
func TestCosignAttest(t *testing.T) {
	cosign := newCosignSigner(t)
	provenance := cosign.write(t, "provenance.json", []byte(`{
		"buildDefinition": {"buildType": "https://karmada.io/build/v1", "externalParameters": {"ref": "v1.16.0"}},
		"runDetails": {"builder": {"id": "https://karmada.io/builder"}}
	}`))
	bill := cosign.write(t, "sbom.spdx.json", []byte(`{"spdxVersion": "SPDX-2.3", "name": "karmada"}`))
	methods := cosign.methods()
	intoto := methods[0]
	intoto.name, intoto.attest = "tag-intoto", []string{"--rekor-entry-type", "intoto"}
	trial := newCosignTrial(t, "cosign-attest", append(methods, intoto), func(w cosignMethod, image name.Digest, by sigstore.Identity) {
		attest := slices.Concat(w.args, w.attest)
		cosign.runAs(t, labtest.Release, image, "sign", w.args...)
		cosign.runAs(t, labtest.Release, image, "attest", slices.Concat(attest, []string{"--type", "slsaprovenance1", "--predicate", provenance})...)
		cosign.runAs(t, by, image, "attest", slices.Concat(attest, []string{"--type", "spdxjson", "--predicate", bill})...)
	})
	trial.trust.Spec.Attestations = []v1alpha1.Attestation{
		{Name: "provenance", PredicateType: sigstore.SLSAPredicate, CUE: `predicate: runDetails: builder: id: "https://karmada.io/builder"`},
		{Name: "sbom", PredicateType: sigstore.SPDXPredicate},
	}
	trial.check(t, "not verified for the declared identity: attestation.sbom")
}
