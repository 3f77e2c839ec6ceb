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
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// TestMemo: what a registry answered is not asked for again with the same Memo, whether it was found or is absent, and however many
// ask; failures and large answers are, and so is everything with another Memo.
func TestMemo(t *testing.T) {
	const manifestType = "application/vnd.oci.image.manifest.v1+json"
	var mu sync.Mutex
	status, content, contentType := http.StatusOK, "{}", manifestType
	asked := 0
	web := newInternet(t)
	web.answer(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path == "/v2/" {
			return
		}
		asked++
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		if r.Method == http.MethodGet {
			_, _ = fmt.Fprint(w, content)
		}
	})
	tag := tagOf(t, ownHost)
	image := tag.Context().Digest("sha256:" + strings.Repeat("a", 64))
	readTag := func(c *registry.Client, m *registry.Memo, repository name.Repository) error {
		_, err := c.Manifest(registry.WithMemo(t.Context(), m), repository.Tag("v1"))
		return err
	}
	repositories := 0
	for what, tc := range map[string]struct {
		status               int
		content, contentType string
		read                 func(c *registry.Client, m *registry.Memo, repository name.Repository) error
		once                 bool
	}{
		"a manifest":       {200, "{}", manifestType, readTag, true},
		"no manifest":      {404, "", "", readTag, true},
		"a large manifest": {200, strings.Repeat(" ", 20<<10), manifestType, readTag, false},
		"a failure":        {503, "", "", readTag, false},
		"a refusal":        {403, "", "", readTag, false},
		"referrers": {200, `{"schemaVersion":2,"manifests":[]}`, "application/vnd.oci.image.index.v1+json",
			func(c *registry.Client, m *registry.Memo, repository name.Repository) error {
				_, err := c.Referrers(registry.WithMemo(t.Context(), m), repository.Digest(image.DigestStr()))
				return err
			}, true},
		"tags": {200, `{"tags":["v1"]}`, "application/json",
			func(c *registry.Client, m *registry.Memo, repository name.Repository) error {
				has, err := c.HasTags(registry.WithMemo(t.Context(), m), repository)
				if err == nil && !has {
					t.Error("a repository has lost its tags")
				}
				return err
			}, true},
	} {
		mu.Lock()
		status, content, contentType = tc.status, tc.content, tc.contentType
		mu.Unlock()
		repositories++
		c, m, repository := web.client(), registry.NewMemo(), tag.Context().Registry.Repo("karmada", fmt.Sprint("app-", repositories))
		rounds := func(m *registry.Memo) int {
			before := asked
			first := tc.read(c, m, repository)
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					if err := tc.read(c, m, repository); fmt.Sprint(err) != fmt.Sprint(first) {
						t.Errorf("%s: %v, and %v at first", what, err, first)
					}
				})
			}
			all.Wait()
			return asked - before
		}
		if first, second := rounds(m), rounds(m); first < 1 || first == 1 && second != 0 || (first == 1) != tc.once {
			t.Errorf("%s: %d requests, and then %d; want one: %t", what, first, second, tc.once)
		}
		if again := rounds(registry.NewMemo()); again == 0 {
			t.Errorf("%s: another memo has the answer", what)
		}
	}
}
