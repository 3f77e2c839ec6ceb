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

package admission

import "github.com/karmada-io/image-trust/internal/policy"

// signers that an authority accepts and the TrustRoot that they are verified with, which is empty for the default root of
// trust; or the feature that is not evaluated.
func (w *writtenAuthority) signers() (signers []policy.Signer, trustRoot, unevaluable string) {
	k := w.Keyless
	switch {
	case isSet(w.Key):
		return nil, "", "signatures by a key"
	case k == nil:
		return nil, "", "an authority that is neither keyless nor static"
	case isSet(k.CACert):
		return nil, "", "keyless.ca-cert"
	case k.URL == "":
		return nil, "", "a keyless authority without url"
	case len(k.Identities) == 0:
		return nil, "", "a keyless authority without identities"
	}
	for _, id := range k.Identities {
		signer := policy.Signer{
			Issuer: id.Issuer, IssuerRegexp: id.IssuerRegexp, Subject: id.Subject, SubjectRegexp: id.SubjectRegexp,
		}
		if !signer.IsComplete() {
			return nil, "", "an identity without exactly one issuer and one subject"
		}
		signers = append(signers, signer)
	}
	return signers, k.TrustRootRef, ""
}
