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

// Package recorded keeps objects as the real operator and the real policy-controller left them on a real API server, for tests of what
// other programs make of them. The suites that record compare what they get with the files, so that these are never out of date:
// run them with -update to write the files.
package recorded

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/karmada-io/image-trust/test/lab/binaries"
)

// Directory has the recorded objects, below the root of the repository.
const Directory = "test/suites/gitops/testdata/recorded"

var update = flag.Bool("update", false, "write the recorded objects instead of comparing with them")

// What differs from one run to the next.
var (
	instant = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)
	digest  = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	uid     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// Compare compares an object with the recorded one of this name. Times, digests and identifiers are replaced, and lists of what
// was found are left out, since they are about the images of the test.
func Compare(t *testing.T, name string, object runtime.Object) {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{Object: content}
	if u.GetKind() == "" {
		t.Fatalf("%s: the object has no kind", name)
	}
	u.SetManagedFields(nil)
	u.SetResourceVersion("")
	u.SetUID("")
	for _, field := range []string{"images", "violations", "otherPolicies", "policyController"} {
		unstructured.RemoveNestedField(u.Object, "status", field)
	}
	encoded, err := yaml.Marshal(u.Object)
	if err != nil {
		t.Fatal(err)
	}
	got := instant.ReplaceAllString(string(encoded), "2026-01-01T00:00:00Z")
	got = digest.ReplaceAllString(got, "sha256:"+strings.Repeat("0", 64))
	got = uid.ReplaceAllString(got, "00000000-0000-0000-0000-000000000000")

	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, filepath.FromSlash(Directory), name+".yaml")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got), run the test with -update to accept it:\n%s", file, diff)
	}
}

// Read reads the recorded object of this name.
func Read(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	root, err := binaries.Root()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(Directory), name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(content, &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}
