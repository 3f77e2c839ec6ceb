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

package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// entry is what a reader finds in an archive.
type entry struct {
	Name, Content string
	Mode          os.FileMode
	Modified      time.Time
}

// TestWrite writes archives of the same files twice, whose times, owners and modes differ, and reads them.
func TestWrite(t *testing.T) {
	modified := time.Date(2026, 11, 27, 1, 2, 4, 0, time.UTC)
	want := []entry{{"program", "binary", 0o755, modified}, {"LICENSE", "text", 0o644, modified}}
	for name, read := range map[string]func(*testing.T, []byte) []entry{"a.tar.gz": readTar, "a.zip": readZip} {
		t.Run(name, func(t *testing.T) {
			first, second := write(t, name, 0o600, modified), write(t, name, 0o777, modified)
			if !bytes.Equal(first, second) {
				t.Error("two archives of the same files differ")
			}
			if diff := cmp.Diff(want, read(t, first)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if bytes.Equal(first, write(t, name, 0o600, modified.Add(time.Hour))) {
				t.Error("the time is not in the archive")
			}
		})
	}
	if err := Write(filepath.Join(t.TempDir(), "a.zip"), modified, File{Name: "a", Source: "missing"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

func write(t *testing.T, name string, mode os.FileMode, modified time.Time) []byte {
	t.Helper()
	dir := t.TempDir()
	program, license, out := filepath.Join(dir, "p"), filepath.Join(dir, "l"), filepath.Join(dir, name)
	err := errors.Join(os.WriteFile(program, []byte("binary"), mode), os.WriteFile(license, []byte("text"), mode))
	if err == nil {
		err = Write(out, modified, File{Name: "program", Source: program, Executable: true}, File{Name: "LICENSE", Source: license})
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func readTar(t *testing.T, content []byte) []entry {
	t.Helper()
	uncompressed, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	reader := tar.NewReader(uncompressed)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 || header.Uname != "" {
			t.Errorf("%s belongs to %d:%d %s", header.Name, header.Uid, header.Gid, header.Uname)
		}
		out = append(out, entry{header.Name, readAll(t, reader), header.FileInfo().Mode(), header.ModTime.UTC()})
	}
}

func readZip(t *testing.T, content []byte) []entry {
	t.Helper()
	reader, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for _, file := range reader.File {
		opened, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{file.Name, readAll(t, opened), file.Mode(), file.Modified.UTC()})
	}
	return out
}

func readAll(t *testing.T, reader io.Reader) string {
	t.Helper()
	content, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
