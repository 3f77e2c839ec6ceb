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

package hostile

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/sigstore/cosign/v2/pkg/oci/static"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

// release is the identity that the images are verified for, stranger another one of the same Sigstore.
var (
	release  = sigstore.GitHubWorkflow("karmada-io/karmada", "release.yml", "refs/tags/v1.16.0", "e5277b6317ac1a4717f5fac4057caf51a5d248fc")
	stranger = sigstore.GitHubWorkflow("evil/karmada", "release.yml", "refs/tags/v1.16.0", "e5277b6317ac1a4717f5fac4057caf51a5d248fc")
)

// signatureAnswers are about signatures as cosign v2 stores them.
func signatureAnswers() map[string]func(*site) {
	raw := func(text []byte) func(*site) {
		return func(s *site) { s.answer(signatures, types.OCIManifestSchema1, text) }
	}
	annotated := func(key, value string) func(*site) {
		return func(s *site) {
			annotations := map[string]string{static.SignatureAnnotationKey: "AAAA"}
			annotations[key] = value
			s.sign(annotations, nil)
		}
	}
	const begin = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[`
	certificates := strings.Repeat("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", 50_000)
	logged := func(plain []byte) string {
		return fmt.Sprintf(`{"SignedEntryTimestamp":"AA==","Payload":{"body":%q,"integratedTime":1,"logIndex":1,"logID":"00"}}`, encoded(plain))
	}
	return map[string]func(*site){
		"signatures of empty layers":        raw(text(begin, "{},", "{}]}", manifestSize)),
		"signatures of layers with more":    raw(text(begin, `{"annotations":{},"platform":{},"urls":[]},`, "{}]}", manifestSize)),
		"signatures of annotations":         raw(fields(begin+`{"annotations":{`, "}}]}", manifestSize)),
		"signatures of one annotation":      raw(text(begin+`{"annotations":{"a":"`, "x", `"}}]}`, manifestSize)),
		"signatures of escaped text":        raw(text(begin+`{"annotations":{"a":"`, `\u00e9`, `"}}]}`, manifestSize)),
		"signatures of data":                raw(text(begin+`{"data":"`, "AAAA", `"}]}`, manifestSize)),
		"signatures that are truncated":     raw(text(begin, `{"size":1},`, "", 1<<20)),
		"signatures of nested objects":      raw(text(begin, `{"platform":`, "", manifestSize)),
		"signatures of repeated keys":       raw(text(`{"schemaVersion":2,`, `"layers":[{}],`, `"layers":[]}`, manifestSize)),
		"signatures of NUL":                 raw(text("", "\x00", "", manifestSize)),
		"signatures that are not UTF-8":     raw(text(begin+`{"mediaType":"`, "\xff\xfe", `"}]}`, manifestSize)),
		"signatures of a long number":       raw(text(begin+`{"size":`, "9", "}]}", 1_000_000)),
		"signatures of a great exponent":    raw(text(begin+`{"size":1e`, "9", "}]}", 500)),
		"signatures of spaces":              raw(text("", " ", "", manifestSize)),
		"signatures without an end":         func(s *site) { s.on(signatures, endless(string(types.OCIManifestSchema1), "{},")) },
		"signatures that are compressed":    func(s *site) { s.on(signatures, bomb(string(types.OCIManifestSchema1))) },
		"signatures that drip":              func(s *site) { s.on(signatures, drip(string(types.OCIManifestSchema1))) },
		"signatures that are HTML":          func(s *site) { s.on(signatures, html) },
		"signatures shorter than announced": func(s *site) { s.on(signatures, announced) },
		"certificate of 64 KiB":             annotated(static.CertificateAnnotationKey, certificates[:64<<10-100]),
		"thousands of certificates":         annotated(static.CertificateAnnotationKey, certificates),
		"chain of certificates":             annotated(static.ChainAnnotationKey, certificates),
		"certificate without an end":        annotated(static.CertificateAnnotationKey, "-----BEGIN CERTIFICATE-----\n"+strings.Repeat("A", 60<<10)),
		"log entry of arrays":               annotated(static.BundleAnnotationKey, string(text(`{"Payload":`, "[", "", 60<<10))),
		"log entry of values":               annotated(static.BundleAnnotationKey, string(text(`{"Payload":{"body":[`, "1,", "1]}}", 60<<10))),
		"log entry with a body of values":   annotated(static.BundleAnnotationKey, logged(text(`{"kind":"hashedrekord","apiVersion":"0.0.1","spec":{"x":[`, "1,", "1]}}", 40<<10))),
		"log entry with a body of arrays":   annotated(static.BundleAnnotationKey, logged(text(`{"kind":"hashedrekord","apiVersion":"0.0.1","spec":`, "[", "", 40<<10))),
		"log entry with a body of 3 MiB":    annotated(static.BundleAnnotationKey, logged(text("", "[", "", 2<<20))),
		"timestamp of 64 KiB":               annotated(static.RFC3161TimestampAnnotationKey, fmt.Sprintf(`{"SignedRFC3161Timestamp":%q}`, encoded(text("", "0\x80", "", 40<<10)))),
		"payload of values": func(s *site) {
			s.sign(map[string]string{static.SignatureAnnotationKey: "AAAA"}, text(`{"optional":[`, "1,", "1]}", 250<<10))
		},
		"payload of nested objects": func(s *site) {
			s.sign(map[string]string{static.SignatureAnnotationKey: "AAAA"}, text("", `{"optional":`, "", 250<<10))
		},
		"payload larger than announced": largerPayload,
		"a thousand signatures":         thousandSignatures,
		"a thousand certificates":       func(s *site) { certified(s, stranger) },
		"a thousand expected ones":      func(s *site) { certified(s, release) },
		"attestations of values": func(s *site) {
			s.attested = true
			layer := s.store("application/vnd.dsse.envelope.v1+json", envelope(text(`{"predicateType":"https://slsa.dev/provenance/v1","predicate":[`, "1,", "1]}", 4<<20)))
			s.answer(attestations, types.OCIManifestSchema1, artifact(layer+"}"))
		},
		"attestations of signatures": func(s *site) {
			s.attested = true
			layer := s.store("application/vnd.dsse.envelope.v1+json", text(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[`, "{},", "{}]}", attestationSize))
			s.answer(attestations, types.OCIManifestSchema1, artifact(layer+"}"))
		},
	}
}

// announced promises more than it sends.
func announced(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
	w.Header().Set("Content-Length", "3000000")
	_, _ = w.Write([]byte(`{"layers":[`))
}

// largerPayload announces a payload of some bytes that does not end.
func largerPayload(s *site) {
	s.sign(map[string]string{static.SignatureAnnotationKey: "AAAA"}, []byte("{}"))
	for digest, stored := range s.stored {
		if stored.size() == 2 {
			s.stored[digest] = content{parts: [][]byte{[]byte("{}"), text("", " ", "", 64<<20)}}
		}
	}
}

func thousandSignatures(s *site) {
	layers := make([]string, 0, 1000)
	for i := range 1000 {
		layers = append(layers, s.store("application/vnd.dev.cosign.simplesigning.v1+json", fmt.Appendf(text("", " ", "", 200<<10), "%d", i%60))+
			`,"annotations":{"`+static.SignatureAnnotationKey+`":"AAAA"}}`)
	}
	s.answer(signatures, types.OCIManifestSchema1, artifact(layers...))
}

// certified stores as many signatures as fit into a manifest, each of another payload, with another certificate of an identity. None
// of them is signed by the key of its certificate.
func certified(s *site, id sigstore.Identity) {
	s.t.Helper()
	var layers []string
	for size := 0; size < manifestSize-64<<10 && len(layers) < 1000; size += len(layers[len(layers)-1]) {
		signer, err := s.sigstore.Issue(id)
		if err != nil {
			s.t.Fatal(err)
		}
		certificate, err := cryptoutils.MarshalCertificateToPEM(signer.Certificate)
		if err != nil {
			s.t.Fatal(err)
		}
		layers = append(layers, fmt.Sprintf(`%s,"annotations":{%q:"AAAA",%q:%q}}`,
			s.store("application/vnd.dev.cosign.simplesigning.v1+json", fmt.Appendf(nil, "%d", len(layers))),
			static.SignatureAnnotationKey, static.CertificateAnnotationKey, certificate))
	}
	s.answer(signatures, types.OCIManifestSchema1, artifact(layers...))
}

func envelope(statement []byte) []byte {
	return fmt.Appendf(nil, `{"payloadType":"application/vnd.in-toto+json","payload":%q,"signatures":[{"sig":"AAAA"}]}`, encoded(statement))
}

// bundleAnswers are about Sigstore bundles.
func bundleAnswers() map[string]func(*site) {
	const begin = `{"mediaType":"` + sigstore.BundleMediaType + `",`
	raw := func(parts ...[]byte) func(*site) { return func(s *site) { s.bundle(parts...) } }
	material := func(start, repeated, end string) func(*site) {
		return raw(text(begin+`"verificationMaterial":{`+start, repeated, end+"}}", attestationSize))
	}
	attesting := func(statement []byte) func(*site) {
		return raw([]byte(begin+`"verificationMaterial":{"certificate":{"rawBytes":"AAAA"}},"dsseEnvelope":`), envelope(statement), []byte("}"))
	}
	return map[string]func(*site){
		"bundle of log entries":             material(`"tlogEntries":[`, "{},", "{}]"),
		"bundle of timestamps":              material(`"timestampVerificationData":{"rfc3161Timestamps":[`, "{},", "{}]}"),
		"bundle of certificates":            material(`"x509CertificateChain":{"certificates":[`, `{"rawBytes":"AAAA"},`, "{}]}"),
		"bundle of a long certificate":      material(`"certificate":{"rawBytes":"`, "MAAw", `"}`),
		"bundle of unknown fields":          raw(fields(begin+`"x":{`, "}}", attestationSize)),
		"bundle of nested objects":          raw(text(begin+`"verificationMaterial":`, `{"x":`, "", attestationSize)),
		"bundle that is truncated":          raw(text(begin+`"dsseEnvelope":{"payload":"`, "AAAA", "", attestationSize)),
		"bundle of hashes":                  material(`"tlogEntries":[{"inclusionProof":{"hashes":[`, `"",`, `""]}}]`),
		"bundle of a log body of values":    material(`"tlogEntries":[{"canonicalizedBody":"`, base64.StdEncoding.EncodeToString([]byte("[1,1,1,1,1,1,")), `"}]`),
		"bundle of signatures":              raw(text(begin+`"dsseEnvelope":{"signatures":[`, "{},", "{}]}}", attestationSize)),
		"statement of values":               attesting(text(`{"predicateType":"`+sigstore.SignPredicate+`","predicate":[`, "1,", "1]}", 4<<20)),
		"statement of empty objects":        attesting(text(`{"predicateType":"`+sigstore.SignPredicate+`","predicate":[`, "{},", "{}]}", 4<<20)),
		"statement of subjects":             attesting(text(`{"predicateType":"`+sigstore.SignPredicate+`","subject":[`, "{},", "{}]}", 4<<20)),
		"statement of nested arrays":        attesting(text(`{"predicateType":"`+sigstore.SignPredicate+`","predicate":`, "[", "", 4<<20)),
		"statement of one text":             attesting(text(`{"predicateType":"`+sigstore.SignPredicate+`","predicate":"`, "x", `"}`, 4<<20)),
		"fifty bundles of 6 MiB":            fiftyBundles,
		"bundle of another digest":          otherBundle,
		"bundle without an end":             endlessBundle,
		"the greatest bundle of a stranger": func(s *site) { s.bundle(greatest(s)) },
	}
}

// largeBundles are shared by all registries, since their digests take long. They are of unknown content.
var largeBundles = sync.OnceValue(func() [][]byte {
	out := [][]byte{text("", " ", "", attestationSize)}
	for i := range 50 {
		out = append(out, fmt.Appendf(nil, `{"mediaType":"%d"}`, i))
	}
	return out
})

func fiftyBundles(s *site) {
	for _, end := range largeBundles()[1:] {
		s.bundle(largeBundles()[0], end)
	}
}

func otherBundle(s *site) {
	s.bundle([]byte("{}"))
	for digest, stored := range s.stored {
		if stored.mediaType == sigstore.BundleMediaType {
			s.stored[digest] = content{mediaType: sigstore.BundleMediaType, parts: [][]byte{[]byte("[]")}}
		}
	}
}

func endlessBundle(s *site) {
	s.bundle(text("", " ", "", attestationSize))
	handler := endless("application/octet-stream", " ")
	for digest, stored := range s.stored {
		if stored.mediaType == sigstore.BundleMediaType {
			s.answers[endpoint(digest)] = handler
		}
	}
}

// greatest is the greatest valid bundle that may be examined to its end, signed by a stranger.
func greatest(s *site) []byte {
	return greatestBundles(s)
}

var (
	greatestOnce sync.Mutex
	greatestMade = map[*honest][]byte{}
)

func greatestBundles(s *site) []byte {
	greatestOnce.Lock()
	defer greatestOnce.Unlock()
	if made, ok := greatestMade[s.honest]; ok {
		return made
	}
	predicate := map[string]any{}
	for i := range 37_000 {
		predicate[fmt.Sprintf("%06d", i)] = strings.Repeat("x", 105)
	}
	attested, err := s.sigstore.NewEnvelope(s.t.Context(), s.unsigned, stranger, sigstore.SignPredicate, predicate)
	if err != nil {
		s.t.Fatal(err)
	}
	bundle, err := attested.Bundle()
	if err != nil {
		s.t.Fatal(err)
	}
	made, err := protojson.Marshal(bundle)
	if err != nil || !json.Valid(made) {
		s.t.Fatal(err)
	}
	greatestMade[s.honest] = made
	return made
}
