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

package measure_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/test/bench/measure"
)

// samples returns a sample that yields these values one after the other, and records that it was asked.
func samples(name string, order *[]string, values ...float64) measure.Sample {
	return func() (float64, error) {
		*order = append(*order, name)
		value := values[0]
		values = values[1:]
		return value, nil
	}
}

func TestRatio(t *testing.T) {
	var order []string
	// The ratios are 2, 100 and 3. One disturbed run does not count.
	got, err := measure.Ratio(3, samples("a", &order, 2, 100, 9), samples("b", &order, 1, 1, 3))
	if err != nil || got != 3 {
		t.Errorf("got %v, %v, want the median 3", got, err)
	}
	if want := []string{"a", "b", "a", "b", "a", "b"}; !slices.Equal(order, want) {
		t.Errorf("the runs were not interleaved: %v", order)
	}
	failing := func() (float64, error) { return 0, errors.New("failed") }
	if _, err := measure.Ratio(3, failing, samples("b", &order, 1)); err == nil {
		t.Error("the error of the first run was ignored")
	}
	if _, err := measure.Ratio(3, samples("a", &order, 1), failing); err == nil {
		t.Error("the error of the second run was ignored")
	}
}

func TestPercentile(t *testing.T) {
	var hundred []float64
	for i := range 100 {
		hundred = append(hundred, float64(100-i))
	}
	for name, tc := range map[string]struct {
		values  []float64
		percent int
		want    float64
	}{
		"nothing":        {nil, 50, 0},
		"one":            {[]float64{7}, 95, 7},
		"median of odd":  {[]float64{3, 1, 2}, 50, 2},
		"median of even": {[]float64{4, 1, 2, 3}, 50, 2},
		"p50":            {hundred, 50, 50},
		"p95":            {hundred, 95, 95},
		"p100":           {hundred, 100, 100},
		"p0":             {hundred, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(tc.values)
			if got := measure.Percentile(tc.values, tc.percent); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if !slices.Equal(before, tc.values) {
				t.Error("the values were sorted in place")
			}
		})
	}
}

func TestNumber(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0", 3: "3", 150000: "150000", -2: "-2", 0.5: "0.5", 1.0 / 3: "0.333", 1234.5: "1230", 0.000123456: "0.000123", 33.349: "33.3",
	} {
		if got := measure.Number(value); got != want {
			t.Errorf("%v: got %q, want %q", value, got, want)
		}
	}
}

func TestMet(t *testing.T) {
	for name, tc := range map[string]struct {
		figure measure.Figure
		value  float64
		want   bool
		text   string
	}{
		"below":            {measure.AtMost(2, "x", "", ""), 1, true, "≤ 2"},
		"at":               {measure.AtMost(2, "x", "", ""), 2, true, "≤ 2"},
		"above":            {measure.AtMost(2, "x", "", ""), 2.01, false, "≤ 2"},
		"too little":       {measure.AtLeast(0.95, "x", "", ""), 0.94, false, "≥ 0.95"},
		"enough":           {measure.AtLeast(0.95, "x", "", ""), 0.95, true, "≥ 0.95"},
		"with a unit":      {measure.AtMost(200, "x", "MiB", ""), 150, true, "≤ 200 MiB"},
		"below, not at it": {measure.Below(1, "x", "", ""), 1, false, "< 1"},
		"below it":         {measure.Below(1, "x", "", ""), 0.99, true, "< 1"},
		"no bar":           {measure.Published("x", "", ""), 1e9, true, "published"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.figure.Met(tc.value); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if got := tc.figure.BarText(); got != tc.text {
				t.Errorf("got %q, want %q", got, tc.text)
			}
		})
	}
}

// example is a group that prints these values.
func example(name string, values map[string]float64) measure.Group {
	return measure.Group{
		Name: name, Method: "Counted.",
		Figures: []measure.Figure{
			measure.AtMost(2, name+"_requests", "", "requests of GET | HEAD"),
			measure.Published(name+"_ms", "ms", "time"),
			measure.AtLeast(0.95, name+"_throughput", "", "throughput"),
		},
		Run: func(r *measure.Run) error {
			r.Step("%d figures", len(values))
			for name, value := range values {
				r.Figure(name, value)
			}
			return nil
		},
	}
}

func TestMeasure(t *testing.T) {
	var out, progress strings.Builder
	group := example("a", map[string]float64{"a_requests": 3, "a_ms": 1.23456, "a_throughput": 1})
	if err := measure.Measure(t.Context(), group, &out, &progress); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for line := range strings.Lines(out.String()) {
		name, value, is := measure.ParseFigure(line)
		if !is {
			t.Errorf("%q is no figure", line)
		}
		got[name] = value
	}
	if diff := cmp.Diff(map[string]float64{"a_requests": 3, "a_ms": 1.23, "a_throughput": 1}, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(out.String(), "figure: a_ms 1.23 ms\n") {
		t.Errorf("the unit is missing: %s", out.String())
	}
	if want := "▸ a: 3 figures\n"; progress.String() != want {
		t.Errorf("got %q, want %q", progress.String(), want)
	}

	err := measure.Measure(t.Context(), example("a", map[string]float64{"a_ms": 1}), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "a_requests") {
		t.Errorf("got %v, want that a figure was not measured", err)
	}
	failing := measure.Group{Name: "b", Run: func(r *measure.Run) error { return context.Cause(r) }}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := measure.Measure(ctx, failing, io.Discard, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the error of the group", err)
	}
}

func TestParseFigure(t *testing.T) {
	for line, want := range map[string]bool{
		"figure: x 1": true, "figure: x 1.5 ms": true, "figure: x": false, "figure: x y": false, "x 1": false, "": false,
	} {
		if _, _, is := measure.ParseFigure(line); is != want {
			t.Errorf("%q: got %v, want %v", line, is, want)
		}
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	measure.Table(&out, []measure.Report{
		{Group: example("a", nil), Values: map[string]float64{"a_requests": 3, "a_ms": 1234}},
		{Group: example("b", nil), Values: map[string]float64{"b_requests": 2, "b_ms": 0.5, "b_throughput": 0.94}},
	})
	want := `FIGURE        VALUE    BAR        
a_requests    3        ≤ 2        missed
a_ms          1234 ms  published  
a_throughput           ≥ 0.95     not measured
b_requests    2        ≤ 2        met
b_ms          0.5 ms   published  
b_throughput  0.94     ≥ 0.95     missed
1 of 4 bars are met; missed: a_requests, b_throughput; not measured: a_throughput.
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

const empty = "# Benchmarks\n\nText.\n\n<!-- begin: written by make bench WRITE=1 -->\n<!-- end -->\n\nMore.\n"

// TestUpdate measures groups one after the other: a document keeps what it has of the others.
func TestUpdate(t *testing.T) {
	a, b := example("a", nil), example("b", nil)
	first := measure.Report{Group: a, Measured: "2026-11-27 at commit 1", Values: map[string]float64{"a_requests": 2, "a_ms": 12.5, "a_throughput": 1}}
	second := measure.Report{Group: b, Measured: "2026-11-28 at commit 2", Values: map[string]float64{"b_requests": 3, "b_ms": 7, "b_throughput": 1}}
	groups := []measure.Group{a, b}

	text, err := measure.Update(empty, groups, []measure.Report{first})
	if err != nil {
		t.Fatal(err)
	}
	if text, err = measure.Update(text, groups, []measure.Report{second}); err != nil {
		t.Fatal(err)
	}
	both, err := measure.Update(empty, groups, []measure.Report{first, second})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(both, text); diff != "" {
		t.Errorf("the document depends on whether the groups are measured at once:\n%s", diff)
	}
	for _, want := range []string{
		"# Benchmarks\n\nText.\n", "\nMore.\n", "### a\n", "Counted.", "Measured on 2026-11-27 at commit 1.\n",
		"| `a_requests` | 2 | ≤ 2 | met | requests of GET \\| HEAD |\n", "| `a_ms` | 12.5 ms | published |  | time |\n",
		"| `b_requests` | 3 | ≤ 2 | missed |", "3 of 4 bars are met; missed: b_requests.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}

	failed := measure.Report{Group: a, Measured: "2026-11-29 at commit 3", Values: map[string]float64{"a_requests": 1}, Failed: true}
	if text, err = measure.Update(text, groups, []measure.Report{failed}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(both, text); diff != "" {
		t.Errorf("values of a group that failed were written:\n%s", diff)
	}
	if text, err = measure.Update(text, []measure.Group{b}, nil); err != nil || strings.Contains(text, "a_requests") {
		t.Errorf("a group that is gone was kept: %v", err)
	}
	if _, err := measure.Update("# Benchmarks\n", groups, nil); err == nil {
		t.Error("a document without the lines that the figures stand between was accepted")
	}
}
