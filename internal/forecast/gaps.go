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
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/admission"
	"github.com/karmada-io/image-trust/internal/inventory"
)

// maxNamed is how many things a message names.
const maxNamed = 3

// Gap is something that keeps admission from enforcing a trust.
type Gap struct {
	// Reason is one of Enforced's.
	Reason string
	// Message says what it is, and what to do about it.
	Message string
}

// Gaps in the cluster, the gravest first. The forecasts are those of all workloads of the trust; neighbours
// returns all workloads of a namespace.
func Gaps(
	cluster *admission.Cluster, forecasts []Forecast, neighbours func(namespace string) []inventory.Workload,
) []Gap {
	if cluster.Validating == nil {
		return []Gap{{v1alpha1.WebhookMissingReason,
			"policy-controller's validating webhook is not registered, so nothing is refused. Install or start policy-controller."}}
	}
	var obstacles []Gap
	for _, look := range []func() *Gap{
		func() *Gap { return failurePolicy(cluster) },
		func() *Gap { return limited(forecasts) },
		func() *Gap { return notOptedIn(cluster, forecasts) },
		func() *Gap { return attestations(cluster, forecasts) },
		func() *Gap { return uncovered(cluster, forecasts, neighbours) },
	} {
		if obstacle := look(); obstacle != nil {
			obstacles = append(obstacles, *obstacle)
		}
	}
	return obstacles
}

func failurePolicy(cluster *admission.Cluster) *Gap {
	if !cluster.Validating.FailsOpen() {
		return nil
	}
	return &Gap{v1alpha1.FailurePolicyIgnoreReason,
		"The webhook's failurePolicy is Ignore: workloads pass while policy-controller does not answer. Set it to Fail."}
}

func limited(forecasts []Forecast) *Gap {
	var left []string
	for i := range forecasts {
		switch f := &forecasts[i]; f.Interception {
		case admission.RulesExclude, admission.ObjectExcluded, admission.InterceptionUnknown:
			left = append(left, describe(f.Workload))
		case admission.Intercepted, admission.WebhookMissing, admission.NamespaceNotOptedIn:
		}
	}
	if len(left) == 0 {
		return nil
	}
	return &Gap{v1alpha1.WebhookLimitedReason, fmt.Sprintf(
		"The webhook's rules, objectSelector or matchConditions leave out %s with matching images, or may do so: %s. "+
			"Restore the webhook configuration that policy-controller comes with.",
		count(len(left), "workload", "workloads"), firstOf(left))}
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
			len(namespaces), firstOf(namespaces), cluster.Validating.NamespaceSelector())}
	}
}

func attestations(cluster *admission.Cluster, forecasts []Forecast) *Gap {
	if !cluster.Config.EnableOCI11 {
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
	return &Gap{v1alpha1.AttestationsUnverifiedReason, fmt.Sprintf(
		"enable-oci11 is true in ConfigMap config-policy-controller, and with it policy-controller does not verify the attestations"+
			" that %s asks for. Set it to false.", firstOf(policies))}
}

func uncovered(
	cluster *admission.Cluster, forecasts []Forecast, neighbours func(namespace string) []inventory.Workload,
) *Gap {
	var images []string
	for _, namespace := range enforced(forecasts) {
		for _, workload := range neighbours(namespace) {
			objects := AdmissionObjects(workload)
			for i, object := range objects {
				if i > 0 && cluster.Alike(objects[0], object) {
					continue
				}
				for _, container := range cluster.Decide(object, ignorant).Uncovered {
					images = append(images, container.Image)
				}
			}
		}
	}
	if images = distinct(images); len(images) == 0 {
		return nil
	}
	beside := fmt.Sprintf("Namespaces with matching images have %s that no policy covers: %s.",
		count(len(images), "image", "images"), firstOf(images))
	switch cluster.Config.NoMatch {
	case admission.NoMatchAllow, admission.NoMatchWarn:
		return &Gap{v1alpha1.UncoveredImagesAllowedReason, fmt.Sprintf(
			"%s no-match-policy is %s, so anybody's image of such a name runs there. Cover them with a policy, or set it to deny.",
			beside, cluster.Config.NoMatch)}
	default:
		return &Gap{v1alpha1.UncoveredImagesDeniedReason,
			beside + " no-match-policy refuses them once they are created anew. Cover them with a policy."}
	}
}

// enforced namespaces, in which admission looks at workloads of the trust.
func enforced(forecasts []Forecast) []string {
	var namespaces []string
	for i := range forecasts {
		if forecasts[i].Interception == admission.Intercepted {
			namespaces = append(namespaces, forecasts[i].Workload.Namespace)
		}
	}
	return distinct(namespaces)
}

// ignorant knows no image: which policies cover one needs no answer.
func ignorant(admission.Question) admission.Answer {
	return admission.Answer{Verdict: v1alpha1.VerdictUnknown, Reason: v1alpha1.PendingReason}
}

func describe(w inventory.Workload) string {
	return fmt.Sprintf("%s %s/%s", w.Kind, w.Namespace, w.Name)
}

func distinct(all []string) []string {
	slices.SortFunc(all, cmp.Compare[string])
	return slices.Compact(all)
}

func firstOf(all []string) string {
	named := strings.Join(all[:min(maxNamed, len(all))], ", ")
	if rest := len(all) - maxNamed; rest > 0 {
		named += fmt.Sprintf(", and %d more", rest)
	}
	return named
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
