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

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	clusterv1alpha1 "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	policyv1alpha1 "github.com/karmada-io/karmada/pkg/apis/policy/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/internal/fleet"
	"github.com/karmada-io/image-trust/internal/forecast"
	"github.com/karmada-io/image-trust/internal/lint"
)

// isKarmadaPolicy reports whether an object decides which clusters get a cluster-scoped object, or what they get.
func isKarmadaPolicy(object *unstructured.Unstructured) bool {
	kind := object.GetKind()
	return object.GroupVersionKind().Group == policyv1alpha1.GroupName &&
		(kind == policyv1alpha1.ResourceKindClusterPropagationPolicy || kind == policyv1alpha1.ResourceKindClusterOverridePolicy)
}

// karmadaPolicies returns Karmada's policies in the files. A field that this version does not know is an error: what it would do
// is not known.
func (in *inputs) karmadaPolicies() (fleet.Policies, error) {
	var policies fleet.Policies
	for _, object := range in.karmada {
		var into any
		if object.GetKind() == policyv1alpha1.ResourceKindClusterPropagationPolicy {
			propagation := &policyv1alpha1.ClusterPropagationPolicy{}
			policies.Propagation, into = append(policies.Propagation, propagation), propagation
		} else {
			override := &policyv1alpha1.ClusterOverridePolicy{}
			policies.Overrides, into = append(policies.Overrides, override), override
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, into, true); err != nil {
			return fleet.Policies{}, invalidField(object, "", err.Error())
		}
	}
	return policies, nil
}

// readPolicies reads Karmada's policies from the control plane.
func readPolicies(ctx context.Context, c client.Reader) (fleet.Policies, error) {
	var policies fleet.Policies
	propagation := &policyv1alpha1.ClusterPropagationPolicyList{}
	overrides := &policyv1alpha1.ClusterOverridePolicyList{}
	for _, list := range []client.ObjectList{propagation, overrides} {
		if err := c.List(ctx, list); err != nil {
			return policies, unavailable(fmt.Errorf("listing the policies of %s that propagate and override trusts: %w",
				policyv1alpha1.GroupName, err))
		}
	}
	for i := range propagation.Items {
		policies.Propagation = append(policies.Propagation, &propagation.Items[i])
	}
	for i := range overrides.Items {
		policies.Overrides = append(policies.Overrides, &overrides.Items[i])
	}
	return policies, nil
}

// deliveries say which trusts each cluster gets, as Karmada's policies change them for it.
type deliveries struct {
	inputs    *inputs
	policies  fleet.Policies
	targets   []fleet.Target
	validator *lint.Validator
	// changed are the trusts that an override has changed, by their content: clusters of a group share them.
	changed map[string]trust
}

// newDeliveries returns the deliveries of trusts with the policies on the control plane and those in the same files.
func newDeliveries(in *inputs, onControlPlane fleet.Policies) (*deliveries, error) {
	inFiles, err := in.karmadaPolicies()
	if err != nil {
		return nil, err
	}
	validator, err := lint.NewValidator()
	if err != nil {
		return nil, err
	}
	d := &deliveries{inputs: in, policies: onControlPlane.With(inFiles), validator: validator, changed: map[string]trust{}}
	for _, one := range in.trusts {
		d.targets = append(d.targets, d.policies.Target(one.object))
	}
	return d, nil
}

// notes say what the plan assumes about the clusters that get the trusts.
func (d *deliveries) notes() []string {
	var notes []string
	for i, one := range d.inputs.trusts {
		target := d.targets[i]
		if target.Policy() == "" {
			notes = append(notes, fmt.Sprintf("No ClusterPropagationPolicy selects %s: it is planned for all clusters.", one.name))
			continue
		}
		if fields := target.NotEvaluated(); len(fields) > 0 {
			notes = append(notes, fmt.Sprintf(
				"%s of ClusterPropagationPolicy %s is not evaluated: all clusters that it may propagate %s to are planned.",
				strings.Join(fields, " and "), target.Policy(), one.name))
		}
	}
	return notes
}

// includes reports whether a cluster gets one of the trusts.
func (d *deliveries) includes(cluster *clusterv1alpha1.Cluster) bool {
	for _, target := range d.targets {
		if target.Includes(cluster) {
			return true
		}
	}
	return false
}

// to returns the inputs with the trusts that a cluster gets. The error says which trust cannot be known.
func (d *deliveries) to(ctx context.Context, cluster *clusterv1alpha1.Cluster) (*inputs, []forecast.ClusterTrust, error) {
	in := *d.inputs
	in.trusts = nil
	var delivered []forecast.ClusterTrust
	for i, one := range d.inputs.trusts {
		if !d.targets[i].Includes(cluster) {
			continue
		}
		object, overrides, err := d.policies.Overridden(one.object, cluster)
		if err != nil {
			return nil, nil, fmt.Errorf("which spec of %s the cluster gets is not known: %w", one.name, err)
		}
		if object != one.object {
			if one, err = d.compile(ctx, object); err != nil {
				return nil, nil, fmt.Errorf("what the cluster gets from ClusterOverridePolicy %s is not valid: %w", strings.Join(overrides, ", "), err)
			}
		}
		in.trusts = append(in.trusts, one)
		delivered = append(delivered, forecast.ClusterTrust{Name: one.name, Enforcement: one.enforcement, Overrides: overrides})
	}
	return &in, delivered, nil
}

// compile validates and compiles a trust that overrides have changed, as the API server of a cluster does.
func (d *deliveries) compile(ctx context.Context, object *unstructured.Unstructured) (trust, error) {
	encoded, err := object.MarshalJSON()
	if err != nil {
		return trust{}, err
	}
	if known, ok := d.changed[string(encoded)]; ok {
		return known, nil
	}
	created, findings := d.validator.Validate(ctx, object)
	var errs []error
	for _, f := range findings {
		if f.Field != "" || len(errs) == 0 { // the last one may say that others were not looked for
			errs = append(errs, fmt.Errorf("%s: %s", f.Field, f.Message))
		}
	}
	if len(errs) > 0 || created == nil {
		return trust{}, errors.Join(errs...)
	}
	compiled, err := d.inputs.compile(created)
	if err != nil {
		return trust{}, err
	}
	d.changed[string(encoded)] = compiled
	return compiled, nil
}
