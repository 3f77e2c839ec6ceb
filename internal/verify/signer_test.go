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

package verify

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/policy"
)

func TestExplainMismatch(t *testing.T) {
	const (
		github  = "https://token.actions.githubusercontent.com"
		release = "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/v1.16.0"
		master  = "https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/heads/master"
	)
	exact := policy.Signer{Issuer: github, Subject: release}
	like := func(expr string) policy.Signer {
		return policy.Signer{Issuer: github, SubjectRegexp: "^(?:" + expr + ")$"}
	}
	tags := like(`^https://github\.com/karmada-io/karmada/\.github/workflows/release\.yml@refs/tags/v1\.16\.[0-9]+$`)

	for name, test := range map[string]struct {
		expected        policy.Signer
		issuer, subject string
		want            string
		near            int
	}{
		"other ref": {
			exact, github, master,
			"signed by " + master + " (issuer ok): the workflow is the expected one, but this is a build of branch master, not of tag v1.16.0", nearMiss,
		},
		"other ref by regexp": {
			tags, github, master,
			"signed by " + master + ` (issuer ok): the workflow is an expected one, but this is a build of branch master; identityRegexp requires a ref like refs/tags/v1\.16\.[0-9]+$`, nearMiss,
		},
		"pull request": {
			tags, github, strings.Replace(release, "refs/tags/v1.16.0", "refs/pull/7/merge", 1),
			"signed by " + strings.Replace(release, "refs/tags/v1.16.0", "refs/pull/7/merge", 1) +
				` (issuer ok): the workflow is an expected one, but this is a build of pull request 7; identityRegexp requires a ref like refs/tags/v1\.16\.[0-9]+$`, nearMiss,
		},
		"regexp with the ref in a group": {
			like(`(https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/.*)`), github, master,
			"signed by " + master + " (issuer ok); identityRegexp requires (https://github.com/karmada-io/karmada/.github/workflows/release.yml@refs/tags/.*)", nearIssuer,
		},
		"only a part": {
			like(`https://github\.com/karmada-io/karmada`), github, release,
			"signed by " + release + " (issuer ok): the identity matches identityRegexp only in part; the regexp must match the whole of it", nearMiss,
		},
		"upper and lower case": {
			exact, github, strings.Replace(release, "karmada-io", "Karmada-IO", 1),
			"signed by " + strings.Replace(release, "karmada-io", "Karmada-IO", 1) + " (issuer ok): it differs from the expected identity in upper and lower case", nearMiss,
		},
		"upper and lower case by regexp": {
			tags, github, strings.Replace(release, "karmada-io", "Karmada-IO", 1),
			"signed by " + strings.Replace(release, "karmada-io", "Karmada-IO", 1) + " (issuer ok): it differs from what identityRegexp matches in upper and lower case", nearMiss,
		},
		"other workflow": {
			exact, github, strings.Replace(release, "release.yml", "nightly.yml", 1),
			"signed by " + strings.Replace(release, "release.yml", "nightly.yml", 1) +
				" (issuer ok): the repository is the expected one, but not the workflow; expected " + release, nearMiss,
		},
		"longer": {
			exact, github, release + "-rc.1",
			"signed by " + release + "-rc.1 (issuer ok): it only contains the expected identity " + release, nearMiss,
		},
		"other subject": {
			exact, github, "someone@example.com",
			"signed by someone@example.com (issuer ok); expected " + release, nearIssuer,
		},
		"other issuer": {
			exact, "https://gitlab.com", release,
			"signed by " + release + " (identity ok), but by issuer https://gitlab.com; expected issuer " + github, nearSubject,
		},
		"other issuer by regexp": {
			policy.Signer{IssuerRegexp: "^(?:https://.*\\.example)$", Subject: release}, "https://gitlab.com", release,
			"signed by " + release + ` (identity ok), but by issuer https://gitlab.com; issuerRegexp requires https://.*\.example`, nearSubject,
		},
		"neither": {
			exact, "https://accounts.google.com", "someone@example.com",
			"signed by someone@example.com of issuer https://accounts.google.com; expected " + release + "; expected issuer " + github, nearNeither,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, near := explainMismatch(policy.NewMatcher(test.expected), test.issuer, test.subject)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			if near != test.near {
				t.Errorf("got nearness %d, want %d", near, test.near)
			}
		})
	}
}

func TestNearestSubject(t *testing.T) {
	expected := policy.NewMatcher(policy.Signer{Issuer: "i", Subject: "b@example.com"})
	for want, subjects := range map[string][]string{
		"":              nil,
		"a@example.com": {"a@example.com", "c@example.com"},
		"b@example.com": {"a@example.com", "B@example.com", "b@example.com"},
		"B@example.com": {"a@example.com", "B@example.com"},
	} {
		if got := nearestSubject(expected, subjects); got != want {
			t.Errorf("of %q: got %q, want %q", subjects, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain":             "plain",
		"":                  "",
		"a\nb\x00c\x1b[0m":  "a?b?c?[0m",
		"\xff\xfe":          "??",
		"left\u202eright":   "left?right",
		"0123456789abcdef":  "0123456789abcdef",
		"0123456789abcdefg": "0123456789abc…",
		"éééééééé":          "éééééééé",
		"éééééééééé":        "éééééé…",
		"日本語日本語日本語日":        "日本語日…",
	} {
		got := printable(in, 16)
		if got != want || len(got) > 16 || !utf8.ValidString(got) {
			t.Errorf("%q: got %q of %d bytes, want %q", in, got, len(got), want)
		}
	}
}
