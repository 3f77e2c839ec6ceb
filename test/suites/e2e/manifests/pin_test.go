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

package manifests

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/pin"
)

// digestOf returns a digest that no other image has, and that no file of the corpus holds.
func digestOf(image string) string { return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(image))) }

// pinnable are the images that can be pinned: a host and a path, without a digest, as the specification of image references says
// (https://github.com/distribution/reference). A placeholder for the name or the tag is not.
var pinnable = regexp.MustCompile(`^(([a-zA-Z0-9][a-zA-Z0-9.-]*)(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:\w[\w.-]{0,127})?$`)

// blockScalar is an image that is written as a block of text, of which pin says that it cannot be edited.
var blockScalar = regexp.MustCompile(`(?m)^[ -]*image:\s*[>|]`)

// TestPin pins all images of all files, and compares the result with the file byte by byte, and value by value as kubectl decodes
// them.
func TestPin(t *testing.T) {
	c := downloaded(t)
	var mutex sync.Mutex
	files, images, wrong := 0, 0, 0
	err := inParallel(c.readings, func(_ int, r *reading) error {
		pinned, problem := pinFile(r)
		mutex.Lock()
		defer mutex.Unlock()
		if problem != "" {
			wrong++
			t.Errorf("%s: %s", r.file, problem)
		}
		if pinned > 0 {
			files++
			images += pinned
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const atLeast = 300
	if files < atLeast {
		t.Errorf("%d files were pinned, want at least %d", files, atLeast)
	}
	fmt.Printf("figure: pinned_files %d\n", files)
	fmt.Printf("figure: pinned_images %d\n", images)
	fmt.Printf("figure: pinned_bytes_wrong %d\n", wrong)
}

// pinFile pins the images of a file, and returns the number of images that have a digest thereafter and had none before.
func pinFile(r *reading) (pinned int, problem string) {
	file, err := manifests.Read(r.file, bytes.NewReader(r.content))
	if err != nil {
		// TestPlan compares what cannot be read.
		return 0, ""
	}
	result, err := pin.Rewrite(file, func(image string) pin.Verdict { return pin.Verdict{Digest: digestOf(image)} })
	if err != nil {
		return 0, err.Error()
	}
	var blocks []string
	for i := range result.Images {
		if result.Images[i].Outcome == pin.NotEditable {
			blocks = append(blocks, result.Images[i].Container.Image)
		}
	}
	if len(r.objects) > 0 && len(blocks) != len(blockScalar.FindAll(r.content, -1)) {
		return 0, fmt.Sprintf("%v are not editable, which is not the number of block scalars", blocks)
	}
	var want []string
	for _, o := range r.objects {
		for _, image := range slices.Concat(o.images, o.ephemeral) {
			at := slices.Index(blocks, image)
			switch {
			case at >= 0:
				blocks = slices.Delete(blocks, at, at+1)
			case pinnable.MatchString(image):
				want = append(want, image)
			}
		}
	}
	rest := string(result.Content)
	for _, image := range want {
		rest = strings.ReplaceAll(rest, "@"+digestOf(image), "")
	}
	if rest != string(r.content) {
		return 0, "without the digests, it differs from the file: " + cmp.Diff(string(r.content), rest)
	}
	if len(want) == 0 {
		return 0, ""
	}
	before, err := decode(r.content)
	if err != nil {
		return 0, "kubectl cannot read the file: " + err.Error()
	}
	after, err := decode(result.Content)
	if err != nil {
		return 0, "kubectl cannot read the result: " + err.Error()
	}
	var got []string
	if problem := changes(before, after, &got); problem != "" {
		return 0, problem
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		return len(got), "pinned images (-want +got):\n" + diff
	}
	return len(got), ""
}

// changes compares values, and adds to pinned the texts that have a digest in the second one only. Any other difference is
// returned.
func changes(before, after any, pinned *[]string) string {
	switch before := before.(type) {
	case map[string]any:
		after, ok := after.(map[string]any)
		if !ok || len(before) != len(after) {
			return fmt.Sprintf("%v became %v", before, after)
		}
		for name, value := range before {
			if problem := changes(value, after[name], pinned); problem != "" {
				return name + ": " + problem
			}
		}
	case []any:
		after, ok := after.([]any)
		if !ok || len(before) != len(after) {
			return fmt.Sprintf("%v became %v", before, after)
		}
		for i, value := range before {
			if problem := changes(value, after[i], pinned); problem != "" {
				return fmt.Sprintf("[%d]: %s", i, problem)
			}
		}
	case string:
		switch after {
		case before:
		case before + "@" + digestOf(before):
			*pinned = append(*pinned, before)
		default:
			return fmt.Sprintf("%q became %v", before, after)
		}
	default:
		if before != after {
			return fmt.Sprintf("%v became %v", before, after)
		}
	}
	return ""
}
