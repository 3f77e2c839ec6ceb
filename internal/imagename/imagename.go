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

// Package imagename compares the names of images by what they mean: one registry can be spelled in several ways, and a
// name that go-containerregistry, and with it policy-controller, cannot read may be one that a container runtime can.
// It has no client, no clock and no network access.
package imagename

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// DockerHub is the registry of Docker Hub, as name.Reference spells it.
const DockerHub = name.DefaultRegistry

// DockerHubRegistry is the address that container runtimes pull the images of Docker Hub from. name.Reference takes it for
// another registry, and so does admission.
const DockerHubRegistry = "registry-1.docker.io"

// officialImages is the namespace of the images of Docker Hub whose names have one part.
const officialImages = "library"

// FoldHost returns the one spelling of a registry's host: without a trailing dot, which DNS ignores, without the port of
// https, in lower case, and DockerHub for each address of Docker Hub.
func FoldHost(host string) string {
	host = strings.ToLower(host)
	if at := strings.LastIndexByte(host, ':'); at >= 0 && strings.Trim(host[at+1:], "0123456789") == "" {
		port := strings.TrimLeft(host[at+1:], "0")
		if host = host[:at]; port != "" && port != "443" {
			return strings.TrimSuffix(host, ".") + ":" + port
		}
	}
	host = strings.TrimSuffix(host, ".")
	switch host {
	case "docker.io", DockerHubRegistry, "registry.hub.docker.com":
		return DockerHub
	default:
		return host
	}
}

// Fold returns the whole name of an image with the one spelling of its registry.
func Fold(ref name.Reference) string {
	delimiter := ":"
	if _, pinned := ref.(name.Digest); pinned {
		delimiter = "@"
	}
	host := FoldHost(ref.Context().RegistryStr())
	return host + "/" + official(host, ref.Context().RepositoryStr()) + delimiter + ref.Identifier()
}

// Official returns a repository of Docker Hub with the namespace of the official images, if it has none.
func Official(repository string) string {
	if strings.Contains(repository, "/") {
		return repository
	}
	return officialImages + "/" + repository
}

func official(host, repository string) string {
	if host == DockerHub {
		return Official(repository)
	}
	return repository
}

// Lenient returns the repositories that a text may name although name.ParseReference rejects it, with the one spelling of
// each registry: with and without what may be a scheme, a tag or a digest, and as names of Docker Hub and of another registry where the
// text leaves that open. The order is fixed.
func Lenient(written string) []string {
	text := strings.ToLower(strings.TrimSpace(written))
	if text == "" {
		return nil
	}
	withoutScheme := strings.TrimPrefix(text, cmp.Or(scheme.FindString(text), transport.FindString(text)))
	var repositories []string
	for _, repository := range append(withoutTags(text), withoutTags(withoutScheme)...) {
		for _, reading := range readings(repository) {
			if reading != "" && !slices.Contains(repositories, reading) {
				repositories = append(repositories, reading)
			}
		}
	}
	return repositories
}

// withoutTags returns a text with and without what may be a tag or a digest.
func withoutTags(text string) []string {
	withoutDigest, _, _ := strings.Cut(text, "@")
	return []string{text, withoutDigest, cutTag(withoutDigest, strings.LastIndexByte), cutTag(withoutDigest, strings.IndexByte)}
}

// cutTag cuts what follows a colon behind the last or the first slash.
func cutTag(text string, slash func(s string, c byte) int) string {
	start := slash(text, '/') + 1
	if at := strings.IndexByte(text[start:], ':'); at >= 0 {
		return text[:start+at]
	}
	return text
}

// readings of a text without a tag: as go-containerregistry reads it, and as containerd does, which takes more first parts
// for a registry.
func readings(repository string) []string {
	first, rest, parts := strings.Cut(repository, "/")
	switch {
	case !parts:
		return []string{DockerHub + "/" + Official(first)}
	case strings.ContainsAny(first, ".:"):
		host := FoldHost(first)
		return []string{host + "/" + official(host, rest)}
	default:
		return []string{DockerHub + "/" + repository, repository}
	}
}

// RegistryOfGlob returns the one spelling of the registry that a glob names; empty if it has a wildcard, or names none.
func RegistryOfGlob(pattern string) string {
	first, _, parts := strings.Cut(pattern, "/")
	if !parts || strings.Contains(first, "*") || !strings.ContainsAny(first, ".:") {
		return ""
	}
	return FoldHost(first)
}
