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
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"regexp"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/sigstore/cosign/v2/pkg/types"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore/pkg/signature"
	"golang.org/x/mod/semver"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
)

// What is malformed by the rules of a format that is supported proves nothing, whoever made it. What is of a format that is not
// supported may be a good signature, and is told apart by what is in this file.

// unsupported returns a *rejection of something in a format that is not supported. Its message continues "the image has a
// signature, but …".
func unsupported(format string, args ...any) error {
	return reject(v1alpha1.UnsupportedFormatReason, format, args...)
}

// isUnsupported reports whether err is one that unsupported returns.
func isUnsupported(err error) bool {
	r, ok := errors.AsType[*rejection](err)
	return ok && r.reason == v1alpha1.UnsupportedFormatReason
}

// supportedBundle returns a *rejection of a media type of a bundle that is of a newer version than those which are supported.
// That of no bundle at all is malformed instead, which is for others to say.
func supportedBundle(mediaType string) error {
	if !strings.HasPrefix(mediaType, bundleType) {
		return nil
	}
	named := bundle.Bundle{Bundle: &protobundle.Bundle{MediaType: mediaType}}
	if version, err := named.Version(); err == nil && semver.Compare(version, "v0.1") >= 0 && semver.Compare(version, "v0.4") < 0 {
		return nil
	}
	return unsupported("its bundle is of the type %s, which is not supported", quoted(mediaType))
}

// knownEntries are the kinds of entries of transparency logs with their versions, as far as they are known: those of Rekor v1
// (sigstore/rekor, pkg/types), and of Rekor v2 the one that is supported.
func knownEntries() map[string][]string {
	first := []string{"0.0.1"}
	return map[string][]string{
		"alpine": first, "cose": first, "dsse": first, "hashedrekord": {"0.0.1", rekorV2Version}, "helm": first,
		"intoto": {"0.0.1", "0.0.2"}, "jar": first, "rekord": first, "rfc3161": first, "rpm": first, "tuf": first,
	}
}

// rekorV2Version is the version of all kinds of entries in Rekor v2.
const rekorV2Version = "0.0.2"

// entryKind is what the body of a log entry says that it is.
type entryKind struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

// entryName and entryVersion are the forms of a kind and of its version, as all of Rekor have them. An entry without either is
// malformed.
var (
	entryName    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
	entryVersion = regexp.MustCompile(`^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$`)
)

// isWellFormed reports whether it is a kind of some version, known or not.
func (k entryKind) isWellFormed() bool {
	return entryName.MatchString(k.Kind) && entryVersion.MatchString(k.APIVersion)
}

// supported returns a *rejection of a kind that is not known. One that is not well-formed is malformed instead, which is for
// others to say.
func (k entryKind) supported() error {
	switch versions, known := knownEntries()[k.Kind]; {
	case !k.isWellFormed() || known && slices.Contains(versions, k.APIVersion):
		return nil
	case k.Kind == "dsse" && k.APIVersion == rekorV2Version:
		return unsupported("its entry of the transparency log is of the kind dsse, which Rekor v2 had until cosign 3.1.0 " +
			"and which is no longer supported; sign again with cosign 3.1.0 or newer")
	default:
		return unsupported("its entry of the transparency log is of the kind %s of version %s, which is not supported",
			k.Kind, k.APIVersion)
	}
}

// supportedLayer returns err, the *rejection of what is stored in a layer as cosign v2 stores signatures and attestations, or one
// that says that the type of the layer is not supported. A layer of an image is neither.
func supportedLayer(layer v1.Descriptor, err error) error {
	switch kind := string(layer.MediaType); {
	case kind == "", kind == types.SimpleSigningMediaType, kind == types.DssePayloadType, layer.MediaType.IsLayer():
		return err
	default:
		return unsupported("it is stored as %s, which is not supported", quoted(kind))
	}
}

// supportedPayload returns a *rejection of a DSSE envelope of something else than an in-toto statement.
func supportedPayload(payloadType string) error {
	if payloadType == types.IntotoPayloadType {
		return nil
	}
	return unsupported("its envelope has a payload of the type %s instead of an in-toto statement, which is not supported",
		quoted(payloadType))
}

// statementTypes are the versions of in-toto statements that are supported.
func statementTypes() []string {
	return []string{"https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"}
}

// supportedStatement returns a *rejection of an in-toto statement that names a version which is not supported.
func supportedStatement(statement []byte) error {
	var header struct {
		Type string `json:"_type"`
	}
	err := bounds.Unmarshal(statement, bounds.Statement(), &header)
	if malformed := err != nil || header.Type == ""; malformed || slices.Contains(statementTypes(), header.Type) {
		return nil // it is for others to say what is malformed
	}
	return unsupported("its statement is of the type %s, which is not supported", quoted(header.Type))
}

// supportedKey returns a *rejection of a certificate with a key of a kind that signatures cannot be verified by, which load
// decides.
func supportedKey(cert *x509.Certificate, load func(crypto.PublicKey) (signature.Verifier, error)) error {
	if _, err := load(cert.PublicKey); err != nil {
		return unsupported("its certificate has a key of a kind that is not supported")
	}
	return nil
}

// ellipticCurves are the object identifiers of the curves of keys that can be parsed: P-224, P-256, P-384 and P-521 (RFC 5480,
// section 2.1.1.1).
func ellipticCurves() []string {
	return []string{"1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"}
}

// malformedCertificate is the *rejection of a certificate that cannot be parsed: the curve of its key is not supported, or it is
// malformed.
func malformedCertificate(der []byte) error {
	// The fields of a certificate up to its key (RFC 5280, section 4.1).
	var certificate struct {
		Signed struct {
			Version                                            int `asn1:"optional,explicit,default:0,tag:0"`
			SerialNumber, Algorithm, Issuer, Validity, Subject asn1.RawValue
			PublicKey                                          struct{ Algorithm pkix.AlgorithmIdentifier }
		}
	}
	var curve asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(der, &certificate); err == nil {
		key := certificate.Signed.PublicKey.Algorithm
		if _, err := asn1.Unmarshal(key.Parameters.FullBytes, &curve); err == nil && key.Algorithm.String() == "1.2.840.10045.2.1" &&
			!slices.Contains(ellipticCurves(), curve.String()) {
			return unsupported("its certificate has a key on an elliptic curve that is not supported")
		}
	}
	return reject(v1alpha1.UntrustedCertificateReason, "its certificate is malformed")
}
