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

package evasion

import (
	"encoding/base64"
	"strings"
)

// yamlText are about what YAML offers within a document.
func yamlText() []Evasion {
	container := func(name, lines string) Evasion { return Evasion{Name: name, Manifest: podWith("hidden", "", lines)} }
	const good, bad = "    image: " + Signed + "\n", "    image: " + Unsigned + "\n"
	return []Evasion{
		container("image twice, signed first", good+bad),
		{Name: "image twice, signed last", Answer: Accepted, Manifest: podWith("hidden", "", bad+good)},
		{Name: "containers twice, signed first", Manifest: pod("hidden", Signed) + "  containers: [{name: main, image: \"" + Unsigned + "\"}]\n"},
		{Name: "spec twice, signed first", Manifest: pod("hidden", Signed) + "spec: {containers: [{name: main, image: \"" + Unsigned + "\"}]}\n"},
		{Name: "kind twice", Manifest: "kind: ConfigMap\n" + pod("hidden", Unsigned)},
		{Name: "apiVersion twice", Manifest: "apiVersion: kustomize.config.k8s.io/v1beta1\n" + pod("hidden", Unsigned)},
		{Name: "name twice", Manifest: stream(pod("a", Signed), podWith("a", "  name: hidden\n", bad))},
		{Name: "image of an alias", Manifest: podWith("hidden", "  annotations: {note: &i "+Unsigned+"}\n", "    image: *i\n")},
		{Name: "container of an alias", Manifest: "x: &c {name: main, image: \"" + Unsigned + "\"}\n" +
			"apiVersion: v1\nkind: Pod\nmetadata: {name: hidden}\nspec: {containers: [*c]}\n"},
		{Name: "spec of an alias", Manifest: stream("x: &s {containers: [{name: main, image: \"" + Unsigned + "\"}]}\n" +
			"apiVersion: v1\nkind: Pod\nmetadata: {name: hidden}\nspec: *s\n")},
		{Name: "anchor given twice", Manifest: podWith("hidden", "  annotations: {a: &i "+Signed+", b: &i "+Unsigned+"}\n", "    image: *i\n")},
		{Name: "merged image", Manifest: "x: &base {image: \"" + Unsigned + "\"}\n" + podWith("hidden", "", "    <<: *base\n")},
		{Name: "merged image over a signed one of a list", Manifest: "a: &a {image: \"" + Unsigned + "\"}\nb: &b {image: \"" + Signed + "\"}\n" +
			podWith("hidden", "", "    <<: [*a, *b]\n")},
		{Name: "merged image below its own", Answer: Accepted, Manifest: "x: &base {image: \"" + Unsigned + "\"}\n" +
			podWith("hidden", "", "    <<: *base\n"+good)},
		{Name: "own image before a merged one", Answer: Accepted,
			Manifest: "x: &base {image: \"" + Signed + "\"}\n" + podWith("hidden", "", bad+"    <<: *base\n")},
		// The parser of kubectl lets the later one of a field and a merged field win.
		{Name: "signed image before a merged one",
			Manifest: "x: &base {image: \"" + Unsigned + "\"}\n" + podWith("hidden", "", good+"    <<: *base\n")},
		{Name: "two merge keys", Manifest: "a: &a {image: \"" + Unsigned + "\"}\nb: &b {image: \"" + Unsigned + "\", tty: false}\n" +
			podWith("hidden", "", "    <<: *a\n    <<: *b\n")},
		{Name: "quoted merge key", Manifest: "x: &base {image: \"" + Signed + "\"}\n" + podWith("hidden", "", bad+"    \"<<\": *base\n")},
		{Name: "tagged merge key", Manifest: "x: &base {image: \"" + Unsigned + "\"}\n" + podWith("hidden", "", "    !!merge <<: *base\n")},
		{Name: "merged spec", Manifest: "x: &base {containers: [{name: main, image: \"" + Unsigned + "\"}]}\n" +
			"apiVersion: v1\nkind: Pod\nmetadata: {name: hidden}\nspec:\n  <<: *base\n  hostNetwork: false\n"},
		{Name: "merged kind", Manifest: "<<: {apiVersion: v1, kind: Pod}\nmetadata: {name: hidden}\n" +
			"spec: {containers: [{name: main, image: \"" + Unsigned + "\"}]}\n"},
		container("complex key", "    ? image\n    : "+Unsigned+"\n"),
		container("key in single quotes", "    'image': "+Unsigned+"\n"),
		container("escaped key", "    \"\\x69ma\\u0067e\": "+Unsigned+"\n"),
		container("escaped image", "    image: \"docker.io/evasions/\\x75nsigned:v1\"\n"),
		container("image over two lines", "    image: \"docker.io/evasions/\\\n      unsigned:v1\"\n"),
		container("image on the next line", "    image:\n\n      "+Unsigned+"\n"),
		container("folded image", "    image: >-\n      "+Unsigned+"\n"),
		container("literal image", "    image: |-\n      "+Unsigned+"\n"),
		container("literal image with a line break", "    image: |\n      "+Unsigned+"\n").answered(Rejected),
		container("tagged image", "    image: !!str "+Unsigned+"\n"),
		container("image with a tag of its own", "    image: !image "+Unsigned+"\n"),
		container("binary image", "    image: !!binary "+base64.StdEncoding.EncodeToString([]byte(Unsigned))+"\n"),
		container("tagged key", "    !!str image: "+Unsigned+"\n"),
		container("anchored key", "    &k image: "+Unsigned+"\n"),
		container("binary key", "    !!binary "+base64.StdEncoding.EncodeToString([]byte("image"))+": "+Unsigned+"\n"),
		{Name: "key of an alias", Manifest: podWith("hidden", "  annotations: {note: &k image}\n", "    *k : "+Unsigned+"\n")},
		{Name: "flow style",
			Manifest: "{apiVersion: v1, kind: Pod, metadata: {name: hidden}, spec: {containers: [{name: main, image: '" + Unsigned + "'}]}}"},
		container("image beyond the screen", "    tty: false"+strings.Repeat(" ", 500)+"# nothing\n"+bad),
		container("next line in a comment", good+"    tty: false # harmless\u0085    image: "+Unsigned+"\n"),
		container("line separator in a comment", good+"    tty: false # harmless\u2028    image: "+Unsigned+"\n"),
		container("carriage return in a comment", good+"    tty: false # harmless\r    image: "+Unsigned+"\n"),
		{Name: "lines that end with carriage returns", Manifest: strings.ReplaceAll(pod("hidden", Unsigned), "\n", "\r")},
		{Name: "lines that end as on Windows", Manifest: strings.ReplaceAll(pod("hidden", Unsigned), "\n", "\r\n")},
		{Name: "NUL", Answer: Rejected, Manifest: podWith("hidden", "", good+"    tty: false # \x00\n"+bad)},
		{Name: "not UTF-8", Manifest: podWith("hidden", "  annotations: {note: \"\xff\"}\n", bad)},
		{Name: "deeply nested", Manifest: "x: " + strings.Repeat("[", 500) + strings.Repeat("]", 500) + "\n" + pod("hidden", Unsigned)},
		{Name: "very deeply nested", Answer: Rejected,
			Manifest: "x: " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "\n" + pod("hidden", Unsigned)},
		{Name: "keys that are numbers", Answer: Rejected, Manifest: "1: 2\ntrue: false\nnull: x\n1.5: y\n" + pod("hidden", Unsigned)},
		{Name: "key that is a mapping", Answer: Rejected, Manifest: "? {a: b}\n: c\n" + pod("hidden", Unsigned)},
	}
}

// yamlStreams are about how a stream is split into documents.
func yamlStreams() []Evasion {
	good, bad := pod("good", Signed), pod("hidden", Unsigned)
	return []Evasion{
		{Name: "separator with a comment", Manifest: good + "--- # more\n" + bad},
		{Name: "separator with blanks", Manifest: good + "---   \t\n" + bad},
		{Name: "separator with a carriage return", Manifest: good + "---\r\n" + bad},
		{Name: "many empty documents", Manifest: strings.Repeat("---\n", 200) + "# nothing\n---\nnull\n---\n" + bad},
		{Name: "document beside its separator", Manifest: good + "--- {apiVersion: v1, kind: Pod, metadata: {name: hidden}, " +
			"spec: {containers: [{name: main, image: \"" + Unsigned + "\"}]}}\n", Answer: Rejected},
		{Name: "document beside the first separator", Manifest: "--- {apiVersion: v1, kind: Pod, metadata: {name: hidden}, " +
			"spec: {containers: [{name: main, image: \"" + Unsigned + "\"}]}}\n", Answer: Rejected},
		{Name: "separator glued to a value", Manifest: podWith("good", "", "    image: "+Signed+"\n    tty: false---\n") + bad},
		{Name: "separator in a literal", Manifest: podWith("good",
			"  annotations:\n    note: |\n      a\n      ---\n      b\n", "    image: "+Signed+"\n") +
			"---\n" + bad},
		{Name: "separator within quotes", Answer: Rejected, Manifest: podWith("good",
			"  annotations:\n    note: \"a\n---\nb\"\n", "    image: "+Signed+"\n") +
			"---\n" + bad},
		{Name: "behind the end of a document", Answer: Accepted, Manifest: good + "...\n" + bad},
		{Name: "behind the end and a separator", Manifest: good + "...\n---\n" + bad},
		{Name: "directive", Answer: Rejected, Manifest: "%YAML 1.1\n---\n" + bad},
		{Name: "directive of a version that is unknown", Answer: Rejected, Manifest: "%YAML 1.2\n---\n" + bad},
		{Name: "directive within", Manifest: good + "...\n%TAG !e! tag:example.com,2000:\n---\n" + bad},
		{Name: "byte order mark", Manifest: "\ufeff" + bad},
		{Name: "byte order mark within", Manifest: good + "---\n\ufeff" + bad},
		{Name: "byte order mark and separator within", Answer: Rejected, Manifest: good + "\ufeff---\n" + bad},
		{Name: "UTF-16", Manifest: utf16(bad)},
		{Name: "separators that end with carriage returns", Answer: Accepted, Manifest: good + "\r---\r" + strings.ReplaceAll(bad, "\n", "\r")},
		{Name: "text first", Manifest: "Error: this failed\n---\n" + bad},
		{Name: "values first", Manifest: "image: {repository: docker.io/evasions/signed}\n---\n" + bad},
		{Name: "values last", Manifest: bad + "---\nimage: {repository: docker.io/evasions/signed}\n"},
		{Name: "indented document", Manifest: good + "---\n" + "    " + strings.TrimSuffix(strings.ReplaceAll(bad, "\n", "\n    "), "    ")},
		{Name: "no line break at the end", Manifest: good + "---\n" + strings.TrimSuffix(bad, "\n")},
		{Name: "commented separator", Manifest: good + "#---\n" + strings.ReplaceAll(bad, "name: hidden", "name: good")},
		{Name: "JSON first", Manifest: jsonPod("good", `"image":"`+Signed+`"`) + "\n---\n" + bad},
		{Name: "JSON after YAML", Manifest: good + "---\n" + jsonPod("hidden", `"image":"`+Unsigned+`"`)},
	}
}

func utf16(text string) string {
	encoded := []byte("\xff\xfe")
	for _, b := range []byte(text) {
		encoded = append(encoded, b, 0)
	}
	return string(encoded)
}
