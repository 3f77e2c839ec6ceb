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

// Behavior is how a version of policy-controller decides. The zero value is an unknown version.
type Behavior struct {
	// Capabilities are what a policy can ask of the version.
	policy.Capabilities
}

// DefaultBehavior returns the behavior of the version that is assumed to run, which is v0.14.
func DefaultBehavior() Behavior { return V014() }

// V014 returns the behavior of policy-controller v0.14.
func V014() Behavior {
	return Behavior{Capabilities: policy.V014()}
}

// Target returns what a policy is rendered for under the behavior and a configuration. The caller adds what the
// policy's TrustRoot has.
func (b Behavior) Target(config Config) policy.Target {
	return policy.Target{Capabilities: b.Capabilities, AttestationsVerified: !config.EnableOCI11}
}
