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
	"regexp"
	"strings"

	"cuelang.org/go/cue/ast"
	"cuelang.org/go/cue/literal"
	"cuelang.org/go/cue/token"
)

// checker checks that a condition consists of what is supported. Whatever is not listed is not supported.
type checker struct {
	imports map[string]*imported // by name
	scopes  []map[string][]*ast.Field
	depth   int
	// closes and embeds report whether close(…), and braces that belong to no field, were found.
	closes, embeds bool
	// references are the values of the condition that references refer to.
	references map[ast.Expr][]ast.Expr
	// validators are the names and calls of functions that constrain a value.
	validators map[ast.Expr]bool
}

// imported is a package that is imported.
type imported struct {
	builtins map[string]builtin
	used     bool
}

// number is the syntax of numbers that are supported: without multipliers and bases, and with few digits.
var number = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?$`)

func (c *checker) file(file *ast.File) error {
	for _, decl := range file.Decls {
		if err := c.imported(decl); err != nil {
			return err
		}
	}
	if err := c.decls(file.Decls, file); err != nil {
		return err
	}
	for _, spec := range file.Imports {
		if name, _ := literal.Unquote(spec.Path.Value); !c.imports[name].used {
			return unsupported(spec.Pos(), "the package %q is imported and not used; remove the import", name)
		}
	}
	return nil
}

// imported records the imports of a declaration.
func (c *checker) imported(decl ast.Decl) error {
	d, ok := decl.(*ast.ImportDecl)
	if !ok {
		return nil
	}
	for _, spec := range d.Specs {
		path, err := literal.Unquote(spec.Path.Value)
		known := packages(path)
		switch {
		case err != nil || known == nil:
			return unsupported(spec.Pos(), "importing %s is not supported, only %s", spec.Path.Value, packageNames)
		case spec.Name != nil:
			return unsupported(spec.Pos(), "renaming the package %q is not supported; import it by its own name", path)
		case c.imports[path] != nil:
			return unsupported(spec.Pos(), "the package %q is imported twice; remove one import", path)
		}
		c.imports[path] = &imported{builtins: known}
	}
	return nil
}

// enter begins a level of nesting; the caller defers leave.
func (c *checker) enter(n ast.Node) error {
	if c.depth++; c.depth > maxNesting {
		return tooDeep(n.Pos())
	}
	return nil
}

func (c *checker) leave() { c.depth-- }

// decls checks the declarations of a struct, which is the file or a literal.
func (c *checker) decls(decls []ast.Decl, of ast.Node) error {
	if err := c.enter(of); err != nil {
		return err
	}
	defer c.leave()
	scope := map[string][]*ast.Field{}
	for _, decl := range decls {
		if field, ok := decl.(*ast.Field); ok {
			if name, isIdent := field.Label.(*ast.Ident); isIdent {
				scope[name.Name] = append(scope[name.Name], field)
			}
		}
	}
	c.scopes = append(c.scopes, scope)
	defer func() { c.scopes = c.scopes[:len(c.scopes)-1] }()
	for _, decl := range decls {
		if err := c.decl(decl); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) decl(decl ast.Decl) error {
	switch d := decl.(type) {
	case *ast.CommentGroup, *ast.Package, *ast.ImportDecl:
		return nil
	case *ast.Field:
		return c.field(d)
	case *ast.EmbedDecl:
		if s, ok := d.Expr.(*ast.StructLit); ok {
			if err := c.together(s, false); err != nil {
				return err
			}
			return c.expr(s)
		}
		return unsupported(d.Pos(), "a value that belongs to no field is not supported here; write fields, or \"&\" between values")
	case *ast.Ellipsis:
		if d.Type == nil {
			return nil
		}
		return unsupported(d.Pos(), `"..." with a type is not supported in a struct; write [string]: followed by the type`)
	case *ast.Comprehension:
		return unsupported(d.Pos(), `%s is not supported; write out the fields, without a condition or loop around them`, clause(d))
	case *ast.LetClause:
		return unsupported(d.Pos(), `"let" is not supported; write a field, and refer to it by its name`)
	case *ast.Attribute:
		return unsupported(d.Pos(), "attributes are not supported; remove %s", d.Text)
	default:
		return unsupported(decl.Pos(), "this declaration is not supported; write fields")
	}
}

func clause(comprehension *ast.Comprehension) string {
	if len(comprehension.Clauses) > 0 {
		if _, ok := comprehension.Clauses[0].(*ast.IfClause); ok {
			return `"if"`
		}
	}
	return `"for"`
}

func (c *checker) field(f *ast.Field) error {
	if len(f.Attrs) > 0 {
		return unsupported(f.Attrs[0].Pos(), "attributes are not supported; remove %s", f.Attrs[0].Text)
	}
	switch label := f.Label.(type) {
	case *ast.Ident:
		if err := fieldName(label); err != nil {
			return err
		}
	case *ast.BasicLit:
		if label.Kind != token.STRING || !isPlain(label.Value) {
			return unsupported(label.Pos(), `%s is not supported as the name of a field; write a name, or a string in "…"`, label.Value)
		}
	case *ast.ListLit:
		if len(label.Elts) != 1 || f.Constraint != token.ILLEGAL {
			return unsupported(label.Pos(), "this pattern is not supported; write [string]: or [=~\"…\"]:")
		}
		if err := c.pattern(label.Elts[0]); err != nil {
			return err
		}
	default:
		return unsupported(f.Pos(), "this name of a field is not supported; write a name, or a string in \"…\"")
	}
	return c.expr(f.Value)
}

// fieldName checks an identifier as the name of a field.
func fieldName(label *ast.Ident) error {
	switch {
	case strings.HasPrefix(label.Name, "#"), strings.HasPrefix(label.Name, "_#"):
		return unsupported(label.Pos(), "definitions are not supported; name the field %q", strings.TrimLeft(label.Name, "_#"))
	case strings.HasPrefix(label.Name, "_"):
		return unsupported(label.Pos(), "hidden fields are not supported; write the name in quotes to mean a field of the statement")
	default:
		return nil
	}
}

// isPlain reports whether a literal is a string on one line.
func isPlain(value string) bool {
	return strings.HasPrefix(value, `"`) && !strings.HasPrefix(value, `"""`)
}

// pattern checks the expression that selects the fields of a struct by their names.
func (c *checker) pattern(e ast.Expr) error {
	if name, ok := e.(*ast.Ident); ok && name.Name == "string" {
		return nil
	}
	if u, ok := e.(*ast.UnaryExpr); ok && (u.Op == token.MAT || u.Op == token.NMAT) {
		if lit, ok := u.X.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			return nil
		}
	}
	return unsupported(e.Pos(), "this pattern is not supported; write [string]: or [=~\"…\"]:")
}

func (c *checker) expr(e ast.Expr) error {
	if err := c.enter(e); err != nil {
		return err
	}
	defer c.leave()
	switch x := e.(type) {
	case *ast.BasicLit:
		return basicLit(x)
	case *ast.Ident:
		return c.ident(x)
	case *ast.ParenExpr:
		return c.expr(x.X)
	case *ast.StructLit:
		return c.decls(x.Elts, x)
	case *ast.ListLit:
		return c.list(x)
	case *ast.SelectorExpr, *ast.IndexExpr:
		return c.path(x)
	case *ast.UnaryExpr:
		return c.unary(x)
	case *ast.BinaryExpr:
		if x.Op != token.AND && x.Op != token.OR {
			return unsupported(x.OpPos, `the operator %q is not supported between values, only "&" and "|"; write out the value`, x.Op)
		}
		if err := c.expr(x.X); err != nil {
			return err
		}
		return c.expr(x.Y)
	case *ast.CallExpr:
		return c.call(x)
	default:
		return otherExpr(e)
	}
}

// otherExpr is the error about an expression that is not supported.
func otherExpr(e ast.Expr) error {
	switch e.(type) {
	case *ast.BottomLit:
		return unsupported(e.Pos(), "_|_ is not supported; remove the field, or write a value that it must have")
	case *ast.Alias:
		return unsupported(e.Pos(), "aliases are not supported; refer to a field by its name")
	default:
		return unsupported(e.Pos(), "this expression is not supported; write values, types, bounds, structs and lists")
	}
}

func basicLit(x *ast.BasicLit) error {
	switch x.Kind {
	case token.NULL, token.TRUE, token.FALSE:
		return nil
	case token.INT, token.FLOAT:
		if number.MatchString(x.Value) {
			return nil
		}
		return unsupported(x.Pos(), "the number %s is not supported; write it in decimal, with at most 18 digits", x.Value)
	case token.STRING:
		if strings.HasSuffix(x.Value, "'") || strings.HasSuffix(x.Value, "'#") {
			return unsupported(x.Pos(), "bytes are not supported; write a string in \"…\"")
		}
		return nil
	default:
		return unsupported(x.Pos(), "%s is not supported; write a string, a number, true, false or null", x.Value)
	}
}

func (c *checker) list(x *ast.ListLit) error {
	for i, element := range x.Elts {
		switch element := element.(type) {
		case *ast.Ellipsis:
			if i != len(x.Elts)-1 {
				return unsupported(element.Pos(), `"..." is supported as the last element of a list only`)
			}
			if element.Type != nil {
				if err := c.expr(element.Type); err != nil {
					return err
				}
			}
		case *ast.Comprehension:
			return unsupported(element.Pos(), "%s is not supported; write out the elements", clause(element))
		default:
			if err := c.expr(element); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) unary(x *ast.UnaryExpr) error {
	switch x.Op {
	case token.LSS, token.LEQ, token.GTR, token.GEQ, token.NEQ, token.MAT, token.NMAT:
		return c.operand(x.X)
	case token.SUB:
		if lit, ok := x.X.(*ast.BasicLit); ok && (lit.Kind == token.INT || lit.Kind == token.FLOAT) {
			return basicLit(lit)
		}
		return unsupported(x.OpPos, `"-" is supported before a number only`)
	case token.MUL:
		return unsupported(x.OpPos, `a default, "*", is not supported; remove the "*"`)
	default:
		return unsupported(x.OpPos, "the operator %q is not supported before a value; write out the value", x.Op)
	}
}

// operand checks the operand of a bound: a literal, or a reference or call that yields one.
func (c *checker) operand(e ast.Expr) error {
	switch x := e.(type) {
	case *ast.BasicLit, *ast.SelectorExpr, *ast.IndexExpr, *ast.CallExpr:
		return c.expr(x)
	case *ast.Ident:
		if isType(x.Name) && c.lookup(x.Name) == nil {
			break
		}
		return c.expr(x)
	case *ast.ParenExpr:
		return c.operand(x.X)
	case *ast.UnaryExpr:
		if x.Op == token.SUB {
			return c.unary(x)
		}
	}
	return unsupported(e.Pos(), "a bound needs a number or a string, or the name of a field with one")
}
