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

// Package sbom writes a software bill of materials in SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/).
package sbom

import (
	"cmp"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// noAssertion is how SPDX says that a fact is not known.
const noAssertion = "NOASSERTION"

// Relationship is how two packages are related, in SPDX's terms.
type Relationship string

// The relationships that bills of this module use.
const (
	Contains     Relationship = "CONTAINS"
	DependsOn    Relationship = "DEPENDS_ON"
	DescendantOf Relationship = "DESCENDANT_OF"
	// HasVariant is written as VARIANT_OF, in the opposite direction.
	HasVariant Relationship = "HAS_VARIANT"
)

// Purpose is what a package is for, in SPDX's terms.
type Purpose string

// The purposes that bills of this module use.
const (
	Container Purpose = "CONTAINER"
	Archive   Purpose = "ARCHIVE"
	Library   Purpose = "LIBRARY"
)

// Package is a thing with a name. What is empty is not known.
type Package struct {
	Name, Version string
	// PURL is the package URL, https://github.com/package-url/purl-spec.
	PURL string
	// SHA256 is the checksum of its file or of its manifest, in hexadecimal digits.
	SHA256  string
	Licence string
	Purpose Purpose
}

// Related is a package to which the subject of a bill is related.
type Related struct {
	Relationship Relationship
	Package
}

// Bill is the bill of materials of one package.
type Bill struct {
	Subject Package
	// Source is the address of the project, which the name of the document begins with.
	Source  string
	Created time.Time
	Related []Related
}

// Modules returns the Go modules, the standard library among them, that programs were built from. A module of several programs
// is listed once. The version is that of the programs' own module.
func Modules(version string, programs ...*debug.BuildInfo) []Related {
	seen := map[Package]bool{}
	for _, program := range programs {
		seen[module(program.Main.Path, version)] = true
		seen[module("stdlib", strings.TrimPrefix(program.GoVersion, "go"))] = true
		for _, dependency := range program.Deps {
			if dependency.Replace != nil {
				dependency = dependency.Replace
			}
			seen[module(dependency.Path, dependency.Version)] = true
		}
	}
	var out []Related
	for one := range seen {
		out = append(out, Related{Relationship: Contains, Package: one})
	}
	slices.SortFunc(out, func(a, b Related) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version)) })
	return out
}

func module(path, version string) Package {
	return Package{Name: path, Version: version, PURL: "pkg:golang/" + path + "@" + version, Purpose: Library}
}

// The document, as far as bills of this module have it.
type (
	document struct {
		Version       string         `json:"spdxVersion"`
		Licence       string         `json:"dataLicense"`
		ID            string         `json:"SPDXID"`
		Name          string         `json:"name"`
		Namespace     string         `json:"documentNamespace"`
		Creation      creation       `json:"creationInfo"`
		Packages      []packageEntry `json:"packages"`
		Relationships []relationship `json:"relationships"`
	}
	creation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
	}
	packageEntry struct {
		ID               string        `json:"SPDXID"`
		Name             string        `json:"name"`
		Version          string        `json:"versionInfo,omitempty"`
		DownloadLocation string        `json:"downloadLocation"`
		FilesAnalyzed    bool          `json:"filesAnalyzed"`
		Concluded        string        `json:"licenseConcluded"`
		Declared         string        `json:"licenseDeclared"`
		Copyright        string        `json:"copyrightText"`
		Purpose          Purpose       `json:"primaryPackagePurpose,omitempty"`
		Checksums        []checksum    `json:"checksums,omitempty"`
		References       []externalRef `json:"externalRefs,omitempty"`
	}
	checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	externalRef struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	relationship struct {
		Element string `json:"spdxElementId"`
		Type    string `json:"relationshipType"`
		Related string `json:"relatedSpdxElement"`
	}
)

const (
	documentID = "SPDXRef-DOCUMENT"
	subjectID  = "SPDXRef-Subject"
)

// JSON encodes the bill. Equal bills have equal encodings.
func (b Bill) JSON() ([]byte, error) {
	out := document{
		Version: "SPDX-2.3", Licence: "CC0-1.0", ID: documentID, Name: b.Subject.Name,
		Namespace: b.Source + "/spdx/" + b.Subject.Name + "-" + b.Subject.SHA256,
		Creation: creation{
			Created:  b.Created.UTC().Format(time.RFC3339),
			Creators: []string{"Organization: The Karmada Authors", "Tool: " + b.Source + "/hack/release"},
		},
		Packages:      []packageEntry{b.Subject.entry(subjectID)},
		Relationships: []relationship{{documentID, "DESCRIBES", subjectID}},
	}
	for i, related := range b.Related {
		id := fmt.Sprintf("SPDXRef-Package-%d", i+1)
		out.Packages = append(out.Packages, related.entry(id))
		entry := relationship{subjectID, string(related.Relationship), id}
		if related.Relationship == HasVariant {
			entry = relationship{id, "VARIANT_OF", subjectID}
		}
		out.Relationships = append(out.Relationships, entry)
	}
	encoded, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the bill of materials of %s: %w", b.Subject.Name, err)
	}
	return append(encoded, '\n'), nil
}

func (p Package) entry(id string) packageEntry {
	out := packageEntry{
		ID: id, Name: p.Name, Version: p.Version, DownloadLocation: noAssertion, Concluded: noAssertion,
		Declared: cmp.Or(p.Licence, noAssertion), Copyright: noAssertion, Purpose: p.Purpose,
	}
	if p.SHA256 != "" {
		out.Checksums = []checksum{{"SHA256", p.SHA256}}
	}
	if p.PURL != "" {
		out.References = []externalRef{{"PACKAGE-MANAGER", "purl", p.PURL}}
	}
	return out
}
