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
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode"
)

// language is the set of all texts that a regular expression matches as a whole. Whether two languages have a text in common
// is computed from both programs, without trying any texts.
type language struct {
	re   *regexp.Regexp
	prog *syntax.Prog
	// steps is the number of steps that may still be spent on this language.
	steps int
}

// maxSteps limits the computation for one language. Expressions that people write need far fewer steps. After that many, the
// result is undecided, and nothing is reported.
const maxSteps = 1_000_000

// newLanguage returns the language of ^(?:EXPR)$.
func newLanguage(expr string) (*language, error) {
	expr = "^(?:" + expr + ")$"
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, err
	}
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	return &language{re: re, prog: prog, steps: maxSteps}, nil
}

// overlap is whether two languages have a text in common.
type overlap int

const (
	undecided overlap = iota // the search was not completed
	disjoint                 // there is none
	common                   // there is one
)

// node is a state of both programs after reading the same text.
type node struct {
	a, b uint32 // program counters
	rune rune   // the last rune of the text
	from int    // the previous node, or -1
}

// intersect returns the shortest text that is in both languages, by a breadth-first search.
func (l *language) intersect(other *language) (string, overlap) {
	nodes := []node{{a: uint32(l.prog.Start), b: uint32(other.prog.Start), from: -1}} //nolint:gosec // indices of instructions are small
	seen := map[[2]uint32]bool{}
	as, bs := l.newStepper(), other.newStepper()
	for i := 0; i < len(nodes); i++ {
		n := nodes[i]
		a, b := as.follow(n.a, n.from < 0), bs.follow(n.b, n.from < 0)
		if l.steps -= 1 + a.walked + b.walked + len(a.reads)*len(b.reads); l.steps < 0 {
			return "", undecided
		}
		if a.matches && b.matches {
			text := textTo(nodes, i)
			if l.re.MatchString(text) && other.re.MatchString(text) {
				return text, common
			}
			return "", undecided // a word boundary, which the search does not evaluate
		}
		for _, x := range a.reads {
			for _, y := range b.reads {
				r, ok := sharedRune(x, y)
				if to := [2]uint32{x.Out, y.Out}; ok && !seen[to] {
					seen[to] = true
					nodes = append(nodes, node{a: x.Out, b: y.Out, rune: r, from: i})
				}
			}
		}
	}
	return "", disjoint
}

// textTo returns the text that leads to a node.
func textTo(nodes []node, i int) string {
	var text []rune
	for ; nodes[i].from >= 0; i = nodes[i].from {
		text = append(text, nodes[i].rune)
	}
	slices.Reverse(text)
	return string(text)
}

// stepper computes which instructions that read a rune can follow an instruction.
type stepper struct {
	prog *syntax.Prog
	// cache of the results.
	cache map[position]successors
}

// position is an instruction, and whether it is reached before any rune is read.

type position struct {
	pc        uint32
	beginning bool
}

// successors are the instructions that can follow without reading a rune.
type successors struct {
	reads   []*syntax.Inst // the instructions that read a rune
	matches bool           // whether the program can match
	walked  int            // the number of instructions that were visited to compute this
}

func (l *language) newStepper() *stepper {
	return &stepper{prog: l.prog, cache: map[position]successors{}}
}

func (s *stepper) follow(pc uint32, beginning bool) successors {
	at := position{pc, beginning}
	next, ok := s.cache[at]
	if !ok {
		visited := map[visit]bool{}
		s.walk(at, false, visited, &next)
		s.cache[at] = next
		next.walked = len(visited) // counted only when it is computed
	}
	return next
}

// visit is an instruction, and whether it is reached after an assertion of the end of the text.
type visit struct {
	pc    uint32
	ended bool
}

func (s *stepper) walk(at position, ended bool, visited map[visit]bool, into *successors) {
	if v := (visit{at.pc, ended}); visited[v] {
		return
	} else {
		visited[v] = true
	}
	inst := &s.prog.Inst[at.pc]
	out := position{inst.Out, at.beginning}
	switch inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		s.walk(out, ended, visited, into)
		s.walk(position{inst.Arg, at.beginning}, ended, visited, into)
	case syntax.InstCapture, syntax.InstNop:
		s.walk(out, ended, visited, into)
	case syntax.InstEmptyWidth:
		// The beginning and the end of a line are treated like those of the text: no identity contains line breaks.
		begins := inst.Arg&uint32(syntax.EmptyBeginLine|syntax.EmptyBeginText) != 0
		ends := inst.Arg&uint32(syntax.EmptyEndLine|syntax.EmptyEndText) != 0
		if !begins || at.beginning {
			s.walk(out, ended || ends, visited, into)
		}
	case syntax.InstMatch:
		into.matches = true
	case syntax.InstFail:
	default: // reads a rune
		if !ended {
			into.reads = append(into.reads, inst)
		}
	}
}

// sharedRune returns a rune that both instructions read, if possible a letter, digit or hyphen.
func sharedRune(a, b *syntax.Inst) (rune, bool) {
	shared := func(r rune) bool { return a.MatchRune(r) && b.MatchRune(r) }
	for _, r := range "xa1-" {
		if shared(r) {
			return r, true
		}
	}
	for _, inst := range []*syntax.Inst{a, b} {
		for i := 0; i < len(inst.Rune); i += 2 {
			// If two ranges overlap, the lower end of one of them is in both.
			lower := inst.Rune[i]
			for r := unicode.SimpleFold(lower); ; r = unicode.SimpleFold(r) {
				if shared(r) {
					return r, true
				}
				if r == lower {
					break
				}
			}
		}
	}
	return 0, false
}

// intersectExpr is like intersect, for an expression of this package. An invalid one is undecided.
func (l *language) intersectExpr(expr string) (string, overlap) {
	other, err := newLanguage(expr)
	if err != nil {
		return "", undecided
	}
	return l.intersect(other)
}

// submatches returns the submatches of a pattern in a text that the language and one of the expressions have in common.
func (l *language) submatches(pattern *regexp.Regexp, exprs ...string) ([]string, bool) {
	for _, expr := range exprs {
		if text, found := l.intersectExpr(expr); found == common {
			if m := pattern.FindStringSubmatch(text); m != nil {
				return m[1:], true
			}
		}
	}
	return nil, false
}
