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

package agreement

import (
	"encoding/json"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// attacher stores what proves an image.
type attacher = func(d *differences, digest name.Digest)

// both attaches one after the other.
func both(first, second attacher) attacher {
	return func(d *differences, digest name.Digest) {
		first(d, digest)
		second(d, digest)
	}
}

// nothing attaches nothing.
func nothing(*differences, name.Digest) {}

// must fails the test of the fixtures.
func (d *differences) must(err error) {
	d.p.T.Helper()
	if err != nil {
		d.p.T.Fatal(err)
	}
}

// attachBundle stores a statement as a bundle.
func (d *differences) attachBundle(digest name.Digest, e sigstore.Envelope, predicateType string) {
	d.p.T.Helper()
	b, err := e.Bundle()
	d.must(err)
	d.must(sigstore.AttachBundle(d.p.T.Context(), digest, b, predicateType, d.p.Lab.RemoteOptions()...))
}

// signed attaches a signature under the .sig tag.
func signed(by sigstore.Identity) attacher {
	return func(d *differences, digest name.Digest) {
		d.p.Lab.AttachSignatures(d.p.T, digest, labtest.NewSignature(d.p.T, d.p.Lab.Sigstore, digest, by))
	}
}

// inRekorV1 attaches a bundle with an entry of Rekor v1.
func inRekorV1(by sigstore.Identity, predicateType string) attacher {
	return func(d *differences, digest name.Digest) {
		d.attachBundle(digest, d.envelope(digest, by, predicateType), predicateType)
	}
}

// inRekorV1Stamped attaches a bundle with an entry of Rekor v1 and a timestamp, as cosign 3 does.
func inRekorV1Stamped(by sigstore.Identity, predicateType string) attacher {
	return func(d *differences, digest name.Digest) {
		e := d.envelope(digest, by, predicateType)
		d.must(d.p.Lab.Sigstore.StampStatement(&e, time.Now()))
		d.attachBundle(digest, e, predicateType)
	}
}

// inRekorV2 attaches a bundle with an entry of Rekor v2.
func inRekorV2(by sigstore.Identity, predicateType string, kind sigstore.EntryKind) attacher {
	return func(d *differences, digest name.Digest) {
		e, err := d.p.Lab.Sigstore.NewRekorV2Envelope(digest, by, predicateType, predicate(predicateType), kind)
		d.must(err)
		d.attachBundle(digest, e, predicateType)
	}
}

// attested attaches an attestation under the .att tag.
func attested(by sigstore.Identity) attacher {
	return func(d *differences, digest name.Digest) {
		e := d.envelope(digest, by, sigstore.SLSAPredicate)
		d.must(sigstore.AttachAttestations(d.p.T.Context(), digest, []sigstore.Envelope{e}, d.p.Lab.RemoteOptions()...))
	}
}

// byGitHub attaches a bundle with a timestamp of an instance without logs.
func byGitHub(by sigstore.Identity, opts ...sigstore.IssueOption) attacher {
	return func(d *differences, digest name.Digest) {
		signer, err := d.stamps.Issue(by, append(opts, sigstore.LoggedBy())...)
		d.must(err)
		statement, err := sigstore.Statement(sigstore.SLSAPredicate, predicate(sigstore.SLSAPredicate), digest)
		d.must(err)
		e, err := signer.SignStatement(statement)
		d.must(err)
		d.must(d.stamps.StampStatement(&e, time.Now()))
		d.attachBundle(digest, e, sigstore.SLSAPredicate)
	}
}

// privately attaches a signature of the private instance under the .sig tag.
func privately(d *differences, digest name.Digest) {
	d.p.Lab.AttachSignatures(d.p.T, digest, labtest.NewSignature(d.p.T, d.private, digest, labtest.Release))
}

// afterIssue signs with a certificate that was issued at a time from now, and enters the signature into the log after a
// while. The intermediate certificate authority expired an hour ago.
func afterIssue(issued, logged time.Duration) attacher {
	return func(d *differences, digest name.Digest) {
		d.p.T.Helper()
		at := time.Now().Add(issued)
		signer, err := d.expired.Issue(labtest.Release, sigstore.At(at))
		d.must(err)
		payload, err := sigstore.Payload(digest)
		d.must(err)
		signature, err := signer.Sign(payload)
		d.must(err)
		signature.Bundle, err = d.expired.Log(d.p.T.Context(), signature, at.Add(logged))
		d.must(err)
		d.p.Lab.AttachSignatures(d.p.T, digest, signature)
	}
}

func (d *differences) envelope(digest name.Digest, by sigstore.Identity, predicateType string) sigstore.Envelope {
	d.p.T.Helper()
	e, err := d.p.Lab.Sigstore.NewEnvelope(d.p.T.Context(), digest, by, predicateType, predicate(predicateType))
	d.must(err)
	return e
}

func predicate(predicateType string) any {
	if predicateType == sigstore.SignPredicate {
		return map[string]any{}
	}
	return map[string]any{"buildDefinition": map[string]any{"buildType": "test"}}
}

// referring attaches a statement that nobody signed as a referrer of the kind that enable-oci11 reads.
func referring(d *differences, digest name.Digest) {
	const inToto = "application/vnd.in-toto+json"
	statement, err := sigstore.Statement(sigstore.SLSAPredicate, predicate(sigstore.SLSAPredicate), digest)
	d.must(err)
	content, err := json.Marshal(map[string]any{
		"payloadType": inToto, "payload": statement, "signatures": []any{map[string]any{"sig": "bm9ib2R5"}},
	})
	d.must(err)
	subject, err := remote.Head(digest, append(d.p.Lab.RemoteOptions(), remote.WithContext(d.p.T.Context()))...)
	d.must(err)
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), inToto)
	image, err = mutate.AppendLayers(image, static.NewLayer(content, inToto))
	d.must(err)
	referrer, ok := mutate.Subject(image, v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}).(v1.Image)
	if !ok {
		d.p.T.Fatal("an image with a subject is no image")
	}
	hash, err := referrer.Digest()
	d.must(err)
	d.must(remote.Write(digest.Context().Digest(hash.String()), referrer, append(d.p.Lab.RemoteOptions(), remote.WithContext(d.p.T.Context()))...))
}
