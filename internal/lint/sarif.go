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

// Result is a finding with its location in a file.
type Result struct {
	Finding
	// File is the path of the file, with slashes, preferably relative to the root of the repository. It is empty if there is
	// no file.
	File string
	// Line is counted from 1. It is 0 if it is not known.
	Line int
	// Column is counted in characters from 1. It is 0 if it is not known.
	Column int
}

// EncodeSARIF writes the results of one run of the linter to w as a SARIF log. The log describes all rules, even if there are
// no results. It fails if a result has a rule that is not described, or if w fails.
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
			return fmt.Errorf("rule %q has no description", r.Rule)
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
	var l location
	if r.File != "" {
		l.Physical = &physicalLocation{Artifact: artifactLocation{uri(r.File)}}
		if r.Line > 0 {
			l.Physical.Region = &region{StartLine: r.Line, StartColumn: r.Column}
		}
	}
	if r.Field != "" {
		l.Logical = []logicalLocation{{FullyQualifiedName: r.Field, Kind: "property"}}
	}
	if l.Physical == nil && l.Logical == nil {
		return nil
	}
	return []location{l}
}

// uri returns the URI of a file. It is relative if the path is.
func uri(path string) string {
	u := url.URL{Path: path}
	if strings.HasPrefix(path, "/") {
		u.Scheme = "file"
	}
	return u.String()
}

// The types below are the part of the object model of SARIF 2.1.0 that is written, with the names of the specification.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       tool          `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Rules          []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID                   Rule          `json:"id"`
	ShortDescription     sarifText     `json:"shortDescription"`
	FullDescription      sarifText     `json:"fullDescription"`
	Help                 sarifText     `json:"help"`
	DefaultConfiguration configuration `json:"defaultConfiguration"`
}

type sarifText struct {
	Text string `json:"text"`
}

// configuration of a rule. Level has the values that SARIF defines.
type configuration struct {
	Level Level `json:"level"`
}

type sarifResult struct {
	RuleID    Rule       `json:"ruleId"`
	RuleIndex int        `json:"ruleIndex"`
	Level     Level      `json:"level"`
	Message   sarifText  `json:"message"`
	Locations []location `json:"locations,omitempty"`
}

type location struct {
	Physical *physicalLocation `json:"physicalLocation,omitempty"`
	Logical  []logicalLocation `json:"logicalLocations,omitempty"`
}

type physicalLocation struct {
	Artifact artifactLocation `json:"artifactLocation"`
	Region   *region          `json:"region,omitempty"`
}

type artifactLocation struct {
	URI string `json:"uri"`
}

type region struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

type logicalLocation struct {
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}
