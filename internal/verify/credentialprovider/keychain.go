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

// Package credentialprovider gets the credentials for registries from the exec credential providers that kubelet uses: programs
// that a file names (CredentialProviderConfig of kubelet.config.k8s.io/v1), and that answer on their standard output which
// credentials an image needs (credentialprovider.kubelet.k8s.io/v1). So registries of clouds need no Secret, and no SDK of a cloud
// is part of this program.
package credentialprovider

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"golang.org/x/sync/singleflight"

	"github.com/karmada-io/image-trust/internal/imagename"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/verify/registry"
)

// dockerHub is Docker Hub as providers know it.
const dockerHub = "docker.io"

const (
	// runTimeout bounds a run of a provider. kubelet waits for a minute, and for one pull; here others wait for the answer.
	runTimeout = 20 * time.Second
	// maxRuns bounds the programs that run at the same time, each of which has memory of its own.
	maxRuns = 4
	// maxProblems is the number of providers that a message names.
	maxProblems = 3
)

// Keychain is a source of credentials. It is safe for concurrent use. A provider is run once at a time for each registry.
type Keychain struct {
	providers []*provider
	cache     *cache
	flights   singleflight.Group
	turns     chan struct{} // as many as programs may run

	observe func(Run)
	timeout time.Duration
	now     func() time.Time
}

// Option of a Keychain.
type Option func(*Keychain)

// WithObserver sets a function that is called after each run of a provider. It must be safe for concurrent use.
func WithObserver(observe func(Run)) Option {
	return func(k *Keychain) { k.observe = observe }
}

// WithTimeout sets the timeout of a run, for tests.
func WithTimeout(timeout time.Duration) Option {
	return func(k *Keychain) { k.timeout = timeout }
}

// WithClock sets the clock for the durations for which credentials are cached, for tests.
func WithClock(now func() time.Time) Option {
	return func(k *Keychain) { k.now = now }
}

// New reads the configuration of providers in a file, whose programs are in a directory. The error names the file and the field.
func New(file, directory string, opts ...Option) (*Keychain, error) {
	providers, err := load(file, directory)
	if err != nil {
		return nil, err
	}
	k := &Keychain{
		providers: providers, cache: newCache(), turns: make(chan struct{}, maxRuns),
		observe: func(Run) {}, timeout: runTimeout, now: time.Now,
	}
	for _, opt := range opts {
		opt(k)
	}
	return k, nil
}

// imageName is an image without tag and digest, as providers get it.
type imageName struct{ registry, repository string }

func (n imageName) String() string { return n.registry + "/" + n.repository }

func nameOf(target authn.Resource) imageName {
	host := strings.ToLower(target.RegistryStr())
	if imagename.FoldHost(host) == imagename.DockerHub {
		host = dockerHub
	}
	return imageName{registry: host, repository: strings.TrimPrefix(target.String(), target.RegistryStr()+"/")}
}

// Resolve implements authn.Keychain.
func (k *Keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), target)
}

// ResolveContext implements authn.ContextKeychain. It runs no provider: credentials of clouds last for minutes or hours, so they are
// looked up for each request.
func (k *Keychain) ResolveContext(_ context.Context, target authn.Resource) (authn.Authenticator, error) {
	image := nameOf(target)
	parsed, err := parsePattern(image.String())
	if err != nil {
		return authn.Anonymous, nil //nolint:nilerr // no provider is for such a name
	}
	found := &credentials{keychain: k, image: image, parsed: parsed}
	for _, p := range k.providers {
		if slices.ContainsFunc(p.images, func(one pattern) bool { return one.matches(parsed) }) {
			found.providers = append(found.providers, p)
		}
	}
	if len(found.providers) == 0 {
		return authn.Anonymous, nil
	}
	return found, nil
}

// credentials are those that providers have for an image.
type credentials struct {
	keychain  *Keychain
	image     imageName
	parsed    pattern
	providers []*provider
}

// Authorization implements authn.Authenticator.
func (c *credentials) Authorization() (*authn.AuthConfig, error) {
	return c.AuthorizationContext(context.Background())
}

// AuthorizationContext implements authn.ContextAuthenticator. It returns the credentials of the first provider that has some, as
// they are cached or after it was run. The error is a *registry.UnreadableError that says which providers failed, if none has any.
func (c *credentials) AuthorizationContext(ctx context.Context) (*authn.AuthConfig, error) {
	var problems []string
	for _, p := range c.providers {
		got, err := c.keychain.answer(ctx, p, c.image)
		if err != nil {
			return nil, err
		}
		if got.problem != "" {
			problems = append(problems, p.sentence(got.problem))
		} else if found, ok := got.find(c.parsed); ok {
			return &authn.AuthConfig{Username: found.username, Password: found.password}, nil
		}
	}
	if len(problems) > 0 {
		return nil, &registry.UnreadableError{Message: text.List(problems, maxProblems)}
	}
	return &authn.AuthConfig{}, nil
}

// flight is an answer, and the image that the provider was asked about.
type flight struct {
	*answer
	image imageName
}

// answer returns the answer of a provider about an image. The error is that of the context.
func (k *Keychain) answer(ctx context.Context, p *provider, image imageName) (*answer, error) {
	for {
		if known := k.cache.get(p, image, k.now()); known != nil {
			return known, nil
		}
		// Whoever waits for an answer does so together with all others that ask the same provider about the same registry: only the
		// answer says for which images it holds. The context of one of them must not end it for the others.
		shared := context.WithoutCancel(ctx)
		running := k.flights.DoChan(p.name+"\x00"+image.registry, func() (any, error) {
			k.turns <- struct{}{}
			defer func() { <-k.turns }()
			// It may have been answered since, or have failed for all images.
			if known := k.cache.get(p, image, k.now()); known != nil {
				return flight{known, image}, nil
			}
			got := k.run(shared, p, image)
			k.cache.put(p, image, got)
			return flight{got, image}, nil
		})
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case result := <-running:
			if got, ok := result.Val.(flight); ok && got.covers(got.image, image) {
				return got.answer, nil
			}
		}
	}
}
