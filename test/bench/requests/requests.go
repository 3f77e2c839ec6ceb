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

// Package requests counts what verification costs registries, at real ones behind a proxy.
package requests

import (
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/images"
)

const (
	sigSeen        = "requests_sig_registry_seen"
	bundleSeen     = "requests_bundle_registry_seen"
	coldBearer     = "requests_sig_cold_bearer" //nolint:gosec // the name of a figure
	tagExtra       = "requests_tag_extra"
	knownPods      = "requests_10k_known_pods"
	recheck        = "requests_recheck"
	concurrent     = "fetches_200_concurrent"
	manySignatures = "requests_1000_signatures"
	repositories   = "requests_200_repositories"
	manyImages     = "requests_1000_images_10_a_repository"
)

// Group counts requests.
func Group() measure.Group {
	return measure.Group{
		Name: "requests",
		Method: "Counted by a proxy before CNCF Distribution, which has no list of referrers, and before go-containerregistry's registry, " +
			"which has one. Where a figure is about both, the larger number.",
		Figures: []measure.Figure{
			measure.AtMost(2, sigSeen, "", "a `.sig` of a new repository, digest known, registry already used"),
			measure.AtMost(3, bundleSeen, "", "a Sigstore bundle of a new repository, digest known, registry already used for bundles"),
			measure.AtMost(4, coldBearer, "", "a `.sig` in a registry that wants tokens, nothing known"),
			measure.AtMost(1, tagExtra, "", "what a tag costs in addition to its digest"),
			measure.AtMost(0, knownPods, "", "10,000 pods of 100 known images come"),
			measure.AtMost(1, recheck, "", "a known image is checked again, `.sig` or bundle; none gets the manifest of a `.sig`"),
			measure.AtMost(1, concurrent, "", "how often the same is fetched for one digest that 200 rules ask about at the same time"),
			measure.AtMost(8, manySignatures, "", "an image with 1,000 signatures, one of them by the expected identity"),
			measure.AtMost(401, repositories, "", "200 images of 200 repositories of one registry, `.sig`"),
			measure.AtMost(2001, manyImages, "", "1,000 images of 100 repositories of one registry, `.sig`"),
		},
		Run: run,
	}
}

func run(r *measure.Run) (err error) {
	if err := binaries.Ensure(r, os.Stderr, binaries.Registry); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "requests-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b, err := start(r, dir)
	if err != nil {
		return err
	}
	defer func() {
		if stopped := b.stop(); err == nil {
			err = stopped
		}
	}()
	for _, part := range []func(*measure.Run) error{b.single, b.bearer, b.crowd, b.rules, b.pods, b.many} {
		if err := part(r); err != nil {
			return err
		}
	}
	return nil
}

// kind is a way in which an image is signed in a registry.
type kind struct {
	host string
	push func(*bench, *measure.Run, string, string) (name.Digest, error)
}

func (k kind) image(b *bench, r *measure.Run, repository string) (name.Digest, error) {
	return k.push(b, r, k.host+"/"+repository, k.host+repository)
}

func pushSigned(b *bench, r *measure.Run, repository, content string) (name.Digest, error) {
	return b.signed(r, repository, content)
}

func pushBundled(b *bench, r *measure.Run, repository, content string) (name.Digest, error) {
	return b.bundled(r, repository, content)
}

// single counts for one image of each kind: its registry seen, checked again, and by tag.
func (b *bench) single(r *measure.Run) error {
	r.Step("one image")
	sigs := []kind{{distributionHost, pushSigned}, {listingHost, pushSigned}}
	bundles := []kind{{distributionHost, pushBundled}, {listingHost, pushBundled}}
	most := map[string]int{}
	for figure, kinds := range map[string][]kind{sigSeen: sigs, bundleSeen: bundles} {
		for _, k := range kinds {
			c := b.anonymous()
			first, err := k.image(b, r, "first/"+figure)
			if err != nil {
				return err
			}
			if err := b.verify(r, c, first); err != nil {
				return err
			}
			image, err := k.image(b, r, "second/"+figure)
			if err != nil {
				return err
			}
			seen, err := b.verifying(r, c, image)
			if err != nil {
				return err
			}
			again, err := b.verifying(r, c, image)
			if err != nil {
				return err
			}
			if pulls(again) != 0 {
				return fmt.Errorf("checking %s again gets a manifest: %v", image, again)
			}
			tagged, err := k.image(b, r, "third/"+figure)
			if err != nil {
				return err
			}
			byTag, err := b.count(func() error {
				digest, failure := c.Resolve(r, tagged.Context().Tag("v1"))
				if failure != nil {
					return fmt.Errorf("resolving a tag: %s", failure.Message)
				}
				return b.verify(r, c, digest)
			})
			if err != nil {
				return err
			}
			most[figure] = max(most[figure], len(seen))
			most[recheck] = max(most[recheck], len(again))
			most[tagExtra] = max(most[tagExtra], len(byTag)-len(seen))
		}
	}
	for figure, count := range most {
		r.Figure(figure, float64(count))
	}
	return nil
}

// pulls counts the requests that registries count as pulls: each GET of a manifest.
func pulls(requests []string) int {
	count := 0
	for _, request := range requests {
		if strings.HasPrefix(request, "GET ") && strings.Contains(request, "/manifests/") {
			count++
		}
	}
	return count
}

// bearer counts for one image in a registry that wants tokens.
func (b *bench) bearer(r *measure.Run) error {
	r.Step("a registry that wants tokens")
	reader := &authn.Basic{Username: "reader", Password: "password"}
	access := []remote.Option{remote.WithTransport(b.private.Transport()), remote.WithAuth(reader)}
	image, err := images.Push(r, privateHost+"/karmada/app:v1", "private", access...)
	if err != nil {
		return err
	}
	if err := b.sigstore.Sign(r, image, b.signer, access...); err != nil {
		return err
	}
	seen, err := b.verifying(r, b.client(b.private, only{reader}), image)
	if err != nil {
		return err
	}
	r.Figure(coldBearer, float64(len(seen)))
	return nil
}

// only presents the same credentials to all registries.
type only struct{ credentials authn.Authenticator }

func (o only) Resolve(authn.Resource) (authn.Authenticator, error) { return o.credentials, nil }
