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

// Package signing has the real cosign commands sign and attest images, and compares what is said of the result: by both
// versions of cosign, by the product's verifier, by the operator, by the forecast and by the policy-controller that runs.
package signing

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/test/lab/fileserver"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// Cosign is a cosign command that trusts the lab's Sigstore and signs with it.
type Cosign struct {
	*labtest.Program
	// Methods are the ways in which it signs and attests.
	Methods []Method
	// TagAsReferrer are the options by which cosign 3 stores a .sig as a referrer, which is not supported.
	TagAsReferrer []string

	server *sigstore.Server
	// trustRoot is the object that names the Sigstore that it signs with, nil for the one that is trusted by default.
	trustRoot *unstructured.Unstructured
	// judging are the options by which a cosign command verifies what is signed.
	judging []string
}

// Method is a way to sign and attest with cosign, and the format of the result.
type Method struct {
	Name string
	// Args are for both commands, and Attest for attestations alone.
	Args, Attest []string
	// Stored is the format that the verifier finds.
	Stored policy.Format
	// Since is the first version of policy-controller that accepts the result; empty: all do.
	Since string
	// OnlyV3 is whether cosign 2 rejects the result unless it is told to take the time from the timestamp.
	OnlyV3 bool
}

// format is what the status calls the format.
func (m Method) format() v1alpha1.SignatureFormat { return m.Stored.Storage() }

// The options that lead cosign to the services of a Sigstore by URLs.
func (c *Cosign) services() []string {
	return []string{"--fulcio-url", c.server.URL, "--rekor-url", c.server.URL}
}

func (c *Cosign) timestamp() []string {
	return []string{"--timestamp-server-url", c.server.TimestampURL}
}

// NewCosign2 returns the cosign command of version 2.
func NewCosign2(t *testing.T, lab *labtest.Lab) *Cosign {
	t.Helper()
	c := &Cosign{Program: lab.NewCosign(t), server: serve(t, lab.Sigstore)}
	config := c.signingConfig(t, "rekor-v1.json", sigstore.SigningServices{RekorVersion: 1})
	bundle := []string{"--new-bundle-format"}
	c.Methods = []Method{
		{Name: "tag", Args: c.services(), Stored: policy.SimpleSigning},
		{Name: "tag-timestamped", Args: slices.Concat(c.services(), c.timestamp()), Stored: policy.SimpleSigning},
		{Name: "bundle", Args: slices.Concat(c.services(), bundle), Stored: policy.Bundle},
		{Name: "bundle-timestamped", Args: slices.Concat(c.services(), c.timestamp(), bundle), Stored: policy.Bundle},
		{Name: "bundle-configured", Args: slices.Concat(config, bundle), Stored: policy.Bundle},
	}
	return c
}

// NewCosign3 returns the cosign command of version 3. By default it signs as with the public Sigstore: by the signing
// configuration in the TUF repository that it trusts.
func NewCosign3(t *testing.T, lab *labtest.Lab) *Cosign {
	t.Helper()
	c := &Cosign{Program: lab.NewCosignV3(t), server: serve(t, lab.Sigstore)}
	c.trustRepository(t, lab)
	rekorV2 := filepath.Join(c.Dir, "default-rekor-v2.json")
	c.MustRun(t, "signing-config", "create", "--with-default-rekor-v2", "--out", rekorV2)
	byURLs := slices.Concat([]string{"--use-signing-config=false"}, c.services())
	tag := []string{"--new-bundle-format=false"}
	c.Methods = []Method{
		{Name: "default", Stored: policy.Bundle},
		{Name: "rekor-v2", Args: []string{"--signing-config", rekorV2}, Stored: policy.RekorV2Bundle, Since: "v0.15.0", OnlyV3: true},
		{Name: "log-alone", Args: c.signingConfig(t, "rekor-v1.json", sigstore.SigningServices{RekorVersion: 1}), Stored: policy.Bundle},
		{Name: "by-urls", Args: byURLs, Stored: policy.Bundle},
		{Name: "by-urls-timestamped", Args: slices.Concat(byURLs, c.timestamp()), Stored: policy.Bundle},
		{Name: "tag", Args: slices.Concat(byURLs, tag), Stored: policy.SimpleSigning},
		{Name: "tag-timestamped", Args: slices.Concat(byURLs, c.timestamp(), tag), Stored: policy.SimpleSigning},
	}
	c.TagAsReferrer = slices.Concat(byURLs, tag, []string{"--registry-referrers-mode", "oci-1-1"})
	return c
}

// NewCosign3WithoutLogs returns the cosign command of version 3, which signs as GitHub does for private repositories: with
// a Sigstore that has a timestamp authority and no logs. The trust names its TrustRoot, which is made.
func NewCosign3WithoutLogs(t *testing.T, lab *labtest.Lab, trustRoot string) *Cosign {
	t.Helper()
	private, err := sigstore.NewGitHub()
	if err != nil {
		t.Fatal(err)
	}
	c := &Cosign{Program: lab.NewCosignV3(t), server: serve(t, private)}
	if c.trustRoot, err = private.TrustRoot(trustRoot); err != nil {
		t.Fatal(err)
	}
	lab.Create(t, c.trustRoot)
	encoded, err := private.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	trusted := []string{"--trusted-root", c.Write(t, "trusted_root.json", encoded)}
	c.judging = slices.Concat(trusted, []string{"--use-signed-timestamps", "--insecure-ignore-tlog", "--insecure-ignore-sct"})
	config := c.signingConfig(t, "timestamps.json", sigstore.SigningServices{Timestamps: true})
	c.Methods = []Method{{Name: "timestamp-alone", Args: slices.Concat(config, trusted), Stored: policy.TimestampedBundle}}
	return c
}

func serve(t *testing.T, instance *sigstore.Sigstore) *sigstore.Server {
	t.Helper()
	server, err := instance.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// trustRepository makes cosign trust a TUF repository like the public one: it has signing configurations beside the root
// of trust, one with Rekor v1 and the one with Rekor v2 that users opt in to.
func (c *Cosign) trustRepository(t *testing.T, lab *labtest.Lab) {
	t.Helper()
	trusted, err := lab.Sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	var configs []sigstore.TUFTarget
	for name, version := range map[string]uint32{"signing_config.v0.2.json": 1, "signing_config_rekor_v2.v0.2.json": 2} {
		config, err := c.server.SigningConfig(sigstore.SigningServices{RekorVersion: version, Timestamps: true})
		if err != nil {
			t.Fatal(err)
		}
		configs = append(configs, sigstore.TUFTarget{Name: name, Content: config})
	}
	dir := t.TempDir()
	if err := sigstore.WriteTUFRepository(dir, trusted, configs...); err != nil {
		t.Fatal(err)
	}
	mirror, err := fileserver.Serve(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mirror.Close() })
	c.MustRun(t, "initialize", "--mirror", mirror.URL, "--root", filepath.Join(dir, "root.json"))
}

// signingConfig are the flags that lead cosign to services by a file.
func (c *Cosign) signingConfig(t *testing.T, name string, services sigstore.SigningServices) []string {
	t.Helper()
	config, err := c.server.SigningConfig(services)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--signing-config", c.Write(t, name, config)}
}

// Write writes a file for cosign to read, and returns its path.
func (c *Cosign) Write(t *testing.T, name string, content []byte) string {
	t.Helper()
	file := filepath.Join(c.Dir, name)
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// MustRun runs a command of cosign that must succeed.
func (c *Cosign) MustRun(t *testing.T, args ...string) {
	t.Helper()
	if got := c.Run(t, "", args...); got.Code != 0 {
		t.Fatalf("cosign %q:\n%s%s", args, got.Stdout, got.Stderr)
	}
}

// RunAs runs a command of cosign on an image with the token of an identity.
func (c *Cosign) RunAs(t *testing.T, id sigstore.Identity, image name.Digest, command string, args ...string) {
	t.Helper()
	token, err := c.server.Token(id)
	if err != nil {
		t.Fatal(err)
	}
	c.MustRun(t, slices.Concat([]string{command, "--yes", "--identity-token", token}, args, []string{image.String()})...)
}
