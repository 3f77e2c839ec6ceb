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
	"fmt"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/manifest"
)

const (
	fieldOwner = client.FieldOwner("test-harness")

	crdKind         = "CustomResourceDefinition"
	crdPollInterval = 50 * time.Millisecond
	crdTimeout      = time.Minute
)

// InstallCRDs installs the definitions of ClusterImagePolicy and TrustRoot
// alone, with conversion between versions switched off, as no webhook need run.
// A later Start switches it on.
func InstallCRDs(ctx context.Context, config *rest.Config) error {
	crds, err := CRDs(ctx, DefaultVersion)
	if err != nil {
		return err
	}
	for _, object := range crds {
		conversion := map[string]any{"strategy": "None"}
		if err := unstructured.SetNestedMap(object.Object, conversion, "spec", "conversion"); err != nil {
			return fmt.Errorf("adapt %s: %w", object.GetName(), err)
		}
	}
	c, err := client.New(config, client.Options{})
	if err != nil {
		return fmt.Errorf("make a client: %w", err)
	}
	return apply(ctx, c, crds)
}

// CRDs reads the definitions of ClusterImagePolicy and TrustRoot of a release.
func CRDs(ctx context.Context, version string) ([]*unstructured.Unstructured, error) {
	release, err := findRelease(version)
	if err != nil {
		return nil, err
	}
	manifests, err := readManifests(ctx, release)
	if err != nil {
		return nil, err
	}
	var crds []*unstructured.Unstructured
	for _, object := range manifests {
		if object.GetKind() == crdKind {
			crds = append(crds, object)
		}
	}
	return crds, nil
}

// install applies the release's manifests, adapted to a webhook that is a process of
// this machine.
func install(ctx context.Context, c client.Client, release binaries.PolicyControllerRelease, deployment Deployment) error {
	manifests, err := adapted(ctx, release, deployment)
	if err != nil {
		return err
	}
	return apply(ctx, c, manifests)
}

// adapted returns what install applies.
func adapted(ctx context.Context, release binaries.PolicyControllerRelease, deployment Deployment) ([]*unstructured.Unstructured, error) {
	manifests, err := readManifests(ctx, release)
	if err != nil {
		return nil, err
	}
	for _, object := range manifests {
		if err := adapt(object, deployment); err != nil {
			return nil, fmt.Errorf("adapt %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return manifests, nil
}

// adapt leads the API server to the webhook without a service network: the
// Service is a name for localhost, and references to it name the port. The
// TLS name stays webhook.cosign-system.svc, which the certificate bears.
func adapt(object *unstructured.Unstructured, deployment Deployment) error {
	switch object.GetKind() {
	case deploymentKind:
		return adaptDeployment(object, deployment)
	case "Service":
		spec := map[string]any{"type": "ExternalName", "externalName": "localhost"}
		return unstructured.SetNestedMap(object.Object, spec, "spec")
	case crdKind:
		webhook, found, err := unstructured.NestedMap(object.Object, "spec", "conversion", "webhook")
		if err != nil || !found {
			return err
		}
		if err := setPort(webhook); err != nil {
			return err
		}
		return unstructured.SetNestedMap(object.Object, webhook, "spec", "conversion", "webhook")
	case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
		webhooks, _, err := unstructured.NestedSlice(object.Object, "webhooks")
		if err != nil {
			return err
		}
		for _, entry := range webhooks {
			webhook, ok := entry.(map[string]any)
			if !ok {
				return fmt.Errorf("a webhook is a %T", entry)
			}
			if err := setPort(webhook); err != nil {
				return err
			}
		}
		return unstructured.SetNestedSlice(object.Object, webhooks, "webhooks")
	default:
		return nil
	}
}

func setPort(webhook map[string]any) error {
	return unstructured.SetNestedField(webhook, int64(webhookPort), "clientConfig", "service", "port")
}

// readManifests reads what policy-controller's own release is made of, in the
// order of the files' names.
func readManifests(ctx context.Context, release binaries.PolicyControllerRelease) ([]*unstructured.Unstructured, error) {
	source, err := binaries.SourceDir(ctx, release.Webhook)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(source, "config", "*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("list policy-controller's manifests: %w", err)
	}
	var objects []*unstructured.Unstructured
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		inFile, err := manifest.Read(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		objects = append(objects, inFile...)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("no manifests in %s", filepath.Join(source, "config"))
	}
	return objects, nil
}

// apply applies the objects and waits until definitions among them are served.
func apply(ctx context.Context, c client.Client, objects []*unstructured.Unstructured) error {
	for _, object := range objects {
		err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), fieldOwner, client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("apply %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	for _, object := range objects {
		if object.GetKind() != crdKind {
			continue
		}
		if err := waitEstablished(ctx, c, object); err != nil {
			return fmt.Errorf("wait for %s to be served: %w", object.GetName(), err)
		}
	}
	return nil
}

func waitEstablished(ctx context.Context, c client.Client, crd *unstructured.Unstructured) error {
	return wait.PollUntilContextTimeout(ctx, crdPollInterval, crdTimeout, true, func(ctx context.Context) (bool, error) {
		if err := c.Get(ctx, client.ObjectKeyFromObject(crd), crd); err != nil {
			return false, err
		}
		return conditionTrue(crd, "Established"), nil
	})
}
