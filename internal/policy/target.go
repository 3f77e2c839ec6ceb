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

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/text"
)

// Target describes the policy-controller and the roots of trust that a ClusterImagePolicy is rendered for. The zero
// value assumes neither: a policy rendered for it accepts nothing but signatures in the transparency log, stored as
// cosign v2 stores them, which every version verifies.
type Target struct {
	// Capabilities of the version of policy-controller.
	Capabilities Capabilities
	// AttestationsVerified reports whether policy-controller verifies every attestation, and thereby every bundle, that it
	// accepts. With enable-oci11 in its configuration some versions do not.
	AttestationsVerified bool
	// TrustRoots are what the TrustRoots that the policy names have, by name; nothing is known of one that is not there. The
	// default root of trust is not among them: it has a transparency log, and its timestamp authority is not used.
	TrustRoots map[string]TrustRoot
}

// TrustRoot is what a TrustRoot has. The zero value is one of which nothing is known.
type TrustRoot struct {
	// TransparencyLog reports whether it has a transparency log.
	TransparencyLog bool
	// TimestampAuthority reports whether it has a timestamp authority.
	TimestampAuthority bool
	// NoCTLogs reports whether it has no certificate transparency log, so that its certificates are verified without one.
	NoCTLogs bool
}

// Capabilities are what a ClusterImagePolicy can ask of a version of policy-controller. The zero value is a version of
// which nothing is assumed.
type Capabilities struct {
	// Version of policy-controller as messages name it, such as v0.14; empty if it is not known.
	Version string
	// Bundles reports whether attestations stored as Sigstore bundles are verified by the default root of trust.
	Bundles bool
	// TrustRootBundles reports whether they are verified by a TrustRoot with a transparency log too.
	TrustRootBundles bool
	// TimestampedBundles reports whether they are verified by the timestamp authority of a TrustRoot without any log.
	TimestampedBundles bool
	// SignatureBundles reports whether signatures stored as Sigstore bundles are verified by an authority without
	// attestations. Where they are not, an authority asks for an attestation of the type SignPredicate instead.
	SignatureBundles bool
	// RekorV2 reports whether bundles with an entry of Rekor v2 are verified wherever other bundles are. Such an entry has no
	// time of its own, so the bundle has an RFC 3161 timestamp as well.
	RekorV2 bool
	// OtherCurves reports whether bundles are verified that are signed with a key on another curve than P-256, where the hash
	// is the one of the curve.
	OtherCurves bool
}

// verifies reports whether the version verifies a format that needs no authority of its own.
func (c Capabilities) verifies(format Format) bool { return format != RekorV2Bundle || c.RekorV2 }

// V013 returns the capabilities of policy-controller v0.13. It looks up the log's key of a TrustRoot by the bytes of an
// identifier that it stores as hexadecimal text (pkg/webhook/validator.go, trustroot.go), so that it never verifies a
// bundle by the log of a TrustRoot, nor the timestamp of its certificate transparency log; a timestamp authority has no such
// identifier. Its cosign has no support for bundles as signatures (cosign v2.5.0 pkg/cosign/verify.go), and its sigstore-go
// wants the time of each entry (sigstore-go v0.7.2 pkg/tlog/entry.go).
func V013() Capabilities {
	return Capabilities{Version: "v0.13", Bundles: true, TimestampedBundles: true}
}

// V014 returns the capabilities of policy-controller v0.14, which has the same cosign and sigstore-go as v0.13.
func V014() Capabilities {
	return Capabilities{Version: "v0.14", Bundles: true, TimestampedBundles: true}
}

// V015 returns the capabilities of policy-controller v0.15. Its cosign takes the time from the timestamp if no entry of a
// bundle has one (cosign v3.0.5 pkg/cosign/verify_bundle.go). The keys of a TrustRoot's log are still not found, and bundles
// are still not supported as signatures (cosign v3.0.5 pkg/cosign/verify.go).
func V015() Capabilities {
	return Capabilities{Version: "v0.15", Bundles: true, TimestampedBundles: true, RekorV2: true, OtherCurves: true}
}

// Common returns what every one of some versions is capable of. Its version names them all.
func Common(versions ...Capabilities) Capabilities {
	if len(versions) == 0 {
		return Capabilities{}
	}
	common := versions[0]
	names := []string{common.Version}
	for _, v := range versions[1:] {
		names = append(names, v.Version)
		common.Bundles = common.Bundles && v.Bundles
		common.TrustRootBundles = common.TrustRootBundles && v.TrustRootBundles
		common.TimestampedBundles = common.TimestampedBundles && v.TimestampedBundles
		common.SignatureBundles = common.SignatureBundles && v.SignatureBundles
		common.RekorV2 = common.RekorV2 && v.RekorV2
		common.OtherCurves = common.OtherCurves && v.OtherCurves
	}
	common.Version = text.Alternatives(names)
	return common
}

// verifiedFormats are the formats with authorities of their own in which the target verifies what a signer must have signed;
// empty if there is none. Where attestations are not verified anybody who may attach one to an image could have it admitted, so
// that they must not be all that is required.
func (t Target) verifiedFormats(signer SignerRule) Formats {
	if len(signer.Rule.Signature) == 0 && !t.AttestationsVerified {
		return nil
	}
	accepted := signer.Rule.Formats()
	return slices.DeleteFunc(t.formats(signer.TrustRoot).rendered(), func(format Format) bool { return !accepted.Has(format) })
}

// formats that the target verifies under a root of trust of the policy; at least one.
func (t Target) formats(trustRoot string) Formats {
	if trustRoot == "" {
		formats := []Format{SimpleSigning}
		if t.Capabilities.Bundles && t.AttestationsVerified {
			formats = append(formats, Bundle.Within(t.Capabilities)...)
		}
		return NewFormats(formats...)
	}
	root := t.TrustRoots[trustRoot]
	var formats []Format
	if root.TransparencyLog || !root.TimestampAuthority {
		formats = append(formats, SimpleSigning)
	}
	if root.TimestampAuthority {
		formats = append(formats, Timestamped)
	}
	if root.TransparencyLog && t.Capabilities.TrustRootBundles && t.AttestationsVerified {
		formats = append(formats, Bundle.Within(t.Capabilities)...)
	}
	// With a timestamp policy-controller does not look at the log. So a root of trust with a log is not used like this: the
	// policy would accept a bundle whose entry is invalid.
	if root.TimestampAuthority && !root.TransparencyLog && root.NoCTLogs && t.Capabilities.TimestampedBundles && t.AttestationsVerified {
		formats = append(formats, TimestampedBundle)
	}
	return NewFormats(formats...)
}

// RenderedFor returns what the TrustRoots that a rendered policy names had when it was rendered, by name: its authorities show
// it. The policy may be nil.
func RenderedFor(cip *unstructured.Unstructured) map[string]TrustRoot {
	roots := map[string]TrustRoot{}
	if cip == nil {
		return roots
	}
	authorities, _, _ := unstructured.NestedSlice(cip.Object, "spec", "authorities")
	for _, authority := range authorities {
		fields, _ := authority.(map[string]any)
		if name, _, _ := unstructured.NestedString(fields, "ctlog", "trustRootRef"); name != "" {
			root := roots[name]
			root.TransparencyLog = true
			roots[name] = root
		}
		if name, _, _ := unstructured.NestedString(fields, "rfc3161timestamp", "trustRootRef"); name != "" {
			root := roots[name]
			root.TimestampAuthority = true
			roots[name] = root
		}
		if ignored, _, _ := unstructured.NestedBool(fields, "keyless", "insecureIgnoreSCT"); ignored {
			name, _, _ := unstructured.NestedString(fields, "keyless", "trustRootRef")
			root := roots[name]
			root.NoCTLogs = true
			roots[name] = root
		}
	}
	return roots
}
