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

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/policy"
)

// malformedBundle is the *rejection of a bundle that breaks the rules of its format.
func malformedBundle() error {
	return reject(v1alpha1.InvalidSignatureReason, "its bundle is malformed")
}

// parseBundle does what bundle.Bundle.UnmarshalJSON does, and bounds each part before it is parsed. The error is a
// *bounds.Error if a part exceeds a limit, and a *rejection otherwise.
func parseBundle(content []byte) (*bundle.Bundle, error) {
	if err := bounds.Envelope().JSON(content); err != nil {
		return nil, boundedOr(err, malformedBundle())
	}
	stored := &protobundle.Bundle{}
	if err := protojson.Unmarshal(content, stored); err != nil { //nolint:forbidigo // it was counted above
		return nil, explainBundle(content)
	}
	if err := supportedBundle(stored.GetMediaType()); err != nil {
		return nil, err
	}
	envelope := stored.GetDsseEnvelope()
	if len(content)-base64.StdEncoding.EncodedLen(len(envelope.GetPayload())) > maxProof {
		return nil, &bounds.Error{What: "bytes besides its statement", Limit: maxProof}
	}
	if envelope != nil {
		if err := supportedPayload(envelope.GetPayloadType()); err != nil {
			return nil, err
		}
		if err := bounds.Statement().JSON(envelope.GetPayload()); err != nil {
			return nil, boundedOr(err, malformedBundle())
		}
	}
	for _, entry := range stored.GetVerificationMaterial().GetTlogEntries() {
		if err := checkEntry(entry); err != nil {
			return nil, err
		}
	}
	read, err := bundle.NewBundle(stored)
	if err != nil {
		return nil, malformedBundle()
	}
	return read, nil
}

// boundedOr returns err if it is about a limit, and otherwise the other error.
func boundedOr(err, otherwise error) error {
	if exceeded(err) != "" {
		return err
	}
	return otherwise
}

// explainBundle says why a bundle cannot be decoded: it is of a newer version, it has fields or values that its version does not
// have here, or it is malformed. The error is a *rejection.
func explainBundle(content []byte) error {
	var header struct {
		MediaType string `json:"mediaType"`
	}
	if err := bounds.Unmarshal(content, bounds.Envelope(), &header); err == nil {
		if err := supportedBundle(header.MediaType); err != nil {
			return err
		}
	}
	lenient := protojson.UnmarshalOptions{DiscardUnknown: true}
	if lenient.Unmarshal(content, &protobundle.Bundle{}) == nil {
		return unsupported("its bundle has fields or values that are not supported")
	}
	return malformedBundle()
}

type logEntry = *protorekor.TransparencyLogEntry

// checkEntry checks that the body of a log entry names its kind and the version of it, as all of Rekor do. For anything else Rekor's
// library writes a stack into the log, which is not for a registry to cause. The error is a *bounds.Error or a *rejection.
func checkEntry(entry logEntry) error {
	var body entryKind
	err := bounds.Unmarshal(entry.GetCanonicalizedBody(), bounds.Document(), &body)
	switch {
	case exceeded(err) != "":
		return err
	case err == nil && body.isWellFormed():
		err = body.supported()
	default:
		// What a body looks like depends on its kind, which is written next to it, too.
		err = entryKind{Kind: entry.GetKindVersion().GetKind(), APIVersion: entry.GetKindVersion().GetVersion()}.supported()
	}
	if err != nil {
		return err
	}
	if !body.isWellFormed() {
		return reject(v1alpha1.InvalidSignatureReason, "its bundle is malformed: an entry of the transparency log has no kind or no version")
	}
	return nil
}

// predicateTypeOf returns the predicate type of a statement. The error is a *rejection.
func predicateTypeOf(statement []byte) (string, error) {
	predicateType, err := policy.PredicateType(statement)
	if err == nil {
		return predicateType, nil
	}
	if err := supportedStatement(statement); err != nil {
		return "", err
	}
	return "", reject(v1alpha1.InvalidSignatureReason, "%v", err)
}
