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
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// builtin is a constant or function of a package.
type builtin struct {
	// value reports whether the name alone is a value or a validator.
	value bool
	// arguments of a call: the least and the greatest number; zero if it is not called.
	least, greatest int
	// validator is the number of arguments with which it constrains a value instead of yielding one; -1 if there is none.
	validator int
}

// constrains returns a function that, with one argument, constrains a value. With two arguments some yield a bool.
func constrains(greatest int) builtin { return builtin{least: 1, greatest: greatest, validator: 1} }

// constant returns a constant.
func constant() builtin { return builtin{value: true, validator: -1} }

const packageNames = `"strings" and "time"`

// packages returns the functions of a package that are supported, nil if it is not.
func packages(path string) map[string]builtin {
	switch path {
	case "strings":
		return map[string]builtin{
			"MinRunes": constrains(1), "MaxRunes": constrains(1),
			"HasPrefix": constrains(2), "HasSuffix": constrains(2), "Contains": constrains(2),
		}
	case "time":
		return map[string]builtin{
			"Time": {value: true}, "Format": constrains(1), "Parse": {least: 2, greatest: 2, validator: -1},
			"RFC3339": constant(), "RFC3339Nano": constant(), "RFC3339Date": constant(),
		}
	default:
		return nil
	}
}

// isType reports whether a name is predeclared as a type.
func isType(name string) bool {
	return slices.Contains([]string{"_", "string", "bool", "int", "float", "number"}, name)
}

// lookup returns the fields that a name refers to: those of the innermost struct that has it.
func (c *checker) lookup(name string) []*ast.Field {
	for _, scope := range slices.Backward(c.scopes) {
		if fields := scope[name]; fields != nil {
			return fields
		}
	}
	return nil
}

// ident checks a name as a value: a field, or a type.
func (c *checker) ident(x *ast.Ident) error {
	if fields := c.lookup(x.Name); fields != nil {
		c.references[x] = values(fields)
		return nil
	}
	switch {
	case isType(x.Name):
		return nil
	case c.imports[x.Name] != nil:
		return unsupported(x.Pos(), "the package %q is no value; write one of its functions", x.Name)
	default:
		return unsupported(x.Pos(), "%q is neither a field of the condition nor a supported type (string, bool, int, float, number); "+
			`write a string in "…", or name a field`, x.Name)
	}
}

// path checks a reference to a field in a field or to an element of a list, or a constant of a package.
func (c *checker) path(e ast.Expr) error {
	if known, name := c.member(e); known != nil {
		if b, ok := known.builtins[name]; !ok || !b.value {
			return unsupported(e.Pos(), "%s is not supported as a value", spell(e))
		}
		known.used = true
		c.validators[e] = known.builtins[name].validator == 0
		return nil
	}
	targets, err := c.resolve(e)
	if err == nil {
		c.references[e] = targets
	}
	return err
}

// resolve returns the values that a reference may yield: those that the condition writes, since versions differ on references
// to what only the statement has.
func (c *checker) resolve(e ast.Expr) ([]ast.Expr, error) {
	switch x := e.(type) {
	case *ast.Ident:
		fields := c.lookup(x.Name)
		if fields == nil {
			return nil, unsupported(x.Pos(), "%q is no field of the condition; declare it, for example %s: _", x.Name, x.Name)
		}
		return values(fields), nil
	case *ast.SelectorExpr:
		if name, _, err := ast.LabelName(x.Sel); err == nil {
			return c.selected(x, x.X, func(in ast.Expr) []ast.Expr { return fieldsOf(in, name) })
		}
	case *ast.IndexExpr:
		if lit, ok := x.Index.(*ast.BasicLit); ok {
			return c.selected(x, x.X, func(in ast.Expr) []ast.Expr { return elementOf(in, lit) })
		}
	}
	return nil, unsupported(e.Pos(), "this reference is not supported; name a field, such as a.b or a[0]")
}

// selected returns what is selected from the values of a reference.
func (c *checker) selected(e, from ast.Expr, choose func(ast.Expr) []ast.Expr) ([]ast.Expr, error) {
	bases, err := c.resolve(from)
	if err != nil {
		return nil, err
	}
	var out []ast.Expr
	for _, base := range bases {
		out = append(out, choose(base)...)
	}
	if len(out) == 0 {
		return nil, unsupported(e.Pos(), "the condition itself does not have %s; declare that field, for example as _", spell(e))
	}
	return out, nil
}

func values(fields []*ast.Field) []ast.Expr {
	out := make([]ast.Expr, 0, len(fields))
	for _, field := range fields {
		out = append(out, field.Value)
	}
	return out
}

// fieldsOf returns the values of a field that a struct literal declares.
func fieldsOf(e ast.Expr, name string) []ast.Expr {
	s, ok := e.(*ast.StructLit)
	if !ok {
		return nil
	}
	var out []ast.Expr
	for _, decl := range s.Elts {
		if field, ok := decl.(*ast.Field); ok && field.Constraint == token.ILLEGAL {
			if got, _, err := ast.LabelName(field.Label); err == nil && got == name {
				out = append(out, field.Value)
			}
		}
	}
	return out
}

// elementOf returns the element of a list literal, or the value of a field in quotes.
func elementOf(e ast.Expr, index *ast.BasicLit) []ast.Expr {
	if index.Kind == token.STRING {
		name, err := literal.Unquote(index.Value)
		if err != nil {
			return nil
		}
		return fieldsOf(e, name)
	}
	list, ok := e.(*ast.ListLit)
	i, err := strconv.Atoi(index.Value)
	if !ok || err != nil || i < 0 || i >= len(list.Elts) {
		return nil
	}
	if _, rest := list.Elts[i].(*ast.Ellipsis); rest {
		return nil
	}
	return []ast.Expr{list.Elts[i]}
}

// member returns the package and the name, if an expression is a member of an imported package.
func (c *checker) member(e ast.Expr) (*imported, string) {
	x, ok := e.(*ast.SelectorExpr)
	if !ok {
		return nil, ""
	}
	from, ok := x.X.(*ast.Ident)
	if !ok || c.lookup(from.Name) != nil {
		return nil, ""
	}
	sel, ok := x.Sel.(*ast.Ident)
	if !ok {
		return nil, ""
	}
	return c.imports[from.Name], sel.Name
}

func (c *checker) call(x *ast.CallExpr) error {
	known, name := c.member(x.Fun)
	if known == nil {
		if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "close" && c.lookup("close") == nil && len(x.Args) == 1 {
			if s, ok := x.Args[0].(*ast.StructLit); ok {
				if err := c.together(x, true); err != nil {
					return err
				}
				return c.expr(s)
			}
		}
		return unsupported(x.Pos(), "the function %s is not supported; write the constraint itself", spell(x.Fun))
	}
	b, ok := known.builtins[name]
	if !ok || b.value {
		return unsupported(x.Pos(), "the function %s is not supported; supported are %s", spell(x.Fun), functions(known.builtins))
	}
	if len(x.Args) < b.least || len(x.Args) > b.greatest {
		return unsupported(x.Pos(), "%s is supported with %d arguments only", spell(x.Fun), b.least)
	}
	known.used = true
	c.validators[x] = len(x.Args) == b.validator
	for _, argument := range x.Args {
		if err := c.operand(argument); err != nil {
			return err
		}
	}
	return nil
}

// together records that close(…) or braces that belong to no field are used. Versions differ on what is closed by both.
func (c *checker) together(at ast.Node, closes bool) error {
	c.closes = c.closes || closes
	c.embeds = c.embeds || !closes
	if c.closes && c.embeds {
		return unsupported(at.Pos(), "close(…) and braces that belong to no field are not supported in one condition; "+
			"write the fields without these braces")
	}
	return nil
}

func functions(builtins map[string]builtin) string {
	var names []string
	for name, b := range builtins {
		if !b.value {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// spell writes a name as the condition does.
func spell(e ast.Node) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return spell(x.X) + "." + spell(x.Sel)
	case *ast.IndexExpr:
		if lit, ok := x.Index.(*ast.BasicLit); ok {
			return spell(x.X) + "[" + lit.Value + "]"
		}
	}
	return "this"
}
