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

package e2e

import (
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// imageCases are about what is signed, and how it is named.
func imageCases() []conformanceCase {
	platform := func(s *stored) name.Digest {
		s.t.Helper()
		index, err := remote.Index(s.image, shared.RemoteOptions()...)
		manifest, err2 := must(s, index, err).IndexManifest()
		return s.image.Context().Digest(must(s, manifest, err2).Manifests[0].Digest.String())
	}
	return []conformanceCase{
		{name: "index by digest", store: by(release), reference: func(s *stored) string { return s.image.String() }, verdict: isVerified, reason: "Signed"},
		{name: "by tag and digest", store: by(release), reference: func(s *stored) string {
			return s.image.Context().Tag("v1").String() + "@" + s.image.DigestStr()
		}, verdict: isVerified, reason: "Signed"},
		{name: "by another tag and digest", store: by(release), reference: func(s *stored) string {
			return s.image.Context().Tag("gone").String() + "@" + s.image.DigestStr()
		}, verdict: isVerified, reason: "Signed"},
		{name: "platform of a signed index", store: by(release), reference: func(s *stored) string { return platform(s).String() }, verdict: isUntrusted, reason: "Unsigned"},
		{name: "signed platform", store: func(s *stored) {
			attach(s.t, platform(s), newSignature(s.t, s.world.sigstore, platform(s), release))
		}, reference: func(s *stored) string { return platform(s).String() }, verdict: isVerified, reason: "Signed"},
		{name: "index of a signed platform", store: func(s *stored) {
			attach(s.t, platform(s), newSignature(s.t, s.world.sigstore, platform(s), release))
		}, verdict: isUntrusted, reason: "Unsigned"},
		{name: "index within an index", reference: func(s *stored) string { return nested(s).String() }, verdict: isUntrusted, reason: "Unsigned"},
		{name: "signed index within an index", reference: func(s *stored) string {
			outer := nested(s)
			attach(s.t, outer, newSignature(s.t, s.world.sigstore, outer, release))
			return outer.String()
		}, verdict: isVerified, reason: "Signed"},
		{name: "chart under the tag", reference: func(s *stored) string { return chart(s).String() }, verdict: isUntrusted, reason: "NotAnImage"},
		{name: "signature copied to a mirror", store: func(s *stored) {
			// The signature names the upstream repository, which neither tool compares.
			upstream := must2d(s)(name.NewDigest("registry.example/karmada/upstream@" + s.image.DigestStr()))
			s.attach(newSignature(s.t, s.world.sigstore, upstream, release))
		}, verdict: isVerified, reason: "Signed"},
		{name: "bundle of the index for a platform", store: func(s *stored) {
			s.bundle(s.envelope(release, sigstore.SignPredicate))
		}, reference: func(s *stored) string { return platform(s).String() }, verdict: isUntrusted, reason: "Unsigned"},
	}
}

func must2d(s *stored) func(name.Digest, error) name.Digest {
	return func(digest name.Digest, err error) name.Digest { s.t.Helper(); return must(s, digest, err) }
}

// nested is an index that holds the index of the case.
func nested(s *stored) name.Digest {
	s.t.Helper()
	inner, err := remote.Index(s.image, shared.RemoteOptions()...)
	outer := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: must(s, inner, err)})
	must(s, 0, remote.WriteIndex(s.image.Context().Tag("outer"), outer, shared.RemoteOptions()...))
	hash, err := outer.Digest()
	return s.image.Context().Digest(must(s, hash, err).String())
}

// chart is a Helm chart where an image is looked for.
func chart(s *stored) name.Digest {
	s.t.Helper()
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	must(s, 0, remote.Write(s.image.Context().Tag("chart"), artifact, shared.RemoteOptions()...))
	hash, err := artifact.Digest()
	return s.image.Context().Digest(must(s, hash, err).String())
}
