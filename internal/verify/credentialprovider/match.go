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

package credentialprovider

import (
	"errors"
	"net"
	"net/url"
	"path"
	"strings"
)

// pattern is an entry of matchImages, or a key of a response: a host, whose parts may be globs, perhaps with a port and with the
// beginning of a path.
type pattern struct {
	parts []string
	port  string
	path  string
}

var errPattern = errors.New("it must be a registry, such as registry.example:5000/path; globs stand for parts of the host only")

// parsePattern parses a pattern without a scheme, or an image without a tag and a digest.
func parsePattern(written string) (pattern, error) {
	parsed, err := url.Parse("https://" + written)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return pattern{}, errPattern
	}
	host, port, err := net.SplitHostPort(parsed.Host)
	if err != nil {
		host, port = parsed.Host, ""
	}
	parts := strings.Split(host, ".")
	for _, part := range parts {
		if _, err := path.Match(part, ""); err != nil {
			return pattern{}, errPattern
		}
	}
	return pattern{parts: parts, port: port, path: parsed.Path}, nil
}

// matches reports whether a pattern matches an image. The rules are kubelet's, which its API documents (matchImages of
// kubelet.config.k8s.io/v1): the same number of parts of the host, each of which matches, the same port, and a path that is a
// prefix.
func (p pattern) matches(image pattern) bool {
	if p.port != image.port || len(p.parts) != len(image.parts) || !strings.HasPrefix(image.path, p.path) {
		return false
	}
	for i, part := range p.parts {
		if matched, err := path.Match(part, image.parts[i]); err != nil || !matched {
			return false
		}
	}
	return true
}
