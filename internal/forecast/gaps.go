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

package forecast

import (
	"fmt"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
)

// maxListed is how many items a message lists.
const maxListed = 3

// Gap keeps admission from enforcing a trust.
type Gap struct {
	// Reason is a reason of the condition Enforced.
	Reason string
	// Message describes the gap and how to close it.
	Message string
}

// Selection is what a trust is about. Its functions are called with images as they are written.
type Selection struct {
	// Selects reports whether an image is one of the trust.
	Selects func(image string) bool
	// Escapes reports whether an image of the trust is one that its ClusterImagePolicy does not match.
	Escapes func(image string) bool
}

// Gaps returns the gaps in the cluster, the most severe first. The forecasts are those of all workloads of the trust;
// workloadsIn returns all workloads of a namespace.
func Gaps(
	cluster *admission.Cluster, trust Selection, forecasts []Forecast, workloadsIn func(namespace string) []inventory.Workload,
) []Gap {
	tally := NewTally(trust)
	for i := range forecasts {
		tally.Add(&forecasts[i])
	}
	return tally.Gaps(cluster, func() *Uncovered {
		uncovered := NewUncovered()
		for namespace := range tally.intercepted.all() {
			uncovered.Set(namespace, cluster, workloadsIn(namespace))
		}
		return uncovered
	})
}

// Gaps returns the gaps in the cluster, the most severe first. It calls uncovered, which returns the images that no policy
// covers in the namespaces in which admission intercepts workloads of the trust, only if that matters.
func (t *Tally) Gaps(cluster *admission.Cluster, uncovered func() *Uncovered) []Gap {
	switch {
	case !cluster.Known():
		return []Gap{{v1alpha1.AdmissionUnreadableReason, "The cluster's admission or the version of policy-controller is not known."}}
	case cluster.Validating == nil:
		return []Gap{{v1alpha1.WebhookMissingReason,
			"policy-controller's validating webhook is not registered, so nothing is denied. Install or start policy-controller."}}
	}
	var gaps []Gap
	for _, gap := range []*Gap{
		failurePolicy(cluster),
		t.webhookLimited(),
		t.notOptedIn(cluster),
		t.attestationsUnverified(cluster),
		t.imageVolumes(),
		t.spellings(),
		uncovered().gap(cluster),
	} {
		if gap != nil {
			gaps = append(gaps, *gap)
		}
	}
	return gaps
}

func failurePolicy(cluster *admission.Cluster) *Gap {
	if !cluster.Validating.FailsOpen() {
		return nil
	}
	return &Gap{v1alpha1.FailurePolicyIgnoreReason,
		"The webhook's failurePolicy is Ignore: workloads are allowed while policy-controller does not respond. Set it to Fail."}
}

func (t *Tally) webhookLimited() *Gap {
	if t.excluded.len() == 0 {
		return nil
	}
	return &Gap{v1alpha1.WebhookLimitedReason, fmt.Sprintf(
		"The webhook's rules, objectSelector or matchConditions exclude %s with matching images, or may do so: %s. "+
			"Restore the webhook configuration of policy-controller's manifests.",
		text.Count(t.excluded.len(), "workload"), t.excluded.list(nameOfPlace))}
}

func (t *Tally) notOptedIn(cluster *admission.Cluster) *Gap {
	switch n := t.outside.len(); n {
	case 0:
		return nil
	case 1:
		return &Gap{v1alpha1.NamespacesNotOptedInReason, fmt.Sprintf(
			"1 namespace has matching images but does not opt in: %s. Label it so that the webhook selects it (%s).",
			t.outside.list(nil), cluster.Validating.NamespaceSelector())}
	default:
		return &Gap{v1alpha1.NamespacesNotOptedInReason, fmt.Sprintf(
			"%d namespaces have matching images but do not opt in: %s. Label them so that the webhook selects them (%s).",
			n, t.outside.list(nil), cluster.Validating.NamespaceSelector())}
	}
}

func (t *Tally) attestationsUnverified(cluster *admission.Cluster) *Gap {
	unverified := cluster.Versions.Unverified(cluster.Config)
	if len(unverified) == 0 {
		return nil
	}
	var policies []string
	for policy := range t.policies.all() {
		if p := cluster.Policies.Get(policy); p != nil && p.Attestations() {
			policies = append(policies, policy)
		}
	}
	if len(policies) == 0 {
		return nil
	}
	which := ""
	if len(unverified) < len(cluster.Versions) {
		which = ", which may be installed,"
	}
	return &Gap{v1alpha1.AttestationsUnverifiedReason, fmt.Sprintf(
		"enable-oci11 is true in ConfigMap %s. With it, policy-controller %s%s does not verify the attestations that %s requires."+
			" Set it to false.", admission.ConfigName, unverified, which, text.List(policies, maxListed))}
}

// imageVolumes are the volumes with an image of the trust, which admission does not look at.
func (t *Tally) imageVolumes() *Gap {
	if t.volumes.len() == 0 {
		return nil
	}
	return &Gap{v1alpha1.ImageVolumesReason, fmt.Sprintf(
		"%s in image volumes of %s: %s. policy-controller does not look at image volumes, so these images are not verified at "+
			"admission. Let an init container of the image copy its content instead, or deny image volumes with another policy.",
		text.Count(t.volumes.len(), "matching image"), text.Count(t.withVolumes, "workload"), t.volumes.list(nil))}
}

// spellings are the images of the trust whose registry is spelled so that admission takes it for another one.
func (t *Tally) spellings() *Gap {
	if t.escaping.len() == 0 {
		return nil
	}
	return &Gap{v1alpha1.SpellingNotCoveredReason, fmt.Sprintf(
		"%s in %s, in a spelling of the registry that the ClusterImagePolicy does not match: %s. Write the registry in lower "+
			"case, without a trailing dot and without :443, or add a glob with this spelling to images.",
		text.Count(t.escaping.len(), "matching image"), text.Count(t.withEscaping, "workload"), t.escaping.list(nil))}
}

func (u *Uncovered) gap(cluster *admission.Cluster) *Gap {
	total, first := u.Count()
	if total == 0 {
		return nil
	}
	finding := fmt.Sprintf("Namespaces with matching images have %s that no policy covers: %s.",
		text.Count(total, "image"), text.ListFirst(first, total))
	switch cluster.Config.NoMatch {
	case admission.NoMatchAllow, admission.NoMatchWarn:
		return &Gap{v1alpha1.UncoveredImagesAllowedReason, fmt.Sprintf(
			"%s no-match-policy is %s, so these images are allowed without verification. Cover them with a policy, or set it to deny.",
			finding, cluster.Config.NoMatch)}
	default:
		return &Gap{v1alpha1.UncoveredImagesDeniedReason,
			finding + " no-match-policy denies them once they are recreated. Cover them with a policy."}
	}
}
