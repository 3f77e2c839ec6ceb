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
	"errors"
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	deploymentKind = "Deployment"
	// repository is where releases publish the webhook's image.
	repository = "ghcr.io/sigstore/policy-controller/policy-controller"
)

// Deployment is how the Deployment of the webhook looks, from which others learn
// which version runs. It has no pods here: the webhook is a process of this machine.
type Deployment struct {
	// Labels are added to those that the manifests of all versions have.
	Labels map[string]string
	// Image of the webhook.
	Image string
}

// Unversioned is the Deployment of a build of one's own: nothing tells its version.
func Unversioned() Deployment {
	return Deployment{Image: "registry.example.com/policy-controller:custom"}
}

// chartDigest is the image that the Helm chart of v0.13.1, the newest one, pins
// (sigstore/helm-charts, charts/policy-controller/values.yaml).
const chartDigest = "sha256:0bcd60beb93f4427c29cf3a669743caf58490e98ded4380c33c09f092734a6ab"

// FromChart is a Deployment as the Helm chart installs it. The chart pins the image by
// a digest. Of versions without a chart, it is of an image that no release published, so that only the label tells the version.
// The labels are those of charts/policy-controller/templates/_helpers.tpl in sigstore/helm-charts.
func FromChart(version string) Deployment {
	digest := probeDigest
	if version == "v0.13.1" {
		digest = chartDigest
	}
	return Deployment{
		Labels: map[string]string{
			"app.kubernetes.io/name":       "policy-controller",
			"app.kubernetes.io/instance":   "policy-controller",
			"app.kubernetes.io/version":    strings.TrimPrefix(version, "v"),
			"app.kubernetes.io/managed-by": "Helm",
		},
		Image: repository + "@" + digest,
	}
}

// FromRelease is a Deployment as the manifest of a release installs it: without
// labels, and with an image by digest.
func FromRelease(digest string) Deployment { return Deployment{Image: repository + "@" + digest} }

// adaptDeployment gives the Deployment of the manifests its looks and no pods.
func adaptDeployment(object *unstructured.Unstructured, want Deployment) error {
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, want.Labels)
	object.SetLabels(labels)
	containers, _, err := unstructured.NestedSlice(object.Object, "spec", "template", "spec", "containers")
	if err != nil {
		return err
	}
	if len(containers) != 1 {
		return fmt.Errorf("%d containers, want one", len(containers))
	}
	container, ok := containers[0].(map[string]any)
	if !ok {
		return errors.New("the container is not an object")
	}
	container["image"] = want.Image
	return errors.Join(
		unstructured.SetNestedSlice(object.Object, containers, "spec", "template", "spec", "containers"),
		unstructured.SetNestedField(object.Object, int64(0), "spec", "replicas"))
}
