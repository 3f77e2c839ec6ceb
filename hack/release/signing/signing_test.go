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

package signing

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommands(t *testing.T) {
	tests := map[string]struct {
		artefact Artefact
		want     []string
	}{
		"image": {
			Artefact{Reference: "ghcr.io/a/b@sha256:ab", InRegistry: true, Signed: true, Provenance: "p.json", SBOM: "s.json"},
			[]string{
				"sign --yes",
				"attest --yes --type slsaprovenance1 --predicate p.json",
				"attest --yes --type spdxjson --predicate s.json",
			},
		},
		"file": {
			Artefact{Reference: "a.tar.gz", Provenance: "p.json", SBOM: "s.json"},
			[]string{
				"attest-blob --yes --type slsaprovenance1 --predicate p.json --bundle a.tar.gz.provenance.sigstore.json",
				"attest-blob --yes --type spdxjson --predicate s.json --bundle a.tar.gz.sbom.sigstore.json",
			},
		},
		"checksums": {
			Artefact{Reference: "checksums.txt", Signed: true},
			[]string{"sign-blob --yes --bundle checksums.txt.sigstore.json"},
		},
		"nothing": {Artefact{Reference: "a"}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, args := range tc.artefact.Commands() {
				got = append(got, strings.Join(args, " "))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
