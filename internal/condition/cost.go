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
	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/token"
)

const (
	// maxValues bounds the values of a condition, where a reference counts like the field that it refers to.
	maxValues = 5000
	// maxCombinations bounds the product of the numbers of alternatives of all disjunctions, since each combination may be
	// evaluated. Alternatives that are literals cost no more than their number.
	maxCombinations = 256
)

// cost estimates what an evaluation takes.
type cost struct {
	values, combinations int
	// validates reports whether a function constrains one of the values.
	validates bool
}

func single() cost { return cost{values: 1, combinations: 1} }

// and is the cost of two values together.
func (a cost) and(b cost) cost {
	return cost{min(a.values+b.values, maxValues+1), min(a.combinations*b.combinations, maxCombinations+1), a.validates || b.validates}
}

// coster adds up costs. What a reference refers to is visited once; a value that is being visited refers to itself.
type coster struct {
	references map[ast.Expr][]ast.Expr
	validators map[ast.Expr]bool
	known      map[ast.Expr]cost
	visiting   map[ast.Expr]bool
}

// checkCost refuses a condition that refers to itself, or whose estimated cost is too high. The checker has checked it.
func (c *checker) checkCost(file *ast.File) error {
	k := &coster{references: c.references, validators: c.validators, known: map[ast.Expr]cost{}, visiting: map[ast.Expr]bool{}}
	total, err := k.decls(file.Decls)
	switch {
	case err != nil:
		return err
	case total.values > maxValues:
		return unsupported(file.Pos(), "the condition has more than %d values, with references written out; shorten it", maxValues)
	case total.combinations > maxCombinations:
		return unsupported(file.Pos(), `the alternatives ("|") of the condition have more than %d combinations; `+
			`write a pattern such as =~"^(a|b)$" in place of some of them`, maxCombinations)
	default:
		return nil
	}
}

func (k *coster) decls(decls []ast.Decl) (cost, error) {
	total := single()
	for _, decl := range decls {
		one := cost{combinations: 1}
		var err error
		switch d := decl.(type) {
		case *ast.Field:
			one, err = k.value(d.Value)
		case *ast.EmbedDecl:
			one, err = k.expr(d.Expr)
		}
		if err != nil {
			return cost{}, err
		}
		total = total.and(one)
	}
	return total, nil
}

// value is the cost of the value of a field, or of another value that is referred to.
func (k *coster) value(e ast.Expr) (cost, error) {
	if known, ok := k.known[e]; ok {
		return known, nil
	}
	if k.visiting[e] {
		return cost{}, unsupported(e.Pos(), "a field that refers to itself, or to a struct around it, is not supported; "+
			"refer to a field that does not contain the reference")
	}
	k.visiting[e] = true
	defer delete(k.visiting, e)
	total, err := k.expr(e)
	if err == nil {
		k.known[e] = total
	}
	return total, err
}

func (k *coster) expr(e ast.Expr) (cost, error) {
	total, err := k.parts(e)
	total.validates = total.validates || k.validators[e]
	return total, err
}

func (k *coster) parts(e ast.Expr) (cost, error) {
	switch x := e.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		return k.reference(x)
	case *ast.ParenExpr:
		return k.expr(x.X)
	case *ast.StructLit:
		return k.decls(x.Elts)
	case *ast.ListLit:
		return k.all(x.Elts...)
	case *ast.Ellipsis:
		if x.Type == nil {
			return single(), nil
		}
		return k.expr(x.Type)
	case *ast.UnaryExpr:
		return k.expr(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.OR {
			return k.disjunction(x)
		}
		return k.all(x.X, x.Y)
	case *ast.CallExpr:
		return k.all(x.Args...)
	default:
		return single(), nil
	}
}

// reference is the cost of a name, which costs as much as what it refers to.
func (k *coster) reference(e ast.Expr) (cost, error) {
	total := single()
	for _, target := range k.references[e] {
		one, err := k.value(target)
		if err != nil {
			return cost{}, err
		}
		total = total.and(one)
	}
	return total, nil
}

func (k *coster) all(list ...ast.Expr) (cost, error) {
	total := single()
	for _, e := range list {
		one, err := k.expr(e)
		if err != nil {
			return cost{}, err
		}
		total = total.and(one)
	}
	return total, nil
}

// disjunction is the cost of alternatives: they add up, unless all are literals.
func (k *coster) disjunction(x *ast.BinaryExpr) (cost, error) {
	total, combinations, literals := cost{combinations: 1}, 0, true
	for _, alternative := range alternatives(x) {
		one, err := k.expr(alternative)
		if err != nil {
			return cost{}, err
		}
		if one.validates {
			return cost{}, unsupported(alternative.Pos(), `a function in an alternative of "|" is not supported; write a pattern such as =~"^a"`)
		}
		_, isLiteral := alternative.(*ast.BasicLit)
		literals = literals && isLiteral
		combinations += one.combinations
		total.values = min(total.values+one.values, maxValues+1)
	}
	if !literals {
		total.combinations = min(combinations, maxCombinations+1)
	}
	return total, nil
}

// alternatives of a disjunction, in their order.
func alternatives(e ast.Expr) []ast.Expr {
	switch x := e.(type) {
	case *ast.ParenExpr:
		return alternatives(x.X)
	case *ast.BinaryExpr:
		if x.Op == token.OR {
			return append(alternatives(x.X), alternatives(x.Y)...)
		}
	}
	return []ast.Expr{e}
}
