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

// Package measure is what the benchmarks share: the table of figures with their bars, the comparison of two ways in pairs, and
// child processes whose memory counts.
package measure

import (
	"fmt"
	"math"
	"strings"
)

// Figure is something that is measured.
type Figure struct {
	// Name is lower_snake_case, as it is printed.
	Name string
	// Unit is that of the value; empty for a ratio or a count.
	Unit string
	// Bar is what the value is compared with. It is NaN for a figure that is only published.
	Bar float64
	// Must says how a value has to compare with the bar.
	Must Comparison
	// What is measured, in one sentence for the table.
	What string
}

// Comparison of a value with a bar.
type Comparison string

// Comparisons, as tables show them.
const (
	NotAbove Comparison = "≤"
	NotBelow Comparison = "≥"
	IsBelow  Comparison = "<"
)

// AtMost returns a figure whose value must not exceed the bar.
func AtMost(bar float64, name, unit, what string) Figure {
	return Figure{Name: name, Unit: unit, Bar: bar, Must: NotAbove, What: what}
}

// AtLeast returns a figure whose value must not fall below the bar.
func AtLeast(bar float64, name, unit, what string) Figure {
	return Figure{Name: name, Unit: unit, Bar: bar, Must: NotBelow, What: what}
}

// Below returns a figure whose value must be less than the bar.
func Below(bar float64, name, unit, what string) Figure {
	return Figure{Name: name, Unit: unit, Bar: bar, Must: IsBelow, What: what}
}

// Published returns a figure without a bar.
func Published(name, unit, what string) Figure {
	return Figure{Name: name, Unit: unit, Bar: math.NaN(), What: what}
}

// HasBar reports whether the figure is compared with a bar.
func (f Figure) HasBar() bool { return !math.IsNaN(f.Bar) }

// Met reports whether a value meets the bar.
func (f Figure) Met(value float64) bool {
	switch {
	case !f.HasBar():
		return true
	case f.Must == NotBelow:
		return value >= f.Bar
	case f.Must == IsBelow:
		return value < f.Bar
	default:
		return value <= f.Bar
	}
}

// BarText is the bar as tables show it.
func (f Figure) BarText() string {
	if !f.HasBar() {
		return "published"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %v %s", f.Must, f.Bar, f.Unit))
}

// Group measures figures that belong together. It runs in a process of its own.
type Group struct {
	// Name is one word.
	Name string
	// Method says in one or two sentences how the figures are measured.
	Method string
	// Figures are those that Run measures, all of them.
	Figures []Figure
	Run     func(*Run) error
}
