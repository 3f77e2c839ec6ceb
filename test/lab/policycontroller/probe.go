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

package policycontroller

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	probeName    = "policy-controller-readiness"
	includeLabel = "policy.sigstore.dev/include"
	// deniedMessage is the API server's, around the webhook's own.
	deniedMessage = `admission webhook "policy.sigstore.dev" denied the request`
	// probeDigest is of no image: the webhook denies it before it would fetch the image.
	probeDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

	cleanUpPollInterval = 50 * time.Millisecond
	cleanUpTimeout      = time.Minute
)

// probe asks whether admission truly works; it may be asked again and again.
type probe struct {
	client client.Client
}

func (p *probe) ready(ctx context.Context) error {
	if err := p.registered(ctx); err != nil {
		return err
	}
	if err := p.policyReady(ctx); err != nil {
		return err
	}
	return p.checkDenied(ctx)
}

// registered wants what the webhook writes into its configurations at start: its
// authority, and the kinds it wants to see.
func (p *probe) registered(ctx context.Context) error {
	for _, kind := range []string{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: "admissionregistration.k8s.io", Version: "v1", Kind: kind + "List"})
		if err := p.client.List(ctx, list); err != nil {
			return err
		}
		for _, object := range list.Items {
			if !strings.HasSuffix(object.GetName(), "sigstore.dev") {
				continue
			}
			webhooks, _, _ := unstructured.NestedSlice(object.Object, "webhooks")
			for _, entry := range webhooks {
				webhook, _ := entry.(map[string]any)
				rules, _, _ := unstructured.NestedSlice(webhook, "rules")
				authority, _, _ := unstructured.NestedString(webhook, "clientConfig", "caBundle")
				if len(rules) == 0 || authority == "" {
					return fmt.Errorf("%s %s is not filled in yet", kind, object.GetName())
				}
			}
		}
	}
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: crdKind})
	if err := p.client.Get(ctx, client.ObjectKey{Name: "clusterimagepolicies.policy.sigstore.dev"}, crd); err != nil {
		return err
	}
	if authority, _, _ := unstructured.NestedString(crd.Object, "spec", "conversion", "webhook", "clientConfig", "caBundle"); authority == "" {
		return fmt.Errorf("the conversion webhook of %s is not filled in yet", crd.GetName())
	}
	return nil
}

// policyReady creates a policy and wants it compiled.
func (p *probe) policyReady(ctx context.Context) error {
	policy := probePolicy()
	if err := p.client.Create(ctx, policy); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	if err := p.client.Get(ctx, client.ObjectKeyFromObject(policy), policy); err != nil {
		return err
	}
	if !conditionTrue(policy, "Ready") {
		return fmt.Errorf("ClusterImagePolicy %s is not Ready yet", policy.GetName())
	}
	return nil
}

// checkDenied checks that a workload that no policy matches is denied. A ReplicaSet serves
// better than a Pod, which the API server itself rejects without its
// ServiceAccount. It is tried only: nothing is stored.
func (p *probe) checkDenied(ctx context.Context) error {
	namespace := probeNamespace()
	if err := p.client.Create(ctx, namespace); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	labels := map[string]string{"app": probeName}
	err := p.client.Create(ctx, &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: probeName, Namespace: probeName},
		Spec: appsv1.ReplicaSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "probe", Image: "unmatched.invalid/image@" + probeDigest,
				}}},
			},
		},
	}, client.DryRunAll)
	if err == nil {
		return errors.New("a workload that no policy matches is admitted")
	}
	if !strings.Contains(err.Error(), deniedMessage) {
		return err
	}
	return nil
}

// cleanUp removes what the probe made. The namespace goes only where a
// controller manager runs; without its label it has no effect in the meantime.
func (p *probe) cleanUp(ctx context.Context) error {
	namespace := probeNamespace()
	unlabel := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"metadata":{"labels":{%q:null}}}`, includeLabel))
	if err := p.client.Patch(ctx, namespace, unlabel); err != nil {
		return fmt.Errorf("clean up after the readiness probe: %w", err)
	}
	policy := probePolicy()
	for _, object := range []client.Object{namespace, policy} {
		if err := p.client.Delete(ctx, object); err != nil {
			return fmt.Errorf("clean up after the readiness probe: %w", err)
		}
	}
	// The policy has a finalizer.
	err := wait.PollUntilContextTimeout(ctx, cleanUpPollInterval, cleanUpTimeout, true, func(ctx context.Context) (bool, error) {
		err := p.client.Get(ctx, client.ObjectKeyFromObject(policy), policy)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		return fmt.Errorf("wait for the readiness probe's policy to go: %w", err)
	}
	return nil
}

func probeNamespace() *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: probeName, Labels: map[string]string{includeLabel: "true"}}}
}

func probePolicy() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "policy.sigstore.dev/v1alpha1",
		"kind":       "ClusterImagePolicy",
		"metadata":   map[string]any{"name": probeName},
		"spec": map[string]any{
			"images":      []any{map[string]any{"glob": "readiness.invalid/image@*"}},
			"authorities": []any{map[string]any{"name": "fail", "static": map[string]any{"action": "fail"}}},
		},
	}}
}

// conditionTrue reports whether a condition is True for the current generation of the object.
func conditionTrue(object *unstructured.Unstructured, conditionType string) bool {
	observed, found, _ := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	if found && observed != object.GetGeneration() {
		return false
	}
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, entry := range conditions {
		condition, _ := entry.(map[string]any)
		if condition["type"] == conditionType {
			return condition["status"] == "True"
		}
	}
	return false
}
