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

package sbom

import (
	"bytes"
	"encoding/json"
	"runtime/debug"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestModules lists what two programs were built from, a replaced module among it.
func TestModules(t *testing.T) {
	program := func(dependencies ...*debug.Module) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Path: "example.com/a", Version: "(devel)"}, Deps: dependencies}
	}
	shared := &debug.Module{Path: "example.com/shared", Version: "v1.0.0"}
	replaced := &debug.Module{Path: "example.com/b", Version: "v1.0.0", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.0.1"}}
	var got []string
	for _, related := range Modules("v1.2.3", program(shared), program(shared, replaced)) {
		if related.Relationship != Contains {
			t.Errorf("%s: %s", related.PURL, related.Relationship)
		}
		got = append(got, related.PURL)
	}
	want := []string{
		"pkg:golang/example.com/a@v1.2.3", "pkg:golang/example.com/fork@v1.0.1", "pkg:golang/example.com/shared@v1.0.0", "pkg:golang/stdlib@1.26.8",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestJSON checks what SPDX requires of a document, in the words of its specification.
func TestJSON(t *testing.T) {
	bill := Bill{
		Subject: Package{Name: "image", SHA256: "ab", Licence: "Apache-2.0", Purpose: Container},
		Source:  "https://example.com", Created: time.Unix(0, 0),
		Related: []Related{{HasVariant, Package{Name: "amd64"}}, {Contains, Package{Name: "module", PURL: "pkg:golang/module@v1"}}},
	}
	encoded, err := bill.JSON()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := bill.JSON(); err != nil || !bytes.Equal(again, encoded) {
		t.Errorf("two encodings differ: %v", err)
	}
	var got struct {
		SpdxVersion, DataLicense, SPDXID, Name, DocumentNamespace string
		CreationInfo                                              struct{ Created string }
		Packages                                                  []struct{ SPDXID, Name, DownloadLocation, LicenseDeclared string }
		Relationships                                             []struct{ SpdxElementID, RelationshipType, RelatedSpdxElement string }
	}
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	facts := []string{got.SpdxVersion, got.DataLicense, got.SPDXID, got.Name, got.DocumentNamespace, got.CreationInfo.Created}
	want := []string{"SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT", "image", "https://example.com/spdx/image-ab", "1970-01-01T00:00:00Z"}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("the document differs (-want +got):\n%s", diff)
	}
	ids := map[string]string{"SPDXRef-DOCUMENT": "the document"}
	for _, one := range got.Packages {
		if ids[one.SPDXID] != "" || one.DownloadLocation == "" || one.LicenseDeclared == "" {
			t.Errorf("package %+v", one)
		}
		ids[one.SPDXID] = one.Name
	}
	var relationships []string
	for _, one := range got.Relationships {
		relationships = append(relationships, ids[one.SpdxElementID]+" "+one.RelationshipType+" "+ids[one.RelatedSpdxElement])
	}
	want = []string{"the document DESCRIBES image", "amd64 VARIANT_OF image", "image CONTAINS module"}
	if diff := cmp.Diff(want, relationships); diff != "" {
		t.Errorf("the relationships differ (-want +got):\n%s", diff)
	}
}
