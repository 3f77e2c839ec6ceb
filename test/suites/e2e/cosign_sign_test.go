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
)

// cosignSigner is the real cosign, which signs with the local Sigstore.
type cosignSigner struct {
	*cosignCLI
	server *sigstore.Server
	// services and config tell cosign where the local Sigstore is, by flags and by a signing configuration.
	services, config []string
}

func newCosignSigner(t *testing.T) *cosignSigner {
	t.Helper()
	server, err := shared.Sigstore.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &cosignSigner{cosignCLI: newCosignCLI(t), server: server}
	config, err := server.SigningConfig()
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
	file := filepath.Join(c.dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// as runs a command of cosign on an image as somebody.
func (c *cosignSigner) as(t *testing.T, id sigstore.Identity, image name.Digest, command string, args ...string) {
	t.Helper()
	token, err := c.server.Token(id)
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.run(t, slices.Concat([]string{command, "--yes", "--identity-token", token}, args, []string{image.String()})...)
	if err != nil {
		t.Fatalf("cosign %s %v %s: %v\n%s", command, args, image, err, out)
	}
}

// cosignWay is one way to have cosign sign and attest, and the form that comes of it.
type cosignWay struct {
	name string
	// args are for both, and attest for attestations alone.
	args, attest []string
	form         policy.Forms
	format       v1alpha1.SignatureFormat
}

func (c *cosignSigner) ways() []cosignWay {
	stamp := []string{"--timestamp-server-url", c.server.TimestampURL}
	tag := func(name string, args ...[]string) cosignWay {
		return cosignWay{name: name, args: slices.Concat(args...), form: policy.SimpleSigning, format: v1alpha1.SignatureFormatSimpleSigning}
	}
	bundle := func(name string, args ...[]string) cosignWay {
		args = append(args, []string{"--new-bundle-format"})
		return cosignWay{name: name, args: slices.Concat(args...), form: policy.Bundle, format: v1alpha1.SignatureFormatBundle}
	}
	return []cosignWay{
		tag("tag", c.services),
		tag("tag-stamped", c.services, stamp),
		bundle("bundle", c.services),
		bundle("bundle-stamped", c.services, stamp),
		bundle("bundle-configured", c.config),
	}
}

// cosignTrial are images that the real cosign made one trust's business: in each way one that is good, and one that
// somebody else had a hand in.
type cosignTrial struct {
	ways       []cosignWay
	trust      *trust
	good, evil map[string]sample
}

func newCosignTrial(t *testing.T, organisation string, ways []cosignWay, store func(w cosignWay, image name.Digest, last sigstore.Identity)) *cosignTrial {
	t.Helper()
	out := &cosignTrial{ways: ways, good: map[string]sample{}, evil: map[string]sample{}}
	var references []string
	for _, w := range ways {
		repository := "docker.io/" + organisation + "/" + w.name
		out.good[w.name] = newSample(t, repository+":good", admissionCase{})
		out.evil[w.name] = newSample(t, repository+":evil", admissionCase{})
		store(w, out.good[w.name].digest, release)
		store(w, out.evil[w.name].digest, otherRepository)
		references = append(references, out.good[w.name].reference)
	}
	out.trust = newTrust(organisation, organisation, references...)
	return out
}

// judge has the verifier, the operator and policy-controller judge the images.
func (c *cosignTrial) judge(t *testing.T, refusal string) {
	t.Helper()
	compiled, err := policy.Compile(c.trust.Spec)
	if err != nil {
		t.Fatal(err)
	}
	p := newPredictor(t)
	create(t, c.trust)
	status := becomes(t, c.trust.Name, settled, condition(v1alpha1.ImagesVerifiedCondition, metav1.ConditionTrue, v1alpha1.AllVerifiedReason))
	for _, w := range c.ways {
		t.Run(w.name, func(t *testing.T) {
			type outcome struct {
				Verdict v1alpha1.Verdict
				Reason  string
				Signer  *v1alpha1.Signer
				Form    policy.Forms
			}
			verify := func(s sample) outcome {
				got := p.cosign.Verify(t.Context(), s.digest, compiled.Rule, p.root)
				t.Logf("%s: %s", s.reference, got.Message)
				return outcome{got.Verdict, got.Reason, got.Signer, got.Form}
			}
			want := outcome{v1alpha1.VerdictVerified, v1alpha1.SignedReason, signerOf(release), w.form}
			if diff := cmp.Diff(want, verify(c.good[w.name])); diff != "" {
				t.Errorf("verdict on the good image (-want +got):\n%s", diff)
			}
			want = outcome{Verdict: v1alpha1.VerdictUntrusted, Reason: v1alpha1.IdentityMismatchReason, Signer: signerOf(otherRepository)}
			got := verify(c.evil[w.name])
			got.Form = 0 // nothing was proved of it
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("verdict on the evil image (-want +got):\n%s", diff)
			}
			if wrong := verdict(c.good[w.name].reference, v1alpha1.VerdictVerified, v1alpha1.SignedReason)(status); wrong != "" {
				t.Fatal(wrong)
			}
			shown := imageOf(status, c.good[w.name].reference)
			if diff := cmp.Diff(signerOf(release), shown.Signer); diff != "" || shown.SignatureFormat != w.format {
				t.Errorf("the status names the format %s, want %s, and the signer (-want +got):\n%s", shown.SignatureFormat, w.format, diff)
			}
			admitted(t, c.good[w.name].reference)
			refused(t, c.evil[w.name].reference, refusal)
		})
	}
}

// TestCosignSign signs images with the real cosign, in all its ways.
func TestCosignSign(t *testing.T) {
	cosign := newCosignSigner(t)
	newCosignTrial(t, "cosign-sign", cosign.ways(), func(w cosignWay, image name.Digest, by sigstore.Identity) {
		cosign.as(t, by, image, "sign", w.args...)
	}).judge(t, otherRepository.Subject)
}

// TestCosignAttest signs and attests images with the real cosign, in all its ways. Of the evil ones, somebody else attests
// the bill of materials.
func TestCosignAttest(t *testing.T) {
	cosign := newCosignSigner(t)
	provenance := cosign.write(t, "provenance.json", []byte(`{
		"buildDefinition": {"buildType": "https://karmada.io/build/v1", "externalParameters": {"ref": "v1.16.0"}},
		"runDetails": {"builder": {"id": "https://karmada.io/builder"}}
	}`))
	bill := cosign.write(t, "sbom.spdx.json", []byte(`{"spdxVersion": "SPDX-2.3", "name": "karmada"}`))
	ways := cosign.ways()
	intoto := ways[0]
	intoto.name, intoto.attest = "tag-intoto", []string{"--rekor-entry-type", "intoto"}
	trial := newCosignTrial(t, "cosign-attest", append(ways, intoto), func(w cosignWay, image name.Digest, by sigstore.Identity) {
		attest := slices.Concat(w.args, w.attest)
		cosign.as(t, release, image, "sign", w.args...)
		cosign.as(t, release, image, "attest", slices.Concat(attest, []string{"--type", "slsaprovenance1", "--predicate", provenance})...)
		cosign.as(t, by, image, "attest", slices.Concat(attest, []string{"--type", "spdxjson", "--predicate", bill})...)
	})
	trial.trust.Spec.Attestations = []v1alpha1.Attestation{
		{Name: "provenance", PredicateType: sigstore.SLSAPredicate, CUE: `predicate: runDetails: builder: id: "https://karmada.io/builder"`},
		{Name: "sbom", PredicateType: sigstore.SPDXPredicate},
	}
	trial.judge(t, "not proved for the wanted identity: attestation.sbom")
}
