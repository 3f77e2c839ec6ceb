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
	"strings"
	"testing"
	"testing/iotest"

	"github.com/karmada-io/image-trust/test/memory"
)

func TestReadAll(t *testing.T) {
	for _, size := range []int{0, 1, firstRead, firstRead + 1, firstRead + 2, 1 << 20} {
		for _, expected := range []int64{0, 1, firstRead, int64(size), 2 << 20} {
			want := bytes.Repeat([]byte("x"), size)
			got, err := readAll(iotest.HalfReader(bytes.NewReader(want)), expected)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes, %d expected: got %d, %v", size, expected, len(got), err)
			}
			const least = 32 // what small contents take is decided by Go
			if cap(got) > 2*max(size, least) {
				t.Errorf("%d bytes, %d expected: what is kept takes %d", size, expected, cap(got))
			}
		}
	}
	broken := errors.New("broken")
	if got, err := readAll(iotest.ErrReader(broken), 1); !errors.Is(err, broken) || len(got) > 0 {
		t.Errorf("got %q, %v", got, err)
	}
	text := strings.NewReader(strings.Repeat("x", 8<<20))
	if took := memory.Allocated(func() { _, _ = readAll(text, 8<<20) }); took > 9<<20 {
		t.Errorf("reading 8 MiB took %d bytes", took)
	}
}
