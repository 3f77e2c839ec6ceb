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

package requests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	ggcrregistry "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/images"
	labregistry "github.com/karmada-io/image-trust/test/lab/registry"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// The hosts of the registries, which the proxy answers for. CNCF Distribution has no list of referrers; the other registry has.
const (
	distributionHost = "registry.example"
	listingHost      = "listing.example"
	privateHost      = "private.example"
	tokenHost        = "auth.example"
)

// bench is a real registry behind a proxy that counts, another one with a list of referrers, a third one that wants tokens, and a
// Sigstore.
type bench struct {
	*labregistry.Registry

	private  *labregistry.Registry
	sigstore *sigstore.Sigstore
	root     *trustroot.Root
	signer   sigstore.Identity
	rule     *policy.Rule

	mu    sync.Mutex
	seen  []string // METHOD URL
	delay time.Duration
}

func start(ctx context.Context, dir string) (*bench, error) {
	b := &bench{signer: sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", strings.Repeat("c", 40))}
	if err := b.start(ctx, dir); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

func (b *bench) start(ctx context.Context, dir string) error {
	var err error
	if b.sigstore, err = sigstore.New(); err != nil {
		return err
	}
	encoded, err := b.sigstore.TrustedRoot()
	if err != nil {
		return err
	}
	if b.root, err = trustroot.FromJSON(encoded); err != nil {
		return err
	}
	if b.rule, err = ruleOf(v1alpha1.KarmadaImageTrustSpec{Issuer: b.signer.Issuer, Identity: b.signer.Subject}); err != nil {
		return err
	}
	open, closed := filepath.Join(dir, "open"), filepath.Join(dir, "private")
	for _, one := range []string{open, closed} {
		if err := os.Mkdir(one, 0o700); err != nil {
			return err
		}
	}
	if b.Registry, err = labregistry.Start(ctx, open); err != nil {
		return err
	}
	tokens, config, err := labregistry.NewTokenServer(closed, "https://"+tokenHost, "reader", "password")
	if err != nil {
		return err
	}
	if b.private, err = labregistry.StartWith(ctx, closed, config); err != nil {
		return err
	}
	listing := ggcrregistry.New(ggcrregistry.Logger(log.New(io.Discard, "", 0)), ggcrregistry.WithReferrersSupport(true))
	b.SetHandler(func(next http.Handler) http.Handler {
		return b.counted(next, map[string]http.Handler{listingHost: listing})
	})
	b.private.SetHandler(func(next http.Handler) http.Handler {
		return b.counted(next, map[string]http.Handler{tokenHost: tokens})
	})
	return nil
}

func (b *bench) stop() error {
	var errs []error
	for _, r := range []*labregistry.Registry{b.Registry, b.private} {
		if r != nil {
			errs = append(errs, r.Stop())
		}
	}
	return errors.Join(errs...)
}

// counted notes each request before it is answered, by the handler of its host or the next one.
func (b *bench) counted(next http.Handler, byHost map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		b.seen = append(b.seen, r.Method+" "+r.URL.Path)
		delay := b.delay
		b.mu.Unlock()
		time.Sleep(delay)
		if handler := byHost[r.Host]; handler != nil {
			handler.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// count returns the requests that something causes.
func (b *bench) count(do func() error) ([]string, error) {
	b.mu.Lock()
	b.seen = nil
	b.mu.Unlock()
	err := do()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen, err
}

// client returns a verifier that knows no registry yet.
func (b *bench) client(of *labregistry.Registry, credentials authn.Keychain) *verify.Cosign {
	return verify.New(verify.WithRegistry(registry.New(
		registry.WithTransport(of.Transport()), registry.WithKeychain(credentials), registry.WithRequestTimeout(time.Minute),
	)))
}

func (b *bench) anonymous() *verify.Cosign { return b.client(b.Registry, authn.NewMultiKeychain()) }

// verify fails unless the image is verified.
func (b *bench) verify(ctx context.Context, c *verify.Cosign, image name.Digest) error {
	if got := c.Verify(ctx, image, b.rule, b.root); got.Verdict != v1alpha1.VerdictVerified {
		return fmt.Errorf("%s is %s: %s", image, got.Verdict, got.Message)
	}
	return nil
}

// verifying counts the requests for an image that is verified.
func (b *bench) verifying(ctx context.Context, c *verify.Cosign, image name.Digest) ([]string, error) {
	return b.count(func() error { return b.verify(ctx, c, image) })
}

// push pushes an image as REPOSITORY:v1.
func (b *bench) push(ctx context.Context, repository, content string) (name.Digest, error) {
	return images.Push(ctx, repository+":v1", content, remote.WithTransport(b.Transport()))
}

// signed pushes an image with a .sig.
func (b *bench) signed(ctx context.Context, repository, content string) (name.Digest, error) {
	image, err := b.push(ctx, repository, content)
	if err == nil {
		err = b.sigstore.Sign(ctx, image, b.signer, remote.WithTransport(b.Transport()))
	}
	return image, err
}

// bundled pushes an image with a bundle.
func (b *bench) bundled(ctx context.Context, repository, content string) (name.Digest, error) {
	image, err := b.push(ctx, repository, content)
	if err != nil {
		return image, err
	}
	envelope, err := b.sigstore.NewEnvelope(ctx, image, b.signer, policy.SignPredicate, map[string]any{})
	if err != nil {
		return image, err
	}
	made, err := envelope.Bundle()
	if err != nil {
		return image, err
	}
	return image, sigstore.AttachBundle(ctx, image, made, policy.SignPredicate, remote.WithTransport(b.Transport()))
}

func ruleOf(spec v1alpha1.KarmadaImageTrustSpec) (*policy.Rule, error) {
	spec.Images = []v1alpha1.ImageGlob{distributionHost + "/**"}
	compiled, err := policy.Compile(spec)
	if err != nil {
		return nil, err
	}
	return compiled.Signers[0].Rule, nil
}
