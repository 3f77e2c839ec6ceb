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

package operator

import (
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestAttestationsAlone runs a trust in GitHub's artifact attestations: images of a private repository are attested by an instance with a
// timestamp authority and no logs, and none has a signature.
func TestAttestationsAlone(t *testing.T) {
	const (
		private    = "ghcr.io/attested/private:v1"
		public     = "ghcr.io/attested/public:v1"
		unattested = "ghcr.io/attested/unattested:v1"
	)
	build := sigstore.GitHubWorkflow("attested/app", "build.yml", "refs/heads/main", labtest.Commit)
	own := labtest.NewSigstore(t)
	root, err := own.TrustRoot("attested-github", sigstore.WithTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	for _, logs := range []string{"tLogs", "ctLogs"} {
		unstructured.RemoveNestedField(root.Object, "spec", "sigstoreKeys", logs)
	}
	attach := func(digest name.Digest, envelope sigstore.Envelope) {
		t.Helper()
		bundle, err := envelope.Bundle()
		if err == nil {
			err = sigstore.AttachBundle(t.Context(), digest, bundle, sigstore.SLSAPredicate, lab.RemoteOptions()...)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	digest := lab.PushImage(t, private)
	stamped := unlogged(t, own, digest, build)
	if err := own.StampStatement(&stamped, time.Now()); err != nil {
		t.Fatal(err)
	}
	attach(digest, stamped)
	digest = lab.PushImage(t, public)
	logged, err := lab.Sigstore.NewEnvelope(t.Context(), digest, build, sigstore.SLSAPredicate, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	attach(digest, logged)
	lab.PushSignedImage(t, unattested, build)

	lab.Create(t, root)
	trust := gen.Trust("attested", gen.WithImages("ghcr.io/attested/*"), gen.WithReferences(private, public, unattested))
	trust.Spec.Issuer, trust.Spec.IssuerRegexp, trust.Spec.Identity, trust.Spec.IdentityRegexp = "", "", "", ""
	trust.Spec.Signature = v1alpha1.SignatureNotRequired
	trust.Spec.Attestations = []v1alpha1.Attestation{{Name: "provenance", PredicateType: sigstore.SLSAPredicate}}
	trust.Spec.Signers = []v1alpha1.TrustedSigner{
		{Name: "github", Issuer: build.Issuer, Identity: build.Subject, TrustRoot: &v1alpha1.TrustRootReference{Name: root.GetName()}},
		{Name: "public-good", Issuer: build.Issuer, Identity: build.Subject},
	}
	lab.Create(t, trust)
	lab.WaitForTrust(t, trust.Name, labtest.Reconciled,
		labtest.HasVerdict(private, v1alpha1.VerdictVerified, v1alpha1.AttestedReason),
		labtest.HasVerdict(public, v1alpha1.VerdictVerified, v1alpha1.AttestedReason),
		labtest.HasVerdict(unattested, v1alpha1.VerdictUntrusted, v1alpha1.AttestationMissingReason))
	lab.WaitUntilAllowed(t, private)
	lab.WaitUntilAllowed(t, public)
	lab.WaitUntilDenied(t, unattested, "failed policy: attested")
}

// unlogged is a statement about an image whose certificate and signature are in no log.
func unlogged(t *testing.T, by *sigstore.Sigstore, digest name.Digest, id sigstore.Identity) sigstore.Envelope {
	t.Helper()
	signer, err := by.Issue(id, sigstore.LoggedBy())
	if err != nil {
		t.Fatal(err)
	}
	statement, err := sigstore.Statement(sigstore.SLSAPredicate, map[string]any{}, digest)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := signer.SignStatement(statement)
	if err != nil {
		t.Fatal(err)
	}
	return envelope
}
