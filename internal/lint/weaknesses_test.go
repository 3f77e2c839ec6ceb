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

package lint

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// withoutWarnings returns the findings other than admission warnings as "RULE: MESSAGE", without the fix in the message.
func withoutWarnings(findings []Finding) []string {
	var texts []string
	for _, f := range findings {
		if f.Rule != RuleAdmissionWarning {
			message, _, _ := strings.Cut(f.Message, "; ")
			texts = append(texts, string(f.Rule)+": "+message)
		}
	}
	return texts
}

func TestIdentityRegexp(t *testing.T) {
	const (
		repo     = `https://github\.com/karmada-io/karmada/`
		file     = `\.github/workflows/release\.yml`
		tag      = `@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+`
		who      = "loose-identity: "
		example  = " may sign, for example https://"
		refs     = who + "any pull request and any branch of the repository" + example + "github.com/karmada-io/karmada/.github/workflows/release.yml@refs/pull/1/merge"
		nobody   = "impossible-identity: issuer https://token.actions.githubusercontent.com never issues such an identity, so every image would be denied"
		released = "/.github/workflows/release.yml@refs/tags/v1.1.1"
	)
	tests := map[string]struct {
		expr string
		want []string
	}{
		"a release":                         {expr: repo + file + tag},
		"a release, by a plus":              {expr: repo + file + `@refs/tags/v.+`},
		"a release candidate":               {expr: repo + file + tag + `(-(alpha|beta|rc)\.[0-9]+)?`},
		"a release of two workflows":        {expr: repo + `\.github/workflows/(release|latest)\.yml@(refs/tags/v[0-9.]+|refs/heads/master)`},
		"one branch":                        {expr: repo + file + `@refs/heads/main`},
		"branches of releases":              {expr: repo + file + `@refs/heads/release-[0-9.]+`},
		"any letter case":                   {expr: `(?i)HTTPS://GitHub\.com/karmada-io/karmada/` + file + tag},
		"a word boundary":                   {expr: repo + file + `@refs/tags/v[0-9]+\b`},
		"of lines":                          {expr: `(?m)^` + repo + file + tag + `$`},
		"any ref":                           {expr: repo + file + `@.+`, want: []string{refs}},
		"any ref but @":                     {expr: repo + file + `@[^@]+`, want: []string{refs}},
		"any ref of a kind":                 {expr: repo + file + `@refs/(heads|tags|pull)/[\w/.]+`, want: []string{strings.Replace(refs, "any-branch", "anybranch", 1)}},
		"any branch":                        {expr: repo + file + `@refs/heads/[^/]+`, want: []string{who + "any branch of the repository" + example + "github.com/karmada-io/karmada/.github/workflows/release.yml@refs/heads/anybranch"}},
		"pull requests":                     {expr: repo + file + `@refs/pull/[0-9]+/merge`, want: []string{who + "any pull request of the repository" + example + "github.com/karmada-io/karmada/.github/workflows/release.yml@refs/pull/1/merge"}},
		"one alternative of two":            {expr: repo + file + tag + `|` + repo + file + `@refs/pull/\d+/merge`, want: []string{who + "any pull request of the repository" + example + "github.com/karmada-io/karmada/.github/workflows/release.yml@refs/pull/1/merge"}},
		"any workflow":                      {expr: repo + `\.github/workflows/[^/]+` + tag, want: []string{who + "any workflow of the repository" + example + "github.com/karmada-io/karmada/.github/workflows/anyworkflow.yml@refs/tags/v1.1.1"}},
		"any path":                          {expr: repo + `[^@]+` + tag, want: []string{who + "any workflow of the repository" + example + "github.com/karmada-io/karmada/.github/workflows/anyworkflow.yml@refs/tags/v1.1.1"}},
		"any workflow, and any ref":         {expr: repo + `.+@.+`, want: []string{who + "any workflow of the repository" + example + "github.com/karmada-io/karmada/.github/workflows/anyworkflow.yml@refs/x", strings.Replace(refs, "release.yml", "x.yml", 1)}},
		"any repository":                    {expr: `https://github\.com/karmada-io/[^/]+/` + file + tag, want: []string{who + "any repository of the owner" + example + "github.com/karmada-io/anyrepository" + released}},
		"any owner":                         {expr: `https://github\.com/\w+/karmada/` + file + tag, want: []string{who + "any repository of any owner" + example + "github.com/anyowner/karmada" + released}},
		"any host":                          {expr: `https://[^/]+/karmada-io/karmada/` + file + tag, want: []string{who + "anyone on any host" + example + "anyhost.example/karmada-io/karmada" + released}},
		"any scheme, and so any host":       {expr: `https?://.*/karmada-io/karmada/` + file + tag, want: []string{who + "anyone on any host" + example + "anyhost.example/karmada-io/karmada" + released}},
		"longer host":                       {expr: `https://github\.com.*/karmada-io/karmada/` + file + tag, want: []string{who + "anyone on a host whose name begins or ends with github.com" + example + "github.com.lookalike.example/karmada-io/karmada" + released}},
		"longer owner":                      {expr: `https://github\.com/karmada-io.*/karmada/` + file + tag, want: []string{who + "any owner whose name begins or ends with karmada-io" + example + "github.com/karmada-io-lookalike/karmada" + released}},
		"longer owner, in front":            {expr: `https://github\.com/.*karmada-io/karmada/` + file + tag, want: []string{who + "any owner whose name begins or ends with karmada-io" + example + "github.com/lookalike-karmada-io/karmada" + released}},
		"longer repository":                 {expr: `https://github\.com/karmada-io/karmada.*/` + file + tag, want: []string{who + "any repository whose name begins or ends with karmada" + example + "github.com/karmada-io/karmada-lookalike" + released}},
		"misspelt host, unseen":             {expr: `\Qhttps://\Egithub.com/karmada-io/karmada/` + file + tag, want: []string{who + "anyone on a host with a name similar to github.com" + example + "githubxcom/karmada-io/karmada" + released}},
		"any host, where more is warned of": {expr: `https://[^/]+/karmada-io/karmada/.*`, want: []string{who + "anyone on any host" + example + "anyhost.example/karmada-io/karmada/.github/workflows/x.yml@refs/x"}},

		// Admission has said it.
		"Karmada's page":              {expr: `^https://github.com/karmada-io/karmada/.*$`},
		"any repository, ends in":     {expr: `https://github\.com/karmada-io/.*`},
		"anybody":                     {expr: `.*`},
		"begins with":                 {expr: `.*/karmada-io/karmada/` + file + tag},
		"misspelt host, as warned of": {expr: `https://github.com/karmada-io/karmada/` + file + tag},

		"no ref":              {expr: repo + file, want: []string{nobody}},
		"no workflow":         {expr: repo, want: []string{nobody}},
		"a glob":              {expr: `https://github.com/mycompany/*/.github/workflows/*@*`, want: []string{nobody}},
		"an address":          {expr: `me@example\.com`, want: []string{nobody}},
		"nothing at all":      {expr: `a\bb`, want: []string{nobody}},
		"another host's form": {expr: `https://gitlab\.com/a/b//\.gitlab-ci\.yml@refs/tags/v.+`, want: []string{nobody}},
	}
	linter := newLinter(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			findings := linter.Lint(t.Context(), makeTrust(object{"identity": nil, "identityRegexp": tc.expr}))
			if diff := cmp.Diff(tc.want, withoutWarnings(findings), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIdentity(t *testing.T) {
	const neverIssues = " never issues such an identity, so every image would be denied"
	const gitHub, google, gitLab = "https://token.actions.githubusercontent.com", "https://accounts.google.com", "https://gitlab.com"
	tests := map[string]struct {
		issuer, identity, identityRegexp string
		want                             []string
	}{
		"workflow":               {issuer: gitHub, identity: "https://github.com/a/b/.github/workflows/c.yml@refs/heads/main"},
		"reusable workflow":      {issuer: gitHub, identity: "https://github.com/a/b/.github/workflows/c.yaml@5f70bf18a086007016e948b04aed3b82103a36be"},
		"workflow without ref":   {issuer: gitHub, identity: "https://github.com/a/b/.github/workflows/c.yml", want: []string{"impossible-identity: issuer " + gitHub + neverIssues}},
		"expression for a text":  {issuer: gitHub, identity: `https://github\.com/a/b/\.github/workflows/c\.yml@refs/tags/v.+`, want: []string{"impossible-identity: is a regular expression, and identity is compared as it is, so every image would be denied"}},
		"address":                {issuer: google, identity: "me@example.com"},
		"workflow of Google's":   {issuer: google, identity: "https://github.com/a/b", want: []string{"impossible-identity: issuer " + google + neverIssues}},
		"anybody of Google's":    {issuer: google, identityRegexp: `[a-z]+@example\.com`, want: []string{"loose-identity: anyone at example.com may sign, for example anyone@example.com"}},
		"anybody anywhere":       {issuer: google, identityRegexp: `[a-z]+@[a-z.]+`, want: []string{"loose-identity: anyone at any domain may sign, for example x@anyhost.example"}},
		"a longer domain":        {issuer: google, identityRegexp: `me@example\.com(\..*)?`, want: []string{"loose-identity: anyone at a domain whose name begins or ends with example.com may sign, for example me@example.com.lookalike.example"}},
		"pipeline":               {issuer: gitLab, identity: "https://gitlab.com/a/b/c//.gitlab-ci.yml@refs/tags/v1"},
		"any pipeline":           {issuer: gitLab, identityRegexp: `https://gitlab\.com/a/[^/]+//\.gitlab-ci\.yml@refs/tags/v1`, want: []string{"loose-identity: any repository of the owner may sign, for example https://gitlab.com/a/anyrepository//.gitlab-ci.yml@refs/tags/v1"}},
		"an issuer of one's own": {issuer: "https://dex.example.com", identity: "anything"},
	}
	linter := newLinter(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			spec := object{"issuer": tc.issuer, "identity": tc.identity}
			if tc.identityRegexp != "" {
				spec = object{"issuer": tc.issuer, "identity": nil, "identityRegexp": tc.identityRegexp}
			}
			if diff := cmp.Diff(tc.want, withoutWarnings(linter.Lint(t.Context(), makeTrust(spec))), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIssuerRegexp(t *testing.T) {
	const example = " may sign, for example from https://"
	tests := map[string]struct {
		expr string
		want []string
	}{
		"one":                {expr: `https://token\.actions\.githubusercontent\.com`, want: []string{"loose-issuer: set issuer to the whole URL instead, for example issuer: https://token.actions.githubusercontent.com"}},
		"two":                {expr: `https://a\.b|https://c\.d`, want: []string{"loose-issuer: set issuer to the whole URL instead, for example issuer: https://a.b"}},
		"tenants":            {expr: `https://token\.actions\.githubusercontent\.com/[^/]+`, want: []string{"loose-issuer: an identity from any issuer at token.actions.githubusercontent.com" + example + "token.actions.githubusercontent.com/any-tenant"}},
		"longer":             {expr: `https://a\.b[^/]*`, want: []string{"loose-issuer: an identity from any issuer whose host begins or ends with a.b" + example + "a.b.lookalike.example"}},
		"any":                {expr: `https://[^/]+`, want: []string{"loose-issuer: an identity from any issuer" + example + "anyhost.example"}},
		"hosts of a domain":  {expr: `https://[a-z]+\.example\.com`, want: []string{"loose-issuer: an identity from any issuer whose host begins or ends with x.example.com" + example + "lookalikex.example.com"}},
		"misspelt, unseen":   {expr: `\Qhttps://\Ea.b`, want: []string{"loose-issuer: an identity from any issuer with a host similar to a.b" + example + "axb"}},
		"misspelt":           {expr: `https://a.b`},
		"anything":           {expr: `.*`},
		"anything, ends in":  {expr: `https://a\.b/.*`},
		"not a URL":          {expr: `accounts\.google\.com`},
		"anything, in front": {expr: `.*\.example\.com`},
	}
	linter := newLinter(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			findings := linter.Lint(t.Context(), makeTrust(object{"issuer": nil, "issuerRegexp": tc.expr, "identity": nil, "identityRegexp": ".+"}))
			if diff := cmp.Diff(tc.want, withoutWarnings(findings), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestImages(t *testing.T) {
	tests := map[string]struct {
		glob string
		want map[Rule]string // the beginning of the message after the glob
	}{
		"a repository":               {glob: "docker.io/karmada/karmada-scheduler"},
		"the chart's namesake":       {glob: "docker.io/karmada/karmada-operator"},
		"a digest":                   {glob: "ghcr.io/a/b@*"},
		"some repositories":          {glob: "ghcr.io/a/b-*"},
		"an organisation":            {glob: "ghcr.io/a/*", want: map[Rule]string{RuleWideGlob: " matches every repository directly below ghcr.io/a,"}},
		"all below an organisation":  {glob: "ghcr.io/a/**", want: map[Rule]string{RuleWideGlob: " matches every repository below ghcr.io/a,"}},
		"an organisation's digests":  {glob: "ghcr.io/a/*@*", want: map[Rule]string{RuleWideGlob: " matches every repository directly below ghcr.io/a,"}},
		"official images":            {glob: "*"}, // admission warns about it
		"official images, by name":   {glob: "docker.io/library/*", want: map[Rule]string{RuleWideGlob: " matches every repository directly below docker.io/library,"}},
		"Karmada":                    {glob: "karmada/*", want: map[Rule]string{RuleUnsignedImages: " matches images that are published without a signature: docker.io/karmada/karmada-dashboard-api, "}},
		"Karmada's, by their prefix": {glob: "docker.io/karmada/karmada-*", want: map[Rule]string{RuleUnsignedImages: " matches images that are published without a signature: docker.io/karmada/karmada-dashboard-api, docker.io/karmada/karmada-dashboard-web;"}},
		"a dashboard":                {glob: "index.docker.io/karmada/kubernetes-dashboard-api", want: map[Rule]string{RuleUnsignedImages: " matches images that are published without a signature: docker.io/karmada/kubernetes-dashboard-api;"}},
		"the mirror":                 {glob: "swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-agent", want: map[Rule]string{RuleUnsignedImages: " matches images that are published without a signature: swr.ap-southeast-1.myhuaweicloud.com/karmada/karmada-agent;"}},
		"a registry":                 {glob: "ghcr.io/**"}, // admission warns about it
		"everything":                 {glob: "**", want: map[Rule]string{RuleUnsignedImages: " matches images that are published without a signature: docker.io/karmada/karmada-dashboard-api, "}},
	}
	linter := newLinter(t)
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := map[Rule]string{}
			for _, f := range linter.Lint(t.Context(), makeTrust(object{"images": []any{"ghcr.io/x/y", tc.glob}})) {
				if f.Rule == RuleAdmissionWarning {
					continue
				}
				if f.Field != "spec.images[1]" {
					t.Errorf("field %s", f.Field)
				}
				got[f.Rule] = strings.TrimPrefix(f.Message, `"`+tc.glob+`"`)
			}
			for rule, want := range tc.want {
				if !strings.HasPrefix(got[rule], want) {
					t.Errorf("%s: %q, want %q …", rule, got[rule], want)
				}
				delete(got, rule)
			}
			if len(got) > 0 {
				t.Errorf("unexpected findings: %v", got)
			}
		})
	}
}

// TestUnsignedImages verifies that the images that Karmada signs are not in the list.
func TestUnsignedImages(t *testing.T) {
	for _, name := range []string{
		"aggregated-apiserver", "agent", "controller-manager", "descheduler", "interpreter-webhook-example", "metrics-adapter",
		"operator", "scheduler", "scheduler-estimator", "search", "webhook",
	} {
		if slices.Contains(unsignedImages(), "index.docker.io/karmada/karmada-"+name) {
			t.Errorf("%s is signed", name)
		}
	}
}

// TestWideGlobs verifies that a glob is only omitted from the notes if admission warns about that glob.
func TestWideGlobs(t *testing.T) {
	var got []string
	for _, f := range newLinter(t).Lint(t.Context(), makeTrust(object{"images": []any{"ghcr.io/**", "ghcr.io/a/*", "quay.io/*/*", "ghcr.io/a/b"}})) {
		got = append(got, string(f.Rule)+": "+f.Field)
	}
	want := []string{"admission-warning: spec.images", "wide-glob: spec.images[1]"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
