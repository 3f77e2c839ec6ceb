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
	"path"
	"path/filepath"
	"strings"

	"github.com/karmada-io/image-trust/internal/text"
)

// errTotal is wrapped by the errors about the limits of all files of a Reader. No further file can be read.
var errTotal = errors.New("name fewer files, or leave out some of a directory with --exclude")

// entry is a manifest in a directory.
type entry struct {
	name string
	// chart is the directory of the Helm chart that it belongs to; empty if it belongs to none.
	chart string
	// template reports whether it is among the templates of the chart.
	template bool
}

// walk looks for manifests in a directory and its subdirectories.
type walk struct {
	// root is the directory as the user wrote it.
	root  string
	files fs.FS
	// exclude are the patterns of what is left out.
	exclude patterns
	// charts and templates are the charts by the directories that belong to them.
	charts, templates map[string]string

	entries []entry
	skipped []Skipped
	errs    []error
}

// readDirectory reads the *.yaml, *.yml and *.json files in a directory and its subdirectories, sorted by name. It leaves out
// what is excluded, Git's own files, links to directories, and templates of Helm charts that are not manifests as they are.
func (r *Reader) readDirectory(directory string) (files []*File, skipped []Skipped, errs []error) {
	w := &walk{
		root: directory, files: os.DirFS(directory), exclude: r.patterns,
		charts: map[string]string{}, templates: map[string]string{},
	}
	if err := fs.WalkDir(w.files, ".", w.visit); err != nil {
		w.errs = append(w.errs, err)
	}
	templates := map[string]int{}
	for _, e := range w.entries {
		f, err := r.readEntry(e)
		switch {
		case errors.Is(err, errTotal):
			return files, w.skipped, append(w.errs, err)
		case err != nil:
			w.errs = append(w.errs, err)
		case f != nil:
			files = append(files, f)
		default:
			templates[e.chart]++
			if templates[e.chart] == 1 {
				w.skip(filepath.Join(e.chart, "templates"), ChartTemplate, "")
			}
		}
	}
	for i := range w.skipped {
		if s := &w.skipped[i]; s.Reason == ChartTemplate {
			chart := filepath.Dir(s.File)
			s.Message = fmt.Sprintf("it has %s of a chart; render the chart first: helm template %s",
				text.Count(templates[chart], "template"), chart)
		}
	}
	return files, w.skipped, w.errs
}

// readEntry reads a file of a directory. The file is nil if it is a template that is no manifest as it is.
func (r *Reader) readEntry(e entry) (*File, error) {
	file, err := os.Open(e.name)
	if err != nil {
		return nil, pathError(e.name, err)
	}
	defer func() { _ = file.Close() }()
	return r.read(e.name, file, placement{walked: true, chart: e.chart != "", template: e.template})
}

// visit is called for each file and directory. What cannot be read does not keep the others from being read.
func (w *walk) visit(name string, found fs.DirEntry, err error) error {
	typed := filepath.Join(w.root, filepath.FromSlash(name))
	switch {
	case err != nil:
		w.errs = append(w.errs, pathError(typed, err))
		return nil
	case found.IsDir():
		return w.visitDirectory(name, typed)
	}
	link := found.Type()&fs.ModeSymlink != 0
	if !link && !isManifest(name) {
		return nil
	}
	if w.exclude.match(name, typed) {
		w.skip(typed, Excluded, "it is excluded")
		return nil
	}
	return w.visitFile(name, typed, link)
}

// visitFile is called for a file, and for whatever a link leads to.
func (w *walk) visitFile(name, typed string, link bool) error {
	// The files of a mounted ConfigMap are links, so follow them.
	info, err := fs.Stat(w.files, name)
	switch {
	case err != nil && !isManifest(name):
	case err != nil && link:
		w.errs = append(w.errs, fmt.Errorf("%s: it is a link that leads to nothing that can be read: %w", typed, cause(err)))
	case err != nil:
		w.errs = append(w.errs, pathError(typed, err))
	case info.IsDir():
		if path.Base(name) != "..data" {
			w.skip(typed, LinkedDirectory, "it is a link to a directory; name it to have it read")
		}
	case !isManifest(name):
	case !info.Mode().IsRegular(): // a pipe must not be read: it may never end
		w.skip(typed, SpecialFile, "it is not a regular file")
	case len(w.entries) == MaxFiles:
		w.errs = append(w.errs, fmt.Errorf("%s: it has more than %d manifests, the limit; the others are not read", w.root, MaxFiles))
		return fs.SkipAll
	default:
		directory := path.Dir(name)
		e := entry{name: typed, chart: w.templates[directory], template: w.templates[directory] != ""}
		if !e.template {
			e.chart = w.charts[directory]
		}
		w.entries = append(w.entries, e)
	}
	return nil
}

func (w *walk) visitDirectory(name, typed string) error {
	base, above := path.Base(name), path.Dir(name)
	if name != "." {
		switch {
		case w.exclude.match(name, typed):
			w.skip(typed, Excluded, "it is excluded")
			return fs.SkipDir
		case base == ".git": // Git's own files
			return fs.SkipDir
		case w.mounted(name):
			w.skip(typed, LinkedDirectory, "it is a part of a mounted volume, whose files are read by the links to them; name it to have it read")
			return fs.SkipDir
		}
		w.inherit(w.charts, name, above)
		w.inherit(w.templates, name, above)
		if base == "templates" && w.charts[above] == filepath.Dir(typed) {
			w.templates[name] = w.charts[above]
		}
	}
	if _, err := fs.Stat(w.files, path.Join(name, "Chart.yaml")); err == nil {
		w.charts[name] = typed
	}
	return nil
}

// inherit enters a directory for what the one above belongs to.
func (w *walk) inherit(belongs map[string]string, name, above string) {
	if chart, ok := belongs[above]; ok {
		belongs[name] = chart
	}
}

// mounted reports whether a directory holds the files of a mounted ConfigMap or Secret. The kubelet links to it as ..data, and to
// its files by their names, which are read.
func (w *walk) mounted(name string) bool {
	base := path.Base(name)
	if !strings.HasPrefix(base, "..") {
		return false
	}
	target, err := fs.ReadLink(w.files, path.Join(path.Dir(name), "..data"))
	return err == nil && target == base
}

// skip notes what is left out. The list is bounded as that of manifests is.
func (w *walk) skip(typed string, reason SkipReason, message string) {
	switch {
	case len(w.skipped) < MaxFiles:
		w.skipped = append(w.skipped, Skipped{File: typed, Reason: reason, Message: message})
	case len(w.skipped) == MaxFiles:
		w.skipped = append(w.skipped, Skipped{File: w.root, Reason: reason, Message: "more is left out than can be listed"})
	}
}

func isManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	default:
		return false
	}
}

// pathError is an error about a path as the user wrote it.
func pathError(typed string, err error) error {
	if typed == "" {
		typed = `""`
	}
	return fmt.Errorf("%s: %w", typed, cause(err))
}

// cause returns the error of the operating system without the path.
func cause(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}
