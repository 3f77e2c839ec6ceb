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

package labtest

import (
	"net/http"
	"strings"
	"sync"
)

// Middleware wraps the handler of a registry, or of a part of it.
type Middleware func(http.Handler) http.Handler

// middlewares are the middlewares that are in place, by repository and by the host of the registry.
type middlewares struct{ byRepository, byHost sync.Map }

func (m *middlewares) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ofHost, _ := m.byHost.Load(r.Host)
		if middleware, isMiddleware := ofHost.(Middleware); isMiddleware {
			middleware(next).ServeHTTP(w, r)
			return
		}
		path := strings.TrimPrefix(r.URL.Path, "/v2/")
		for _, separator := range []string{"/manifests/", "/blobs/"} {
			repository, _, ok := strings.Cut(path, separator)
			found, _ := m.byRepository.Load(repository)
			if middleware, isMiddleware := found.(Middleware); ok && isMiddleware {
				middleware(next).ServeHTTP(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// RequireBasicAuth returns a middleware that rejects requests without a user's name and password.
func RequireBasicAuth(user, password string) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if gotUser, gotPassword, _ := r.BasicAuth(); gotUser != user || gotPassword != password {
				w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
