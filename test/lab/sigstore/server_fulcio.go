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
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/fulcio/pkg/api"
	fulcio "github.com/sigstore/fulcio/pkg/generated/protobuf"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"
)

// certificateV1 is Fulcio's old API, which cosign v2 uses unless it has a
// signing configuration.
func (s *Server) certificateV1(r *http.Request, body []byte) (answer, error) {
	var request api.CertificateRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return answer{}, fmt.Errorf("reading the request: %w", err)
	}
	chain, err := s.certify(r, request.PublicKey.Content, request.SignedEmailAddress)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusCreated, contentType: "application/pem-certificate-chain", content: []byte(strings.Join(chain, ""))}, nil
}

// certificateV2 is Fulcio's API as sigstore-go uses it.
func (s *Server) certificateV2(r *http.Request, body []byte) (answer, error) {
	request := &fulcio.CreateSigningCertificateRequest{}
	if err := protojson.Unmarshal(body, request); err != nil {
		return answer{}, fmt.Errorf("reading the request: %w", err)
	}
	asked := request.GetPublicKeyRequest()
	chain, err := s.certify(r, []byte(asked.GetPublicKey().GetContent()), asked.GetProofOfPossession())
	if err != nil {
		return answer{}, err
	}
	encoded, err := protojson.Marshal(&fulcio.SigningCertificate{
		Certificate: &fulcio.SigningCertificate_SignedCertificateEmbeddedSct{
			SignedCertificateEmbeddedSct: &fulcio.SigningCertificateEmbeddedSCT{
				Chain: &fulcio.CertificateChain{Certificates: chain},
			},
		},
	})
	if err != nil {
		return answer{}, fmt.Errorf("encoding the certificate: %w", err)
	}
	return answer{status: http.StatusOK, contentType: "application/json", content: encoded}, nil
}

// certify issues a certificate for a key, PEM, to the bearer of a token, who
// proves that the key is theirs by a signature over the token's subject. It
// returns the certificate and those above it, each PEM.
func (s *Server) certify(r *http.Request, encodedKey, proof []byte) ([]string, error) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	bearer, err := s.issuer.claims(token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errForbidden, err)
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(encodedKey)
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	verifier, err := signature.LoadVerifier(key, crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	if err := verifier.VerifySignature(bytes.NewReader(proof), strings.NewReader(bearer.challenge())); err != nil {
		return nil, fmt.Errorf("%w: the key is not proved to be the bearer's: %w", errForbidden, err)
	}
	id := bearer.identity()
	leaf, err := s.instance.ca.issue(id, key, issueOptions{notBefore: time.Now(), ctLogs: s.instance.ctLogs()})
	if err != nil {
		return nil, fmt.Errorf("issuing a certificate to %s: %w", id.Subject, err)
	}
	var chain []string
	for _, certificate := range slices.Concat([]*x509.Certificate{leaf}, s.instance.ca.chain()) {
		encoded, err := cryptoutils.MarshalCertificateToPEM(certificate)
		if err != nil {
			return nil, fmt.Errorf("encoding a certificate: %w", err)
		}
		chain = append(chain, string(encoded))
	}
	return chain, nil
}
