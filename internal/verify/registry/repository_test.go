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

package registry_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

func TestHasTags(t *testing.T) {
	s := newServer(t)
	client := registry.New(registry.WithLoopback())
	if has, err := client.HasTags(t.Context(), s.digest.Context()); err != nil || !has {
		t.Errorf("a repository with a tag: %t, %v", has, err)
	}
	other, err := name.NewRepository(s.host + "/karmada/other")
	if err != nil {
		t.Fatal(err)
	}
	if has, err := client.HasTags(t.Context(), other); err != nil || has {
		t.Errorf("a repository that does not exist: %t, %v", has, err)
	}
	for body, want := range map[string]bool{
		`{"name":"karmada/app","tags":["v1"]}`:                        true,
		`{"tags":["v1"` + strings.Repeat(`,"v1"`, 1<<20):              true, // no more than the first is read
		`{"other":{"tags":["v1"]},"tags":["v1"]}`:                     true,
		`{"name":"karmada/app","tags":[]}`:                            false,
		`{"name":"karmada/app","tags":null}`:                          false,
		`{"name":"karmada/app"}`:                                      false,
		`{"other":{"tags":["v1"]}}`:                                   false,
		`{"tags":[""]}`:                                               false,
		`{"tags":[1]}`:                                                false,
		`{"tags":{"v1":1}}`:                                           false,
		`["tags",["v1"]]`:                                             false,
		`{"name":"` + strings.Repeat("a", 1<<20) + `","tags":["v1"]}`: false, // later than is read
		`{"x":` + strings.Repeat("[", 10_000) + "}":                   false,
		`<html>tags</html>`:                                           false,
		``:                                                            false,
	} {
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/tags/list") {
				if r.URL.RawQuery != "n=1" {
					t.Errorf("query %q", r.URL.RawQuery)
				}
				_, _ = fmt.Fprint(w, body)
			}
		})
		if has, err := client.HasTags(t.Context(), s.digest.Context()); err != nil || has != want {
			t.Errorf("%.60s: got %t, %v; want %t", body, has, err, want)
		}
	}
	for status, unauthorized := range map[int]bool{401: true, 403: true, 500: false, 429: false} {
		s.answer(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/tags/list") {
				w.WriteHeader(status)
			}
		})
		has, err := registry.New(registry.WithLoopback()).HasTags(t.Context(), s.digest.Context())
		if has || err == nil && !unauthorized {
			t.Errorf("%d: got %t, %v", status, has, err)
		}
	}
}
