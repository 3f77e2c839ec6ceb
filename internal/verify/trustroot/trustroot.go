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

// Package trustroot provides roots of trust: the keys and certificates of a Sigstore instance, by which everything is
// verified. They come from a file, from a policy-controller TrustRoot, or from a TUF repository.
package trustroot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/karmada-io/image-trust/internal/bounds"
)

// maxSize bounds a root of trust, in bytes; that of the public good instance has about 7 KiB.
const maxSize = 1 << 20

// ErrInvalid is in the chain of every error about an invalid root of trust.
var ErrInvalid = errors.New("invalid root of trust")

// Root is a root of trust. It is immutable.
type Root struct {
	// Material holds the keys and certificates with their periods of validity.
	Material root.TrustedMaterial
	// Fingerprint identifies the content, regardless of its encoding.
	Fingerprint string
	// Expires is when the metadata expires that a packed TUF repository proves the root by. The root must not be used
	// afterwards. It is zero for other roots.
	Expires time.Time
	// Keys identifies the keys and certificates with their periods of validity, as Entry does for what policy-controller makes
	// of a TrustRoot.
	Keys string
	// Refusal says why no version of policy-controller can use the root as a TrustRoot; empty if nothing speaks against it.
	Refusal string
	// AuthoritiesExpire is when the last certificate authority expires, after which nobody can sign by this root.
	AuthoritiesExpire time.Time
}

// expiryOf returns when the last one of certificate authorities expires: the earliest end of its period and of its certificates.
func expiryOf(authorities []root.CertificateAuthority) time.Time {
	var last time.Time
	for _, authority := range authorities {
		fulcio, ok := authority.(*root.FulcioCertificateAuthority)
		if !ok || fulcio.Root == nil {
			continue
		}
		end := fulcio.Root.NotAfter
		for _, intermediate := range fulcio.Intermediates {
			if intermediate.NotAfter.Before(end) {
				end = intermediate.NotAfter
			}
		}
		if period := fulcio.ValidityPeriodEnd; !period.IsZero() && period.Before(end) {
			end = period
		}
		if end.After(last) {
			last = end
		}
	}
	return last
}

// valid returns an error if the root has expired.
func (r *Root) valid(now time.Time) error {
	if r.Expires.IsZero() || now.Before(r.Expires) {
		return nil
	}
	return fmt.Errorf("%w: spec.repository: its metadata expired at %s: pack the current state of the TUF repository",
		ErrInvalid, r.Expires.UTC().Format(time.RFC3339))
}

// Timestamps reports whether the root of trust has a timestamp authority.
func (r *Root) Timestamps() bool {
	return r.Material != nil && len(r.Material.TimestampingAuthorities()) > 0
}

// Logs reports whether the root of trust has a transparency log.
func (r *Root) Logs() bool { return r.Material != nil && len(r.Material.RekorLogs()) > 0 }

// CTLogs reports whether the root of trust has a certificate transparency log. A certificate needs the timestamp of one only
// then.
func (r *Root) CTLogs() bool { return r.Material != nil && len(r.Material.CTLogs()) > 0 }

// SuitsDefault returns an error if the root cannot be the default root of trust. That has logs of both kinds, like the public
// good instance's: policy-controller requires them wherever a policy names no TrustRoot.
func (r *Root) SuitsDefault() error {
	switch {
	case !r.Logs():
		return fmt.Errorf("%w: it has no transparency log, which the default root of trust needs; write it in a TrustRoot, "+
			"and name that in spec.trustRoot", ErrInvalid)
	case !r.CTLogs():
		return fmt.Errorf("%w: it has no certificate transparency log, which the default root of trust needs; write it in a "+
			"TrustRoot, and name that in spec.trustRoot", ErrInvalid)
	}
	return nil
}

// FromJSON parses a trusted root in the format of Sigstore clients, media type
// application/vnd.dev.sigstore.trustedroot+json;version=0.1 (sigstore/protobuf-specs). An error wraps ErrInvalid.
func FromJSON(content []byte) (*Root, error) {
	if len(content) > maxSize {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrInvalid, maxSize)
	}
	if err := bounds.TrustRoot().JSON(content); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	trusted, err := root.NewTrustedRootProtobuf(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	// Decoding to plain values removes differences in order and white space.
	var plain any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return newRoot(trusted, plain)
}

// newRoot rejects a root that can verify no keyless signature, since it would make every image untrusted.
func newRoot(trusted *prototrustroot.TrustedRoot, content any) (*Root, error) {
	material, err := root.NewTrustedRootFromProtobuf(trusted)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	switch {
	case len(material.FulcioCertificateAuthorities()) == 0:
		return nil, fmt.Errorf("%w: it has no certificate authority", ErrInvalid)
	case len(material.RekorLogs()) == 0 && len(material.TimestampingAuthorities()) == 0:
		return nil, fmt.Errorf("%w: it has neither a transparency log nor a timestamp authority", ErrInvalid)
	}
	canonical, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	sum := sha256.Sum256(canonical)
	return &Root{
		Material: verifiedOnce(material), Fingerprint: hex.EncodeToString(sum[:]), Keys: keysOf(trusted), Refusal: refusal(trusted),
		AuthoritiesExpire: expiryOf(material.FulcioCertificateAuthorities()),
	}, nil
}
