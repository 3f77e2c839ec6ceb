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

package verify

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	cosigntypes "github.com/sigstore/cosign/v2/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/registry"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// annotationKeys are the annotations of a signature as cosign v2 stores it, in the order of the fields of such an artefact. The
// payload comes first.
var annotationKeys = []string{
	static.SignatureAnnotationKey, static.CertificateAnnotationKey, static.ChainAnnotationKey,
	static.BundleAnnotationKey, static.RFC3161TimestampAnnotationKey,
}

// layerOf is the layer in which a signature or an attestation is stored.
func layerOf(fields [][]byte) v1.Descriptor {
	layer := v1.Descriptor{
		MediaType: cosigntypes.SimpleSigningMediaType, Size: int64(len(fields[0])), Digest: v1.Hash{Algorithm: "sha256", Hex: digestOf(fields[0])[len("sha256:"):]},
		Annotations: map[string]string{},
	}
	for i, key := range annotationKeys {
		if len(fields[i+1]) > 0 {
			layer.Annotations[key] = string(fields[i+1])
		}
	}
	return layer
}

// signers are those who sign: the declared identity for the image and for another one, another identity, and the declared
// identity as another Sigstore certifies it. Only the first one's signatures prove anything.
func (s *mutationSuite) signers() []signing {
	another := s.image.Context().Digest(digestOf([]byte("another")))
	foreign := sigstore.GitHubWorkflow("evil/karmada", "release.yml", "refs/tags/v1.16.0", strings.Repeat("e", 40))
	return []signing{
		{s.instance, s.id, s.image, true},
		{s.instance, s.id, another, false},
		{s.instance, foreign, s.image, false},
		{newInstance(s.t), s.id, s.image, false},
	}
}

type signing struct {
	by      *sigstore.Sigstore
	id      sigstore.Identity
	image   name.Digest
	genuine bool
}

// encode returns the JSON of a value.
func (s *mutationSuite) encode(value any) []byte {
	encoded, err := json.Marshal(value)
	s.must(err)
	return encoded
}

// timestamped returns a timestamp of a signature at the time when its certificate begins, as cosign stores it.
func (s *mutationSuite) stampOf(timestamp []byte) []byte {
	return s.encode(bundle.TimestampToRFC3161Timestamp(timestamp))
}

// signatures and attestations as cosign v2 stores them, with an entry of the log and with a timestamp.
func (s *mutationSuite) signatures() []mutationTarget {
	var targets []mutationTarget
	for _, who := range s.signers() {
		made, err := who.by.NewSignature(s.t.Context(), who.image, who.id)
		s.must(err)
		certificates, err := cryptoutils.UnmarshalCertificatesFromPEM(made.Certificate)
		s.must(err)
		at := certificates[0].NotBefore
		s.must(who.by.Stamp(&made, at))
		logged := [][]byte{made.Payload, []byte(made.Base64), made.Certificate, made.Chain, s.encode(made.Bundle), nil}
		stamped := [][]byte{made.Payload, []byte(made.Base64), made.Certificate, made.Chain, nil, s.stampOf(made.Timestamp)}
		if who.genuine {
			s.authentic = append(s.authentic,
				authentic{made.Payload, certificates[0].Raw, made.Bundle.Payload.LogIndex, made.Bundle.Payload.IntegratedTime},
				authentic{made.Payload, certificates[0].Raw, -1, at.Unix()})
		}
		for _, fields := range [][][]byte{logged, stamped} {
			targets = append(targets, mutationTarget{kind: "signature", fields: fields, genuine: who.genuine, examine: stored(0)})
		}

		envelope, err := who.by.NewEnvelope(s.t.Context(), who.image, who.id, sigstore.SLSAPredicate, map[string]any{"builder": "test"})
		s.must(err)
		encoded, err := envelope.JSON()
		s.must(err)
		certificate, err := cryptoutils.MarshalCertificateToPEM(envelope.Signer.Certificate)
		s.must(err)
		chain, err := cryptoutils.MarshalCertificatesToPEM(envelope.Signer.Chain)
		s.must(err)
		targets = append(targets, mutationTarget{
			kind: "attestation", genuine: who.genuine, examine: stored(1),
			fields: [][]byte{encoded, nil, certificate, chain, s.encode(bundle.EntryToBundle(envelope.Entry)), nil},
		})
		s.knowEnvelope(who, &envelope)
	}
	return withOthers(targets)
}

// knowEnvelope records what a genuine envelope proves.
func (s *mutationSuite) knowEnvelope(who signing, envelope *sigstore.Envelope) {
	if !who.genuine {
		return
	}
	certificate := envelope.Signer.Certificate
	index, logged, stamped := *envelope.Entry.LogIndex, *envelope.Entry.IntegratedTime, certificate.NotBefore.Unix()
	s.authentic = append(s.authentic, authentic{envelope.Statement, certificate.Raw, index, logged},
		authentic{envelope.Statement, certificate.Raw, index, stamped}, authentic{envelope.Statement, certificate.Raw, -1, stamped})
}

// withOthers lets all targets take parts from each other.
func withOthers(targets []mutationTarget) []mutationTarget {
	others := make([][][]byte, 0, len(targets))
	for i := range targets {
		others = append(others, targets[i].fields)
	}
	for i := range targets {
		targets[i].others = others
	}
	return targets
}

// stored examines a signature or an attestation for a claim of the rule.
func stored(claim int) func(context.Context, *mutationSuite, [][]byte) Result {
	return func(ctx context.Context, by *mutationSuite, fields [][]byte) Result {
		v := by.verification()
		c := &v.claims()[claim]
		layer := layerOf(fields)
		return v.verifyContent(ctx, simpleSigningStorage{}, c, layer, fields[0], func() {}).Result
	}
}

// bundles with signatures and attestations, with an entry of the log, with a timestamp, and with an entry of Rekor v2 and a
// timestamp. They are examined as under a TrustRoot and as under the default root of trust.
func (s *mutationSuite) bundles() []mutationTarget {
	var targets []mutationTarget
	for _, who := range s.signers() {
		for claim, predicateType := range []string{policy.SignPredicate, sigstore.SLSAPredicate} {
			envelope, err := who.by.NewEnvelope(s.t.Context(), who.image, who.id, predicateType, map[string]any{"builder": "test"})
			s.must(err)
			logged := s.bundle(&envelope)
			s.knowEnvelope(who, &envelope)
			stamped := envelope
			s.must(who.by.StampStatement(&stamped, envelope.Signer.Certificate.NotBefore))
			stamped.Entry = nil
			entered := stamped
			s.must(who.by.RekorV2.LogStatement(&entered, sigstore.HashedRekordEntry))
			s.knowEntered(who, &entered)
			for _, content := range [][]byte{logged, s.bundle(&entered)} {
				targets = append(targets, bundled(claim, content, true, who.genuine), bundled(claim, content, false, who.genuine))
			}
			targets = append(targets, bundled(claim, s.bundle(&stamped), false, who.genuine), bundled(claim, s.bundle(&stamped), true, false))
		}
	}
	return withOthers(targets)
}

// bundled is a bundle that is examined for a claim of the rule; needsLog is whether a timestamp alone does not suffice.
func bundled(claim int, content []byte, needsLog, genuine bool) mutationTarget {
	return mutationTarget{
		kind: "bundle", fields: [][]byte{content}, genuine: genuine, logged: needsLog,
		examine: func(ctx context.Context, by *mutationSuite, fields [][]byte) Result {
			v := by.verification()
			c := &v.claims()[claim]
			if needsLog {
				c.formats = policy.NewFormats(policy.SimpleSigning, policy.Bundle, policy.RekorV2Bundle)
			}
			return v.verifyContent(ctx, bundleStorage{}, c, v1.Descriptor{}, fields[0], func() {}).Result
		},
	}
}

// knowEntered records what a genuine envelope in a Rekor v2 log proves.
func (s *mutationSuite) knowEntered(who signing, envelope *sigstore.Envelope) {
	if who.genuine {
		certificate := envelope.Signer.Certificate
		s.authentic = append(s.authentic,
			authentic{envelope.Statement, certificate.Raw, envelope.TileEntry.GetLogIndex(), certificate.NotBefore.Unix()})
	}
}

func (s *mutationSuite) bundle(envelope *sigstore.Envelope) []byte {
	made, err := envelope.Bundle()
	s.must(err)
	encoded, err := protojson.Marshal(made)
	s.must(err)
	return encoded
}

// mutatedImage is the manifest of the image.
const mutatedImage = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
	`"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,` +
	`"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"layers":[]}`

// registries that have a mutated manifest, list of referrers or answer about a token.
func (s *mutationSuite) registries() (manifests, lists, tokens []mutationTarget) {
	add := func(to *[]mutationTarget, kind string, r memoryRegistry, genuine bool, part string, fields ...[]byte) {
		*to = append(*to, mutationTarget{
			kind: kind, fields: fields, others: [][][]byte{fields}, genuine: genuine,
			exact: part == "bundle", credentials: part == "token" || part == "challenge",
			examine: func(ctx context.Context, by *mutationSuite, fields [][]byte) Result {
				mutated := r
				mutated.replace(part, fields)
				return by.examine(ctx, mutated)
			},
		})
	}
	for _, who := range s.signers() {
		made, err := who.by.NewSignature(s.t.Context(), who.image, who.id)
		s.must(err)
		certificates, err := cryptoutils.UnmarshalCertificatesFromPEM(made.Certificate)
		s.must(err)
		if who.genuine {
			s.authentic = append(s.authentic,
				authentic{made.Payload, certificates[0].Raw, made.Bundle.Payload.LogIndex, made.Bundle.Payload.IntegratedTime})
		}
		layer := layerOf([][]byte{made.Payload, []byte(made.Base64), made.Certificate, made.Chain, s.encode(made.Bundle), nil})
		signatures := s.encode(manifestOf("", layer))
		signed := memoryRegistry{image: []byte(mutatedImage), signatures: signatures, blob: made.Payload}
		add(&manifests, "manifest of signatures", signed, who.genuine, "signatures", signatures)
		if who.genuine {
			token := []byte(`{"token":"secret","access_token":"secret","expires_in":300,"issued_at":"2026-01-01T00:00:00Z"}`)
			challenge := []byte(`Bearer realm="https://registry.example/token",service="registry.example",scope="repository:karmada/app:pull"`)
			withToken := signed
			withToken.token, withToken.challenge = token, challenge
			add(&tokens, "token", withToken, true, "token", token)
			add(&tokens, "challenge", withToken, true, "challenge", challenge)
		}

		envelope, err := who.by.NewEnvelope(s.t.Context(), who.image, who.id, policy.SignPredicate, map[string]any{})
		s.must(err)
		s.knowEnvelope(who, &envelope)
		content := s.bundle(&envelope)
		stored := s.encode(manifestOf(sigstore.BundleMediaType, v1.Descriptor{
			MediaType: sigstore.BundleMediaType, Size: int64(len(content)), Digest: hashOf(content),
		}))
		listed := s.encode(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{{
			MediaType: types.OCIManifestSchema1, Size: int64(len(stored)), Digest: hashOf(stored), ArtifactType: sigstore.BundleMediaType,
			Annotations: map[string]string{bundlePredicate: policy.SignPredicate},
		}}})
		bundled := memoryRegistry{image: []byte(mutatedImage), bundle: stored, referrers: listed, blob: content}
		add(&lists, "list of referrers", bundled, who.genuine, "referrers", listed)
		add(&manifests, "manifest of a bundle", bundled, who.genuine, "bundle", stored)
		bundled.fallback = true
		add(&lists, "list of referrers under a tag", bundled, who.genuine, "referrers", listed)
	}
	add(&manifests, "manifest of an image", memoryRegistry{image: []byte(mutatedImage)}, false, "image", []byte(mutatedImage))
	return withOthers(manifests), withOthers(lists), tokens
}

func hashOf(content []byte) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: digestOf(content)[len("sha256:"):]}
}

func manifestOf(artifactType string, layer v1.Descriptor) v1.Manifest {
	return v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: artifactType,
		Config: v1.Descriptor{MediaType: types.OCIConfigJSON, Size: 2, Digest: hashOf([]byte("{}"))}, Layers: []v1.Descriptor{layer},
	}
}

// examine verifies the signature of the image in a registry.
func (s *mutationSuite) examine(ctx context.Context, r memoryRegistry) Result {
	client := registry.New(registry.WithTransport(&r), registry.WithKeychain(authn.NewMultiKeychain()))
	rule := policy.NewRule(s.rule.Signer, s.rule.Signature)
	verifier := New(WithRegistry(client), WithMaterial())
	verifier.proofs = s.proofs
	return verifier.Verify(ctx, s.image, rule, s.root)
}

// memoryRegistry is a registry without a network. It has one image, and one blob, which it sends for every digest.
type memoryRegistry struct {
	image, signatures, bundle, referrers, blob []byte
	// fallback reports whether referrers are listed under a tag.
	fallback bool
	// token is the answer to a request for one, and challenge what demands it; nil if none is needed.
	token, challenge []byte
}

// replace replaces a part.
func (r *memoryRegistry) replace(part string, fields [][]byte) {
	*map[string]*[]byte{
		"image": &r.image, "signatures": &r.signatures, "bundle": &r.bundle, "referrers": &r.referrers,
		"token": &r.token, "challenge": &r.challenge,
	}[part] = fields[0]
}

// RoundTrip answers a request.
func (r *memoryRegistry) RoundTrip(req *http.Request) (*http.Response, error) {
	status, content, contentType := http.StatusOK, r.content(req.URL.Path), types.OCIManifestSchema1
	header := http.Header{}
	switch {
	case req.URL.Path == "/token":
		content, contentType = r.token, "application/json"
	case r.challenge != nil && req.Header.Get("Authorization") != "Bearer secret":
		status, content = http.StatusUnauthorized, nil
		// A header has no control characters when it arrives.
		header.Set("WWW-Authenticate", strings.Map(func(c rune) rune { return max(c, ' ') }, string(r.challenge)))
	case content == nil:
		status = http.StatusNotFound
	case bytes.Equal(content, r.referrers):
		contentType = types.OCIImageIndex
	}
	header.Set("Content-Type", string(contentType))
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(content)), ContentLength: int64(len(content)), Request: req,
	}, nil
}

// content under a path; nil if there is none.
func (r *memoryRegistry) content(path string) []byte {
	switch _, reference, _ := strings.Cut(path, "/manifests/"); {
	case path == "/v2/":
		return []byte("{}")
	case strings.Contains(path, "/blobs/"):
		return r.blob
	case strings.Contains(path, "/referrers/") && !r.fallback:
		return r.referrers
	case strings.HasSuffix(reference, ".sig"):
		return r.signatures
	case reference == digestOf([]byte(mutatedImage)):
		return r.image
	case strings.HasPrefix(reference, "sha256:"):
		return r.bundle
	case strings.HasPrefix(reference, "sha256-") && r.fallback:
		return r.referrers
	default:
		return nil
	}
}

// remembered is a root of trust that remembers by which chains it certified a certificate: few mutations change it, and most of the
// time would be spent on it.
type remembered struct {
	root.TrustedMaterial
	authorities []root.CertificateAuthority
}

func remembering(material root.TrustedMaterial) root.TrustedMaterial {
	r := remembered{TrustedMaterial: material}
	for _, authority := range material.FulcioCertificateAuthorities() {
		r.authorities = append(r.authorities, &rememberedAuthority{CertificateAuthority: authority})
	}
	return r
}

// FulcioCertificateAuthorities returns those that remember.
func (r remembered) FulcioCertificateAuthorities() []root.CertificateAuthority { return r.authorities }

type rememberedAuthority struct {
	root.CertificateAuthority
	known sync.Map // of certified, by certificate and time
}

type certified struct {
	chains [][]*x509.Certificate
	err    error
}

// Verify answers as before, if the same was asked before.
func (a *rememberedAuthority) Verify(certificate *x509.Certificate, at time.Time) ([][]*x509.Certificate, error) {
	key := fmt.Sprint(certificate.UnhandledCriticalExtensions, at.UTC().Format(time.RFC3339Nano), string(certificate.Raw))
	if known, ok := a.known.Load(key); ok {
		answer := known.(certified)
		return answer.chains, answer.err
	}
	chains, err := a.CertificateAuthority.Verify(certificate, at)
	a.known.Store(key, certified{chains, err})
	return chains, err
}
