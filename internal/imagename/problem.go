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
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
)

const (
	repositoryChars = "abcdefghijklmnopqrstuvwxyz0123456789_-./"
	tagChars        = "abcdefghijklmnopqrstuvwxyz0123456789_-.ABCDEFGHIJKLMNOPQRSTUVWXYZ"

	// The limits of go-containerregistry, in characters.
	minRepository = 2
	maxRepository = 255
	maxTag        = 128
	// maxHost is the limit of a host with its port: 253 characters of DNS, a colon and five digits.
	maxHost = 259

	hexDigits = "0123456789abcdef"
	sha256Len = 64
)

var (
	// scheme of an address (RFC 3986, section 3.1).
	scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://+`)
	// transport is how skopeo, podman and buildah write where an image is, without slashes.
	transport = regexp.MustCompile(
		`^(?:docker-archive|docker-daemon|docker|oci|oci-archive|oci-layout|containers-storage|containerd|ostree|sif|tarball|dir):/*`)
	// host of a registry: a name or an IPv4 address, or an IPv6 address in brackets, with or without a port.
	host    = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)
	slashes = regexp.MustCompile(`/+`)
	// bareDigest is a digest that go-containerregistry reads as the tag of a repository "sha256".
	bareDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// checkParsed returns what is wrong with a text that go-containerregistry has parsed as a reference although it names no host, or
// no image on it; empty if nothing is.
func checkParsed(written string, ref name.Reference) string {
	registry, repository := ref.Context().RegistryStr(), ref.Context().RepositoryStr()
	switch {
	case bareDigest.MatchString(written):
		return "it is a digest without a repository; write REPOSITORY@sha256:DIGEST"
	case !host.MatchString(registry) || len(registry) > maxHost:
		return registryProblem(written, registry)
	case strings.HasPrefix(repository, "/"), strings.HasSuffix(repository, "/"), strings.Contains(repository, "//"):
		return "it has a slash too many" + instead(slashes.ReplaceAllString(strings.Trim(written, "/"), "/"))
	default:
		return ""
	}
}

// problem returns what is wrong with a text that is no image reference; empty if that is not known.
func problem(written string) string {
	if written == "" {
		return "it is empty"
	}
	if trimmed := strings.TrimSpace(written); trimmed != written {
		if trimmed == "" {
			return "it is blank"
		}
		return "it has a blank at its beginning or end" + instead(trimmed)
	}
	if found := scheme.FindString(written); found != "" {
		return schemeProblem(written, found)
	}
	if strings.ContainsFunc(written, unicode.IsSpace) {
		return "it has a blank in it"
	}
	if first := written[0]; strings.IndexByte("\"'`", first) >= 0 {
		return "it has quotation marks in it" + instead(strings.Trim(written, "\"'`"))
	}
	base, digest, pinned := strings.Cut(written, "@")
	if pinned {
		if found := digestProblem(base, digest); found != "" {
			return found
		}
	}
	return nameProblem(base, digest)
}

func schemeProblem(written, found string) string {
	rest := strings.TrimLeft(written[len(found):], "/")
	clause := "write it without " + shorten(found)
	if valid(rest) {
		clause += ": " + quote(rest)
	}
	return clause
}

// digestProblem returns what is wrong with what follows an @.
func digestProblem(base, digest string) string {
	algorithm, encoded, ok := strings.Cut(digest, ":")
	switch {
	case base == "":
		return "there is no repository before the @"
	case strings.Contains(digest, "@"):
		return "it has more than one @"
	case digest == "":
		return "there is no digest behind the @" + instead(base)
	case !ok && instead(base+":"+digest) != "":
		return "behind the @ must be a digest; a tag follows a colon" + instead(base+":"+digest)
	case !ok || algorithm == "":
		return "behind the @ must be a digest such as sha256:… with 64 hexadecimal digits"
	case algorithm != "sha256":
		return fmt.Sprintf("its digest is %s, and admission takes only sha256", shorten(algorithm))
	case len(encoded) != sha256Len:
		return fmt.Sprintf("its digest has %d characters behind sha256:, and must have %d", len(encoded), sha256Len)
	case strings.Trim(strings.ToLower(encoded), hexDigits) != "":
		return "its digest must have hexadecimal digits only: 0 to 9 and a to f"
	case strings.Trim(encoded, hexDigits) != "":
		return "its digest must be in lower case" + instead(base+"@"+strings.ToLower(digest))
	default:
		return ""
	}
}

// nameProblem returns what is wrong with a repository and the tag behind it. The digest, if there is one, is valid.
func nameProblem(base, digest string) string {
	behind := ""
	if digest != "" {
		behind = "@" + digest
	}
	slash := strings.LastIndexByte(base, '/')
	repository, tag, tagged := strings.Cut(base[slash+1:], ":")
	repository = base[:slash+1] + repository
	if found := transport.FindString(base); found != "" && !valid(base) {
		return schemeProblem(base+behind, found)
	}
	if tagged {
		if found := tagProblem(repository, tag, behind); found != "" {
			return found
		}
	}
	return repositoryProblem(repository, base[len(repository):]+behind)
}

// tagProblem returns what is wrong with a tag. Behind it is a digest, or nothing.
func tagProblem(repository, tag, behind string) string {
	switch {
	case tag == "" && behind != "":
		return "there is no tag between the colon and the @" + instead(repository+behind)
	case tag == "":
		return "there is no tag behind the colon" + instead(repository)
	case strings.Contains(tag, ":"):
		return "it has more than one tag, or a colon too many"
	case utf8.RuneCountInString(tag) > maxTag:
		return fmt.Sprintf("its tag is longer than %d characters", maxTag)
	case strings.Contains(tag, "+"):
		clause := "a tag cannot have +, and registries have _ instead"
		return clause + instead(repository+":"+strings.ReplaceAll(tag, "+", "_")+behind)
	}
	if other := firstOther(tag, tagChars); other != "" {
		return "a tag cannot have " + other + ": it has letters, digits, and the characters . _ and -"
	}
	return ""
}

// repositoryProblem returns what is wrong with a repository. Behind it is its tag or its digest, or nothing.
func repositoryProblem(written, behind string) string {
	registry, repository := "", written
	if first, rest, ok := strings.Cut(written, "/"); ok && strings.ContainsAny(first, ".:") {
		registry, repository = first, rest
	}
	if registry != "" && !host.MatchString(registry) || len(registry) > maxHost {
		return registryProblem(written, registry)
	}
	lower := strings.ToLower(repository)
	before := strings.TrimSuffix(written, repository)
	switch {
	case repository == "":
		return "there is no repository"
	case strings.Contains(repository, ":"):
		return "a tag must be at its end, behind the last slash"
	case firstOther(repository, repositoryChars) != "" && firstOther(lower, repositoryChars) == "":
		return "a repository must be in lower case" + instead(before+lower+behind)
	case utf8.RuneCountInString(repository) < minRepository:
		return fmt.Sprintf("the name of its repository has one character, and admission takes no name with fewer than %d", minRepository)
	case utf8.RuneCountInString(repository) > maxRepository:
		return fmt.Sprintf("its repository is longer than %d characters", maxRepository)
	}
	if other := firstOther(repository, repositoryChars); other != "" {
		return "a repository cannot have " + other + ": it has small letters, digits, and the characters . _ - and /"
	}
	return ""
}

// registryProblem returns what is wrong with the name of a registry.
func registryProblem(written, registry string) string {
	if found := scheme.FindString(written); found != "" {
		return schemeProblem(written, found)
	}
	if found := transport.FindString(written); found != "" {
		return schemeProblem(written, found)
	}
	if strings.HasSuffix(registry, ":") {
		return "there is no port behind the colon of its registry"
	}
	if len(registry) > maxHost {
		return fmt.Sprintf("its registry is longer than %d characters", maxHost)
	}
	at := strings.LastIndexByte(registry, ':')
	if at > 0 && host.MatchString(registry[:at]) {
		return fmt.Sprintf("the port of its registry, %s, is not a number of at most five digits", quote(registry[at+1:]))
	}
	return fmt.Sprintf("%s is not the name of a registry's host", quote(registry))
}

// firstOther names the first character that is not one of those that are allowed; empty if there is none.
func firstOther(text, allowed string) string {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return "bytes that are not UTF-8"
			}
		}
		if strings.ContainsRune(allowed, r) {
			continue
		}
		switch {
		case !unicode.IsPrint(r):
			return fmt.Sprintf("the character %U", r)
		case r > unicode.MaxASCII:
			return fmt.Sprintf("%c (%U), which is not ASCII", r, r)
		}
		return string(r)
	}
	return ""
}
