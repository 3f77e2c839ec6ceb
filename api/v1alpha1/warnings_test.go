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

package v1alpha1_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/gen"
	"github.com/karmada-io/image-trust/test/lab/waitfor"
)

// warnings collects the warnings of the API server.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

func (w *warnings) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

// take returns the warnings since the last call, without the prefix that the API server adds.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	const prefix = "Validation failed for ValidatingAdmissionPolicy 'karmadaimagetrust-warnings'" +
		" with binding 'karmadaimagetrust-warnings': "
	texts := make([]string, 0, len(w.texts))
	for _, text := range w.texts {
		texts = append(texts, strings.TrimPrefix(text, prefix))
	}
	w.texts = nil
	slices.Sort(texts)
	return texts
}

type warningCase struct {
	spec map[string]any
	want []string
}

func warningCases() map[string]warningCase {
	type object = map[string]any
	image := func(globs ...any) object { return object{"images": globs} }
	identity := func(expr string) object { return object{"identity": nil, "identityRegexp": expr} }
	issuer := func(expr string) object { return object{"issuer": nil, "issuerRegexp": expr} }
	const (
		anyWorkflow = `spec.identityRegexp: ends with ".*": any workflow, branch and pull request of the repository may sign`
		anyRepo     = `spec.identityRegexp: ends with ".*": any repository, workflow, branch and pull request with the same beginning may sign`
		anyTag      = `spec.identityRegexp: ends with ".*": any tag may sign; write how the tags of releases begin, for example @refs/tags/v.+`
		anyIdentity = `spec.identityRegexp: ends with ".*": any identity with the same beginning may sign`
		anyHost     = `spec.identityRegexp: begins with ".*": any identity with the same ending may sign, regardless of its host and repository`
		everyone    = `spec.identityRegexp: matches every identity: anyone with an account at the issuer may sign`
		hub         = `spec.identityRegexp: "." matches any character: "github.com" also matches "githubxcom"; write "github\.com"`
		everything  = `" matches every image of every registry: this identity must sign all of them`
		registry    = `" matches every image of a registry: this identity must sign all of them`
		notHTTPS    = `" is not an https URL, which every OIDC issuer is; write the whole URL that the certificate contains, such as "https://`
		official    = `" matches only the official images of Docker Hub, docker.io/library/*; write "docker.io/**" for all images of Docker Hub,` +
			` "**" for those of all registries, or "docker.io/library/*" if only official ones are meant`
		onePart = `" matches only repositories whose name behind the registry has one part, because "*" does not match "/"; write "`
	)

	return map[string]warningCase{
		"exact":                       {},
		"Karmada's page":              {spec: identity(`^https://github.com/karmada-io/karmada/.*$`), want: []string{hub, anyWorkflow}},
		"a tight identity":            {spec: identity(`^https://github\.com/karmada-io/karmada/\.github/workflows/a\.yml@refs/tags/v[0-9]+\.[0-9.]+$`)},
		"versions by a plus":          {spec: identity(`https://github\.com/karmada-io/karmada/\.github/workflows/a\.yml@refs/tags/v.+`)},
		"any workflow":                {spec: identity(`https://github\.com/karmada-io/karmada/.*`), want: []string{anyWorkflow}},
		"any workflow, in brackets":   {spec: identity(`^(https://github\.com/karmada-io/karmada/.*)$`), want: []string{anyWorkflow}},
		"any workflow, with a plus":   {spec: identity(`https://github\.com/karmada-io/karmada/.+`), want: []string{strings.Replace(anyWorkflow, ".*", ".+", 1)}},
		"any repository":              {spec: identity(`https://github\.com/karmada-io/.*`), want: []string{anyRepo}},
		"any tag":                     {spec: identity(`https://github\.com/a/b/\.github/workflows/c\.yml@refs/tags/.*`), want: []string{anyTag}},
		"any tag, by a plus":          {spec: identity(`https://github\.com/a/b/\.github/workflows/c\.yml@refs/tags/.+`), want: []string{strings.Replace(anyTag, ".*", ".+", 1)}},
		"any tag, in brackets":        {spec: identity(`(https://github\.com/a/b/\.github/workflows/c\.yml@refs/tags/(?:.*))`), want: []string{anyTag}},
		"versions by a star":          {spec: identity(`https://github\.com/karmada-io/karmada/\.github/workflows/a\.yml@refs/tags/v.*`)},
		"versions of a minor":         {spec: identity(`^https://github\.com/karmada-io/karmada/\.github/workflows/a\.yml@refs/tags/(v1\.16\..*)$`)},
		"versions or a branch":        {spec: identity(`https://github\.com/karmada-io/karmada/\.github/workflows/a\.yml@refs/(heads/main|tags/v.*)`)},
		"versions or any branch":      {spec: identity(`https://github\.com/a/b/\.github/workflows/c\.yml@refs/(tags/v.+|heads/.*)`), want: []string{anyIdentity}},
		"any branch":                  {spec: identity(`https://github\.com/a/b/\.github/workflows/c\.yml@.*`), want: []string{anyIdentity}},
		"any host":                    {spec: identity(`.*/karmada-io/karmada/\.github/workflows/c\.yml@refs/heads/main`), want: []string{anyHost}},
		"any host, anchored":          {spec: identity(`^(?:.*@example\.com)$`), want: []string{anyHost}},
		"any host and any workflow":   {spec: identity(`.*/karmada-io/karmada/.*`), want: []string{anyHost, anyRepo}},
		"any identity":                {spec: identity(`.*`), want: []string{everyone}},
		"any identity, anchored":      {spec: identity(`^(.+)$`), want: []string{everyone}},
		"an escaped dot, starred":     {spec: identity(`a\.*`)},
		"a dot in a class":            {spec: identity(`[a-z.0-9]+@example\.com`)},
		"a dot in a quotation":        {spec: identity(`\Qa.b\E`)},
		"a bare dot behind an escape": {spec: identity(`\d.\d@a.b`), want: []string{`spec.identityRegexp: "." matches any character: "a.b" also matches "axb"; write "a\.b"`}},
		"any issuer":                  {spec: issuer(`.*`), want: []string{`spec.issuerRegexp: matches every issuer: an identity from any issuer that Sigstore accepts may sign`}},
		"any issuer of a host": {
			spec: issuer(`https://token\.actions\.githubusercontent\.com.*`),
			want: []string{`spec.issuerRegexp: ends with ".*": an identity from any issuer with the same beginning may sign`},
		},
		"any host of an issuer": {
			spec: issuer(`.*\.example\.com`),
			want: []string{`spec.issuerRegexp: begins with ".*": an identity from any issuer with the same ending may sign`},
		},
		"an issuer with a bare dot": {
			spec: issuer(`https://a.example.com`),
			want: []string{`spec.issuerRegexp: "." matches any character: "a.example.com" also matches "axexamplexcom"; write "a\.example\.com"`},
		},
		"an issuer regexp without https": {
			spec: issuer(`accounts\.google\.com`),
			want: []string{`spec.issuerRegexp: does not match an https URL, which every OIDC issuer is; write an expression for the whole URL that the certificate contains`},
		},
		"an issuer of alternatives": {spec: issuer(`(https://a|https://b)`)},
		"an issuer without https":   {spec: object{"issuer": "accounts.google.com"}, want: []string{`spec.issuer: "accounts.google.com` + notHTTPS + `accounts.google.com"`}},
		"any issuer, by a glob":     {spec: object{"issuer": "*"}, want: []string{`spec.issuer: "*" is not an https URL, which every OIDC issuer is; write the whole URL that the certificate contains`}},
		"an issuer by http":         {spec: object{"issuer": "http://dex.example.com"}, want: []string{`spec.issuer: "http://dex.example.com` + notHTTPS + `dex.example.com"`}},
		"every image":               {spec: image("**"), want: []string{`spec.images: "**` + everything}},
		"every image, three ways":   {spec: image("*/**", "a/b", "***", "*/*/*"), want: []string{`spec.images: "*/**", "***", "*/*/*` + everything}},
		"Docker Hub":                {spec: image("docker.io/**"), want: []string{`spec.images: "docker.io/**` + registry}},
		"Docker Hub, implicitly":    {spec: image("*/*"), want: []string{`spec.images: "*/*` + registry}},
		"registries":                {spec: image("ghcr.io/*/*", "localhost:5000/**", "*.example.com/**"), want: []string{`spec.images: "ghcr.io/*/*", "localhost:5000/**", "*.example.com/**` + registry}},
		"registries, one part":      {spec: image("ghcr.io/*", "localhost/*"), want: []string{`spec.images: "ghcr.io/*", "localhost/*` + onePart + `ghcr.io/**" for all images of the registry`}},
		"a port, one part":          {spec: image("localhost:5000/*@*"), want: []string{`spec.images: "localhost:5000/*@*` + onePart + `localhost:5000/**" for all images of the registry`}},
		"official images":           {spec: image("*", "docker.io/*"), want: []string{`spec.images: "*", "docker.io/*` + official}},
		"official images, by name":  {spec: image("docker.io/library/*", "docker.io/nginx", "nginx*")},
		"organisations":             {spec: image("docker.io/karmada/**", "karmada/*", "ghcr.io/a/*", "**/karmada/*", "*/karmada/*")},
		"several at once": {
			spec: object{"images": []any{"**"}, "issuer": "a", "identity": nil, "identityRegexp": ".*"},
			want: []string{everyone, `spec.images: "**` + everything, `spec.issuer: "a` + notHTTPS + `a"`},
		},
	}
}

// newWarningClient returns a client of the server with the warning policy in effect, and the warnings that it receives.
func newWarningClient(t *testing.T) (client.Client, *warnings) {
	t.Helper()
	got := &warnings{}
	c := newServerClient(t, got)
	install(t, c, warningsFile)
	waitfor.True(t, "the warning policy is in effect", func(ctx context.Context) (bool, error) {
		err := c.Create(ctx, gen.UnstructuredTrust(map[string]any{"identity": nil, "identityRegexp": ".*"}), client.DryRunAll)
		return len(got.take()) > 0, err
	})
	return c, got
}

// TestWarnings verifies which specs are accepted with a warning, and which without.
func TestWarnings(t *testing.T) {
	c, got := newWarningClient(t)
	for name, tc := range warningCases() {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), gen.UnstructuredTrust(tc.spec), client.DryRunAll); err != nil {
				t.Fatalf("a warning must not deny the request: %v", err)
			}
			want := slices.Clone(tc.want)
			slices.Sort(want)
			if diff := cmp.Diff(want, got.take(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
}
