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

// Package docs tests that the documentation is complete and that its links are valid.
package docs

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	heading   = regexp.MustCompile(`(?m)^#+ +(.*)$`)
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notInSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinks checks that links between files of the repository lead to an existing file and heading.
func TestLinks(t *testing.T) {
	repository := os.DirFS("..")
	followed := 0
	err := fs.WalkDir(repository, ".", func(file string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "bin" || name == "dist" || strings.HasPrefix(name, ".") && file != "."):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(file) != ".md":
			return nil
		}
		text, err := prose(repository, file)
		if err != nil {
			return err
		}
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			followed++
			if err := follow(repository, file, match[1]); err != nil {
				t.Errorf("%s: %s: %v", file, match[1], err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if followed == 0 {
		t.Error("no link was found")
	}
}

func follow(repository fs.FS, from, to string) error {
	file, anchor, hasAnchor := strings.Cut(to, "#")
	target := from
	if file != "" {
		target = path.Join(path.Dir(from), file)
	}
	if _, err := fs.Stat(repository, target); err != nil || !hasAnchor {
		return err
	}
	text, err := prose(repository, target)
	if err != nil {
		return err
	}
	if !anchors(text)[anchor] {
		return fmt.Errorf("no heading #%s", anchor)
	}
	return nil
}

// prose is a page without its blocks of code.
func prose(repository fs.FS, file string) (string, error) {
	content, err := fs.ReadFile(repository, file)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	inBlock := false
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inBlock = !inBlock
		} else if !inBlock {
			text.WriteString(line)
		}
	}
	return text.String(), nil
}

// anchors of a page's headings, made as GitHub makes them.
func anchors(text string) map[string]bool {
	out, seen := map[string]bool{}, map[string]int{}
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		slug := strings.ReplaceAll(notInSlug.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")
		anchor := slug
		if n := seen[slug]; n > 0 {
			anchor = fmt.Sprintf("%s-%d", slug, n)
		}
		seen[slug]++
		out[anchor] = true
	}
	return out
}
