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

package condition

import (
	"cuelang.org/go/cue/scanner"
	"cuelang.org/go/cue/token"
)

const (
	// maxTokens bounds the words and signs of a condition.
	maxTokens = 3000
	// maxNesting bounds the levels of structs, lists, parentheses and operators in each other.
	maxNesting = 30
)

// checkTokens bounds what is parsed, because the parser recurses.
func checkTokens(source string) error {
	var s scanner.Scanner
	s.Init(token.NewFile("", -1, len(source)), []byte(source), nil, 0)
	nesting := 0
	for range maxTokens {
		at, kind, _ := s.Scan()
		switch kind {
		case token.EOF:
			return nil
		case token.INTERPOLATION:
			return unsupported(at, `interpolation, "\(…)", is not supported; write out the string`)
		case token.LBRACE, token.LBRACK, token.LPAREN:
			nesting++
		case token.RBRACE, token.RBRACK, token.RPAREN:
			nesting--
		default:
		}
		if nesting > maxNesting {
			return tooDeep(at)
		}
	}
	at, _, _ := s.Scan()
	return unsupported(at, "the condition has more than %d words and signs; shorten it", maxTokens)
}

func tooDeep(at token.Pos) error {
	return unsupported(at, "more than %d levels of nesting are not supported; write it with fewer", maxNesting)
}
