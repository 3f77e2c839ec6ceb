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

package conformance

import (
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/test/lab/sigstore"
	"github.com/karmada-io/image-trust/test/suites/internal/labtest"
)

// signatureMaker makes a signature of an image.
type signatureMaker func(t *testing.T, digest name.Digest) sigstore.Signature

// signedBy makes a valid signature by an identity.
func signedBy(id sigstore.Identity) signatureMaker {
	return func(t *testing.T, digest name.Digest) sigstore.Signature {
		t.Helper()
		return labtest.NewSignature(t, lab.Sigstore, digest, id)
	}
}

// tamperedSignature makes a valid signature by the release workflow, and changes it afterwards.
func tamperedSignature(change func(*sigstore.Signature)) signatureMaker {
	return func(t *testing.T, digest name.Digest) sigstore.Signature {
		t.Helper()
		signature := labtest.NewSignature(t, lab.Sigstore, digest, labtest.Release)
		change(&signature)
		return signature
	}
}

// signatureLoggedAt makes a signature by the release workflow with a certificate issued with these options, and the
// time of its log entry.
func signatureLoggedAt(at time.Time, opts ...sigstore.IssueOption) signatureMaker {
	return func(t *testing.T, digest name.Digest) sigstore.Signature {
		t.Helper()
		signer, err := lab.Sigstore.Issue(labtest.Release, opts...)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := sigstore.Payload(digest)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := signer.Sign(payload)
		if err != nil {
			t.Fatal(err)
		}
		if signature.Bundle, err = lab.Sigstore.Log(t.Context(), signature, at); err != nil {
			t.Fatal(err)
		}
		return signature
	}
}
