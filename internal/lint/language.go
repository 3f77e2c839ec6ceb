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

// language is all texts that a regular expression matches as a whole. Two of them can be compared without guessing: what
// others could have that an expression accepts is looked for in the expression itself.
type language struct {
	re   *regexp.Regexp
	prog *syntax.Prog
	// steps that searches in it may still take.
	steps int
}

// maxSteps bounds all searches in one language. No expression that people write comes near; a search that is given up
// claims nothing.
const maxSteps = 1_000_000

// newLanguage is the language of an expression that is read as ^(?:EXPR)$.
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

// answer to the question for a common text.
type answer int

const (
	disjoint answer = iota // there is none
	common                 // there is one
	unsure                 // the search was given up
)

// node is how far both programs have come with the same text.
type node struct {
	a, b uint32 // program counters
	rune rune   // the last of the text
	from int    // the node before, or -1
}

// meet looks for the shortest text that is in both languages.
func (l *language) meet(other *language) (string, answer) {
	nodes := []node{{a: uint32(l.prog.Start), b: uint32(other.prog.Start), from: -1}} //nolint:gosec // indices of instructions
	seen := map[[2]uint32]bool{}
	as, bs := l.reader(), other.reader()
	for i := 0; i < len(nodes); i++ {
		n := nodes[i]
		a, b := as.follow(n.a, n.from < 0), bs.follow(n.b, n.from < 0)
		if l.steps -= 1 + a.walked + b.walked + len(a.reads)*len(b.reads); l.steps < 0 {
			return "", unsure
		}
		if a.matches && b.matches {
			text := spell(nodes, i)
			if l.re.MatchString(text) && other.re.MatchString(text) {
				return text, common
			}
			return "", unsure // a word boundary, which the search takes for granted
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

// spell returns the text that leads to a node.
func spell(nodes []node, i int) string {
	var text []rune
	for ; nodes[i].from >= 0; i = nodes[i].from {
		text = append(text, nodes[i].rune)
	}
	slices.Reverse(text)
	return string(text)
}

// reader follows a program from one instruction that reads a rune to the next.
type reader struct {
	prog *syntax.Prog
	// known tells what is next, by instruction and whether nothing has been read yet.
	known map[position]next
}

type position struct {
	pc        uint32
	beginning bool
}

// next is what can come: instructions that read a rune, and the end.
type next struct {
	reads   []*syntax.Inst
	matches bool
	walked  int // instructions to find out
}

func (l *language) reader() *reader {
	return &reader{prog: l.prog, known: map[position]next{}}
}

func (r *reader) follow(pc uint32, beginning bool) next {
	at := position{pc, beginning}
	n, ok := r.known[at]
	if !ok {
		visited := map[visit]bool{}
		r.walk(at, false, visited, &n)
		r.known[at] = n
		n.walked = len(visited) // once
	}
	return n
}

// visit of an instruction; ended behind an assertion that nothing follows.
type visit struct {
	pc    uint32
	ended bool
}

func (r *reader) walk(at position, ended bool, visited map[visit]bool, into *next) {
	if v := (visit{at.pc, ended}); visited[v] {
		return
	} else {
		visited[v] = true
	}
	inst := &r.prog.Inst[at.pc]
	out := position{inst.Out, at.beginning}
	switch inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		r.walk(out, ended, visited, into)
		r.walk(position{inst.Arg, at.beginning}, ended, visited, into)
	case syntax.InstCapture, syntax.InstNop:
		r.walk(out, ended, visited, into)
	case syntax.InstEmptyWidth:
		// Lines are texts here: no identity has line ends.
		begins := inst.Arg&uint32(syntax.EmptyBeginLine|syntax.EmptyBeginText) != 0
		ends := inst.Arg&uint32(syntax.EmptyEndLine|syntax.EmptyEndText) != 0
		if !begins || at.beginning {
			r.walk(out, ended || ends, visited, into)
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

// sharedRune returns a rune that both instructions read, a readable one if there is one.
func sharedRune(a, b *syntax.Inst) (rune, bool) {
	shared := func(r rune) bool { return a.MatchRune(r) && b.MatchRune(r) }
	for _, r := range "xa1-" {
		if shared(r) {
			return r, true
		}
	}
	for _, inst := range []*syntax.Inst{a, b} {
		for i := 0; i < len(inst.Rune); i += 2 {
			// The lower end of a range: where two ranges overlap they share one of theirs.
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
