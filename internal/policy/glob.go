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

package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/internal/imageglob"
	"github.com/karmada-io/image-trust/internal/imagename"
)

// dockerHub is the registry of Docker Hub as name.Reference spells it. Admission compares globs with that spelling.
const dockerHub = imagename.DockerHub

var (
	globGrammar = regexp.MustCompile(`^[a-zA-Z0-9-_:/*.@]+$`)
	tagScoped   = regexp.MustCompile(`(^|/)[^/@]*:[^/]*$`)
	upperCase   = regexp.MustCompile(`^[^/.:]*[A-Z][^/.:]*(/|$)|/.*[A-Z]`)
	byDigest    = regexp.MustCompile(`^[^@]+@(\*|sha256:[0-9a-f]{64})$`)
	hostOnly    = regexp.MustCompile(`^(localhost|[*]*[^/*@:]*[.][^/*@:]*)(:[0-9]+)?(@.*)?$`)
	withScheme  = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9.-]*://`)
	wrongPort   = regexp.MustCompile(`^[^/@:]*:([^/@]*[^/@0-9*][^/@]*)/`)
	maybePort   = regexp.MustCompile(`^[a-z0-9-]+:[0-9]+$`)
)

// checkGlob repeats the validation of v1alpha1.ImageGlob. It rejects globs that could never match at admission; the error
// says what to write instead.
func checkGlob(pattern string) error {
	switch {
	case !globGrammar.MatchString(pattern):
		return fmt.Errorf(`must consist of letters, digits and - _ : / * . @ only; "*" matches any characters except "/",` +
			` and "**" matches any characters`)
	case withScheme.MatchString(pattern):
		return fmt.Errorf("must not begin with a scheme; remove %q", withScheme.FindString(pattern))
	case strings.HasPrefix(pattern, "/"), strings.Contains(pattern, "//"):
		return fmt.Errorf("must be an image name without empty parts between slashes, for example docker.io/karmada/*")
	case strings.HasSuffix(pattern, "/"):
		return fmt.Errorf(`must not end with "/"; write "%s**" to match every repository below it`, pattern)
	case wrongPort.MatchString(pattern):
		return fmt.Errorf(`must have a number behind the ":" of the registry, which is its port, and not %q`,
			wrongPort.FindStringSubmatch(pattern)[1])
	case tagScoped.MatchString(pattern) && !hostOnly.MatchString(pattern):
		return checkTag(pattern)
	case strings.Contains(pattern, "@") && !byDigest.MatchString(pattern):
		return fmt.Errorf(`must have a digest after "@"; write @sha256:DIGEST to match one digest, or remove "@" and what follows it` +
			` to match all digests`)
	case upperCase.MatchString(pattern):
		return fmt.Errorf("must be lower case, as image names are; write %q", strings.ToLower(pattern))
	case hostOnly.MatchString(pattern):
		host, _, _ := strings.Cut(pattern, "@")
		return fmt.Errorf("names a registry without a repository; write %q to match every repository in it", host+"/**")
	case missesDockerHub(pattern):
		return fmt.Errorf("begins like Docker Hub and cannot match it, because admission compares globs with index.docker.io;" +
			" write docker.io/ for Docker Hub, or the whole name of another registry")
	}
	return nil
}

// checkTag returns the error about a glob that has a tag.
func checkTag(pattern string) error {
	_, tag, _ := strings.Cut(pattern[strings.LastIndex(pattern, "/")+1:], ":")
	if tag, _, hasDigest := strings.Cut(tag, "@"); hasDigest {
		return fmt.Errorf("must not contain a tag beside a digest; remove %q", ":"+tag)
	}
	registry := ""
	if maybePort.MatchString(pattern) {
		registry = fmt.Sprintf("; if it is a registry, write %q", pattern+"/**")
	}
	return fmt.Errorf("must not contain a tag, because policy-controller compares globs with digests only; remove %q and limit"+
		` the versions in identityRegexp instead, for example with @refs/tags/v1\.16\.[0-9]+$%s`, ":"+tag, registry)
}

// missesDockerHub reports whether the registry in a glob has a wildcard with which it matches docker.io, or another host of
// Docker Hub, but not index.docker.io, which is what admission makes of docker.io.
func missesDockerHub(pattern string) bool {
	pattern, _, _ = strings.Cut(strings.ToLower(pattern), "@")
	host, rest, _ := strings.Cut(pattern, "/")
	isRegistry := strings.Contains(host, "**") || strings.ContainsAny(host, ".:") || strings.Contains(rest, "/")
	if !strings.Contains(host, "*") || !isRegistry {
		return false
	}
	return (hostMatches(host, "docker.io") || strings.HasSuffix(host, "docker.io")) && !hostMatches(host, dockerHub)
}

// hostMatches reports whether the registry of a glob matches a host.
func hostMatches(pattern, host string) bool {
	if pattern == "*" {
		return true // Compile takes it for all official images of Docker Hub
	}
	glob, err := imageglob.Compile(pattern)
	return err == nil && glob.Match(host)
}

// normaliseGlob returns the globs of a ClusterImagePolicy for a user's glob. They match NAME@sha256:DIGEST, which is what
// admission compares them with: of Docker Hub's short names, pkg/apis/glob.Match of policy-controller expands only "*"
// and "*/*".
func normaliseGlob(pattern string) []string {
	repository, selector, hasSelector := strings.Cut(pattern, "@")
	var out []string
	for _, r := range qualify(repository) {
		switch {
		case hasSelector && selector != "*":
			out = append(out, r+"@"+selector)
		case hasSelector, !strings.HasSuffix(r, "*"):
			// Without a wildcard at its end the glob would have to match the digest too. The second glob of
			// the pair does not match at admission; it is for tools that compare tags.
			out = append(out, r+"@*", r+":*")
		default:
			out = append(out, r)
		}
	}
	return out
}

// qualify adds the registry to a glob's repository, as name.NewRepository does for names. Admission compares the spelling of a
// registry as it is, so there is a glob for each spelling that a trust is rendered for: the one that the user wrote, the one
// that all are folded to, and both of Docker Hub.
func qualify(repository string) []string {
	first, rest, hasRest := strings.Cut(repository, "/")
	switch {
	case strings.Contains(first, "**"):
		// The wildcard may include the registry.
		return []string{repository}
	case !hasRest:
		return inDockerHub(imagename.Official(first))
	case strings.ContainsAny(first, ".:"):
		return inRegistry(first, rest)
	case strings.Contains(first, "*") && strings.Contains(rest, "/"):
		// Three parts with a wildcard in front: any registry.
		return inRegistry(first, rest)
	default:
		return inDockerHub(repository)
	}
}

// inRegistry returns the globs of a repository in a registry that the user wrote.
func inRegistry(host, repository string) []string {
	folded := imagename.FoldHost(host)
	if folded != dockerHub {
		globs := []string{host + "/" + repository, folded + "/" + repository}
		if hostMatches(folded, dockerHub) && !hostMatches(folded, imagename.DockerHubRegistry) {
			globs = append(globs, imagename.DockerHubRegistry+"/"+repository)
		}
		return distinct(globs)
	}
	globs := inDockerHub(library(repository))
	if host != "docker.io" { // name.Reference replaces this one
		globs = append(globs, host+"/"+library(repository))
	}
	return distinct(globs)
}

// inDockerHub returns the globs of a repository of Docker Hub: as name.Reference spells its registry, and by the address that
// container runtimes pull from, which admission takes for another registry.
func inDockerHub(repository string) []string {
	return []string{dockerHub + "/" + repository, imagename.DockerHubRegistry + "/" + repository}
}

// library adds the namespace of Docker Hub's official images to a one-part name.
func library(repository string) string {
	if strings.Contains(repository, "**") {
		return repository
	}
	return imagename.Official(repository)
}

// distinct returns a list without duplicates, in its order.
func distinct(all []string) []string {
	var out []string
	for _, one := range all {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}
