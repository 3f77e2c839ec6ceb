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
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Report is what was measured of a group.
type Report struct {
	Group Group
	// Measured says when and where; empty if the group was never measured.
	Measured string
	// Values are the figures by name, as they are printed.
	Values map[string]float64
	// Failed says that the group ended with an error. Its values are not published.
	Failed bool
}

// ParseFigure reads a line that Run.Figure prints.
func ParseFigure(line string) (name string, value float64, is bool) {
	text, is := strings.CutPrefix(line, "figure: ")
	if !is {
		return "", 0, false
	}
	const least = 2 // the name and the value, and perhaps the unit
	fields := strings.Fields(text)
	if len(fields) < least {
		return "", 0, false
	}
	value, err := strconv.ParseFloat(fields[1], 64)
	return fields[0], value, err == nil
}

// Table writes the figures with their bars, and which are missed.
func Table(out io.Writer, reports []Report) {
	const gap = 2
	table := tabwriter.NewWriter(out, 0, 0, gap, ' ', 0)
	_, _ = fmt.Fprintln(table, "FIGURE\tVALUE\tBAR\t")
	for _, report := range reports {
		for _, f := range report.Group.Figures {
			value, verdict := report.cells(f)
			_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.Name, value, f.BarText(), verdict)
		}
	}
	_ = table.Flush() // an output that cannot be written to is nothing that could be told
	_, _ = fmt.Fprintln(out, Summary(reports))
}

// Summary says how many bars are met, and which are not.
func Summary(reports []Report) string {
	met, bars := 0, 0
	var missed, unknown []string
	for _, report := range reports {
		for _, f := range report.Group.Figures {
			value, measured := report.Values[f.Name]
			if !f.HasBar() {
				continue
			}
			bars++
			switch {
			case !measured:
				unknown = append(unknown, f.Name)
			case f.Met(value):
				met++
			default:
				missed = append(missed, f.Name)
			}
		}
	}
	text := fmt.Sprintf("%d of %d bars are met", met, bars)
	if len(missed) > 0 {
		text += "; missed: " + strings.Join(missed, ", ")
	}
	if len(unknown) > 0 {
		text += "; not measured: " + strings.Join(unknown, ", ")
	}
	return text + "."
}

// cells returns a value with its unit, and what it is in comparison with the bar.
func (r Report) cells(f Figure) (text, verdict string) {
	value, measured := r.Values[f.Name]
	switch {
	case !measured:
		return "", "not measured"
	case !f.HasBar():
		verdict = ""
	case f.Met(value):
		verdict = "met"
	default:
		verdict = "missed"
	}
	return strings.TrimSpace(Number(value) + " " + f.Unit), verdict
}

// The part of the document that is written stands between these lines.
const (
	begin = "<!-- begin: written by make bench WRITE=1 -->\n"
	end   = "<!-- end -->\n"
)

// Update returns the text of a document with what was measured now. What the document has of other groups is kept; groups that are
// not known are dropped.
func Update(text string, groups []Group, now []Report) (string, error) {
	before, rest, found := strings.Cut(text, begin)
	written, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		return "", errors.New("the lines that the figures stand between are missing")
	}
	reports := parse(written, groups)
	for _, report := range now {
		for i := range reports {
			if reports[i].Group.Name == report.Group.Name && !report.Failed {
				reports[i] = report
			}
		}
	}
	return before + begin + render(reports) + end + after, nil
}

func render(reports []Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n", Summary(reports))
	for _, report := range reports {
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", report.Group.Name, report.Group.Method)
		if report.Measured != "" {
			fmt.Fprintf(&b, "Measured on %s.\n\n", report.Measured)
		}
		fmt.Fprint(&b, "| Figure | Value | Bar | | What |\n|---|---|---|---|---|\n")
		for _, f := range report.Group.Figures {
			value, verdict := report.cells(f)
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", f.Name, value, f.BarText(), verdict, strings.ReplaceAll(f.What, "|", "\\|"))
		}
		fmt.Fprintln(&b)
	}
	return b.String()
}

// parse reads what render wrote.
func parse(written string, groups []Group) []Report {
	row := regexp.MustCompile("^\\| `([a-z0-9_]+)` \\| ([0-9.]+)[ |]")
	sections := map[string]Report{}
	for section := range strings.SplitSeq("\n"+written, "\n### ") {
		report := Report{Values: map[string]float64{}}
		name, _, _ := strings.Cut(section, "\n")
		for line := range strings.Lines(section) {
			if measured, is := strings.CutPrefix(line, "Measured on "); is {
				report.Measured = strings.TrimSuffix(measured, ".\n")
			}
			if match := row.FindStringSubmatch(line); match != nil {
				if value, err := strconv.ParseFloat(match[2], 64); err == nil {
					report.Values[match[1]] = value
				}
			}
		}
		sections[name] = report
	}
	reports := make([]Report, 0, len(groups))
	for _, group := range groups {
		report := sections[group.Name]
		report.Group = group
		reports = append(reports, report)
	}
	return reports
}
