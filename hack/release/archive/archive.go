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

// Package archive writes archives whose content depends on nothing but the files in them.
package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// File is a file in an archive.
type File struct {
	// Name is its path in the archive, and Source the file that is read.
	Name, Source string
	// Executable is whether everybody may run it.
	Executable bool
}

func (f File) mode() os.FileMode {
	if f.Executable {
		return 0o755
	}
	return 0o644
}

// Write writes an archive: a zip file if its name ends in .zip, otherwise a compressed tar file. All files in it are of one time,
// and belong to root.
func Write(path string, modified time.Time, files ...File) (err error) {
	out, err := os.Create(path) //nolint:gosec // the path is the caller's
	if err != nil {
		return fmt.Errorf("writing an archive: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if strings.HasSuffix(path, ".zip") {
		return writeZip(out, modified, files)
	}
	compressed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := Tar(compressed, modified, files...); err != nil {
		return err
	}
	return compressed.Close()
}

// Tar writes a tar file, as Write does.
func Tar(out io.Writer, modified time.Time, files ...File) error {
	writer := tar.NewWriter(out)
	for _, file := range files {
		if err := addToTar(writer, modified, file); err != nil {
			return fmt.Errorf("adding %s: %w", file.Name, err)
		}
	}
	return writer.Close()
}

func addToTar(writer *tar.Writer, modified time.Time, file File) error {
	source, err := os.Open(file.Source)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{
		Typeflag: tar.TypeReg, Name: file.Name, Size: info.Size(), Mode: int64(file.mode()), ModTime: modified.UTC(), Format: tar.FormatPAX,
	}
	if err := writer.WriteHeader(header); err != nil {
		return err
	}
	_, err = io.Copy(writer, source)
	return err
}

func writeZip(out io.Writer, modified time.Time, files []File) error {
	writer := zip.NewWriter(out)
	for _, file := range files {
		if err := addToZip(writer, modified, file); err != nil {
			return fmt.Errorf("adding %s: %w", file.Name, err)
		}
	}
	return writer.Close()
}

func addToZip(writer *zip.Writer, modified time.Time, file File) error {
	source, err := os.Open(file.Source)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	header := &zip.FileHeader{Name: file.Name, Method: zip.Deflate, Modified: modified.UTC()}
	header.SetMode(file.mode())
	entry, err := writer.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(entry, source)
	return err
}
