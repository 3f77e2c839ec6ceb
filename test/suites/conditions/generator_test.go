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

package conditions

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// generator writes random conditions about random statements. A condition is derived from the statement, and departs from it
// here and there, so that both answers are common. Most conditions are supported; some have a construct that is not.
type generator struct {
	*rand.Rand
	// border is the share of values, in percent, that are written with something that may not be supported.
	border int
	// helpers are fields of the condition that are no fields of a statement, and imports the packages that it uses.
	helpers []string
	imports map[string]bool
}

// question returns a condition and a statement.
func (g *generator) question() (condition string, statement []byte) {
	g.helpers, g.imports = nil, map[string]bool{}
	document := map[string]any{
		"_type":         "https://in-toto.io/Statement/v0.1",
		"predicateType": "https://slsa.dev/provenance/v1",
		"subject":       []any{map[string]any{"name": "registry.example.com/app", "digest": map[string]any{"sha256": strings.Repeat("ab", 32)}}},
		"predicate":     g.object(3),
	}
	statement, err := json.Marshal(document)
	if err != nil {
		panic(err) // of strings, numbers and lists
	}
	about := document
	if g.IntN(3) > 0 { // most conditions are about the predicate only
		about = map[string]any{"predicate": document["predicate"]}
	}
	body := g.fields(about, 0)
	if g.IntN(15) == 0 {
		body = "{\n" + body + "\n}"
	}
	var b strings.Builder
	if g.IntN(40) == 0 {
		b.WriteString("package sigstore\n")
	}
	for _, path := range slices.Sorted(maps.Keys(g.imports)) {
		fmt.Fprintf(&b, "import %q\n", path)
	}
	if g.chance(g.border) && g.IntN(4) == 0 {
		b.WriteString("import \"strings\"\n")
	}
	parts := append(slices.Clone(g.helpers), body)
	g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	b.WriteString(strings.Join(parts, "\n"))
	return b.String(), statement
}

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

func (g *generator) object(depth int) map[string]any {
	out := map[string]any{}
	for range g.IntN(4) {
		out[pick(g, "builder", "id", "steps", "metadata", "finishedOn", "ok", "materials", "uri-1", "a b")] = g.value(depth - 1)
	}
	return out
}

func (g *generator) value(depth int) any {
	switch kind := g.IntN(9); {
	case kind < 2 && depth > 0:
		return g.object(depth)
	case kind < 4 && depth > 0:
		list := []any{}
		for range g.IntN(4) {
			list = append(list, g.value(depth-1))
		}
		return list
	case kind == 4:
		return pick(g, "https://example.com/builder", "https://evil.example/builder", "main", "", "a\"b\nc", "ünï")
	case kind == 5:
		return pick[any](g, 0, 1, 3, -7, 2.5, 1e21, 4.0)
	case kind == 6:
		return pick(g, true, false)
	case kind == 7:
		return pick(g, "2026-01-02T03:04:05Z", "2026-05-06T07:08:09.5+02:00", "2026-13-01T00:00:00Z")
	default:
		return pick[any](g, nil, "main", 3)
	}
}

// fields writes the fields of a struct that an object has to meet.
func (g *generator) fields(object map[string]any, depth int) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if g.IntN(4) == 0 {
			continue
		}
		for again := true; again; again = g.IntN(8) == 0 {
			lines = append(lines, g.field(name, object[name], depth))
		}
	}
	if g.IntN(8) == 0 {
		lines = append(lines, g.field(pick(g, "absent", "id", "steps"), g.value(1), depth))
	}
	if g.IntN(6) == 0 && depth > 0 {
		lines = append(lines, pick(g, "...", "[string]: _", "[string]: string", `[=~"^[a-z]+$"]: _`, `[!~"^a"]: string | {...}`, "..."))
	}
	if g.IntN(14) == 0 {
		lines = append(lines, "{"+g.fields(object, depth+1)+"}")
	}
	if g.chance(g.border) {
		lines = append(lines, pick(g,
			"let x = 3", `if ok {id: string}`, `for k, v in materials {"\(k)": v}`, "#D: {a: int}", "_hidden: 3", `"\(id)": 3`,
			"(id): 3", "...int", "a=id: string", "string", "#D", "{steps: 3} | {}", "@tag(x)", "id?: string @go(x)", "X=steps: 3"))
	}
	g.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return strings.Join(lines, pick(g, "\n", ", "))
}

func (g *generator) field(name string, value any, depth int) string {
	label := name
	if strings.ContainsAny(name, "- ") || g.IntN(5) == 0 {
		label = strconv.Quote(name)
	}
	label += pick(g, ":", ":", ":", ":", ":", ":", "?:", "!:")
	return label + " " + g.constraint(value, depth+1)
}

// constraint writes what a value has to meet.
func (g *generator) constraint(value any, depth int) string {
	if g.chance(7) {
		value = g.value(2) // which the value does not meet, as a rule
	}
	switch n := g.IntN(24); {
	case n < 2:
		return "(" + g.constraint(value, depth) + ")"
	case n < 4 && depth < 5:
		return g.constraint(value, depth+2) + " & " + g.constraint(value, depth+2)
	case n < 6 && depth < 5:
		alternatives := []string{g.constraint(value, depth+2), g.constraint(g.value(2), depth+2)}
		if g.IntN(3) == 0 {
			alternatives = append(alternatives, g.constraint(g.value(1), depth+2))
		}
		g.Shuffle(len(alternatives), func(i, j int) { alternatives[i], alternatives[j] = alternatives[j], alternatives[i] })
		return strings.Join(alternatives, " | ")
	case n == 6 && depth < 6:
		return g.helper(g.constraint(value, depth+2))
	case n == 7:
		return g.typeOf(value)
	case n == 8:
		return pick(g, "_", "string", "number", "bool", "int", "null", "{...}", "[...]", "float")
	case g.chance(g.border):
		return g.outside(value, depth)
	}
	switch v := value.(type) {
	case map[string]any:
		return g.structOf(v, depth)
	case []any:
		return g.listOf(v, depth)
	case string:
		return g.stringOf(v)
	case int:
		return g.numberOf(float64(v))
	case float64:
		return g.numberOf(v)
	default:
		return literal(v)
	}
}

// helper moves a constraint into a field of its own, and refers to it.
func (g *generator) helper(constraint string) string {
	name := "h" + strconv.Itoa(len(g.helpers))
	switch g.IntN(3) {
	case 0:
		g.helpers = append(g.helpers, name+": x: "+constraint)
		return name + ".x"
	case 1:
		g.helpers = append(g.helpers, name+": ["+constraint+"]")
		return name + "[0]"
	default:
		g.helpers = append(g.helpers, name+": "+constraint)
		return name
	}
}

func (g *generator) structOf(object map[string]any, depth int) string {
	body := "{" + g.fields(object, depth+1) + "}"
	switch g.IntN(12) {
	case 0:
		return "close(" + body + ")"
	case 1:
		g.imports["struct"] = true
		return pick(g, "struct.MinFields(", "struct.MaxFields(") + strconv.Itoa(g.IntN(4)) + ")"
	default:
		return body
	}
}

func (g *generator) listOf(list []any, depth int) string {
	switch g.IntN(8) {
	case 0:
		g.imports["list"] = true
		return pick(g, "list.MinItems("+strconv.Itoa(g.IntN(4))+")", "list.MaxItems("+strconv.Itoa(g.IntN(4))+")", "list.UniqueItems()")
	case 1:
		g.imports["list"] = true
		wanted := g.value(0)
		if len(list) > 0 {
			wanted = pick(g, list...)
		}
		if _, isObject := wanted.(map[string]any); isObject || wanted == nil {
			wanted = 3
		}
		if _, isList := wanted.([]any); isList {
			wanted = true
		}
		return "list.Contains(" + literal(wanted) + ")"
	case 2:
		if len(list) > 0 {
			return "[..." + g.constraint(list[0], depth+1) + "]"
		}
		return "[...string]"
	}
	var elements []string
	for _, element := range list {
		if g.IntN(8) == 0 {
			break
		}
		elements = append(elements, g.constraint(element, depth+1))
	}
	if g.IntN(2) == 0 {
		elements = append(elements, pick(g, "...", "...", "...string", "..._"))
	}
	return "[" + strings.Join(elements, ", ") + "]"
}

func (g *generator) stringOf(s string) string {
	switch g.IntN(14) {
	case 0:
		return pick(g, `=~"^https://example\\.com/"`, `=~"main"`, `!~"evil"`, `=~#"^https://[a-z.]+/"#`, `!=""`, `!="main"`, `=~"("`)
	case 1:
		return pick(g, "<", "<=", ">", ">=") + strconv.Quote(pick(g, "m", "2026-03-01T00:00:00Z", s))
	case 2:
		g.imports["time"] = true
		return pick(g, "time.Time", `time.Format("2006-01-02T15:04:05Z07:00")`, "time.Format(time.RFC3339)", `time.Format(time.RFC3339Date)`)
	case 3:
		g.imports["time"] = true
		return pick(g, "<", ">", "<=", ">=", "") + g.helper(`time.Parse(time.RFC3339, "2026-0`+strconv.Itoa(g.IntN(10))+`-02T03:04:05Z")`)
	case 4:
		g.imports["strings"] = true
		return pick(g, "strings.MinRunes(", "strings.MaxRunes(") + strconv.Itoa(g.IntN(30)) + ")"
	case 5:
		g.imports["strings"] = true
		return pick(g, "strings.HasPrefix(", "strings.HasSuffix(", "strings.Contains(") + strconv.Quote(pick(g, "https://", "builder", "main", "")) + ")"
	case 6:
		return pick(g, "#\""+strings.NewReplacer("\n", "", `"`, "").Replace(s)+"\"#", "\"\"\"\n"+strings.NewReplacer("\n", "").Replace(s)+"\n\"\"\"")
	default:
		return literal(s)
	}
}

func (g *generator) numberOf(n float64) string {
	text := strconv.FormatFloat(n, 'g', -1, 64)
	switch g.IntN(8) {
	case 0:
		return pick(g, "<", "<=", ">", ">=", "!=") + text
	case 1:
		return fmt.Sprintf(">%d & <=%d", int64(min(n, 1000))-int64(g.IntN(3)), int64(min(n, 1000))+int64(g.IntN(3)))
	case 2:
		return pick(g, text, text+".0", "3.0", "0.0")
	default:
		return text
	}
}

func (g *generator) typeOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return "{...}"
	case []any:
		return "[...]"
	case string:
		return "string"
	case bool:
		return "bool"
	case int, float64:
		return pick(g, "number", "int", "float")
	default:
		return "null"
	}
}

// outside writes a value with something that may not be supported.
func (g *generator) outside(value any, depth int) string {
	inner := g.constraint(value, depth+3)
	return pick(g,
		"*"+inner+" | string", inner+" | *3", "matchN(1, ["+inner+", string])", `error("no")`, "{if true {"+inner+"}}", "len(subject)",
		"or(["+inner+", 3])", "and(["+inner+", 3])", `"\(predicateType)"`, "1 + 2", `"a" + "b"`, "_|_", "'bytes'", "bytes", "uint8", "int32",
		"3 == 3", "!true", "1K", "0x1F", "[for x in [1] {x}]", "X="+inner, "{let x = 1, a: x}", "matchIf(string, "+inner+", 3)", "#D",
		"{#D: int, "+g.fields(map[string]any{"id": "a"}, 5)+"}", "predicate", "predicate.id", "close("+inner+")", "regexp.Match(\"a\")",
		"{"+inner+"}", "uint", "_hidden", "list.Range(0, 3, 1)", "strings.Repeat(\"a\", 3)", "{[X=string]: X}", "div(7, 2)", "subject[0].name", "float64")
}

func literal(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // of strings, numbers and lists
	}
	return string(encoded)
}
