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

package imagename

import (
	"strings"
	"testing"
)

func TestTagNextToDigest(t *testing.T) {
	digest := "@sha256:" + strings.Repeat("a", 64)
	for written, want := range map[string]string{
		"nginx:1" + digest:                           "index.docker.io/library/nginx:1",
		"localhost:5000/xx:v1" + digest:              "localhost:5000/xx:v1",
		"localhost:5000/xx" + digest:                 "",
		"nginx" + digest:                             "",
		"nginx:1":                                    "",
		"nginx":                                      "",
		"ghcr.io/x/y:" + digest:                      "",
		"ghcr.io/x/y:${TAG}" + digest:                "",
		"ghcr.io/x/y:v1@sha256:" + "not-hexadecimal": "ghcr.io/x/y:v1",
	} {
		tag, ok := TagNextToDigest(written)
		got := ""
		if ok {
			got = tag.Name()
		}
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q and %v, want %q", written, got, ok, want)
		}
	}
}
