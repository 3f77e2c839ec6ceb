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
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// change is a significant change of a benchmark.
type change struct {
	pkg, benchmark, unit string
	// delta is the change in proportion to the base, 0.2 for 20 % more. It is infinite if the base is 0.
	delta float64
	// p is benchstat's word for how sure it is.
	p string
}

// String says what changed: internal/bounds: JSON-2: +98 % sec/op (p=0.008 n=10).
func (c change) String() string {
	by := "more than nothing:"
	if !math.IsInf(c.delta, 0) {
		by = fmt.Sprintf("%+.0f %%", c.delta*percent)
	}
	return fmt.Sprintf("%s: %s: %s %s (%s)", c.pkg, c.benchmark, by, c.unit, c.p)
}

// worse reports whether the benchmark takes more.
func (c change) worse() bool { return c.delta > 0 }

const (
	percent = 100
	// bar is how much a benchmark may change.
	bar = 0.2
)

// Columns of benchstat's CSV.
const (
	nameColumn  = 0
	unitColumn  = 1
	deltaColumn = 5
	pColumn     = 6
	columns     = 7
)

// decide reads the CSV that benchstat prints of two files, and returns the significant changes of time, bytes and allocations that
// exceed the bar. Nothing to compare is an error: a comparison that compares nothing must not pass.
func decide(text io.Reader) ([]change, error) {
	rows := csv.NewReader(text)
	rows.FieldsPerRecord = -1
	var found []change
	pkg, unit, compared := "", "", 0
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading what benchstat prints: %w", err)
		}
		if name, is := strings.CutPrefix(row[nameColumn], "pkg: "); is {
			pkg = name
		}
		switch {
		case len(row) < columns:
			continue // a heading, or a benchmark that one of the commits lacks
		case row[nameColumn] == "":
			unit = row[unitColumn]
			continue
		case row[nameColumn] == "geomean" || !slices.Contains([]string{"sec/op", "B/op", "allocs/op"}, unit):
			continue
		}
		compared++
		delta, err := parseDelta(row[deltaColumn])
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", pkg, row[nameColumn], err)
		}
		if math.Abs(delta) > bar {
			found = append(found, change{pkg: pkg, benchmark: row[nameColumn], unit: unit, delta: delta, p: row[pColumn]})
		}
	}
	if compared == 0 {
		return nil, errors.New("the commits have no benchmark in common")
	}
	return found, nil
}

// parseDelta reads a change as benchstat prints it: "~" is not significant, and "?" significant with a base of 0.
func parseDelta(text string) (float64, error) {
	switch text {
	case "~":
		return 0, nil
	case "?":
		return math.Inf(1), nil
	}
	value, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil {
		return 0, fmt.Errorf("benchstat prints the change %q: %w", text, err)
	}
	return value / percent, nil
}
