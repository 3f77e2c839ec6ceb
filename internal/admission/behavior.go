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

import (
	"slices"

	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/text"
)

// Behavior is how a version of policy-controller decides. The zero value is an unknown version, of which nothing is
// predicted. To add a version, add its Capabilities to internal/policy/target.go, and its Behavior here and to Supported.
type Behavior struct {
	// Capabilities are what a policy can ask of the version. They name the version.
	policy.Capabilities
	// ResolvesEveryTag reports whether the mutating webhook resolves the tags of all images to digests, whether or not a
	// policy covers the image.
	ResolvesEveryTag bool
	// VerifiesOCI11Attestations reports whether attestations are verified although enable-oci11 is true in the
	// configuration. A version that does not know this key verifies them.
	VerifiesOCI11Attestations bool
	// DropsFailedPolicies reports whether a ClusterImagePolicy whose condition Ready is False is not applied.
	DropsFailedPolicies bool
	// AllowsWithoutAuthorities reports whether a policy without authorities allows every image that it covers.
	AllowsWithoutAuthorities bool
	// SearchesLog reports whether an authority with a ctlog under the default root of trust also accepts a signature whose
	// log entry is found only by a search of the log.
	SearchesLog bool
	// CustomTargets reports whether a TrustRoot in the form remote or repository may name a directory of targets other than
	// DefaultTargets.
	CustomTargets bool
	// VerifiesAuthorityTime reports whether the certificate authorities above the certificate of a signature must be valid at the time
	// of signing. In other versions only the certificate must.
	VerifiesAuthorityTime bool
	// OrderMatters reports whether a bundle of Rekor v2 makes the version require a timestamp of all bundles of the image that it
	// verifies later. It verifies them in parallel, so that the order is by chance.
	OrderMatters bool
}

// V013 returns the behavior of policy-controller v0.13, which differs from v0.14 in one thing: it does not know the key
// enable-oci11, so that it verifies attestations whatever its value (pkg/config/store.go).
func V013() Behavior {
	b := V014()
	b.Capabilities = policy.V013()
	b.VerifiesOCI11Attestations = true
	return b
}

// V014 returns the behavior of policy-controller v0.14. Its sources: pkg/webhook/validator.go (resolvePodSpec,
// errorsToFieldErrors, checkOptsFromAuthority), pkg/webhook/validation.go (enable-oci11) and
// pkg/reconciler/clusterimagepolicy (handleCIPError).
func V014() Behavior {
	return Behavior{
		Capabilities:             policy.V014(),
		ResolvesEveryTag:         true,
		DropsFailedPolicies:      true,
		AllowsWithoutAuthorities: true,
		SearchesLog:              true,
		CustomTargets:            true,
	}
}

// V015 returns the behavior of policy-controller v0.15. Its webhook decides as that of v0.14 does; what differs is what its
// cosign verifies, which its Capabilities say, and its TUF client, which gets trusted_root.json from TUF's own directory of
// targets only (pkg/tuf/repo.go, GetTarget). It verifies the whole chain of a certificate at the time of signing. For a bundle of
// Rekor v2, cosign v3.0.5 changes the options that all goroutines share which verify a bundle of the image
// (pkg/cosign/verify_bundle.go, rekorV2Bundle; fixed in cosign v3.1.0).
func V015() Behavior {
	b := V014()
	b.Capabilities = policy.V015()
	b.CustomTargets = false
	b.VerifiesAuthorityTime = true
	b.OrderMatters = true
	return b
}

// Target returns what a policy is rendered for under the behavior and a configuration. The caller adds what the
// policy's TrustRoot has.
func (b Behavior) Target(config Config) policy.Target {
	return policy.Target{
		Capabilities:         b.Capabilities,
		AttestationsVerified: !config.EnableOCI11 || b.VerifiesOCI11Attestations,
	}
}

// Versions are the behaviors that the installed policy-controller may have: one if its version is known. Admission is
// evaluated by each of them, and predicted where they agree. Of the zero value, nothing is predicted.
type Versions []Behavior

// Supported returns the versions that are supported, the oldest first. One of them is assumed to run where it is not known
// which one.
func Supported() Versions { return Versions{V013(), V014(), V015()} }

// Find returns the version of a name, such as v0.14.
func (v Versions) Find(name string) (Behavior, bool) {
	i := slices.IndexFunc(v, func(b Behavior) bool { return b.Version == name })
	if i < 0 {
		return Behavior{}, false
	}
	return v[i], true
}

// Names returns the names of the versions, such as v0.14.
func (v Versions) Names() []string {
	names := make([]string, 0, len(v))
	for i := range v {
		names = append(names, v[i].Version)
	}
	return names
}

// String names the versions in a sentence.
func (v Versions) String() string { return text.Alternatives(v.Names()) }

// Range names the versions from the oldest to the newest, as in v0.13 to v0.15.
func (v Versions) Range() string {
	names := v.Names()
	if len(names) < 2 {
		return v.String()
	}
	return names[0] + " to " + names[len(names)-1]
}

// Target returns what a policy is rendered for so that every version verifies it; where none is known, every supported one.
// The caller adds what the policy's TrustRoot has.
func (v Versions) Target(config Config) policy.Target {
	if len(v) == 0 {
		v = Supported()
	}
	target := policy.Target{AttestationsVerified: true}
	capabilities := make([]policy.Capabilities, 0, len(v))
	for i := range v {
		capabilities = append(capabilities, v[i].Capabilities)
		target.AttestationsVerified = target.AttestationsVerified && v[i].Target(config).AttestationsVerified
	}
	target.Capabilities = policy.Common(capabilities...)
	return target
}

// Unverified returns the versions that do not verify every attestation under a configuration.
func (v Versions) Unverified(config Config) Versions {
	return slices.DeleteFunc(slices.Clone(v), func(b Behavior) bool { return b.Target(config).AttestationsVerified })
}

// FirstWithRekorV2 returns the name of the oldest version that verifies bundles with an entry of Rekor v2.
func FirstWithRekorV2() string {
	versions := Supported()
	i := slices.IndexFunc(versions, func(b Behavior) bool { return b.RekorV2 })
	return versions[i].Version
}

// all reports whether there are versions, and each has a property.
func (v Versions) all(has func(Behavior) bool) bool {
	return len(v) > 0 && !slices.ContainsFunc(v, func(b Behavior) bool { return !has(b) })
}
