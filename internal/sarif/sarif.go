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

// Package sarif writes results as a SARIF log, the format that code scanning services read. It knows no file and no network.
package sarif

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Level of a result. Its values are those that SARIF defines.
type Level string

// The levels.
const (
	Error   Level = "error"
	Warning Level = "warning"
	Note    Level = "note"
)

// Rule is a class of results. Services remember results by its ID, so that it must not change.
type Rule struct {
	ID string
	// Level is the default level of its results.
	Level Level
	// Summary is one sentence.
	Summary string
	// Help says why the rule matters and what to do.
	Help string
}

// Result is one result of a run.
type Result struct {
	// Rule is the ID of a rule.
	Rule    string
	Level   Level
	Message string
	// File is the path of the file, with slashes, preferably relative to the root of the repository. It is empty if there is
	// no file.
	File string
	// Line is counted from 1. It is 0 if it is not known.
	Line int
	// Column is counted in characters from 1. It is 0 if it is not known.
	Column int
	// Name is what the result is about, and Kind is what that is, as SARIF calls it, such as property. The name is empty if only
	// the place in the file is known.
	Name, Kind string
}

// Encode writes the results of one run of the plugin to w as a SARIF log. The log describes all rules, even if there are no
// results. It fails if a result has a rule that is not described, or if w fails.
func Encode(w io.Writer, version string, rules []Rule, results []Result) error {
	one := run{
		Tool: tool{Driver: driver{
			Name:           "kubectl-imagetrust",
			Version:        version,
			InformationURI: "https://github.com/karmada-io/image-trust",
			Rules:          make([]rule, 0, len(rules)),
		}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]result, 0, len(results)),
	}
	for _, r := range rules {
		one.Tool.Driver.Rules = append(one.Tool.Driver.Rules, rule{
			ID:                   r.ID,
			ShortDescription:     message{r.Summary},
			FullDescription:      message{r.Help},
			Help:                 message{r.Help},
			DefaultConfiguration: configuration{r.Level},
		})
	}
	for _, r := range results {
		index := slices.IndexFunc(rules, func(known Rule) bool { return known.ID == r.Rule })
		if index < 0 {
			return fmt.Errorf("rule %q has no description", r.Rule)
		}
		one.Results = append(one.Results, result{
			RuleID:    r.Rule,
			RuleIndex: index,
			Level:     r.Level,
			Message:   message{r.Message},
			Locations: r.locations(),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(log{
		Schema:  "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		Version: "2.1.0",
		Runs:    []run{one},
	})
}

func (r Result) locations() []location {
	var l location
	if r.File != "" {
		l.Physical = &physicalLocation{Artifact: artifactLocation{uri(r.File)}}
		if r.Line > 0 {
			l.Physical.Region = &region{StartLine: r.Line, StartColumn: r.Column}
		}
	}
	if r.Name != "" {
		l.Logical = []logicalLocation{{FullyQualifiedName: r.Name, Kind: r.Kind}}
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

type log struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []run  `json:"runs"`
}

type run struct {
	Tool       tool     `json:"tool"`
	ColumnKind string   `json:"columnKind"`
	Results    []result `json:"results"`
}

type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name           string `json:"name"`
	Version        string `json:"version,omitempty"`
	InformationURI string `json:"informationUri"`
	Rules          []rule `json:"rules"`
}

type rule struct {
	ID                   string        `json:"id"`
	ShortDescription     message       `json:"shortDescription"`
	FullDescription      message       `json:"fullDescription"`
	Help                 message       `json:"help"`
	DefaultConfiguration configuration `json:"defaultConfiguration"`
}

type message struct {
	Text string `json:"text"`
}

type configuration struct {
	Level Level `json:"level"`
}

type result struct {
	RuleID    string     `json:"ruleId"`
	RuleIndex int        `json:"ruleIndex"`
	Level     Level      `json:"level"`
	Message   message    `json:"message"`
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
