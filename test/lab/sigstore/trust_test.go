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
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/policy-controller/pkg/apis/config"
	"github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
	"github.com/sigstore/sigstore/pkg/fulcioroots"
	legacytuf "github.com/sigstore/sigstore/pkg/tuf"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// TestTrustRoot reads the TrustRoot with policy-controller's own types,
// validation and conversion, and expects the keys of the trusted root.
func TestTrustRoot(t *testing.T) {
	s := newSigstore(t)
	object, err := s.TrustRoot("local")
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
	if got, want := trustRoot.GroupVersionKind(), v1alpha1.SchemeGroupVersion.WithKind("TrustRoot"); got != want {
		t.Errorf("kind is %s, want %s", got, want)
	}
	got, err := config.ConvertSigstoreKeys(t.Context(), trustRoot.Spec.SigstoreKeys)
	if err != nil {
		t.Fatal(err)
	}
	trustedRoot, err := s.TrustedRoot(sigstore.WithoutRekorV2())
	if err != nil {
		t.Fatal(err)
	}
	want, err := root.NewTrustedRootProtobuf(trustedRoot)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(keysOf(want), keysOf(got)); diff != "" {
		t.Errorf("keys (-trusted root +TrustRoot):\n%s", diff)
	}
}

// keys are the parts that a trusted root and a TrustRoot have in common.
type keys struct {
	Chain                          [][]byte
	FulcioURL, RekorURL, CTLogURL  string
	Organization, CommonName       string
	Rekor, CTLog                   []byte
	RekorDetails, CTLogDetails     string
	RekorHash, CTLogHash           string
	Authorities, RekorLogs, CTLogs int
}

func keysOf(trusted *config.SigstoreKeys) keys {
	ca, rekor, ctLog := trusted.GetCertificateAuthorities()[0], trusted.GetTlogs()[0], trusted.GetCtlogs()[0]
	k := keys{
		FulcioURL: ca.GetUri(), RekorURL: rekor.GetBaseUrl(), CTLogURL: ctLog.GetBaseUrl(),
		Organization: ca.GetSubject().GetOrganization(), CommonName: ca.GetSubject().GetCommonName(),
		Rekor: rekor.GetPublicKey().GetRawBytes(), CTLog: ctLog.GetPublicKey().GetRawBytes(),
		RekorDetails: rekor.GetPublicKey().GetKeyDetails().String(), CTLogDetails: ctLog.GetPublicKey().GetKeyDetails().String(),
		RekorHash: rekor.GetHashAlgorithm().String(), CTLogHash: ctLog.GetHashAlgorithm().String(),
		Authorities: len(trusted.GetCertificateAuthorities()), RekorLogs: len(trusted.GetTlogs()), CTLogs: len(trusted.GetCtlogs()),
	}
	for _, certificate := range ca.GetCertChain().GetCertificates() {
		k.Chain = append(k.Chain, certificate.GetRawBytes())
	}
	return k
}

// serveTUFRepository serves the TUF repository of s until the test ends.
func serveTUFRepository(t *testing.T, s *sigstore.Sigstore) (url string, rootJSON []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := s.WriteTUFRepository(dir); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	rootJSON, err := os.ReadFile(filepath.Join(dir, "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	return server.URL, rootJSON
}

// checkTrust expects that co accepts a signature of s, and of s only.
func checkTrust(t *testing.T, s *sigstore.Sigstore, co *cosign.CheckOpts) {
	t.Helper()
	for title, tc := range map[string]struct {
		by   *sigstore.Sigstore
		want bool
	}{
		"its own signature":                 {by: s, want: true},
		"the signature of another instance": {by: newSigstore(t)},
	} {
		digest := pushImage(t, title)
		if err := tc.by.Sign(t.Context(), digest, release); err != nil {
			t.Fatal(err)
		}
		if _, _, err := cosign.VerifyImageSignatures(t.Context(), digest, co); (err == nil) != tc.want {
			t.Errorf("%s: accepted is %t, want %t (%v)", title, err == nil, tc.want, err)
		}
	}
}

// TestTUFRepository verifies with what sigstore-go's TUF client gets.
func TestTUFRepository(t *testing.T) {
	s := newSigstore(t)
	url, rootJSON := serveTUFRepository(t, s)
	client, err := tuf.New(tuf.DefaultOptions().WithRoot(rootJSON).
		WithRepositoryBaseURL(url).WithCachePath(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	co := checkOpts(t, s, release)
	if co.TrustedMaterial, err = root.GetTrustedRoot(client); err != nil {
		t.Fatal(err)
	}
	checkTrust(t, s, co)
}

// TestTUFRepositoryLegacyClient verifies with what the older client gets, by
// the calls of policy-controller's webhook. That client is one per process and
// cannot be reset, so the test runs in a process of its own.
func TestTUFRepositoryLegacyClient(t *testing.T) {
	const child = "LEGACY_TUF_CLIENT"
	if os.Getenv(child) == "" {
		executable, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), executable, "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), child+"=1", "TUF_ROOT="+t.TempDir())
		if output, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, output)
		}
		return
	}
	s := newSigstore(t)
	url, rootJSON := serveTUFRepository(t, s)
	if err := legacytuf.Initialize(t.Context(), url, rootJSON); err != nil {
		t.Fatal(err)
	}
	co := checkOpts(t, s, release)
	co.TrustedMaterial = nil
	var err error
	if co.RootCerts, err = fulcioroots.Get(); err != nil {
		t.Fatal(err)
	}
	if co.IntermediateCerts, err = fulcioroots.GetIntermediates(); err != nil {
		t.Fatal(err)
	}
	if co.CTLogPubKeys, err = cosign.GetCTLogPubs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if co.RekorPubKeys, err = cosign.GetRekorPubs(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkTrust(t, s, co)
}
