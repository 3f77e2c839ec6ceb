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
	"encoding/base64"
	"fmt"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// OtherLogURL is the URL of a log that AlsoTrusting adds.
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
