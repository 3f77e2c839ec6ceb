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
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// FuzzPin pins every file that can be read. Afterwards, every image is pinned or has another outcome, and nothing else
// has changed.
func FuzzPin(f *testing.F) {
	for _, seed := range []string{
		pod + "  - image: nginx # c\n    name: a\n", pod + "  - image: 'nginx:1'\r\n  - {image: \"\\x6eginx\"}\n",
		pod + "  - image: &x !!str nginx\n  - image: *x\n  - &y {image: redis}\n  - <<: *y\n  - <<: [*y]\n    image: |-\n      z\n",
		"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"image\":\"a\\/bb\"}]}}{}", "--- # x\n" + pod + "  - ? image\n    : nginx\n...\n---\n[]\n",
		"apiVersion: v1\nkind: List\nitems:\n- &p {apiVersion: batch/v1, kind: CronJob, spec: {jobTemplate: {spec: {template: {spec: {containers: [image: nginx]}}}}}}\n- *p\n",
		"\xef\xbb\xbfapiVersion: v1\nkind: Pod\nspec: {initContainers: [{name: \"\u2028ü\", image: nginx}]} # \u0085\n",
		pod + "  - image: \"nginx:\\\n      1\"\n  - image: nginx@" + digestA + "\n", "a: &a [*a]\n", "? [a]\n: b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		pinAll(t, content)
		pinAll(t, append([]byte(pod+"  - image: "), content...))
	})
}

// pinAll pins a file, if it can be read, and returns the number of images that were pinned.
func pinAll(t *testing.T, content []byte) (pinned int) {
	t.Helper()
	before, err := manifests.Read("m.yaml", bytes.NewReader(content))
	if err != nil {
		return 0
	}
	for _, o := range before.Objects {
		o.Position("spec.images[0]")
		o.Plan("default")
	}
	got, err := Rewrite(before, distinct)
	if err != nil {
		t.Fatalf("%v\n%q", err, content)
	}
	// Removing the digests restores the content.
	rest, at := slices.Clone(got.Content), map[int]string{}
	for _, i := range got.Images {
		if i.Outcome == Pinned {
			at[i.End] = strings.TrimPrefix(i.Pinned, i.Container.Image)
		}
	}
	for _, start := range sorted(at) {
		if !bytes.HasPrefix(rest[start:], []byte(at[start])) {
			t.Fatalf("no digest at %d of %q", start, got.Content)
		}
		rest = slices.Delete(rest, start, start+len(at[start]))
	}
	if !bytes.Equal(rest, content) {
		t.Fatalf("more than digests were added:\n%q\n%q", content, got.Content)
	}
	after, err := manifests.Read("m.yaml", bytes.NewReader(got.Content))
	if err != nil {
		t.Fatalf("the result cannot be read: %v\n%q", err, got.Content)
	}
	again, err := Rewrite(after, distinct)
	if err != nil || again.Changed() || !bytes.Equal(again.Content, got.Content) {
		t.Fatalf("pinning twice changes something: %v\n%q\n%q", err, got.Content, again.Content)
	}
	for i, image := range again.Images {
		if (image.Outcome == AlreadyPinned) != got.Images[i].Done() {
			t.Fatalf("%s was %s and is %s", got.Images[i].Container.Image, got.Images[i].Outcome, image.Outcome)
		}
	}
	return len(at)
}

// TestRandom pins random files, made of the YAML styles that people use around images.
func TestRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	one := func(of ...string) string { return of[random.IntN(len(of))] }
	total := 0
	for range 1000 {
		var b strings.Builder
		b.WriteString(one("", "# head ü\n", "\n\n", "--- # one\n", "a: &shared redis\n---\n", "%YAML 1.1\n---\n"))
		b.WriteString(one(pod, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \"ü😀\" # 𝄞\nspec:\n  initContainers: [{image: redis}, {image: 'b\"b'}] # c\n  containers:\n"))
		b.WriteString(one("  - &m0 {name: &a n, image: &x0 redis}\n", "  - &m0\n    name: &a nginx # n\n    image: &x0 'redis:1' # i\n"))
		for i := range 1 + random.IntN(4) {
			image := one("nginx", "nginx:1.2", "docker.io/karmada/karmada:v1", "localhost:5000/xx", "nginx@"+digestA, "bad:{{x}}")
			value := one(image, image, "'"+image+"'", "\""+image+"\"", "!!str "+image, fmt.Sprintf("&x%d %s", i+1, image), fmt.Sprintf("&x%d\n      '%s'", i+1, image),
				"|-\n      "+image, "*x0", "\n      "+image, "\"\\x6eginx\"", "\"nginx\\\n       :1\"", "*a")
			end := one("\n", " # why: image: nginx\n", "\n\n    # between\n\n", " \t\n")
			b.WriteString(one(
				"  - image: "+value+end, "  -   name: a\n      image: "+strings.ReplaceAll(value, "\n", "\n  ")+end,
				"  - {name: a, \"image\": "+value+" , tty: true}"+end, "  - {image: "+value+"}"+end, fmt.Sprintf("  - &m%d\n    image: %s%s", i+1, value, end),
				"  - <<: *m0"+end, "  - {<<: [*m0], image: "+value+"}"+end, "  - ? image\n    : "+value+end,
				"  # dedented\n  - name: *x0\n    image: "+value+end, "  - image: nginx\n    image: "+value+end,
			))
		}
		b.WriteString(one("", "  tail: 1", "---\n", "...\n# tail\n", "---\n"+pod+"  - image: &a nginx\n  - *a\n"))
		text := strings.ReplaceAll(b.String(), "\n", one("\n", "\n", "\r\n"))
		total += pinAll(t, []byte(one("", "", "\xef\xbb\xbf")+text))
	}
	if total < 1000 {
		t.Errorf("only %d images were pinned; most of the files cannot be read", total)
	}
	t.Logf("pinned %d images", total)
}

func sorted(at map[int]string) []int {
	offsets := make([]int, 0, len(at))
	for offset := range at {
		offsets = append(offsets, offset)
	}
	slices.Sort(offsets)
	return offsets
}
