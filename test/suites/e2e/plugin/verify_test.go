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

package plugin

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// TestPluginVerify checks the output and the exit codes of verify.
func TestPluginVerify(t *testing.T) {
	p := lab.NewPlugin(t)
	const good, unsigned, foreign = "docker.io/plugin/good:v1", "docker.io/plugin/unsigned:v1", "docker.io/plugin/foreign:v1"
	digest := lab.PushSignedImage(t, good, labtest.Release)
	lab.PushImage(t, unsigned)
	lab.PushSignedImage(t, foreign, labtest.UntrustedSigner)
	const down = "docker.io/plugin-down/image:v1"
	lab.PushImage(t, down)
	lab.Intercept(t, "plugin-down/image", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	})
	file := labtest.WriteObjects(t, labtest.NewTrust("plugin", "plugin", good, unsigned), labtest.NewTrust("down", "plugin-down"))
	identity := []string{"--issuer", labtest.Release.Issuer, "--identity", labtest.Release.Subject}

	tests := map[string]struct {
		args         []string
		code         int
		out, err     []string
		notOut       string
		withoutFlags bool
	}{
		"verified": {
			args: []string{"verify", good, "-f", file},
			out: []string{
				"✓ " + good + "\n", "digest     " + digest.DigestStr(), "signed by  " + labtest.Release.Subject + "  (token.actions.githubusercontent.com)",
				"commit     " + labtest.Commit, "checked    claims · transparency log, offline · certificate chain · SCT",
			},
			notOut: "\x1b",
		},
		"untrusted": {
			args: []string{"verify", good, foreign, "-f", file}, code: 1,
			out: []string{"✓ " + good, "✗ " + foreign, "untrusted  IdentityMismatch: signed by " + labtest.UntrustedSigner.Subject},
		},
		"unknown": {
			args: []string{"verify", down, "-f", file}, code: 3, out: []string{"? " + down, "unknown    RegistryUnreachable: "},
		},
		"untrusted and unknown": {args: []string{"verify", down, unsigned, "-f", file}, code: 1, out: []string{"? " + down, "✗ " + unsigned}},
		"references":            {args: []string{"verify", "-f", file, "-o", "wide"}, code: 1, out: []string{"IMAGE", good, unsigned, "SimpleSigning"}},
		"flags":                 {args: append([]string{"verify", good}, identity...), out: []string{"✓ " + good}},
		"cosign's flags": {
			args: []string{"verify", good, "--certificate-oidc-issuer", labtest.Release.Issuer, "--certificate-identity-regexp", `^https://github.com/karmada-io/karmada/.*$`},
			out:  []string{"✓ " + good},
		},
		"part of the identity": {
			args: []string{"verify", good, "--issuer", labtest.Release.Issuer, "--identity-regexp", "karmada-io/karmada"}, code: 1,
			out: []string{"matches identityRegexp only in part"},
		},
		"yaml":            {args: []string{"verify", good, "-f", file, "-o", "yaml"}, out: []string{"verdict: Verified", "docker-manifest-digest: " + digest.DigestStr()}},
		"no identity":     {args: []string{"verify", good}, code: 2, err: []string{"error: name the trusts with -f, or the signer"}},
		"file and flags":  {args: append([]string{"verify", good, "-f", file}, identity...), code: 2, err: []string{"remove one of them"}},
		"bad regexp":      {args: []string{"verify", good, "--issuer", "i", "--identity-regexp", "("}, code: 2, err: []string{"--identity-regexp", "missing closing )"}},
		"no image":        {args: []string{"verify", "A B", "-f", file}, code: 2, err: []string{`"A B" is not an image reference`}},
		"uncovered":       {args: []string{"verify", "nginx", "-f", file}, code: 2, err: []string{"no trust matches nginx"}},
		"no file":         {args: []string{"verify", good, "-f", "nowhere.yaml"}, code: 2, err: []string{"nowhere.yaml"}},
		"bad output":      {args: []string{"verify", good, "-f", file, "-o", "xml"}, code: 2, err: []string{"--output must be"}},
		"unknown flag":    {args: []string{"verify", "--nonsense"}, code: 2, err: []string{"unknown flag: --nonsense"}},
		"unknown command": {args: []string{"nonsense"}, code: 2, err: []string{`unknown command "nonsense"`}, withoutFlags: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			args := tc.args
			if !tc.withoutFlags {
				args = append(args, p.SigstoreFlags...)
			}
			got := p.Run(t, "", args...)
			if got.Code != tc.code {
				t.Errorf("exit code %d, want %d", got.Code, tc.code)
			}
			for _, want := range tc.out {
				if !strings.Contains(got.Stdout, want) {
					t.Errorf("stdout does not contain %q", want)
				}
			}
			for _, want := range tc.err {
				if !strings.Contains(got.Stderr, want) {
					t.Errorf("stderr does not contain %q", want)
				}
			}
			if len(tc.err) == 0 && got.Stderr != "" {
				t.Errorf("stderr has %q, want nothing", got.Stderr)
			}
			if len(tc.out) == 0 && got.Stdout != "" {
				t.Errorf("stdout has %q, want nothing", got.Stdout)
			}
			if tc.notOut != "" && strings.Contains(got.Stdout, tc.notOut) {
				t.Errorf("stdout has %q", tc.notOut)
			}
			if t.Failed() {
				t.Logf("stdout:\n%s\nstderr:\n%s", got.Stdout, got.Stderr)
			}
		})
	}
}

// TestPluginPrintsWhatCosignPrints checks that the fields of cosign verify's JSON are in the plugin's, for jq programs.
func TestPluginPrintsWhatCosignPrints(t *testing.T) {
	p, cosign := lab.NewPlugin(t), lab.NewCosign(t)
	const image = "docker.io/plugin-json/image:v1"
	lab.PushSignedImage(t, image, labtest.Release)
	args := []string{"verify", image, "--certificate-oidc-issuer", labtest.Release.Issuer, "--certificate-identity", labtest.Release.Subject, "--output", "json"}
	printed := cosign.Run(t, "", append(args, "--offline=true")...)
	if printed.Code != 0 {
		t.Fatal(printed.Stderr)
	}
	got := p.Run(t, "", append(args, p.SigstoreFlags...)...)
	if got.Code != 0 {
		t.Fatal(got.Stderr)
	}
	type signature struct {
		Critical map[string]any `json:"critical"`
		Optional map[string]any `json:"optional"`
	}
	var theirs, ours []signature
	if err := json.Unmarshal([]byte(printed.Stdout), &theirs); err != nil {
		t.Fatalf("%v\n%s", err, printed.Stdout)
	}
	if err := json.Unmarshal([]byte(got.Stdout), &ours); err != nil {
		t.Fatalf("%v\n%s", err, got.Stdout)
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("-cosign +kubectl imagetrust\n%s", diff)
	}
}
