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

package e2e

import (
	"net/http"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// TestRole asks the API server what the operator's ServiceAccount may do. Everything else in this
// package runs under the same role.
func TestRole(t *testing.T) {
	account := shared.OperatorAccount()
	config, err := shared.ServiceAccountConfig(t.Context(), account.Namespace, account.Name)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := client.New(config, client.Options{Scheme: shared.Client.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	const trusts, policies = "karmadaimagetrusts.trust.karmada.io", "clusterimagepolicies.policy.sigstore.dev"
	tests := map[string]struct {
		verb, group, resource, subresource, namespace string
		want                                          bool
	}{
		"watch trusts":             {verb: "watch", group: "trust.karmada.io", resource: "karmadaimagetrusts", want: true},
		"write a trust's status":   {verb: "update", group: "trust.karmada.io", resource: "karmadaimagetrusts", subresource: "status", want: true},
		"write a trust's spec":     {verb: "update", group: "trust.karmada.io", resource: "karmadaimagetrusts"},
		"patch a trust":            {verb: "patch", group: "trust.karmada.io", resource: "karmadaimagetrusts"},
		"create a trust":           {verb: "create", group: "trust.karmada.io", resource: "karmadaimagetrusts"},
		"delete a trust":           {verb: "delete", group: "trust.karmada.io", resource: "karmadaimagetrusts"},
		"patch a policy":           {verb: "patch", group: "policy.sigstore.dev", resource: "clusterimagepolicies", want: true},
		"delete all policies":      {verb: "deletecollection", group: "policy.sigstore.dev", resource: "clusterimagepolicies"},
		"write a TrustRoot":        {verb: "update", group: "policy.sigstore.dev", resource: "trustroots"},
		"get secrets":              {verb: "get", resource: "secrets"},
		"get secrets of its own":   {verb: "get", resource: "secrets", namespace: account.Namespace},
		"get ConfigMaps":           {verb: "get", resource: "configmaps"},
		"list pods":                {verb: "list", resource: "pods"},
		"delete nodes":             {verb: "delete", resource: "nodes"},
		"take over any lease":      {verb: "update", group: "coordination.k8s.io", resource: "leases"},
		"take over another lease":  {verb: "update", group: "coordination.k8s.io", resource: "leases", namespace: account.Namespace},
		"bind roles":               {verb: "bind", group: "rbac.authorization.k8s.io", resource: "clusterroles"},
		"issue tokens":             {verb: "create", resource: "serviceaccounts", subresource: "token", namespace: account.Namespace},
		"change webhooks":          {verb: "update", group: "admissionregistration.k8s.io", resource: "validatingwebhookconfigurations"},
		"create events everywhere": {verb: "create", group: "events.k8s.io", resource: "events", want: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: test.verb, Group: test.group, Resource: test.resource, Subresource: test.subresource, Namespace: test.namespace,
				},
			}}
			if err := operator.Create(t.Context(), review); err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed != test.want {
				t.Errorf("allowed is %t, want %t (%s)", review.Status.Allowed, test.want, review.Status.Reason)
			}
		})
	}
	// An answer to a review is one thing, a refused request another.
	if err := operator.List(t.Context(), &corev1.PodList{}); !apierrors.IsForbidden(err) {
		t.Errorf("listing pods: got %v, want forbidden", err)
	}
}

// TestEndpoints asks what a kubelet and a Prometheus would.
func TestEndpoints(t *testing.T) {
	const image = "docker.io/endpoints/signed:v1"
	pushSigned(t, image, release)
	trust := newTrust("endpoints", "endpoints", image)
	create(t, trust)
	becomes(t, trust.Name, settled)
	for _, path := range []string{"/healthz", "/readyz"} {
		if response := fetch(t, shared.ProbesURL+path); response.status != http.StatusOK {
			t.Errorf("%s answers %d: %s", path, response.status, response.body)
		}
	}
	measured := readMetrics(t)
	if got := measured.sum("karmada_image_trust_verification_duration_seconds_count", `verdict="Verified"`, `reason="Signed"`); got == 0 {
		t.Error("no verification is counted")
	}
	if got := measured.sum("karmada_image_trust_verification_duration_seconds_bucket", `le="+Inf"`); got == 0 {
		t.Error("the histogram has no buckets")
	}
}
