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

package sigstore_test

import (
	"encoding/json"
	"testing"

	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

func newGitHub(t *testing.T) *sigstore.Sigstore {
	t.Helper()
	s, err := sigstore.NewGitHub()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGitHubAttestation verifies attestations of both of GitHub's instances with sigstore-go, as `gh attestation verify`
// does: by the timestamp alone for the private one.
func TestGitHubAttestation(t *testing.T) {
	private, public, digest := newGitHub(t), newSigstore(t), pushImage(t, "image")
	stamped := []sgverify.VerifierOption{sgverify.WithSignedTimestamps(1)}
	for title, tc := range map[string]struct {
		by, trusting *sigstore.Sigstore
		opts         []sgverify.VerifierOption
		want         bool
	}{
		"private":                     {by: private, trusting: private, opts: stamped, want: true},
		"private, with a log":         {by: private, trusting: private, opts: logged()},
		"private by the public root":  {by: private, trusting: public, opts: stamped},
		"public":                      {by: public, trusting: public, opts: logged(), want: true},
		"public by the private root":  {by: public, trusting: private, opts: stamped},
		"private by another instance": {by: newGitHub(t), trusting: private, opts: stamped},
	} {
		t.Run(title, func(t *testing.T) {
			envelope, err := tc.by.NewGitHubAttestation(t.Context(), digest, release)
			if err != nil {
				t.Fatal(err)
			}
			err = verifyWithSigstoreGo(t, trustedRoot(t, tc.trusting), bundleOf(t, envelope), digest, tc.opts...)
			if (err == nil) != tc.want {
				t.Errorf("got %v", err)
			}
			var statement struct {
				Type          string `json:"_type"`
				PredicateType string
			}
			if err := json.Unmarshal(envelope.Statement, &statement); err != nil {
				t.Fatal(err)
			}
			if statement.Type != "https://in-toto.io/Statement/v1" || statement.PredicateType != sigstore.SLSAPredicate {
				t.Errorf("the statement is a %s of %s", statement.Type, statement.PredicateType)
			}
		})
	}
}

// TestGitHubTrustRoot validates the TrustRoot with policy-controller's own types.
func TestGitHubTrustRoot(t *testing.T) {
	object, err := newGitHub(t).TrustRoot("github")
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := object.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var trustRoot v1alpha1.TrustRoot
	if err := yaml.UnmarshalStrict(encoded, &trustRoot); err != nil {
		t.Fatal(err)
	}
	if err := trustRoot.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys := trustRoot.Spec.SigstoreKeys
	if len(keys.CertificateAuthorities) != 1 || len(keys.TimeStampAuthorities) != 1 || len(keys.TLogs)+len(keys.CTLogs) != 0 {
		t.Errorf("got %+v, want an authority of each kind and no logs", keys)
	}
}

func TestGitHubHasNoLogs(t *testing.T) {
	s, digest := newGitHub(t), pushImage(t, "image")
	if err := s.Sign(t.Context(), digest, release); err == nil {
		t.Error("logged a signature without a log")
	}
	if err := s.Save(t.TempDir() + "/sigstore.pem"); err == nil {
		t.Error("saved an instance without logs")
	}
}
