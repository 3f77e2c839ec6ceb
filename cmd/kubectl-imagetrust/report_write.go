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
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/karmada-io/image-trust/internal/report"
	"github.com/karmada-io/image-trust/internal/text"
)

// write writes a report in the format that was asked for, to a file if one is named.
func (o *reportOptions) write(s streams, r *report.Report) error {
	if o.file == "" {
		return o.print(s.Out, r)
	}
	var b bytes.Buffer
	if err := o.print(newOutput(&b), r); err != nil {
		return err
	}
	if err := writeFile(o.file, b.Bytes()); err != nil {
		return usageErrorf("--output-file: %w", err)
	}
	return s.ErrOut.print(text.Sprintf("wrote %s\n", o.file))
}

func (o *reportOptions) print(to *output, r *report.Report) error {
	var b bytes.Buffer
	switch o.output.format {
	case formatHTML:
		if err := r.WriteHTML(&b); err != nil {
			return err
		}
	case formatMarkdown:
		r.WriteMarkdown(&b)
	case formatCSV:
		if err := r.WriteCSV(&b, o.table); err != nil {
			return err
		}
	default:
		return o.output.print(to, r, nil)
	}
	return to.foreign(b.Bytes()) // no line of it is a command to a CI system
}

// writeFile replaces a file as a whole. Only its owner may read a new one: a report says what is weak.
func writeFile(path string, content []byte) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.Write(content)
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(file.Name(), path)
}
