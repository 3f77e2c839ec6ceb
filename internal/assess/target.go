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

package assess

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// Roots are the roots of trust of the signers of a trust, by the names of TrustRoots, with an empty name for the default one.
// One that is not available is missing or nil.
type Roots map[string]*trustroot.Root

// Target completes what admission verifies with the roots of trust of a policy.
func Target(target policy.Target, roots Roots) policy.Target {
	target.TrustRoots = map[string]policy.TrustRoot{}
	for name, root := range roots {
		if name != "" && root != nil {
			target.TrustRoots[name] = policy.TrustRoot{
				TransparencyLog: root.Logs(), TimestampAuthority: root.Timestamps(), NoCTLogs: !root.CTLogs(),
			}
		}
	}
	return target
}

// Targets returns every target that the policy of a trust may have to be rendered for, the one with the strictest policy
// first. Roots of trust are missing, and the configuration of policy-controller is nil, while they are not known. What is not
// known of a TrustRoot may be as in the current policy, whose authorities show what it was rendered for; nil for none.
func Targets(
	trust *policy.Policy, roots Roots, versions admission.Versions, config *admission.Config, current *unstructured.Unstructured,
) []policy.Target {
	strictest := Target(policy.Target{Capabilities: versions.Target(admission.Config{}).Capabilities}, roots)
	possible := []policy.Target{strictest}
	rendered := policy.RenderedFor(current)
	asBefore := strictest
	asBefore.TrustRoots = maps.Clone(strictest.TrustRoots)
	for _, name := range trust.TrustRoots() {
		if had, ok := rendered[name]; ok && roots[name] == nil {
			asBefore.TrustRoots[name] = had
		}
	}
	if len(asBefore.TrustRoots) > len(strictest.TrustRoots) {
		possible = append(possible, asBefore)
	}
	verified := []bool{false, true}
	if config != nil {
		verified = []bool{versions.Target(*config).AttestationsVerified}
	}
	targets := make([]policy.Target, 0, len(possible)*len(verified))
	for _, target := range possible {
		for _, target.AttestationsVerified = range verified {
			targets = append(targets, target)
		}
	}
	return targets
}

// EnforcedPolicy is the policy of a trust in a cluster, as admission reads it, once the trust is enforced.
func EnforcedPolicy(name string, trust *policy.Policy, cluster *admission.Cluster, roots Roots) *admission.Policy {
	rendered := trust.Enforced().ClusterImagePolicy(name, Target(cluster.Target(), roots))
	return admission.ParsePolicy(rendered, cluster.Versions...)
}

// TrustRoot returns what is known about a TrustRoot and the root of trust in it, nil while there is none.
func TrustRoot(object *unstructured.Unstructured, root *trustroot.Root) admission.TrustRoot {
	read := admission.ReadTrustRoot(object)
	if root != nil {
		read.Keys, read.Refusal = root.Keys, root.Refusal
	}
	return read
}
