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
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// patterns select what is left out of directories.
type patterns []*pattern

// pattern is a glob of paths.
type pattern struct {
	// written is the glob as the user wrote it.
	written string
	glob    string
	// used reports whether it has matched something.
	used bool
}

// newPatterns parses globs of paths, in which ** stands for any number of directories.
func newPatterns(globs []string) (patterns, error) {
	var all patterns
	for _, written := range globs {
		glob := strings.TrimSuffix(path.Clean(filepath.ToSlash(written)), "/")
		if written == "" || !doublestar.ValidatePattern(glob) {
			return nil, fmt.Errorf("%q is not a glob of paths: close its brackets and braces", written)
		}
		all = append(all, &pattern{written: written, glob: glob})
	}
	return all, nil
}

// match reports whether a pattern matches a file or a directory: its path in the directory that is read, its path as messages
// have it, or, for a pattern without a slash, its name.
func (p patterns) match(name, typed string) bool {
	matched := false
	for _, one := range p {
		if one.match(name) || one.match(filepath.ToSlash(typed)) || !strings.Contains(one.glob, "/") && one.match(path.Base(name)) {
			one.used, matched = true, true
		}
	}
	return matched
}

func (p *pattern) match(name string) bool {
	matched, err := doublestar.Match(p.glob, name)
	return err == nil && matched
}

// Unmatched returns the patterns of Exclude that matched nothing in what was read so far.
func (r *Reader) Unmatched() []string {
	var unmatched []string
	for _, one := range r.patterns {
		if !one.used {
			unmatched = append(unmatched, one.written)
		}
	}
	return unmatched
}
