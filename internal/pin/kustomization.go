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

package pin

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// ErrNotEditable is returned for a kustomization.yaml whose images field cannot be edited safely.
var ErrNotEditable = errors.New("its images cannot be edited: write each field of each entry on a line of its own, without anchors")

// ErrTagSuffix is returned for an image whose tag gets a suffix.
var ErrTagSuffix = errors.New("versions of kustomize differ in how often they append a tagSuffix: write newTag instead")

// KustomizeFile pins the images of files, as kustomize builds them with a kustomization.yaml, in the images field of that file.
// The digest is added to the entry that is about an image, or an entry is added. Everything else in the file stays, which is
// checked. Errors have the name of a file.
func KustomizeFile(kustomization *manifests.File, files []*manifests.File, verify Verify) (*Kustomization, error) {
	document := max(0, slices.IndexFunc(kustomization.Documents(), func(value any) bool { return value != nil }))
	overrides := ReadOverrides(kustomization)
	k, entries, err := entriesFor(files, overrides, verify)
	if err != nil {
		return nil, err
	}
	for i := range k.Images {
		_, last := overrides.build(k.Images[i].Container.Image)
		if last >= 0 && overrides[last].suffixes() {
			return nil, fmt.Errorf("%s:%d: %w", kustomization.Name, overrides[last].Line, ErrTagSuffix)
		}
	}
	k.Content = kustomization.Content
	e := editor{file: kustomization, document: document, edits: map[int]edit{}}
	e.read()
	var added []entry
	for _, one := range entries {
		switch {
		case one.override < 0:
			added = append(added, one)
		case overrides[one.override].Digest != one.digest:
			e.set(overrides[one.override].at.Path, one.digest)
		}
	}
	e.add(added)
	if len(e.edits) == 0 && !e.failed {
		return k, nil
	}
	k.Content, k.Changed = apply(kustomization.Content, e.edits), true
	if e.failed || !e.faithful(k.Content) {
		return nil, fmt.Errorf("%s: %w", kustomization.Name, ErrNotEditable)
	}
	return k, nil
}

// editor edits the images field of a kustomization.yaml.
type editor struct {
	file     *manifests.File
	document int
	edits    map[int]edit
	// want is what the document is to be.
	want   map[string]any
	failed bool
}

func (e *editor) read() {
	e.want = map[string]any{}
	if documents := e.file.Documents(); e.document < len(documents) {
		fields, _ := documents[e.document].(map[string]any)
		e.want = runtime.DeepCopyJSON(fields)
	}
	if e.want == nil {
		e.want = map[string]any{}
	}
}

func (e *editor) span(path string) (start, end int, ok bool) {
	return e.file.Span(manifests.Address{Document: e.document, Path: path})
}

func (e *editor) insert(at int, text string) {
	if before, ok := e.edits[at]; ok {
		text = before.with + text
	}
	e.edits[at] = edit{from: at, to: at, with: text}
}

// set sets the digest of an entry.
func (e *editor) set(path, digest string) {
	images, _ := e.want["images"].([]any)
	fields := e.item(images, path)
	_, had := fields["digest"]
	keys := slices.Collect(maps.Keys(fields))
	if fields != nil {
		fields["digest"] = digest
	}
	if had {
		start, end, ok := e.span(path + ".digest")
		if !ok {
			e.failed = true
			return
		}
		e.edits[start] = edit{from: start, to: end, with: digest}
		return
	}
	start, end, ok := e.entry(path, keys)
	if !ok {
		e.failed = true
		return
	}
	if e.isFlow(start) {
		e.insert(end, ", digest: "+digest)
		return
	}
	e.insertLine(end, strings.Repeat(" ", e.column(start))+"digest: "+digest)
}

// item returns the entry at a path such as images[1].
func (e *editor) item(images []any, path string) map[string]any {
	number := strings.TrimSuffix(strings.TrimPrefix(path, "images["), "]")
	i, err := strconv.Atoi(number)
	if err != nil || i >= len(images) {
		return nil
	}
	fields, _ := images[i].(map[string]any)
	return fields
}

// entry returns where an entry with some fields begins, and the end of the last of them, including its quote.
func (e *editor) entry(path string, keys []string) (start, end int, ok bool) {
	start, _, ok = e.span(path)
	for _, key := range keys {
		from, to, found := e.span(path + "." + key)
		if !found || to == from {
			return 0, 0, false
		}
		if content := e.file.Content; content[from-1] == '"' || content[from-1] == '\'' {
			to++
		}
		end = max(end, to)
	}
	return start, end, ok && end > 0
}

func (e *editor) isFlow(at int) bool {
	return at < len(e.file.Content) && (e.file.Content[at] == '{' || e.file.Content[at] == '[')
}

// column of an offset, counted from 0 in bytes.
func (e *editor) column(at int) int { return at - (bytes.LastIndexByte(e.file.Content[:at], '\n') + 1) }

// insertLine inserts lines behind that of an offset.
func (e *editor) insertLine(at int, lines string) {
	ends, breaks := len(e.file.Content), "\n"
	if next := bytes.IndexByte(e.file.Content[at:], '\n'); next >= 0 {
		ends = at + next
	}
	if ends > 0 && e.file.Content[ends-1] == '\r' {
		ends--
		breaks = "\r\n"
	}
	e.insert(ends, breaks+strings.ReplaceAll(lines, "\n", breaks))
}

// add adds entries at the end of the list.
func (e *editor) add(entries []entry) {
	if len(entries) == 0 {
		return
	}
	images, isList := e.want["images"].([]any)
	value, named := e.want["images"]
	for _, one := range entries {
		fields := map[string]any{}
		for _, field := range one.fields() {
			fields[field[0]] = field[1]
		}
		images = append(images, fields)
	}
	before := len(images) - len(entries)
	e.want["images"] = images
	start, _, _ := e.span("images")
	switch {
	case !named:
		e.addField(entries)
	case !isList || value == nil:
		e.failed = true
	case e.isFlow(start):
		e.addToFlow(entries, before, start)
	default:
		path := fmt.Sprintf("images[%d]", before-1)
		last := e.item(images, path)
		keys := slices.Collect(maps.Keys(last))
		if _, set := e.original(before - 1)["digest"]; !set {
			keys = slices.DeleteFunc(keys, func(key string) bool { return key == "digest" })
		}
		_, end, ok := e.entry(path, keys)
		if !ok {
			e.failed = true
			return
		}
		e.insertLine(end, strings.TrimSuffix(string(render(entries, strings.Repeat(" ", e.column(start)))), "\n"))
	}
}

// original returns an entry as it is in the file.
func (e *editor) original(i int) map[string]any {
	fields, _ := e.file.Documents()[e.document].(map[string]any)
	images, _ := fields["images"].([]any)
	entry, _ := images[i].(map[string]any)
	return entry
}

// addField adds the images field at the end of the file.
func (e *editor) addField(entries []entry) {
	content, breaks := e.file.Content, "\n"
	if bytes.Contains(content, []byte("\r\n")) {
		breaks = "\r\n"
	}
	text := strings.ReplaceAll("images:\n"+string(render(entries, "")), "\n", breaks)
	if len(content) > 0 && !bytes.HasSuffix(content, []byte("\n")) {
		text = breaks + text
	}
	e.insert(len(content), text)
}

// addToFlow adds entries to a list in brackets.
func (e *editor) addToFlow(entries []entry, before, start int) {
	items := make([]string, 0, len(entries))
	for _, one := range entries {
		fields := make([]string, 0, len(one.fields()))
		for _, field := range one.fields() {
			fields = append(fields, field[0]+": "+strconv.Quote(field[1]))
		}
		items = append(items, "{"+strings.Join(fields, ", ")+"}")
	}
	text := strings.Join(items, ", ")
	if before == 0 {
		e.insert(start+1, text)
		return
	}
	path := fmt.Sprintf("images[%d]", before-1)
	_, end, ok := e.entry(path, slices.Collect(maps.Keys(e.original(before-1))))
	closing := bytes.IndexByte(e.file.Content[end:], '}')
	if !ok || closing < 0 {
		e.failed = true
		return
	}
	e.insert(end+closing+1, ", "+text)
}

// faithful reads the new content, and reports whether it is what it is to be.
func (e *editor) faithful(content []byte) bool {
	after, err := manifests.ReadJoined(e.file.Name, content)
	if err != nil {
		return false
	}
	want := slices.Clone(e.file.Documents())
	if e.document >= len(want) {
		want = []any{nil}
	}
	want[e.document] = e.want
	return reflect.DeepEqual(after.Documents(), want)
}
