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
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/cosign/v2/pkg/cosign/bundle"
	"github.com/sigstore/cosign/v2/pkg/oci"
	"github.com/sigstore/cosign/v2/pkg/oci/static"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
)

// maxAnnotation bounds each annotation of a signature, in bytes. The largest real ones, log entries, have some 6 KiB.
const maxAnnotation = 64 << 10

// readSignature makes the signature that cosign verifies from a layer and its payload. It reads what cosign reads. In
// addition, it rejects what makes cosign panic. The error is a *rejection, or a *bounds.Error about what is too large.
func readSignature(layer v1.Descriptor, payload []byte, c *claim) (oci.Signature, error) {
	if layer.Size != int64(len(payload)) {
		return nil, reject(v1alpha1.InvalidSignatureReason, "its payload does not have the size in its manifest")
	}
	for _, key := range signatureAnnotations() {
		if len(layer.Annotations[key]) > maxAnnotation {
			return nil, &bounds.Error{What: "bytes in its annotation " + key, Limit: maxAnnotation}
		}
	}
	signature, ok := layer.Annotations[static.SignatureAnnotationKey]
	if !ok && c.attestation == nil {
		return nil, reject(v1alpha1.InvalidSignatureReason, "its annotation %s is missing", static.SignatureAnnotationKey)
	}
	opts := []static.Option{static.WithLayerMediaType(layer.MediaType)}
	if certificate := layer.Annotations[static.CertificateAnnotationKey]; certificate != "" {
		opts = append(opts, static.WithCertChain([]byte(certificate), []byte(layer.Annotations[static.ChainAnnotationKey])))
	}
	if encoded := layer.Annotations[static.BundleAnnotationKey]; encoded != "" {
		entry, err := readLogEntry(encoded, c.entryKinds())
		if _, rejected := errors.AsType[*rejection](err); rejected {
			return nil, err
		}
		if err != nil {
			return nil, reject(v1alpha1.LogProofInvalidReason, "its entry of the transparency log is malformed: %v", err)
		}
		opts = append(opts, static.WithBundle(entry))
	}
	// cosign rejects a signature with a malformed timestamp, even if it does not use it; sigstore panics on an empty one.
	if encoded := layer.Annotations[static.RFC3161TimestampAnnotationKey]; encoded != "" {
		stamp := &bundle.RFC3161Timestamp{}
		if err := bounds.Unmarshal([]byte(encoded), bounds.Document(), stamp); err != nil {
			return nil, reject(v1alpha1.InvalidSignatureReason, "its timestamp is malformed")
		}
		if len(stamp.SignedRFC3161Timestamp) > 0 {
			opts = append(opts, static.WithRFC3161Timestamp(stamp))
		}
	}
	var read oci.Signature
	var err error
	if c.attestation != nil {
		read, err = static.NewAttestation(payload, opts...)
	} else {
		read, err = static.NewSignature(payload, signature, opts...)
	}
	if err != nil {
		return nil, reject(v1alpha1.InvalidSignatureReason, "it is malformed")
	}
	return read, nil
}

// entryKinds are the kinds and versions of log entries for a signature of a payload, or for an envelope.
func (c *claim) entryKinds() []string {
	if c.attestation != nil {
		return []string{"dsse 0.0.1", "intoto 0.0.1", "intoto 0.0.2"}
	}
	return []string{"hashedrekord 0.0.1", "rekord 0.0.1"}
}

// readEnvelope reads the statement in a DSSE envelope. The error is a *rejection, or a *bounds.Error about the statement.
func readEnvelope(content []byte) (statement []byte, predicateType string, err error) {
	var envelope dsse.Envelope
	if err := bounds.Unmarshal(content, bounds.Envelope(), &envelope); err != nil || envelope.PayloadType == "" {
		return nil, "", reject(v1alpha1.InvalidSignatureReason, "it is not an envelope of a statement")
	}
	if err := supportedPayload(envelope.PayloadType); err != nil {
		return nil, "", err
	}
	if statement, err = base64.StdEncoding.DecodeString(envelope.Payload); err != nil {
		return nil, "", reject(v1alpha1.InvalidSignatureReason, "it is not an envelope of a statement")
	}
	if err := bounds.Statement().JSON(statement); err != nil {
		return nil, "", boundedOr(err, reject(v1alpha1.InvalidSignatureReason, "its statement is malformed"))
	}
	predicateType, err = predicateTypeOf(statement)
	return statement, predicateType, err
}

// readLogEntry reads the entry of the transparency log that is stored with a signature. cosign and rekor rely on the
// properties that are checked here. The error is a *rejection of an entry of a kind that is not supported, or says what is malformed.
func readLogEntry(encoded string, kinds []string) (*bundle.RekorBundle, error) {
	var stored bundle.RekorBundle
	if err := bounds.Unmarshal([]byte(encoded), bounds.Document(), &stored); err != nil {
		return nil, errors.New("it is not the JSON of an entry")
	}
	body, ok := stored.Payload.Body.(string)
	if !ok {
		return nil, errors.New("its body is not a string")
	}
	plain, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, errors.New("its body is not base64")
	}
	var entry struct {
		entryKind
		Spec map[string]any `json:"spec"`
	}
	if err := bounds.Unmarshal(plain, bounds.Document(), &entry); err != nil {
		return nil, errors.New("its body is not the JSON of an entry")
	}
	if err := entry.supported(); err != nil {
		return nil, err
	}
	switch {
	case entry.Kind == "hashedrekord" && entry.APIVersion == rekorV2Version:
		return nil, unsupported("its entry of the transparency log is of Rekor v2, which is supported in Sigstore bundles only")
	case entry.Spec == nil:
		return nil, errors.New("its body lacks a spec")
	case !slices.Contains(kinds, entry.Kind+" "+entry.APIVersion):
		return nil, fmt.Errorf("its kind %q of version %q is not that of a signature or an attestation",
			quoted(entry.Kind), quoted(entry.APIVersion))
	}
	return &stored, nil
}
