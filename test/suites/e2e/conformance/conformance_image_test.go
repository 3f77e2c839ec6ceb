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

package conformance

import (
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// imageCases vary which manifest is signed, and how the image is referenced.
func imageCases() []conformanceCase {
	platform := func(s *stored) name.Digest {
		s.t.Helper()
		index, err := remote.Index(s.image, lab.RemoteOptions()...)
		manifest, err2 := must(s, index, err).IndexManifest()
		return s.image.Context().Digest(must(s, manifest, err2).Manifests[0].Digest.String())
	}
	return []conformanceCase{
		{name: "index by digest", store: withSignature(labtest.Release), reference: func(s *stored) string { return s.image.String() }, verdict: isVerified, reason: "Signed"},
		{name: "by tag and digest", store: withSignature(labtest.Release), reference: func(s *stored) string {
			return s.image.Context().Tag("v1").String() + "@" + s.image.DigestStr()
		}, verdict: isVerified, reason: "Signed"},
		{name: "by another tag and digest", store: withSignature(labtest.Release), reference: func(s *stored) string {
			return s.image.Context().Tag("gone").String() + "@" + s.image.DigestStr()
		}, verdict: isVerified, reason: "Signed"},
		{name: "platform of a signed index", store: withSignature(labtest.Release), reference: func(s *stored) string { return platform(s).String() }, verdict: isUntrusted, reason: "Unsigned"},
		{name: "signed platform", store: func(s *stored) {
			lab.AttachSignatures(s.t, platform(s), labtest.NewSignature(s.t, s.fixture.sigstore, platform(s), labtest.Release))
		}, reference: func(s *stored) string { return platform(s).String() }, verdict: isVerified, reason: "Signed"},
		{name: "index of a signed platform", store: func(s *stored) {
			lab.AttachSignatures(s.t, platform(s), labtest.NewSignature(s.t, s.fixture.sigstore, platform(s), labtest.Release))
		}, verdict: isUntrusted, reason: "Unsigned"},
		{name: "index within an index", reference: func(s *stored) string { return nested(s).String() }, verdict: isUntrusted, reason: "Unsigned"},
		{name: "signed index within an index", reference: func(s *stored) string {
			outer := nested(s)
			lab.AttachSignatures(s.t, outer, labtest.NewSignature(s.t, s.fixture.sigstore, outer, labtest.Release))
			return outer.String()
		}, verdict: isVerified, reason: "Signed"},
		{name: "chart under the tag", reference: func(s *stored) string { return chart(s).String() }, verdict: isUntrusted, reason: "NotAnImage"},
		{name: "signature copied to a mirror", store: func(s *stored) {
			// The signature names the upstream repository, which neither tool compares.
			upstream := try(name.NewDigest("registry.example/karmada/upstream@" + s.image.DigestStr())).orFail(s.t)
			s.attach(labtest.NewSignature(s.t, s.fixture.sigstore, upstream, labtest.Release))
		}, verdict: isVerified, reason: "Signed"},
		{name: "bundle of the index for a platform", store: func(s *stored) {
			s.bundle(s.envelope(labtest.Release, sigstore.SignPredicate))
		}, reference: func(s *stored) string { return platform(s).String() }, verdict: isUntrusted, reason: "Unsigned"},
	}
}

// nested pushes an index that contains the index of the case.
func nested(s *stored) name.Digest {
	s.t.Helper()
	inner, err := remote.Index(s.image, lab.RemoteOptions()...)
	outer := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: must(s, inner, err)})
	must(s, 0, remote.WriteIndex(s.image.Context().Tag("outer"), outer, lab.RemoteOptions()...))
	hash, err := outer.Digest()
	return s.image.Context().Digest(must(s, hash, err).String())
}

// chart pushes a Helm chart under an image reference.
func chart(s *stored) name.Digest {
	s.t.Helper()
	artifact := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), "application/vnd.cncf.helm.config.v1+json")
	must(s, 0, remote.Write(s.image.Context().Tag("chart"), artifact, lab.RemoteOptions()...))
	hash, err := artifact.Digest()
	return s.image.Context().Digest(must(s, hash, err).String())
}
