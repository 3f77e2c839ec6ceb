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
	"crypto/x509"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	sigstoreverify "github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/policy"
)

// diagnoseEntryTime looks at the times that the log itself promised.
func (p bundleProof) diagnoseEntryTime(cert *x509.Certificate) error {
	entries, err := p.bundle.TlogEntries()
	if err != nil {
		return refuse(v1alpha1.LogProofInvalidReason, "its entry of the transparency log is malformed")
	}
	for _, entry := range entries {
		if !entry.HasInclusionPromise() || tlog.VerifySET(entry, p.material.RekorLogs()) != nil {
			continue
		}
		if err := diagnoseTime(cert, logTook, entry.IntegratedTime()); err != nil {
			return err
		}
	}
	return nil
}

type logEntry = *protorekor.TransparencyLogEntry

// diagnoseLog says what is wrong with the proof of a bundle's time, when nothing else is.
func (p bundleProof) diagnoseLog(cert *x509.Certificate) error {
	if p.format == policy.TimestampedBundle {
		stamps, _, err := sigstoreverify.VerifySignedTimestamp(p.bundle, p.material)
		if err != nil || len(stamps) == 0 {
			return refuse(v1alpha1.LogProofInvalidReason,
				"its timestamp is not by a timestamp authority of the root of trust, or not about it")
		}
		if err := diagnoseTime(cert, timestampTook, stamps[0].Time); err != nil {
			return err
		}
	}
	if _, err := sigstoreverify.VerifyTlogEntry(p.bundle, p.material, 1, false); err != nil {
		// sigstore-go refuses an entry of another time than the certificate's for that alone.
		if err := p.diagnoseEntryTime(cert); err != nil {
			return err
		}
		return refuse(v1alpha1.LogProofInvalidReason,
			"its entry of the transparency log is about another signature, or not one that the log made")
	}
	if err := p.diagnoseEntryTime(cert); err != nil {
		return err
	}
	return refuse(v1alpha1.InvalidSignatureReason, "cosign does not accept it")
}
