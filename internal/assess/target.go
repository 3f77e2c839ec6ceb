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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/policy"
	"github.com/karmada-io/image-trust/internal/verify/trustroot"
)

// Target completes what admission verifies with the root of trust of a policy, nil while there is none.
func Target(target policy.Target, root *trustroot.Root) policy.Target {
	if root != nil {
		target.TransparencyLog, target.TimestampAuthority, target.NoCTLogs = root.Logs(), root.Timestamps(), !root.CTLogs()
	}
	return target
}

// Targets returns every target that the policy of a trust may have to be rendered for, the one with the strictest policy
// first. The root of trust and the configuration of policy-controller are nil while they are not known.
func Targets(trust *policy.Policy, root *trustroot.Root, versions admission.Versions, config *admission.Config) []policy.Target {
	roots := []policy.Target{{TransparencyLog: true}}
	switch {
	case trust.TrustRoot == "":
	case root != nil:
		roots[0] = Target(policy.Target{}, root)
	default:
		roots = append(roots,
			policy.Target{TransparencyLog: true, TimestampAuthority: true},
			policy.Target{TimestampAuthority: true},
			policy.Target{TransparencyLog: true, NoCTLogs: true},
			policy.Target{TransparencyLog: true, TimestampAuthority: true, NoCTLogs: true},
			policy.Target{TimestampAuthority: true, NoCTLogs: true})
	}
	verified := []bool{false, true}
	if config != nil {
		verified = []bool{versions.Target(*config).AttestationsVerified}
	}
	targets := make([]policy.Target, 0, len(roots)*len(verified))
	for _, target := range roots {
		target.Capabilities = versions.Target(admission.Config{}).Capabilities
		for _, target.AttestationsVerified = range verified {
			targets = append(targets, target)
		}
	}
	return targets
}

// EnforcedPolicy is the policy of a trust in a cluster, as admission reads it, once the trust is enforced. The root of trust
// is nil while there is none.
func EnforcedPolicy(name string, trust *policy.Policy, cluster *admission.Cluster, root *trustroot.Root) *admission.Policy {
	rendered := trust.Enforced().ClusterImagePolicy(name, Target(cluster.Target(), root))
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
