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

package pin

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/manifests"
)

var (
	digestA = "sha256:" + strings.Repeat("a", 64)
	digestB = "sha256:" + strings.Repeat("b", 64)
)

// verified returns digestA for every image except those with "bad" in their name.
func verified(image string) Verdict {
	if strings.Contains(image, "bad") {
		return Verdict{Reason: "no signature found"}
	}
	return Verdict{Digest: digestA}
}

// distinct returns another digest for each image, with or without a digest in it.
func distinct(image string) Verdict {
	bare, _, _ := strings.Cut(image, "@")
	return Verdict{Digest: fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(bare)))}
}

func read(t *testing.T, content string) *manifests.File {
	t.Helper()
	f, err := manifests.Read("m.yaml", strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// show formats the outcome of each image.
func show(images []Image) []string {
	var all []string
	for _, i := range images {
		line := fmt.Sprintf("%s %s", i.Outcome, i.Container.Image)
		if i.Message != "" {
			line += ": " + i.Message
		}
		all = append(all, strings.NewReplacer(digestA, "A", digestB, "B").Replace(line))
	}
	return all
}

const (
	pod     = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n"
	shared  = "an alias uses the same text for a field that is not an image; write the image without an alias"
	missing = "its text in the file cannot be found; write it as plain text on the line of its key"
)

// TestRewrite marks the places in each text where the digest is inserted.
func TestRewrite(t *testing.T) {
	tests := map[string]struct {
		marked string
		want   []string
	}{
		"empty":     {"# nothing\n", nil},
		"no images": {"apiVersion: v1\nkind: ConfigMap\ndata: {image: nginx}\n", nil},
		"plain, with comments": {
			"# head\napiVersion: v1\nkind: Pod # why\n\nspec:\n    containers:\n    # the first\n    -   image:   docker.io/karmada/x:v1♦   # pinned \t\n        name: a\n# tail",
			[]string{"Pinned docker.io/karmada/x:v1"},
		},
		"no tag":        {pod + "  - image: nginx♦", []string{"Pinned nginx"}},
		"a port":        {pod + "  - image: localhost:5000/nginx♦\n", []string{"Pinned localhost:5000/nginx"}},
		"single quotes": {pod + "  - image: 'nginx:1♦' # 'x'\n", []string{"Pinned nginx:1"}},
		"double quotes": {pod + "  - image: \"nginx:1♦\"\n", []string{"Pinned nginx:1"}},
		"escapes":       {pod + "  - image: \"\\x6eginx\\u003A1♦\"\n", []string{"Pinned nginx:1"}},
		"two lines":     {pod + "  - image: \"nginx:\\\n        1♦\"\n", []string{"Pinned nginx:1"}},
		"flow":          {"{apiVersion: v1, kind: Pod, spec: {containers: [{image: nginx♦}, {name: a,image: nginx:2♦ ,tty: true}, { \"image\":'nginx:3♦'}]}}", []string{"Pinned nginx", "Pinned nginx:2", "Pinned nginx:3"}},
		"CRLF":          {strings.ReplaceAll(pod, "\n", "\r\n") + "  - image: nginx:1♦\r\n    name: a # é\r\n  - image: nginx:2♦\r\n", []string{"Pinned nginx:1", "Pinned nginx:2"}},
		"CR":            {strings.ReplaceAll(pod, "\n", "\r") + "  - image: nginx:1♦\r    name: a # é\r", []string{"Pinned nginx:1"}},
		"a byte order mark, and characters of several bytes": {"\xef\xbb\xbf# ü😀\napiVersion: v1\nkind: Pod\nspec: {containers: [{name: ü😀, image: nginx♦}]}", []string{"Pinned nginx"}},
		"on the next line":    {pod + "  - image:\n      # why\n      nginx:1♦\n", []string{"Pinned nginx:1"}},
		"an anchor and a tag": {pod + "  - image: &x !!str nginx:1♦\n", []string{"Pinned nginx:1"}},
		"an explicit key":     {pod + "  - ? image\n    : nginx:1♦\n", []string{"Pinned nginx:1"}},
		"JSON": {
			"{\n\t\"apiVersion\": \"v1\", \"kind\": \"Pod\",\n\t\"spec\": {\"containers\": [{\"image\":\"docker.io\\/x\\/y♦\",\"name\":\"\\ud83d\\ude00\"}]}\n}\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"image\":\"nginx♦\"}]}}",
			[]string{"Pinned docker.io/x/y", "Pinned nginx"},
		},
		"a block of text": {
			pod + "  - image: |-\n      nginx:1\n  - image: >-\n      nginx:2\n  - image: nginx:3♦\n", []string{
				"NotEditable nginx:1: it is written as a block of text; write it on the line of its key",
				"NotEditable nginx:2: it is written as a block of text; write it on the line of its key", "Pinned nginx:3",
			},
		},
		"an image volume": {
			pod + "  - image: nginx:1♦\n  volumes:\n  - image: {reference: models:1♦}\n", []string{"Pinned nginx:1", "Pinned models:1"},
		},
		"other tags": {pod + "  - image: !!binary bmdpbng=\n", []string{"NotEditable nginx: " + missing}},
		"an alias":   {pod + "  - image: &x nginx:1♦ # once\n  - image: *x\n  - {image: *x }\n", []string{"Pinned nginx:1", "Pinned nginx:1", "Pinned nginx:1"}},
		"an alias of something else": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: &x nginx}\nspec:\n  containers:\n  - image: *x\n  - image: redis♦\n", []string{"NotEditable nginx: " + shared, "Pinned redis"},
		},
		"an image that a key is an alias of": {pod + "  - image: &x nginx\n  - resources: {*x : 1}\n", []string{"NotEditable nginx: " + shared}},
		"a merge":                            {pod + "  - &x\n    image: nginx:1♦\n  - <<: *x\n  - <<: *x\n    image: nginx:2♦\n", []string{"Pinned nginx:1", "Pinned nginx:1", "Pinned nginx:2"}},
		"a merge into something else": {
			"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &x {image: nginx:1}\n  other: *x\n", []string{"NotEditable nginx:1: " + shared},
		},
		"an alias of an object": {
			"apiVersion: v1\nkind: List\nitems:\n- &p {apiVersion: v1, kind: Pod, spec: {containers: [{image: nginx♦}]}}\n- *p\n", []string{"Pinned nginx", "Pinned nginx"},
		},
		"the same anchor twice": {pod + "  - image: &x nginx:1♦\n  - image: *x\n  - image: &x nginx:2♦\n  - image: *x\n", []string{"Pinned nginx:1", "Pinned nginx:1", "Pinned nginx:2", "Pinned nginx:2"}},
		"anchors of several documents": {
			pod + "  - image: &x nginx:1♦\n  - image: *x\n---\n" + pod + "  - image: &x nginx:2♦\n  - image: *x\n", []string{"Pinned nginx:1", "Pinned nginx:1", "Pinned nginx:2", "Pinned nginx:2"},
		},
		"among others": {
			"# Helm\n---\na: {image: nginx}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  spec: {template: {spec: {initContainers: [{image: nginx♦}]}}}\n- kind: ConfigMap\n  apiVersion: v1\n  data: {x: 'image: nginx'}\n...\n---\n" + pod + "  - image: nginx♦\n---\n",
			[]string{"Pinned nginx", "Pinned nginx"},
		},
		"not verified": {
			pod + "  - image: bad:1\n  - image: nginx♦\n", []string{"NotVerified bad:1: no signature found", "Pinned nginx"},
		},
		"placeholders": {
			pod + "  - image: ${IMAGE}\n  - image: 'nginx:{{version}}'\n  - image: 'nginx '\n  - image: NGINX\n", []string{
				`NotRead ${IMAGE}: "${IMAGE}" is not an image reference: a tool is meant to replace the placeholder "${IMAGE}"; use what the tool that replaces it prints`,
				`NotRead nginx:{{version}}: "nginx:{{version}}" is not an image reference: a tool is meant to replace the placeholder "{{version}}"; ` +
					"use what that tool prints, such as helm template",
				`NotRead nginx : "nginx " is not an image reference: it has a blank at its beginning or end; write "nginx"`,
				`NotRead NGINX: "NGINX" is not an image reference: a repository must be in lower case; write "nginx"`,
			},
		},
		// The name of the repository on Docker Hub begins with library/, and has at most 255 characters.
		"a long name": {pod + "  - image: " + strings.Repeat("a", 250), []string{"NotEditable " + strings.Repeat("a", 250) + ": its name is too long to add a digest"}},
		"pinned": {
			pod + "  - image: nginx:1@" + digestA + "\n  - image: nginx@" + digestA + "\n  - image: nginx:1@" + digestB + "\n", []string{
				"AlreadyPinned nginx:1@A", "AlreadyPinned nginx@A",
				"PinnedOtherwise nginx:1@B: it is pinned to B, but the verified digest is A",
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before := read(t, strings.ReplaceAll(tt.marked, "♦", ""))
			want := strings.ReplaceAll(tt.marked, "♦", "@"+digestA)
			got, err := Rewrite(before, verified)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, string(got.Content)); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, show(got.Images)); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
			if got.Changed() != (want != string(before.Content)) {
				t.Errorf("Changed() is %t", got.Changed())
			}
			again, err := Rewrite(read(t, string(got.Content)), verified)
			if err != nil || again.Changed() || string(again.Content) != want {
				t.Errorf("pinning twice changes something: %v\n%s", err, cmp.Diff(want, string(again.Content)))
			}
		})
	}
}

// TestRenew marks the digests that are replaced by digestB.
func TestRenew(t *testing.T) {
	const plain = "its digest is not written as plain text; write it as plain text on the line of its key"
	for name, tt := range map[string]struct {
		content string
		want    []string
	}{
		"plain":          {pod + "  - image: docker.io/x/y:v1@♦ # why\n", []string{"Renewed docker.io/x/y:v1@A"}},
		"quoted":         {pod + "  - image: 'x/y:v1@♦'\r\n  - image: \"x/y:v1@♦\"\r\n", []string{"Renewed x/y:v1@A", "Renewed x/y:v1@A"}},
		"an alias":       {pod + "  - image: &x x/y:v1@♦\n  - image: *x\n", []string{"Renewed x/y:v1@A", "Renewed x/y:v1@A"}},
		"JSON":           {`{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"docker.io\/x\/y:v1@♦"}]}}`, []string{"Renewed docker.io/x/y:v1@A"}},
		"two":            {pod + "  - image: x/y:v1@♦\n  - image: x/z:v1@♦\n  - image: bad:v1@" + digestA + "\n", []string{"Renewed x/y:v1@A", "Renewed x/z:v1@A", "NotVerified bad:v1@A: no signature found"}},
		"renewed":        {pod + "  - image: x/y:v1@" + digestB + "\n", []string{"AlreadyPinned x/y:v1@B"}},
		"escapes":        {pod + "  - image: \"x/y:v1@sha256:\\x61" + digestA[8:] + "\"\n", []string{"NotEditable x/y:v1@A: " + plain}},
		"two lines":      {pod + "  - image: \"x/y:v1@sha256:\\\n      " + digestA[7:] + "\"\n", []string{"NotEditable x/y:v1@A: " + plain}},
		"before it":      {pod + "  - image: \"x/y\\u003Av1@♦\"\n", []string{"Renewed x/y:v1@A"}},
		"a block":        {pod + "  - image: |-\n      x/y:v1@" + digestA + "\n", []string{"NotEditable x/y:v1@A: it is written as a block of text; write it on the line of its key"}},
		"no digest":      {pod + "  - image: x/y:v1\n", []string{"NotVerified x/y:v1: not asked"}},
		"shared by text": {"apiVersion: v1\nkind: Pod\nmetadata: {name: &x 'x/y:v1@" + digestA + "'}\nspec:\n  containers:\n  - image: *x\n", []string{"NotEditable x/y:v1@A: " + shared}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Rewrite(read(t, strings.ReplaceAll(tt.content, "♦", digestA)), func(image string) Verdict {
				switch {
				case strings.HasPrefix(image, "bad"):
					return verified(image)
				case strings.Contains(image, digestB):
					return Verdict{Digest: digestB, Renewal: digestB}
				case !strings.Contains(image, "@"):
					return Verdict{Renewal: digestB, Reason: "not asked"}
				}
				return Verdict{Digest: digestA, Renewal: digestB}
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.ReplaceAll(tt.content, "♦", digestB), string(got.Content)); diff != "" {
				t.Errorf("content (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, show(got.Images)); diff != "" {
				t.Errorf("images (-want +got):\n%s", diff)
			}
			if got.Changed() != strings.Contains(tt.content, "♦") {
				t.Errorf("Changed() is %t", got.Changed())
			}
		})
	}
}

// TestOutdated: what the tag names is told of an image with a verified digest only.
func TestOutdated(t *testing.T) {
	file := read(t, pod+"  - image: x/y:v1@"+digestA+"\n  - image: x/y:v2@"+digestA+"\n  - image: x/y:v3@"+digestA+"\n")
	got, err := Rewrite(file, func(image string) Verdict {
		switch image {
		case "x/y:v1@" + digestA:
			return Verdict{Digest: digestA, Outdated: "v1 names another"}
		case "x/y:v2@" + digestA:
			return Verdict{Digest: digestA, Uncompared: "the registry is down"}
		default:
			return Verdict{Reason: "no signature found", Outdated: "v3 names another"}
		}
	})
	want := []string{"PinnedOtherwise x/y:v1@A: v1 names another", "NotCompared x/y:v2@A: the registry is down", "NotVerified x/y:v3@A: no signature found"}
	if err != nil || got.Changed() || !cmp.Equal(want, show(got.Images)) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, show(got.Images)))
	}
}

func TestRewriteVerifiesImagesOnce(t *testing.T) {
	calls := map[string]int{}
	_, err := Rewrite(read(t, pod+"  - image: nginx\n  - image: nginx\n  - image: nginx:latest\n"), func(image string) Verdict {
		calls[image]++
		return verified(image)
	})
	if diff := cmp.Diff(map[string]int{"nginx": 1, "nginx:latest": 1}, calls); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestRewriteRejectsInvalidDigests(t *testing.T) {
	for _, digest := range []string{"abc", "sha256:", "sha512:" + strings.Repeat("a", 128), digestA + "\n", digestA + " # x", strings.ToUpper(digestA)} {
		_, err := Rewrite(read(t, pod+"  - image: nginx\n"), func(string) Verdict { return Verdict{Digest: digest} })
		if err == nil || !strings.Contains(err.Error(), "m.yaml") {
			t.Errorf("%q: got %v", digest, err)
		}
		_, err = Rewrite(read(t, pod+"  - image: nginx:1@"+digestB+"\n"), func(string) Verdict { return Verdict{Digest: digestB, Renewal: digest} })
		if err == nil || !strings.Contains(err.Error(), "m.yaml") {
			t.Errorf("%q: got %v", digest, err)
		}
	}
}

// TestCheck compares files with edits in the wrong places, which Rewrite must never make.
func TestCheck(t *testing.T) {
	const content = pod + "  - image: nginx\n  - image: redis # c\n"
	file := read(t, content)
	intended := map[manifests.Address]any{file.Objects[0].Images()[0].Address: "nginx@" + digestA}
	pinned := strings.Replace(content, "nginx", "nginx@"+digestA, 1)
	for name, tt := range map[string]struct{ content, want string }{
		"as intended":         {pinned, ""},
		"another comment":     {pinned + "# more", ""}, // comments are not compared; Rewrite never edits one
		"unchanged":           {content, "0 fields changed, want 1"},
		"another image":       {strings.Replace(pinned, "redis", "redis@"+digestA, 1), "spec.containers[1].image in document 1"},
		"another digest":      {strings.Replace(content, "nginx", "nginx@"+digestB, 1), "spec.containers[0].image in document 1"},
		"another document":    {pinned + "---\na: 1\n", "it has 2 documents, want 1"},
		"invalid YAML":        {pinned + "}", "m.yaml:"},
		"a missing container": {strings.Replace(pinned, "  - image: redis # c\n", "", 1), "spec.containers in document 1"},
	} {
		t.Run(name, func(t *testing.T) {
			err := check(file, []byte(tt.content), intended)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
