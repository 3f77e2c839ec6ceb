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

package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/karmada-io/image-trust/internal/manifests"
	"github.com/karmada-io/image-trust/internal/pin"
)

// Reasons for leaving a file as it is.
var (
	errLinkLeadsOut = errors.New("the file is a link that leads out of the directory")
	errChanged      = errors.New("the file was changed after it was read: run the command again")
)

// replaceAll writes the results that have changes into their files. Of a file that cannot be written, or must not be, the
// images are not pinned. The error joins those of all files, wrong input first. Links that lead out of their tree are no error:
// they are reported with the images.
func replaceAll(paths []string, files []*manifests.File, results []*pin.Result) error {
	var errs, changed []error
	for i, result := range results {
		if result.Name == manifests.StandardInput || !result.Changed() {
			continue
		}
		err := replaceFile(treeOf(paths, result.Name), result.Name, files[i].Content, result.Content)
		if err == nil {
			continue
		}
		outcome := pin.NotWritten
		if errors.Is(err, errLinkLeadsOut) {
			outcome = pin.NotEditable
		}
		for k := range result.Images {
			if image := &result.Images[k]; image.Outcome == pin.Pinned {
				image.Outcome, image.Message = outcome, err.Error()
			}
		}
		switch {
		case errors.Is(err, errLinkLeadsOut):
		case errors.Is(err, errChanged):
			changed = append(changed, unavailable(fmt.Errorf("%s: %w", result.Name, err)))
		default:
			errs = append(errs, usageErrorf("writing %s: %w", result.Name, err))
		}
	}
	return errors.Join(append(errs, changed...)...)
}

// treeOf returns the directory on the command line in which a file was found, or the directory of a file that is named itself.
func treeOf(paths []string, name string) string {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() {
			continue
		}
		if rel, err := filepath.Rel(path, name); err == nil && filepath.IsLocal(rel) {
			return path
		}
	}
	return filepath.Dir(name)
}

// replaceFile replaces the content of a file in a tree, unless it is no longer the content that was read. The new content is
// written to a new file in the same directory, with the same permissions, and then renamed, so that nobody ever reads a part of
// it. A link within the tree stays a link, and its target is replaced. Another name of the same file (a hard link) keeps the old
// content.
func replaceFile(tree, name string, before, after []byte) error {
	realTree, err := filepath.EvalSymlinks(tree)
	if err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(realTree, target)
	if err != nil {
		return err
	}
	if !filepath.IsLocal(rel) {
		return fmt.Errorf("%w %s, to %s: name that file instead", errLinkLeadsOut, tree, target)
	}
	// From here on nothing outside of the tree can be reached, even if links are made meanwhile.
	root, err := os.OpenRoot(realTree)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return replaceIn(root, rel, before, after)
}

func replaceIn(root *os.Root, name string, before, after []byte) (err error) {
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", name)
	}
	// A file that must not be written is not replaced either.
	file, err := root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	temporary := filepath.Join(filepath.Dir(name), ".imagetrust-"+rand.Text()+".tmp")
	if err := writeNew(root, temporary, after, info.Mode().Perm()); err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed {
			err = errors.Join(err, root.Remove(temporary))
		}
	}()
	current, err := io.ReadAll(io.LimitReader(file, manifests.MaxFileSize+1))
	switch {
	case err != nil:
		return err
	case bytes.Equal(current, after): // it has two names in the tree
		return nil
	case !bytes.Equal(current, before):
		return errChanged
	}
	err = root.Rename(temporary, name)
	renamed = err == nil
	return err
}

// writeNew writes a new file. It leaves none behind if that fails.
func writeNew(root *os.Root, name string, content []byte, mode os.FileMode) error {
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	// Some file systems report only then that they are full.
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return errors.Join(err, root.Remove(name))
	}
	return nil
}
