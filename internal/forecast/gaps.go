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
	"slices"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
	"github.com/karmada-io/image-trust/internal/text"
	"github.com/karmada-io/image-trust/internal/workload"
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
		webhookLimited(forecasts),
		notOptedIn(cluster, forecasts),
		attestationsUnverified(cluster, forecasts),
		imageVolumes(trust, forecasts),
		spellings(trust, forecasts),
		uncoveredImages(cluster, forecasts, workloadsIn),
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

func webhookLimited(forecasts []Forecast) *Gap {
	var excluded []string
	for i := range forecasts {
		switch f := &forecasts[i]; f.Interception {
		case admission.RulesExclude, admission.ObjectExcluded, admission.InterceptionUnknown:
			excluded = append(excluded, workloadName(f.Workload))
		case admission.Intercepted, admission.WebhookMissing, admission.NamespaceNotOptedIn:
		}
	}
	if len(excluded) == 0 {
		return nil
	}
	return &Gap{v1alpha1.WebhookLimitedReason, fmt.Sprintf(
		"The webhook's rules, objectSelector or matchConditions exclude %s with matching images, or may do so: %s. "+
			"Restore the webhook configuration of policy-controller's manifests.",
		text.Count(len(excluded), "workload"), text.List(excluded, maxListed))}
}

func notOptedIn(cluster *admission.Cluster, forecasts []Forecast) *Gap {
	var namespaces []string
	for i := range forecasts {
		f := &forecasts[i]
		if f.Interception == admission.NamespaceNotOptedIn && !f.Workload.Idle {
			namespaces = append(namespaces, f.Workload.Namespace)
		}
	}
	namespaces = distinct(namespaces)
	switch len(namespaces) {
	case 0:
		return nil
	case 1:
		return &Gap{v1alpha1.NamespacesNotOptedInReason, fmt.Sprintf(
			"1 namespace has matching images but does not opt in: %s. Label it so that the webhook selects it (%s).",
			namespaces[0], cluster.Validating.NamespaceSelector())}
	default:
		return &Gap{v1alpha1.NamespacesNotOptedInReason, fmt.Sprintf(
			"%d namespaces have matching images but do not opt in: %s. Label them so that the webhook selects them (%s).",
			len(namespaces), text.List(namespaces, maxListed), cluster.Validating.NamespaceSelector())}
	}
}

func attestationsUnverified(cluster *admission.Cluster, forecasts []Forecast) *Gap {
	unverified := cluster.Versions.Unverified(cluster.Config)
	if len(unverified) == 0 {
		return nil
	}
	var policies []string
	for i := range forecasts {
		for _, policy := range forecasts[i].Policies {
			if p := cluster.Policies.Get(policy); p != nil && p.Attestations() {
				policies = append(policies, policy)
			}
		}
	}
	if policies = distinct(policies); len(policies) == 0 {
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
func imageVolumes(trust Selection, forecasts []Forecast) *Gap {
	images, workloads := distinctImages(forecasts, func(c inventory.Container) bool {
		return c.Field == workload.Volumes && trust.Selects(c.Image)
	})
	if len(images) == 0 {
		return nil
	}
	return &Gap{v1alpha1.ImageVolumesReason, fmt.Sprintf(
		"%s in image volumes of %s: %s. policy-controller does not look at image volumes, so these images are not verified at "+
			"admission. Let an init container of the image copy its content instead, or deny image volumes with another policy.",
		text.Count(len(images), "matching image"), text.Count(workloads, "workload"), text.List(images, maxListed))}
}

// spellings are the images of the trust whose registry is spelled so that admission takes it for another one.
func spellings(trust Selection, forecasts []Forecast) *Gap {
	images, workloads := distinctImages(forecasts, func(c inventory.Container) bool {
		return c.Field != workload.Volumes && trust.Escapes(c.Image)
	})
	if len(images) == 0 {
		return nil
	}
	return &Gap{v1alpha1.SpellingNotCoveredReason, fmt.Sprintf(
		"%s in %s, in a spelling of the registry that the ClusterImagePolicy does not match: %s. Write the registry in lower "+
			"case, without a trailing dot and without :443, or add a glob with this spelling to images.",
		text.Count(len(images), "matching image"), text.Count(workloads, "workload"), text.List(images, maxListed))}
}

// distinctImages returns the images in the workloads that are in question, and how many workloads name one of them.
func distinctImages(forecasts []Forecast, inQuestion func(inventory.Container) bool) (images []string, workloads int) {
	for i := range forecasts {
		before := len(images)
		for _, c := range forecasts[i].Workload.Template {
			if inQuestion(c) {
				images = append(images, c.Image)
			}
		}
		for _, r := range forecasts[i].Workload.Running {
			if inQuestion(r.Container) {
				images = append(images, r.Image)
			}
		}
		if len(images) > before {
			workloads++
		}
	}
	return distinct(images), workloads
}

func uncoveredImages(
	cluster *admission.Cluster, forecasts []Forecast, workloadsIn func(namespace string) []inventory.Workload,
) *Gap {
	var images []string
	for _, namespace := range interceptedNamespaces(forecasts) {
		for _, workload := range workloadsIn(namespace) {
			images = append(images, uncoveredImagesOf(cluster, workload)...)
		}
	}
	if images = distinct(images); len(images) == 0 {
		return nil
	}
	finding := fmt.Sprintf("Namespaces with matching images have %s that no policy covers: %s.",
		text.Count(len(images), "image"), text.List(images, maxListed))
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

// uncoveredImagesOf returns the images of a workload that the webhook intercepts and that no policy covers by name.
func uncoveredImagesOf(cluster *admission.Cluster, workload inventory.Workload) []string {
	var images []string
	for _, object := range distinctObjects(cluster, workload) {
		switch cluster.Interception(object) {
		case admission.Intercepted, admission.InterceptionUnknown:
			for _, container := range cluster.Uncovered(object) {
				images = append(images, container.Image)
			}
		default:
		}
	}
	return images
}

// interceptedNamespaces returns the namespaces in which admission intercepts workloads of the trust.
func interceptedNamespaces(forecasts []Forecast) []string {
	var namespaces []string
	for i := range forecasts {
		if forecasts[i].Interception == admission.Intercepted {
			namespaces = append(namespaces, forecasts[i].Workload.Namespace)
		}
	}
	return distinct(namespaces)
}

func workloadName(w inventory.Workload) string {
	return fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, w.Name)
}

// distinct sorts items and removes duplicates.
func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}
