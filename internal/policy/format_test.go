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

package policy

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
)

// allFormats is the order in which formats are tried. What is decided by IsPrefixOf depends on it.
var allFormats = Formats{SimpleSigning, Timestamped, Bundle, RekorV2Bundle, TimestampedBundle}

func TestFormatTable(t *testing.T) {
	type row struct {
		Storage   v1alpha1.SignatureFormat
		Time      TimeProof
		Authority string
		Fields    map[string]any
	}
	log := map[string]any{"url": rekorURL, "trustRootRef": "root"}
	timestamp := map[string]any{"trustRootRef": "root"}
	want := map[Format]row{
		SimpleSigning: {"SimpleSigning", LogEntry, "signer", map[string]any{"ctlog": log}},
		Timestamped:   {"SimpleSigning", Timestamp, "signer.timestamp", map[string]any{"rfc3161timestamp": timestamp}},
		Bundle:        {"Bundle", LogEntry, "signer.bundle", map[string]any{"signatureFormat": "bundle", "ctlog": log}},
		TimestampedBundle: {
			"Bundle", Timestamp, "signer.bundle-timestamp", map[string]any{"signatureFormat": "bundle", "rfc3161timestamp": timestamp},
		},
	}
	got := map[Format]row{}
	for _, f := range NewFormats(allFormats...).rendered() {
		name := f.authorityName(signatureGroup)
		got[f] = row{f.Storage(), f.Time(), name, f.fields("root")}
		if group := AuthorityGroup(name); group != signatureGroup {
			t.Errorf("the group of authority %s is %s, want %s", name, group, signatureGroup)
		}
		stored, _ := f.fields("")["signatureFormat"].(string)
		if back := AuthorityFormat(stored, f.Time() == Timestamp); back != f {
			t.Errorf("the authority for %s is recognised as %q", f, back)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("formats (-want +got):\n%s", diff)
	}
	if v2 := RekorV2Bundle; v2.Storage() != v1alpha1.SignatureFormatBundle || v2.Time() != Timestamp || !v2.Logged() {
		t.Errorf("%s is stored as %q, with time by %q, logged: %t", v2, v2.Storage(), v2.Time(), v2.Logged())
	}
	if none := Format(""); none.Storage() != "" || none.Time() != "" || AuthorityFormat("other", false) != none {
		t.Error("the zero value or an unknown signatureFormat is a format")
	}
}

// TestFormatWithin asserts which formats an authority accepts: entries of Rekor v2 wherever bundles are accepted, by a version
// that can read them.
func TestFormatWithin(t *testing.T) {
	for _, f := range allFormats.rendered() {
		if diff := cmp.Diff(Formats{f}, f.Within(Capabilities{})); diff != "" {
			t.Errorf("%s in a version that is not known (-want +got):\n%s", f, diff)
		}
	}
	can := Capabilities{RekorV2: true}
	for f, want := range map[Format]Formats{
		SimpleSigning:     {SimpleSigning},
		Timestamped:       {Timestamped},
		Bundle:            {Bundle, RekorV2Bundle},
		TimestampedBundle: {RekorV2Bundle, TimestampedBundle},
		"":                nil,
	} {
		if diff := cmp.Diff(want, f.Within(can)); diff != "" {
			t.Errorf("%q in a version with Rekor v2 (-want +got):\n%s", f, diff)
		}
	}
}

func TestFormatsAreInOrderOfLookup(t *testing.T) {
	reversed := slices.Clone(allFormats)
	slices.Reverse(reversed)
	if diff := cmp.Diff(allFormats, NewFormats(append(reversed, Bundle, "", "other")...)); diff != "" {
		t.Errorf("formats (-want +got):\n%s", diff)
	}
	rule := NewRule(Signer{}, Formats{Bundle, SimpleSigning}, Attestation{Name: "a", Formats: Formats{Bundle, Timestamped}})
	if diff := cmp.Diff(Formats{SimpleSigning, Timestamped, Bundle}, rule.Formats()); diff != "" {
		t.Errorf("formats of a rule (-want +got):\n%s", diff)
	}
	if same := NewRule(Signer{}, Formats{SimpleSigning, Bundle}, Attestation{Name: "a", Formats: Formats{Timestamped, Bundle}}); same.ID() != rule.ID() {
		t.Errorf("rules that list the same formats differ: %s and %s", rule.ID(), same.ID())
	}
}

func TestFormatsComparison(t *testing.T) {
	for name, tc := range map[string]struct {
		f, all         Formats
		subset, prefix bool
	}{
		"none of none":             {subset: true, prefix: true},
		"none of some":             {all: Formats{Bundle}, subset: true, prefix: true},
		"all of all":               {f: allFormats, all: allFormats, subset: true, prefix: true},
		"the first":                {f: Formats{SimpleSigning}, all: allFormats, subset: true, prefix: true},
		"the first of two":         {f: Formats{SimpleSigning}, all: Formats{SimpleSigning, Bundle}, subset: true, prefix: true},
		"the first two":            {f: Formats{SimpleSigning, Timestamped}, all: allFormats, subset: true, prefix: true},
		"the last":                 {f: Formats{Bundle}, all: Formats{SimpleSigning, Bundle}, subset: true},
		"with a gap":               {f: Formats{SimpleSigning, Bundle}, all: allFormats, subset: true},
		"another one":              {f: Formats{Timestamped}, all: Formats{SimpleSigning, Bundle}},
		"more than all":            {f: Formats{SimpleSigning, Bundle}, all: Formats{SimpleSigning}},
		"something of none at all": {f: Formats{SimpleSigning}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.f.IsSubsetOf(tc.all); got != tc.subset {
				t.Errorf("IsSubsetOf: got %t, want %t", got, tc.subset)
			}
			if got := tc.f.IsPrefixOf(tc.all); got != tc.prefix {
				t.Errorf("IsPrefixOf: got %t, want %t", got, tc.prefix)
			}
		})
	}
}

func TestRuleDecidedBy(t *testing.T) {
	ci := Signer{Issuer: "i", Subject: "s"}
	sbom := func(formats ...Format) Attestation {
		return Attestation{Name: "sbom", PredicateType: "https://spdx.dev/Document", Formats: formats}
	}
	conditional := sbom(SimpleSigning)
	conditional.CUE = "a: 1"
	whole := NewRule(ci, Formats{SimpleSigning, Bundle}, sbom(SimpleSigning, Bundle))
	for name, tc := range map[string]struct {
		rule, by *Rule
		want     bool
	}{
		"itself":                    {whole, whole, true},
		"in the first format":       {NewRule(ci, Formats{SimpleSigning}, sbom(SimpleSigning)), whole, true},
		"in the last format":        {NewRule(ci, Formats{Bundle}, sbom(Bundle)), whole, false},
		"in another format":         {NewRule(ci, Formats{Timestamped}, sbom(SimpleSigning)), whole, false},
		"attested in the last":      {NewRule(ci, Formats{SimpleSigning}, sbom(Bundle)), whole, false},
		"by somebody else":          {NewRule(Signer{Issuer: "i", Subject: "t"}, Formats{SimpleSigning}, sbom(SimpleSigning)), whole, false},
		"without a signature":       {NewRule(ci, nil, sbom(SimpleSigning)), whole, false},
		"without an attestation":    {NewRule(ci, Formats{SimpleSigning}), whole, false},
		"with a condition":          {NewRule(ci, Formats{SimpleSigning}, conditional), whole, false},
		"by no rule":                {whole, nil, false},
		"which is decided by less":  {whole, NewRule(ci, Formats{SimpleSigning}, sbom(SimpleSigning)), false},
		"attestations on their own": {NewRule(ci, nil, sbom(SimpleSigning)), NewRule(ci, nil, sbom(SimpleSigning, Bundle)), true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.rule.DecidedBy(tc.by); got != tc.want {
				t.Errorf("got %t, want %t", got, tc.want)
			}
		})
	}
}
