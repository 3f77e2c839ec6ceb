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

package main

import (
	"errors"
	"testing"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

func TestFlagErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		spec v1alpha1.KarmadaImageTrustSpec
		want string
	}{
		"nothing": {
			want: "set exactly one of --issuer and --issuer-regexp; set exactly one of --identity and --identity-regexp",
		},
		"both identities": {
			spec: v1alpha1.KarmadaImageTrustSpec{Issuer: "https://a", Identity: "a", IdentityRegexp: "b"},
			want: "set exactly one of --identity and --identity-regexp",
		},
		"an invalid expression": {
			spec: v1alpha1.KarmadaImageTrustSpec{Issuer: "https://a", IdentityRegexp: "("},
			want: "--identity-regexp: Invalid value: \"(\": must be a regular expression in RE2 syntax: error parsing regexp: missing closing ): `(`",
		},
		"an invalid expression for the issuer": {
			spec: v1alpha1.KarmadaImageTrustSpec{IssuerRegexp: "*", Identity: "a"},
			want: "--issuer-regexp: Invalid value: \"*\": must be a regular expression in RE2 syntax: error parsing regexp: missing argument to repetition operator: `*`",
		},
		"a field without a flag": {
			spec: v1alpha1.KarmadaImageTrustSpec{Images: []v1alpha1.ImageGlob{"A"}, Issuer: "https://a", Identity: "b"},
			want: `spec.images[0]: Invalid value: "A": must be lower case, as image names are; write "a"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.spec.Images == nil {
				tc.spec.Images = []v1alpha1.ImageGlob{"**"}
			}
			_, err := policy.Compile(tc.spec)
			if got := flagErrors(err); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	if got := flagErrors(errors.New("a")); got != "a" {
		t.Errorf("another error: %q", got)
	}
}
