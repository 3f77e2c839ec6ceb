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

package scheduling

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	ggcrregistry "github.com/google/go-containerregistry/pkg/registry"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/pool"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
	"github.com/karmada-io/image-trust/test/lab/images"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

const (
	// repository is where the signatures are. They are served in all repositories: they are about digests.
	repository = "signed"
	// namespaces is how many namespaces the images of a trust are used in.
	namespaces = 25
	commit     = "e5277b6317ac1a4717f5fac4057caf51a5d248fc"
)

// site has signed digests, and registries that serve them.
type site struct {
	content http.Handler
	digests []string
	root    *trustroot.Root
	signer  policy.Signer
	servers []*httptest.Server
}

// newSite signs a number of digests as cosign does.
func newSite(ctx context.Context, digests int) (*site, error) {
	s := &site{content: ggcrregistry.New(ggcrregistry.Logger(log.New(io.Discard, "", 0)))}
	lab, err := sigstore.New()
	if err != nil {
		return nil, fmt.Errorf("starting Sigstore: %w", err)
	}
	trusted, err := lab.TrustedRoot()
	if err != nil {
		return nil, fmt.Errorf("making the root of trust: %w", err)
	}
	if s.root, err = trustroot.FromJSON(trusted); err != nil {
		return nil, fmt.Errorf("reading the root of trust: %w", err)
	}
	identity := sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", commit)
	s.signer = policy.Signer{Issuer: identity.Issuer, Subject: identity.Subject}
	host := s.serve(func(w http.ResponseWriter, r *http.Request) { s.content.ServeHTTP(w, r) })
	for i := range digests {
		digest, err := images.Push(ctx, fmt.Sprintf("%s/%s:%d", host, repository, i), fmt.Sprint(i))
		if err != nil {
			return nil, fmt.Errorf("pushing an image: %w", err)
		}
		signature, err := lab.NewSignature(ctx, digest, identity)
		if err != nil {
			return nil, fmt.Errorf("signing an image: %w", err)
		}
		if err := sigstore.Attach(ctx, digest, []sigstore.Signature{signature}); err != nil {
			return nil, fmt.Errorf("attaching a signature: %w", err)
		}
		s.digests = append(s.digests, digest.DigestStr())
	}
	return s, nil
}

// serve starts a registry, and returns its host.
func (s *site) serve(handle http.HandlerFunc) string {
	server := httptest.NewUnstartedServer(handle)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	s.servers = append(s.servers, server)
	return strings.TrimPrefix(server.URL, "http://")
}

// close stops all registries.
func (s *site) close() {
	for _, server := range s.servers {
		server.CloseClientConnections()
		server.Close()
	}
}

// slow returns a handler that serves the signatures in each repository after a time, and counts the requests.
func (s *site) slow(latency time.Duration, requests *atomic.Int64) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		select {
		case <-time.After(latency):
		case <-r.Context().Done():
			return
		}
		if rest, of := strings.CutPrefix(r.URL.Path, "/v2/app/"); of {
			if _, rest, of = strings.Cut(rest, "/"); of {
				r.URL.Path = "/v2/" + repository + "/" + rest
			}
		}
		s.content.ServeHTTP(w, r)
	}
}

// hosts starts a number of registries that answer after a time.
func (s *site) hosts(n int, latency time.Duration, requests *atomic.Int64) []string {
	hosts := make([]string, 0, n)
	for range n {
		hosts = append(hosts, s.serve(s.slow(latency, requests)))
	}
	return hosts
}

// requests asks about a number of images, each of a repository of its own, in turn of the hosts and of the namespaces.
func (s *site) requests(images int, hosts []string) ([]pool.Request, error) {
	rule := policy.NewRule(s.signer, policy.NewFormats(policy.SimpleSigning))
	requests := make([]pool.Request, 0, images)
	for i := range images {
		ref, err := name.NewDigest(fmt.Sprintf("%s/app/x%d@%s", hosts[i%len(hosts)], i, s.digests[i%len(s.digests)]))
		if err != nil {
			return nil, fmt.Errorf("naming an image: %w", err)
		}
		requests = append(requests, pool.Request{
			Ref: ref, Rule: rule, Root: s.root, Namespaces: []string{fmt.Sprintf("namespace-%d", i/len(hosts)%namespaces)},
		})
	}
	return requests, nil
}
