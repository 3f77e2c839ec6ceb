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

package sigstore

import (
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"fmt"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// OtherLogURL is the URL of a log that AlsoTrusting and AddLog add.
const OtherLogURL = "https://log.example.com"

// AlsoTrusting adds a log with a key of any kind to a TrustRoot: to its tLogs
// or its ctLogs.
func AlsoTrusting(logs string, key crypto.PublicKey) TrustRootOption {
	return func(_ *Sigstore, keys map[string]any) error {
		pem, err := cryptoutils.MarshalPublicKeyToPEM(key)
		if err != nil {
			return fmt.Errorf("encoding the key: %w", err)
		}
		known, ok := keys[logs].([]any)
		if !ok {
			return fmt.Errorf("a TrustRoot has no %s", logs)
		}
		keys[logs] = append(known, map[string]any{
			"baseURL": OtherLogURL, "hashAlgorithm": "sha-256", "publicKey": base64.StdEncoding.EncodeToString(pem),
		})
		return nil
	}
}

// AddLog adds a transparency log with an Ed25519 key to a trusted root, as
// that of the public good instance has one for Rekor v2.
func AddLog(trustedRoot []byte, key ed25519.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the key: %w", err)
	}
	trusted := &prototrustroot.TrustedRoot{}
	if err := protojson.Unmarshal(trustedRoot, trusted); err != nil {
		return nil, fmt.Errorf("reading the trusted root: %w", err)
	}
	trusted.Tlogs = append(trusted.Tlogs, &prototrustroot.TransparencyLogInstance{
		BaseUrl:       OtherLogURL,
		HashAlgorithm: protocommon.HashAlgorithm_SHA2_256,
		PublicKey: &protocommon.PublicKey{
			RawBytes: der, KeyDetails: protocommon.PublicKeyDetails_PKIX_ED25519,
			ValidFor: &protocommon.TimeRange{Start: &timestamppb.Timestamp{}},
		},
		LogId: &protocommon.LogId{KeyId: []byte("the identifier of another log")},
	})
	encoded, err := protojson.Marshal(trusted)
	if err != nil {
		return nil, fmt.Errorf("encoding the trusted root: %w", err)
	}
	if _, err := root.NewTrustedRootFromJSON(encoded); err != nil {
		return nil, fmt.Errorf("reading the trusted root: %w", err)
	}
	return encoded, nil
}
