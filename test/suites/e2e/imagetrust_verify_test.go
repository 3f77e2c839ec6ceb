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
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPluginVerify has the plugin verify images as a person would, and as a pipeline.
func TestPluginVerify(t *testing.T) {
	p := newPlugin(t)
	const good, unsigned, foreign = "docker.io/plugin/good:v1", "docker.io/plugin/unsigned:v1", "docker.io/plugin/foreign:v1"
	digest := pushSigned(t, good, release)
	push(t, unsigned)
	pushSigned(t, foreign, stranger)
	const down = "docker.io/plugin-down/image:v1"
	push(t, down)
	registry.insert(t, "plugin-down/image", func(http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	})
	file := writeObjects(t, newTrust("plugin", "plugin", good, unsigned), newTrust("down", "plugin-down"))
	identity := []string{"--issuer", release.Issuer, "--identity", release.Subject}

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
				"✓ " + good + "\n", "digest     " + digest.DigestStr(), "signed by  " + release.Subject + "  (token.actions.githubusercontent.com)",
				"commit     " + commit, "checked    claims · transparency log, offline · certificate chain · SCT",
			},
			notOut: "\x1b",
		},
		"untrusted": {
			args: []string{"verify", good, foreign, "-f", file}, code: 1,
			out: []string{"✓ " + good, "✗ " + foreign, "untrusted  IdentityMismatch: signed by " + stranger.Subject},
		},
		"unknown": {
			args: []string{"verify", down, "-f", file}, code: 3, out: []string{"? " + down, "unknown    RegistryUnreachable: "},
		},
		"untrusted outweighs unknown": {args: []string{"verify", down, unsigned, "-f", file}, code: 1, out: []string{"? " + down, "✗ " + unsigned}},
		"references":                  {args: []string{"verify", "-f", file, "-o", "wide"}, code: 1, out: []string{"IMAGE", good, unsigned, "SimpleSigning"}},
		"flags":                       {args: append([]string{"verify", good}, identity...), out: []string{"✓ " + good}},
		"cosign's flags": {
			args: []string{"verify", good, "--certificate-oidc-issuer", release.Issuer, "--certificate-identity-regexp", `^https://github.com/karmada-io/karmada/.*$`},
			out:  []string{"✓ " + good},
		},
		"part of the identity": {
			args: []string{"verify", good, "--issuer", release.Issuer, "--identity-regexp", "karmada-io/karmada"}, code: 1,
			out: []string{"matches identityRegexp only in part"},
		},
		"yaml":            {args: []string{"verify", good, "-f", file, "-o", "yaml"}, out: []string{"verdict: Verified", "docker-manifest-digest: " + digest.DigestStr()}},
		"nobody":          {args: []string{"verify", good}, code: 2, err: []string{"error: say who may sign"}},
		"both":            {args: append([]string{"verify", good, "-f", file}, identity...), code: 2, err: []string{"drop one"}},
		"bad regexp":      {args: []string{"verify", good, "--issuer", "i", "--identity-regexp", "("}, code: 2, err: []string{"--identity-regexp", "missing closing )"}},
		"no image":        {args: []string{"verify", "A B", "-f", file}, code: 2, err: []string{`"A B" is not an image`}},
		"uncovered":       {args: []string{"verify", "nginx", "-f", file}, code: 2, err: []string{"no trust is about nginx"}},
		"no file":         {args: []string{"verify", good, "-f", "nowhere.yaml"}, code: 2, err: []string{"nowhere.yaml"}},
		"bad output":      {args: []string{"verify", good, "-f", file, "-o", "xml"}, code: 2, err: []string{"--output must be"}},
		"unknown flag":    {args: []string{"verify", "--nonsense"}, code: 2, err: []string{"unknown flag: --nonsense"}},
		"unknown command": {args: []string{"nonsense"}, code: 2, err: []string{`unknown command "nonsense"`}, withoutFlags: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			args := tc.args
			if !tc.withoutFlags {
				args = append(args, p.sigstore...)
			}
			got := p.run(t, "", args...)
			if got.code != tc.code {
				t.Errorf("exit code %d, want %d", got.code, tc.code)
			}
			for _, want := range tc.out {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("stdout does not have %q", want)
				}
			}
			for _, want := range tc.err {
				if !strings.Contains(got.stderr, want) {
					t.Errorf("stderr does not have %q", want)
				}
			}
			if len(tc.err) == 0 && got.stderr != "" {
				t.Errorf("nothing is wrong, and yet stderr has %q", got.stderr)
			}
			if len(tc.out) == 0 && got.stdout != "" {
				t.Errorf("there is no answer, and yet stdout has %q", got.stdout)
			}
			if tc.notOut != "" && strings.Contains(got.stdout, tc.notOut) {
				t.Errorf("stdout has %q", tc.notOut)
			}
			if t.Failed() {
				t.Logf("stdout:\n%s\nstderr:\n%s", got.stdout, got.stderr)
			}
		})
	}
}

// TestPluginPrintsWhatCosignPrints: what jq programs find in the output of cosign verify, they find in the plugin's.
func TestPluginPrintsWhatCosignPrints(t *testing.T) {
	p, cosign := newPlugin(t), newCosignCLI(t)
	const image = "docker.io/plugin-json/image:v1"
	pushSigned(t, image, release)
	args := []string{"verify", image, "--certificate-oidc-issuer", release.Issuer, "--certificate-identity", release.Subject, "--output", "json"}
	printed, err := cosign.run(t, append(args, "--offline=true")...)
	if err != nil {
		t.Fatal(printed)
	}
	printed = printed[strings.Index(printed, "\n[")+1:] // behind what is for people
	got := p.run(t, "", append(args, p.sigstore...)...)
	if got.code != 0 {
		t.Fatal(got.stderr)
	}
	type signature struct {
		Critical map[string]any `json:"critical"`
		Optional map[string]any `json:"optional"`
	}
	var theirs, ours []signature
	if err := json.Unmarshal([]byte(printed), &theirs); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	if err := json.Unmarshal([]byte(got.stdout), &ours); err != nil {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("-cosign +kubectl imagetrust\n%s", diff)
	}
}
