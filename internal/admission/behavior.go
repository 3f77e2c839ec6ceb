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

// Behavior is how a version of policy-controller decides. The zero value is an unknown version, of which nothing is
// predicted. To add a version, add its Capabilities to internal/policy/target.go and its Behavior here.
type Behavior struct {
	// Capabilities are what a policy can ask of the version. They name the version.
	policy.Capabilities
	// ResolvesEveryTag reports whether the mutating webhook resolves the tags of all images to digests, whether or not a
	// policy covers the image.
	ResolvesEveryTag bool
	// VerifiesOCI11Attestations reports whether attestations are verified although enable-oci11 is true in the
	// configuration.
	VerifiesOCI11Attestations bool
	// DropsFailedPolicies reports whether a ClusterImagePolicy whose condition Ready is False is not applied.
	DropsFailedPolicies bool
	// AllowsWithoutAuthorities reports whether a policy without authorities allows every image that it covers.
	AllowsWithoutAuthorities bool
	// SearchesLog reports whether an authority with a ctlog under the default root of trust also accepts a signature whose
	// log entry is found only by a search of the log.
	SearchesLog bool
}

// DefaultBehavior returns the behavior of the version that is assumed to run. The version is not detected.
func DefaultBehavior() Behavior { return V014() }

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
	}
}

// Target returns what a policy is rendered for under the behavior and a configuration. The caller adds what the
// policy's TrustRoot has.
func (b Behavior) Target(config Config) policy.Target {
	return policy.Target{
		Capabilities:         b.Capabilities,
		AttestationsVerified: !config.EnableOCI11 || b.VerifiesOCI11Attestations,
	}
}
