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
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
)

// Denial returns why admission would deny an image under one policy, if it does: the finding of a pod with this image in a
// namespace that has opted in, where no other policy is in force. Of the cluster, the versions, the configuration and the
// TrustRoots count. It is nil where the image is allowed, or where what is known does not decide, unless only the version of
// policy-controller decides.
func Denial(policy *admission.Policy, cluster admission.Cluster, image string, judge admission.Judge) *admission.Finding {
	cluster.Validating, cluster.Mutating, cluster.Policies = nil, nil, admission.NewPolicies(policy)
	cluster.Config.NoMatch = admission.NoMatchAllow
	cluster.Namespace = func(string) (map[string]string, bool) { return nil, false }
	decision := cluster.Examine(admission.Object{
		Version: "v1", Kind: "Pod", Containers: []admission.Container{{Field: "containers", Name: "image", Image: image}},
	}, judge)
	i := slices.IndexFunc(decision.Findings, func(f admission.Finding) bool {
		return f.Effect == admission.EffectDeny || f.Reason == v1alpha1.PolicyControllerVersionReason
	})
	if i < 0 || decision.Outcome == admission.Allowed {
		return nil
	}
	return &decision.Findings[i]
}
