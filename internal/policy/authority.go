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

package policy

import "strings"

// The parts of an authority's name: SIGNER/signer.FORMAT or SIGNER/attestation.NAME.FORMAT. A policy for one signer omits
// SIGNER/, and the first format has no suffix. The names of signers and attestations contain neither a slash nor a dot, so that
// names are not ambiguous.
const (
	signatureGroup   = "signer"
	attestationGroup = "attestation."
	signerSeparator  = "/"
)

// authorityName is the name of the authority that accepts a format of what a group requires.
func (f Format) authorityName(group string) string { return group + f.properties().suffix }

// AuthorityGroup is what an authority of a rendered policy requires, by the authority's name: the authorities of a group
// require the same in different formats.
func AuthorityGroup(authority string) string {
	signer, rest, several := strings.Cut(authority, signerSeparator)
	if !several {
		signer, rest = "", authority
	}
	group, suffix := rest, ""
	if name, ok := strings.CutPrefix(rest, attestationGroup); ok {
		if i := strings.Index(name, "."); i >= 0 {
			group, suffix = attestationGroup+name[:i], name[i:]
		}
	} else if rest, ok := strings.CutPrefix(rest, signatureGroup); ok {
		group, suffix = signatureGroup, rest
	}
	if !isSuffix(suffix) {
		return authority
	}
	if several {
		return signer + signerSeparator + group
	}
	return group
}

// AuthoritySigner is the name of the signer that an authority of a rendered policy accepts, by the authority's name; empty in a
// policy for one signer.
func AuthoritySigner(authority string) string {
	signer, _, several := strings.Cut(authority, signerSeparator)
	if !several {
		return ""
	}
	return signer
}

func isSuffix(suffix string) bool {
	for _, p := range formats() {
		if p.suffix == suffix {
			return true
		}
	}
	return false
}
