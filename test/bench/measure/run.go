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

package measure

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
)

// Run is one run of a group.
type Run struct {
	context.Context //nolint:containedctx // a run is passed as a context is

	group    Group
	out      io.Writer
	progress io.Writer
	values   map[string]float64
}

// Measure runs a group. It writes a line for each figure to out, and a line for each step to progress. A figure of the group that
// was not measured is an error.
func Measure(ctx context.Context, group Group, out, progress io.Writer) error {
	r := &Run{Context: ctx, group: group, out: out, progress: progress, values: map[string]float64{}}
	if err := group.Run(r); err != nil {
		return fmt.Errorf("%s: %w", group.Name, err)
	}
	for _, f := range group.Figures {
		if _, measured := r.values[f.Name]; !measured {
			return fmt.Errorf("%s: %s was not measured", group.Name, f.Name)
		}
	}
	return nil
}

// Figure prints the value of a figure, which has to be one of the group.
func (r *Run) Figure(name string, value float64) {
	at := slices.IndexFunc(r.group.Figures, func(f Figure) bool { return f.Name == name })
	if at < 0 {
		panic(fmt.Sprintf("group %s has no figure %s", r.group.Name, name))
	}
	r.values[name] = value
	unit := r.group.Figures[at].Unit
	if unit != "" {
		unit = " " + unit
	}
	_, _ = fmt.Fprintf(r.out, "figure: %s %s%s\n", name, Number(value), unit)
}

// Found prints a value that is not a figure of the group: it has no bar, and no table shows it.
func (r *Run) Found(name string, value float64) {
	_, _ = fmt.Fprintf(r.out, "figure: %s %s\n", name, Number(value))
}

// Progress is where steps are told.
func (r *Run) Progress() io.Writer { return r.progress }

// Step tells what is done next.
func (r *Run) Step(format string, args ...any) {
	_, _ = fmt.Fprintf(r.progress, "▸ %s: %s\n", r.group.Name, fmt.Sprintf(format, args...))
}

// Number returns a value with three significant digits, or all of a whole number.
func Number(value float64) string {
	if value == float64(int64(value)) {
		return strconv.FormatInt(int64(value), 10)
	}
	return strconv.FormatFloat(rounded(value), 'f', -1, 64)
}

func rounded(value float64) float64 {
	const significant = 3
	number, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', significant, 64), 64)
	if err != nil {
		return value
	}
	return number
}
