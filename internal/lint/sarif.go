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
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Result is a finding, and where it was found.
type Result struct {
	Finding
	// File by its path, with slashes; best relative to the root of the repository. Empty where there is none.
	File string
	// Line counts from 1; 0 where it is not known.
	Line int
	// Column in characters, from 1; 0 where it is not known.
	Column int
}

// EncodeSARIF writes one run of a version of the linter. It tells all rules, also when there are no results: that nothing was
// found is a result too.
func EncodeSARIF(w io.Writer, version string, results []Result) error {
	descriptions := Descriptions()
	out := sarifLog{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool: tool{Driver: driver{
				Name:           "kubectl-imagetrust",
				Version:        version,
				InformationURI: "https://github.com/karmada-io/image-trust",
				Rules:          make([]sarifRule, 0, len(descriptions)),
			}},
			ColumnKind: "unicodeCodePoints",
			Results:    make([]sarifResult, 0, len(results)),
		}},
	}
	one := &out.Runs[0]
	for _, d := range descriptions {
		one.Tool.Driver.Rules = append(one.Tool.Driver.Rules, sarifRule{
			ID:                   d.Rule,
			ShortDescription:     sarifText{d.Summary},
			FullDescription:      sarifText{d.Help},
			Help:                 sarifText{d.Help},
			DefaultConfiguration: configuration{d.Level},
		})
	}
	for _, r := range results {
		index := slices.IndexFunc(descriptions, func(d Description) bool { return d.Rule == r.Rule })
		if index < 0 {
			return fmt.Errorf("no description of the rule %q", r.Rule)
		}
		one.Results = append(one.Results, sarifResult{
			RuleID:    r.Rule,
			RuleIndex: index,
			Level:     r.Level,
			Message:   sarifText{strings.TrimPrefix(r.Field+": "+r.Message, ": ")},
			Locations: r.locations(),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func (r Result) locations() []location {
	var here location
	if r.File != "" {
		here.Physical = &physicalLocation{Artifact: artifactLocation{uri(r.File)}}
		if r.Line > 0 {
			here.Physical.Region = &region{StartLine: r.Line, StartColumn: r.Column}
		}
	}
	if r.Field != "" {
		here.Logical = []logicalLocation{{FullyQualifiedName: r.Field, Kind: "property"}}
	}
	if here.Physical == nil && here.Logical == nil {
		return nil
	}
	return []location{here}
}

// uri of a file: relative where the path is.
func uri(path string) string {
	u := url.URL{Path: path}
	if strings.HasPrefix(path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}
