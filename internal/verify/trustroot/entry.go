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

package trustroot

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/karmada-io/image-trust/internal/bounds"
	"github.com/karmada-io/image-trust/internal/text"
)

// Entry returns the Keys of a root of trust as policy-controller writes it to its ConfigMap config-sigstore-keys; empty if
// the entry cannot be parsed.
func Entry(value string) string {
	if len(value) > maxSize || bounds.TrustRoot().JSON([]byte(value)) != nil {
		return ""
	}
	trusted, err := root.NewTrustedRootProtobuf([]byte(value))
	if err != nil {
		return ""
	}
	return keysOf(trusted)
}

// The content of a root of trust that signatures are verified by. Identifiers of logs and URLs are left out: policy-controller
// replaces the former, and normalizes the latter.
type (
	keyMaterial struct {
		Authorities, Timestamps []chainMaterial
		Logs, CTLogs            []logMaterial
	}
	chainMaterial struct {
		Certificates [][]byte
		Valid        validity
	}
	logMaterial struct {
		Key   []byte
		Valid validity
	}
	validity struct{ Start, End string }
)

// keysOf returns the Keys of a root of trust.
func keysOf(trusted *prototrustroot.TrustedRoot) string {
	material := keyMaterial{
		Authorities: chains(trusted.GetCertificateAuthorities()), Timestamps: chains(trusted.GetTimestampAuthorities()),
		Logs: logs(trusted.GetTlogs()), CTLogs: logs(trusted.GetCtlogs()),
	}
	encoded, err := json.Marshal(material)
	if err != nil {
		return "" // it consists of texts only
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}

func chains(authorities []*prototrustroot.CertificateAuthority) []chainMaterial {
	all := make([]chainMaterial, 0, len(authorities))
	for _, authority := range authorities {
		one := chainMaterial{Valid: period(authority.GetValidFor())}
		for _, certificate := range authority.GetCertChain().GetCertificates() {
			one.Certificates = append(one.Certificates, certificate.GetRawBytes())
		}
		all = append(all, one)
	}
	return all
}

func logs(instances []*prototrustroot.TransparencyLogInstance) []logMaterial {
	all := make([]logMaterial, 0, len(instances))
	for _, instance := range instances {
		key := instance.GetPublicKey()
		all = append(all, logMaterial{Key: key.GetRawBytes(), Valid: period(key.GetValidFor())})
	}
	return all
}

func period(valid *protocommon.TimeRange) (texts validity) {
	if start := valid.GetStart(); start != nil {
		texts.Start = start.AsTime().Format(time.RFC3339Nano)
	}
	if end := valid.GetEnd(); end != nil {
		texts.End = end.AsTime().Format(time.RFC3339Nano)
	}
	return texts
}

// maxLogURL bounds the URL of a log in a message, in bytes.
const maxLogURL = 200

// refusal returns why the reconciler of policy-controller makes no entry of a root of trust. It accepts logs with ECDSA keys
// only, and certificate transparency logs with any key that it can parse (pkg/reconciler/trustroot/trustroot.go of v0.13.1,
// v0.14.0 and v0.15.1: ReconcileKind).
func refusal(trusted *prototrustroot.TrustedRoot) string {
	for i, log := range trusted.GetTlogs() {
		key, err := x509.ParsePKIXPublicKey(log.GetPublicKey().GetRawBytes())
		if _, ok := key.(*ecdsa.PublicKey); !ok || err != nil {
			return fmt.Sprintf("the key of %s is %s, and policy-controller accepts only ECDSA keys of transparency logs",
				logName("transparency log", i, log), keyKind(key))
		}
	}
	for i, log := range trusted.GetCtlogs() {
		if _, err := x509.ParsePKIXPublicKey(log.GetPublicKey().GetRawBytes()); err != nil {
			return "policy-controller cannot read the key of " + logName("certificate transparency log", i, log)
		}
	}
	return ""
}

func logName(kind string, index int, log *prototrustroot.TransparencyLogInstance) string {
	url := text.Truncate(text.WithoutSecrets(text.Printable(log.GetBaseUrl())), maxLogURL)
	if url == "" {
		return fmt.Sprintf("%s %d", kind, index+1)
	}
	return fmt.Sprintf("%s %d (%s)", kind, index+1, url)
}

// keyKind names the kind of a key, nil if it is unknown.
func keyKind(key crypto.PublicKey) string {
	switch key.(type) {
	case ed25519.PublicKey:
		return "Ed25519"
	case *rsa.PublicKey:
		return "RSA"
	default:
		return "of an unknown kind"
	}
}
