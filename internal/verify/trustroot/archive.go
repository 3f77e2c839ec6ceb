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

package trustroot

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"
)

const (
	// maxArchive bounds an unpacked TUF repository, in bytes, and maxFiles the number of its files. An object in the cluster has
	// at most 1.5 MiB.
	maxArchive = 16 << 20
	maxFiles   = 1000
	// archivePrefix is the directory of the repository in the archive (policy-controller v0.14, pkg/apis/policy/v1alpha1,
	// DefaultTUFRepoPrefix); it is optional.
	archivePrefix = "repository/"
	// archiveURL is the URL of the archive for go-tuf. No request is sent to it.
	archiveURL = "https://archive.invalid"
)

// archive is a TUF repository in memory: its files by path.
type archive map[string][]byte

// openArchive unpacks a tar file that is compressed with gzip.
func openArchive(packed []byte) (archive, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: spec.repository.mirrorFS is not a compressed archive (tar, gzip)", ErrInvalid)
	}
	// One more byte than allowed, to detect archives that are too large.
	files, limited := archive{}, &io.LimitedReader{R: unzipped, N: maxArchive + 1}
	for reader := tar.NewReader(limited); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		var content []byte
		if err == nil && header.Typeflag == tar.TypeReg {
			content, err = io.ReadAll(reader)
		}
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("%w: spec.repository.mirrorFS has more than %d MiB", ErrInvalid, maxArchive>>20)
		case err != nil:
			return nil, fmt.Errorf("%w: spec.repository.mirrorFS is an incomplete archive (tar, gzip)", ErrInvalid)
		case header.Typeflag != tar.TypeReg:
			continue
		case len(files) == maxFiles:
			return nil, fmt.Errorf("%w: spec.repository.mirrorFS has more than %d files", ErrInvalid, maxFiles)
		}
		// Cleaning an absolute path removes every leading "..".
		name := strings.TrimPrefix(path.Clean("/"+header.Name), "/")
		files[strings.TrimPrefix(name, archivePrefix)] = content
	}
}

// DownloadFile returns a file of the archive. It implements the fetcher of go-tuf.
func (a archive) DownloadFile(url string, limit int64, _ time.Duration) ([]byte, error) {
	content, ok := a[strings.TrimPrefix(strings.TrimPrefix(url, archiveURL), "/")]
	switch {
	case !ok:
		return nil, &metadata.ErrDownloadHTTP{StatusCode: http.StatusNotFound, URL: url}
	case int64(len(content)) > limit:
		return nil, &metadata.ErrDownloadLengthMismatch{Msg: "a file in the archive is larger than its metadata says"}
	}
	return content, nil
}
