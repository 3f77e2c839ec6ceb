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

package registry

import (
	"bytes"
	"errors"
	"io"
)

// firstRead is how much memory is taken before it is known that there is more, in bytes.
const firstRead = 32 << 10

// readAll reads to the end. Unlike io.ReadAll it takes memory twice at most: for a beginning, and for the expected size in
// bytes, so that a large content leaves nothing for the garbage collector. There may be less than expected, or more.
func readAll(r io.Reader, expected int64) ([]byte, error) {
	content := make([]byte, 0, min(expected, firstRead)+1)
	for {
		if len(content) == cap(content) {
			larger := make([]byte, len(content), len(content)+max(int(expected)+1-len(content), len(content), firstRead))
			copy(larger, content)
			content = larger
		}
		n, err := r.Read(content[len(content):cap(content)])
		content = content[:len(content)+n]
		switch {
		case errors.Is(err, io.EOF):
			return fitting(content), nil
		case err != nil:
			return content, err
		}
	}
}

// fitting returns the content without much more memory than it needs: the caches keep it, and count its length.
func fitting(content []byte) []byte {
	if cap(content) <= 2*len(content) {
		return content
	}
	return bytes.Clone(content)
}
