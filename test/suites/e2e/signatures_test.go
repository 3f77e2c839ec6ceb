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

package e2e

import (
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/test/lab/sigstore"
)

func newSignature(t *testing.T, by *sigstore.Sigstore, digest name.Digest, id sigstore.Identity) sigstore.Signature {
	t.Helper()
	signature, err := by.NewSignature(t.Context(), digest, id)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// signedBy is a sound signature by an identity.
func signedBy(id sigstore.Identity) func(*testing.T, name.Digest) sigstore.Signature {
	return func(t *testing.T, digest name.Digest) sigstore.Signature {
		t.Helper()
		return newSignature(t, shared.Sigstore, digest, id)
	}
}

// changed is a sound signature by the release workflow that was changed afterwards.
func changed(change func(*sigstore.Signature)) func(*testing.T, name.Digest) sigstore.Signature {
	return func(t *testing.T, digest name.Digest) sigstore.Signature {
		t.Helper()
		signature := newSignature(t, shared.Sigstore, digest, release)
		change(&signature)
		return signature
	}
}

// logged is a signature by the release workflow with a certificate issued in a certain way, and the time of
// its log entry.
func logged(at time.Time, opts ...sigstore.IssueOption) func(*testing.T, name.Digest) sigstore.Signature {
	return func(t *testing.T, digest name.Digest) sigstore.Signature {
		t.Helper()
		signer, err := shared.Sigstore.Issue(release, opts...)
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
		if signature.Bundle, err = shared.Sigstore.Log(t.Context(), signature, at); err != nil {
			t.Fatal(err)
		}
		return signature
	}
}

// signerOf is how a status names an identity; nil for the zero value.
func signerOf(id sigstore.Identity) *v1alpha1.Signer {
	if id == (sigstore.Identity{}) {
		return nil
	}
	return &v1alpha1.Signer{
		Issuer:           id.Issuer,
		Identity:         id.Subject,
		SourceRepository: id.Workflow.Repository,
		SourceRef:        id.Workflow.Ref,
		SourceCommit:     id.Workflow.SHA,
		WorkflowName:     id.Workflow.Name,
		WorkflowTrigger:  id.Workflow.Trigger,
	}
}
