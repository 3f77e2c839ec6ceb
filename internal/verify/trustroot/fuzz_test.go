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

package trustroot

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// FuzzTrustRoot feeds the spec of a TrustRoot.
func FuzzTrustRoot(f *testing.F) {
	s, err := sigstore.New()
	if err != nil {
		f.Fatal(err)
	}
	object, err := s.TrustRoot("private", sigstore.WithTimestamps())
	if err != nil {
		f.Fatal(err)
	}
	spec, err := json.Marshal(object.Object["spec"])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(spec)
	f.Add([]byte(`{"remote":{"mirror":"https://tuf.test","root":"e30="}}`))
	f.Add([]byte(`{"repository":{"mirrorFS":"H4sI","root":"e30="}}`))
	f.Fuzz(func(t *testing.T, spec []byte) {
		var written any
		if json.Unmarshal(spec, &written) != nil {
			return
		}
		root, err := FromTrustRoot(&unstructured.Unstructured{Object: map[string]any{"spec": written}})
		if err != nil && !errors.Is(err, ErrInvalid) || err == nil && (root == nil || root.Fingerprint == "") {
			t.Errorf("got %v and %v", root, err)
		}
	})
}

// FuzzTrustedRoot feeds a trusted root in a file.
func FuzzTrustedRoot(f *testing.F) {
	s, err := sigstore.New()
	if err != nil {
		f.Fatal(err)
	}
	encoded, err := s.TrustedRoot()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		root, err := FromJSON(content)
		if err != nil && !errors.Is(err, ErrInvalid) || err == nil && (root == nil || root.Fingerprint == "") {
			t.Errorf("got %v and %v", root, err)
		}
	})
}

// FuzzArchive feeds a packed TUF repository, before it is compressed: a fuzzer would not come past that.
func FuzzArchive(f *testing.F) {
	var whole bytes.Buffer
	writer := tar.NewWriter(&whole)
	for _, name := range []string{"repository/root.json", "../../etc/passwd", "/targets/trusted_root.json"} {
		if err := errors.Join(
			writer.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o600, Size: 2}), second(writer.Write([]byte("{}"))),
		); err != nil {
			f.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Fuzz(func(t *testing.T, content []byte) {
		var packed bytes.Buffer
		zipped := gzip.NewWriter(&packed)
		if err := errors.Join(second(zipped.Write(content)), zipped.Close()); err != nil {
			t.Fatal(err)
		}
		files, err := openArchive(packed.Bytes())
		if err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v", err)
		}
		for name := range files {
			if len(name) > 0 && (name[0] == '/' || bytes.HasPrefix([]byte(name), []byte("../"))) {
				t.Errorf("a name leads out: %q", name)
			}
		}
	})
}

func second(_ int, err error) error { return err }
