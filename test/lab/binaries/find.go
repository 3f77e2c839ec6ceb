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

package binaries

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

const modulePath = "github.com/karmada-io/image-trust"

// assetsVariable names a directory whose programs go before built ones, by the
// convention of controller-runtime's envtest.
const assetsVariable = "KUBEBUILDER_ASSETS"

// ErrMissing says that a program has not been built.
var ErrMissing = errors.New("program not built")

// Root is the repository's root: the directory, at or above the working
// directory, that holds this module's go.mod.
func Root() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && modfile.ModulePath(content) == modulePath {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find the repository: no go.mod of %s at or above %s", modulePath, start)
		}
	}
}

// Find is the file of a program: the one in KUBEBUILDER_ASSETS if there is one,
// otherwise the one in the repository's bin directory. Find builds nothing, as
// tests should not spend minutes on it unasked; it returns ErrMissing instead.
func Find(name string) (string, error) {
	if _, err := lookup(name); err != nil {
		return "", err
	}
	if path, ok := inAssets(name); ok {
		return path, nil
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "bin", name)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %s; run make controlplane", ErrMissing, path)
	} else if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	return path, nil
}

func inAssets(name string) (string, bool) {
	dir := os.Getenv(assetsVariable)
	if dir == "" {
		return "", false
	}
	path := filepath.Join(dir, name)
	info, err := os.Stat(path)
	return path, err == nil && info.Mode().IsRegular()
}
