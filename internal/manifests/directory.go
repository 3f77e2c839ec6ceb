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
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ReadPath reads a file, or the *.yaml, *.yml and *.json files in a directory and its subdirectories, sorted by name.
// It skips directories whose name begins with a dot, and links to directories. The error joins those of all files that
// cannot be read; the other files are returned nevertheless.
func (r *Reader) ReadPath(path string) ([]*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		f, err := r.readFile(path)
		if err != nil {
			return nil, err
		}
		return []*File{f}, nil
	}
	names, err := list(path)
	if err != nil {
		return nil, err
	}
	var files []*File
	var errs []error
	for _, name := range names {
		f, err := r.readFile(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, f)
	}
	return files, errors.Join(errs...)
}

// list returns the names of the manifests in a directory.
func list(directory string) ([]string, error) {
	var names []string
	root := os.DirFS(directory)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name != "." && strings.HasPrefix(entry.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		case !isManifest(name):
			return nil
		}
		// The files of a mounted ConfigMap are links, so follow them. A pipe must not be read: it may never end.
		if info, err := fs.Stat(root, name); err != nil {
			return err
		} else if !info.Mode().IsRegular() {
			return nil
		}
		if names = append(names, filepath.Join(directory, name)); len(names) > MaxFiles {
			return fmt.Errorf("it has more than %d manifests, the limit", MaxFiles)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", directory, err)
	}
	return names, nil
}

func isManifest(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	default:
		return false
	}
}

func (r *Reader) readFile(name string) (*File, error) {
	file, err := os.Open(name) //nolint:gosec // the file that the user asks for
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return r.Read(name, file)
}
