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

package imagename

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
)

func TestParse(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("a", 64)
	for _, written := range []string{
		"nginx", "nginx:1.27", "docker.io/karmada/karmada-scheduler:v1.16.0", "ghcr.io/org/app:v1" + digest, "ghcr.io/org/app" + digest,
		"localhost:5000/x/y", "[::1]:5000/app/x:v1", "10.1.2.3:5000/app", "GHCR.io/org/app", "registry.example.com./app:v1", "oci:latest",
		"my_registry.local/app", "app:V1_META", "a__b/c--d",
	} {
		ref, err := Parse(written)
		if err != nil {
			t.Errorf("%s: %v", written, err)
			continue
		}
		if want, _ := name.ParseReference(written); ref != want {
			t.Errorf("%s: got %v, want what go-containerregistry returns", written, ref)
		}
	}
}

// invalidNames are texts that are no image references, with the words about each.
func invalidNames() map[string]string {
	hex := strings.Repeat("0123456789abcdef", 4)
	return map[string]string{
		"":                       "it is empty",
		"  ":                     "it is blank",
		" nginx:1.27":            `it has a blank at its beginning or end; write "nginx:1.27"`,
		"nginx:1.27\n":           `it has a blank at its beginning or end; write "nginx:1.27"`,
		"nginx :1.27":            "it has a blank in it",
		"nginx:1.27 # the proxy": "it has a blank in it",
		`"nginx:1.27"`:           `it has quotation marks in it; write "nginx:1.27"`,

		"oci://ghcr.io/org/app":                       `write it without oci://: "ghcr.io/org/app"`,
		"https://ghcr.io/org/app:v1":                  `write it without https://: "ghcr.io/org/app:v1"`,
		"http://localhost:5000/app":                   `write it without http://: "localhost:5000/app"`,
		"docker://nginx":                              `write it without docker://: "nginx"`,
		"docker-pullable://nginx@sha256:" + hex:       `write it without docker-pullable://: "nginx@sha256:` + hex + `"`,
		"containerd://sha256:" + hex:                  "write it without containerd://",
		"docker://ghcr.io/Org/app":                    "write it without docker://",
		"oci:///x/y":                                  `write it without oci:///: "x/y"`,
		"docker-archive:/tmp/x.tar":                   `write it without docker-archive:/: "tmp/x.tar"`,
		"docker-daemon:library/nginx:v1":              `write it without docker-daemon:: "library/nginx:v1"`,
		"oci:ghcr.io/org/app:v1":                      `write it without oci:: "ghcr.io/org/app:v1"`,
		"https://user:secret@registry.example.com/x1": `write it without https://`,

		"ghcr.io/Smana/runlore:v1":            `a repository must be in lower case; write "ghcr.io/smana/runlore:v1"`,
		"UPPER":                               `a repository must be in lower case; write "upper"`,
		"ghcr.io/Org/App@sha256:" + hex:       `a repository must be in lower case; write "ghcr.io/org/app@sha256:` + hex + `"`,
		"x":                                   "the name of its repository has one character, and admission takes no name with fewer than 2",
		"registry.example.com/x:v1":           "the name of its repository has one character, and admission takes no name with fewer than 2",
		"ghcr.io/":                            "there is no repository",
		"ghcr.io/:v1":                         "there is no repository",
		"ghcr.io/" + strings.Repeat("a", 256): "its repository is longer than 255 characters",
		"ghcr.io/org/ap\u0440:v1":             "a repository cannot have \u0440 (U+0440), which is not ASCII: it has small letters, digits, and the characters . _ - and /",
		"ghcr.io/org/app\x07":                 "a repository cannot have the character U+0007: it has small letters, digits, and the characters . _ - and /",
		"ghcr.io/org/\xff":                    "a repository cannot have bytes that are not UTF-8: it has small letters, digits, and the characters . _ - and /",
		"ghcr.io/org/app*":                    "a repository cannot have *: it has small letters, digits, and the characters . _ - and /",
		"ghcr.io/org/app~1":                   "a repository cannot have ~: it has small letters, digits, and the characters . _ - and /",
		"ghcr.io/org/app:v1/x":                "a tag must be at its end, behind the last slash",
		"ghcr.io//org/app":                    `it has a slash too many; write "ghcr.io/org/app"`,
		"ghcr.io/org/app/":                    `it has a slash too many; write "ghcr.io/org/app"`,
		"/org/app":                            `it has a slash too many; write "org/app"`,
		"ghcr.io:/org/app":                    "there is no port behind the colon of its registry",
		"localhost:port/app":                  `the port of its registry, "port", is not a number of at most five digits`,
		"localhost:123456/app":                `the port of its registry, "123456", is not a number of at most five digits`,
		"gh\u0441r.io/org/app":                `"gh` + "\u0441" + `r.io" is not the name of a registry's host`,
		"(registry).io/org/app":               `"(registry).io" is not the name of a registry's host`,
		strings.Repeat("a.", 140) + "example/org/app": "its registry is longer than 259 characters",

		"nginx:":                            `there is no tag behind the colon; write "nginx"`,
		"nginx:@sha256:" + hex:              `there is no tag between the colon and the @; write "nginx@sha256:` + hex + `"`,
		"nginx:v1+meta":                     `a tag cannot have +, and registries have _ instead; write "nginx:v1_meta"`,
		"nginx:v1+meta@sha256:" + hex:       `a tag cannot have +, and registries have _ instead; write "nginx:v1_meta@sha256:` + hex + `"`,
		"nginx:v1:v2":                       "it has more than one tag, or a colon too many",
		"nginx:" + strings.Repeat("a", 129): "its tag is longer than 128 characters",
		"nginx:v1*":                         "a tag cannot have *: it has letters, digits, and the characters . _ and -",
		"nginx:v1\u2013rc":                  "a tag cannot have \u2013 (U+2013), which is not ASCII: it has letters, digits, and the characters . _ and -",
		"nginx:v1,alpine:v2":                "it has more than one tag, or a colon too many",

		"nginx@":                    `there is no digest behind the @; write "nginx"`,
		"nginx@v1":                  `behind the @ must be a digest; a tag follows a colon; write "nginx:v1"`,
		"nginx:v1@latest":           "behind the @ must be a digest such as sha256:… with 64 hexadecimal digits",
		"nginx@sha512:" + hex + hex: "its digest is sha512, and admission takes only sha256",
		"nginx@sha256:" + hex[1:]:   "its digest has 63 characters behind sha256:, and must have 64",
		"nginx@sha256:":             "its digest has 0 characters behind sha256:, and must have 64",
		"nginx@sha256:" + strings.Repeat("g", 64): "its digest must have hexadecimal digits only: 0 to 9 and a to f",
		"nginx@sha256:" + strings.ToUpper(hex):    `its digest must be in lower case; write "nginx@sha256:` + hex + `"`,
		"nginx@sha256:" + hex + "@sha256:" + hex:  "it has more than one @",
		"@sha256:" + hex:                          "there is no repository before the @",
		"sha256:" + hex:                           "it is a digest without a repository; write REPOSITORY@sha256:DIGEST",
		"nginx@sha256:" + hex + "---":             "its digest has 67 characters behind sha256:, and must have 64",
	}
}

func TestProblem(t *testing.T) {
	for written, want := range invalidNames() {
		_, err := Parse(written)
		invalid, ok := errors.AsType[*InvalidError](err)
		switch {
		case !ok:
			t.Errorf("%q: got error %v, want one about the name", written, err)
		case invalid.Written != written || invalid.Placeholder != "":
			t.Errorf("%q: got %+v, want the text, and no placeholder", written, invalid)
		case invalid.Problem != want:
			t.Errorf("%q:\n got %s\nwant %s", written, invalid.Problem, want)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	replaced := func(found string) string {
		return "a tool is meant to replace the placeholder " + quote(found) + "; use what the tool that replaces it prints"
	}
	run := func(found string) string {
		return quote(found) + " is replaced when the task runs, and only then it is known which image that is"
	}
	helm := func(found string) string {
		return "a tool is meant to replace the placeholder " + quote(found) + "; use what that tool prints, such as helm template"
	}
	for written, want := range map[string]struct{ found, problem string }{
		"${IMAGE}":                           {"${IMAGE}", replaced("${IMAGE}")},
		"ghcr.io/smana/app:${TAG}":           {"${TAG}", replaced("${TAG}")},
		"${REGISTRY}/app:v1":                 {"${REGISTRY}", replaced("${REGISTRY}")},
		"app:${TAG:-${DEFAULT}}-x":           {"${TAG:-${DEFAULT}}", replaced("${TAG:-${DEFAULT}}")},
		"app:${{ github.sha }}":              {"${{ github.sha }}", replaced("${{ github.sha }}")},
		"app:$TAG":                           {"$TAG", replaced("$TAG")},
		"$REGISTRY/app":                      {"$REGISTRY", replaced("$REGISTRY")},
		"$REGISTRY.example.com/app:v1":       {"$REGISTRY", replaced("$REGISTRY")},
		"$(IMAGE)":                           {"$(IMAGE)", replaced("$(IMAGE)")},
		"$(registry).io/org/app":             {"$(registry)", replaced("$(registry)")},
		"$(params.image)":                    {"$(params.image)", run("$(params.image)")},
		"ghcr.io/org/app:$(params.version)":  {"$(params.version)", run("$(params.version)")},
		"$(tasks.build.results.image)":       {"$(tasks.build.results.image)", run("$(tasks.build.results.image)")},
		"{{ .Values.image }}":                {"{{ .Values.image }}", helm("{{ .Values.image }}")},
		"app:{{.Chart.AppVersion}}":          {"{{.Chart.AppVersion}}", helm("{{.Chart.AppVersion}}")},
		`{{ printf "%s:%s" .a .b }}`:         {`{{ printf "%s:%s" .a .b }}`, ""},
		"{{- .Values.x -}}:v1":               {"{{- .Values.x -}}", helm("{{- .Values.x -}}")},
		"{{inputs.parameters.image}}":        {"{{inputs.parameters.image}}", helm("{{inputs.parameters.image}}")},
		"{% image %}":                        {"{% image %}", replaced("{% image %}")},
		"{username}/app:v1":                  {"{username}", replaced("{username}")},
		"<NAME>":                             {"<NAME>", replaced("<NAME>")},
		"ghcr.io/<your name>/app":            {"<your name>", replaced("<your name>")},
		"<account>.dkr.ecr.amazonaws.com/ab": {"<account>", replaced("<account>")},
		"<%= image %>":                       {"<%= image %>", replaced("<%= image %>")},
		"@PROJECT@":                          {"@PROJECT@", replaced("@PROJECT@")},
		"ghcr.io/org/app:@VERSION@":          {"@VERSION@", replaced("@VERSION@")},
		"app:%VERSION%":                      {"%VERSION%", replaced("%VERSION%")},
		"__IMAGE__":                          {"__IMAGE__", replaced("__IMAGE__")},
		"ghcr.io/__ORG_NAME__/app":           {"__ORG_NAME__", replaced("__ORG_NAME__")},
		"[[ image ]]":                        {"[[ image ]]", replaced("[[ image ]]")},
		"((image))":                          {"((image))", replaced("((image))")},
		"((registry)).io/org/app":            {"((registry))", replaced("((registry))")},
		"#{image}#":                          {"#{image}", replaced("#{image}")},
		"REPLACE_ME":                         {"REPLACE_ME", replaced("REPLACE_ME")},
		"IMAGE_PLACEHOLDER:latest":           {"IMAGE_PLACEHOLDER", replaced("IMAGE_PLACEHOLDER")},
		"ko://github.com/org/app/cmd/x": {"ko://github.com/org/app/cmd/x",
			"it names a Go package, which ko replaces with the image that it builds; use what ko resolve prints"},
	} {
		_, err := Parse(written)
		invalid, ok := errors.AsType[*InvalidError](err)
		switch {
		case !ok:
			t.Errorf("%q: got error %v, want one about the name", written, err)
		case invalid.Placeholder != want.found || want.problem != "" && invalid.Problem != want.problem:
			t.Errorf("%q:\n got %q, %s\nwant %q, %s", written, invalid.Placeholder, invalid.Problem, want.found, want.problem)
		}
	}
}

func TestInvalidErrorHidesPasswords(t *testing.T) {
	_, err := Parse("https://user:hunter2@registry.example.com/org/app:v1")
	if want := `"https://***@registry.example.com/org/app:v1" is not an image reference: write it without https://`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestInvalidErrorIsBounded(t *testing.T) {
	for _, written := range []string{
		strings.Repeat("A", 1<<20), strings.Repeat("\x1b", 1<<20), strings.Repeat("${", 1<<10) + "}", "${" + strings.Repeat("x", 1<<20) + "}",
		"oci://" + strings.Repeat("a/", 1<<20), strings.Repeat("a", 1<<20) + "://x/y", "x@" + strings.Repeat("a", 1<<20) + ":b",
		strings.Repeat("a", 1<<20) + ".io:" + strings.Repeat("9", 1<<20) + "/app",
	} {
		_, err := Parse(written)
		if err == nil || len(err.Error()) > 8<<10 {
			t.Errorf("%.20q…: got a message of %d bytes, want a short one", written, len(err.Error()))
		}
	}
}

func FuzzParse(f *testing.F) {
	for written := range invalidNames() {
		f.Add(written)
	}
	f.Add("docker.io/karmada/karmada-scheduler:v1.16.0")
	f.Add("app:${TAG:-${DEFAULT}}")
	f.Fuzz(func(t *testing.T, written string) {
		ref, err := Parse(written)
		want, wantErr := name.ParseReference(written)
		if err == nil {
			if wantErr != nil || ref != want {
				t.Errorf("%q: got %v, want %v, %v", written, ref, want, wantErr)
			}
			return
		}
		invalid, ok := errors.AsType[*InvalidError](err)
		if !ok || ref != nil || invalid.Written != written || invalid.Problem == "" {
			t.Errorf("%q: got %v, %#v, want no reference and the problem", written, ref, err)
		}
		message := err.Error()
		if !utf8.ValidString(message) || strings.ContainsFunc(message, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q: got %q, want printable text", written, message)
		}
	})
}
