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
	"slices"
	"strings"
	"time"

	credentialv1 "k8s.io/kubelet/pkg/apis/credentialprovider/v1"

	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/imagename"
)

const (
	responseKind = "CredentialProviderResponse"
	requestKind  = "CredentialProviderRequest"

	// minCacheDuration is how long credentials are used at least: a verification sends several requests, as the pull of an image does
	// for which kubelet runs a provider once. maxCacheDuration bounds what a response may claim.
	minCacheDuration = time.Minute
	maxCacheDuration = 24 * time.Hour
)

// answer is what a provider answers for an image, or why it does not.
type answer struct {
	// scope is what the answer is for.
	scope credentialv1.PluginCacheKeyType
	// entries in the order in which they are tried.
	entries []entry
	// problem is the predicate of a sentence about the provider; empty if it has answered.
	problem string
	until   time.Time
}

// entry is a key of a response with its credentials.
type entry struct {
	pattern            pattern
	username, password string
}

var errResponse = errors.New("answers with something that is not a " + responseKind + " of " + credentialv1.SchemeGroupVersion.String())

// parseResponse parses the output of a provider. The error is the predicate of a sentence about the provider, without anything of
// the output, which may hold a secret.
func parseResponse(output []byte) (*credentialv1.CredentialProviderResponse, error) {
	response := &credentialv1.CredentialProviderResponse{}
	if err := bounds.Unmarshal(output, bounds.Document(), response); err != nil || response.Kind != responseKind {
		return nil, errResponse
	}
	if response.APIVersion != credentialv1.SchemeGroupVersion.String() {
		return nil, errResponse
	}
	switch response.CacheKeyType {
	case credentialv1.ImagePluginCacheKeyType, credentialv1.RegistryPluginCacheKeyType, credentialv1.GlobalPluginCacheKeyType:
		return response, nil
	default:
		return nil, errors.New("answers without a cacheKeyType of Image, Registry or Global")
	}
}

// newAnswer returns the answer that a response is. Keys that are no patterns are left out, as kubelet does.
func newAnswer(response *credentialv1.CredentialProviderResponse, defaultDuration time.Duration, now time.Time) *answer {
	duration := defaultDuration
	if response.CacheDuration != nil {
		duration = response.CacheDuration.Duration
	}
	made := &answer{
		scope: response.CacheKeyType,
		until: now.Add(min(max(duration, minCacheDuration), maxCacheDuration)),
	}
	keys := make([]string, 0, len(response.Auth))
	for key := range response.Auth {
		keys = append(keys, key)
	}
	// In reverse order: longer keys before shorter ones with the same prefix, and names before globs.
	slices.Sort(keys)
	slices.Reverse(keys)
	for _, key := range keys {
		if parsed, err := parsePattern(withoutScheme(key)); err == nil {
			auth := response.Auth[key]
			made.entries = append(made.entries, entry{pattern: parsed.folded(), username: auth.Username, password: auth.Password})
		}
	}
	return made
}

// withoutScheme returns a key of a response without the scheme and the version of the API that it may have, as in Docker
// configurations: https://registry.example/v2/path.
func withoutScheme(key string) string {
	key = strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	host, rest, _ := strings.Cut(key, "/")
	for _, version := range []string{"v1/", "v2/"} {
		if after, ok := strings.CutPrefix(rest+"/", version); ok {
			rest = strings.TrimSuffix(after, "/")
			break
		}
	}
	if rest == "" {
		return host
	}
	return host + "/" + rest
}

// folded returns a pattern with the one spelling of Docker Hub.
func (p pattern) folded() pattern {
	if p.port == "" && imagename.FoldHost(strings.Join(p.parts, ".")) == imagename.DockerHub {
		p.parts = strings.Split(dockerHub, ".")
	}
	return p
}

// find returns the credentials for an image.
func (a *answer) find(image pattern) (entry, bool) {
	for _, one := range a.entries {
		if one.pattern.matches(image) {
			return one, true
		}
	}
	return entry{}, false
}

// covers reports whether an answer about one image is also one about another.
func (a *answer) covers(asked, other imageName) bool {
	switch a.scope {
	case credentialv1.GlobalPluginCacheKeyType:
		return true
	case credentialv1.RegistryPluginCacheKeyType:
		return asked.registry == other.registry
	default:
		return asked == other
	}
}

// size of an answer, in bytes.
func (a *answer) size() int {
	size := len(a.problem)
	for _, one := range a.entries {
		size += entryBytes + len(one.username) + len(one.password) + len(one.pattern.path)
	}
	return size
}

// entryBytes is what an entry takes in addition to its texts.
const entryBytes = 256
