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

package admission

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	pcconfig "github.com/sigstore/policy-controller/pkg/apis/config"
	pcv1alpha1 "github.com/sigstore/policy-controller/pkg/apis/policy/v1alpha1"
	pcwebhook "github.com/sigstore/policy-controller/pkg/webhook/clusterimagepolicy"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// TestMatchingAsPolicyController compares the policies that cover an image in an object with those that policy-controller's
// own code finds.
func TestMatchingAsPolicyController(t *testing.T) {
	globs := []string{
		"*", "*/*", "**", "index.docker.io/karmada/*", "index.docker.io/karmada/**", "docker.io/karmada/*", "karmada/*",
		"index.docker.io/karmada/x@*", "index.docker.io/karmada/x", "index.docker.io/karmada/x:*", "index.docker.io/karmada/x*",
		"*.docker.io/**", "registry.k8s.io/*", "registry.k8s.io/**", "localhost:5000/**", "index.docker.io/library/*",
		"index.docker.io/karmada/x@sha256:" + strings.Repeat("a", 64),
	}
	matches := []string{
		``,
		`[{group: apps, version: v1, resource: deployments}]`,
		`[{group: apps, version: "*", resource: deployments}]`,
		`[{group: apps, version: "", resource: deployments}]`,
		`[{group: "", version: v1, resource: pods}, {group: batch, version: v1, resource: cronjobs}]`,
		`[{group: apps, version: v1, resource: deployments, selector: {matchLabels: {tier: prod}}}]`,
		`[{group: "*", version: "*", resource: pods}]`,
	}
	objects := []Object{
		{Version: "v1", Kind: "Pod"},
		{Group: "apps", Version: "v1", Kind: "Deployment"},
		{Group: "apps", Version: "v1", Kind: "Deployment", Labels: map[string]string{"tier": "prod"}},
		{Group: "apps", Version: "v1", Kind: "StatefulSet", Labels: map[string]string{"tier": "prod"}},
		{Group: "batch", Version: "v1", Kind: "CronJob"},
		{Group: "batch", Version: "v1beta1", Kind: "CronJob"},
	}
	var images []name.Digest
	for _, image := range []string{"karmada/x", "karmada/xy", "karmada/y/z", "nginx", "registry.k8s.io/pause", "registry.k8s.io/a/b", "localhost:5000/x/y"} {
		for _, hex := range []string{"a", "b"} {
			ref, err := name.NewDigest(image + "@sha256:" + strings.Repeat(hex, 64))
			if err != nil {
				t.Fatal(err)
			}
			images = append(images, ref)
		}
	}

	data := map[string]string{}
	var policies []*Policy
	for i, glob := range globs {
		for j, match := range matches {
			document := fmt.Sprintf("metadata: {name: p-%d-%d}\nspec:\n  images: [{glob: %q}]\n  authorities: [{name: a, static: {action: pass}}]\n", i, j, glob)
			if match != "" {
				document += "  match: " + match + "\n"
			}
			var cip pcv1alpha1.ClusterImagePolicy
			if err := yaml.UnmarshalStrict([]byte(document), &cip); err != nil {
				t.Fatal(err)
			}
			entry, err := json.Marshal(pcwebhook.ConvertClusterImagePolicyV1alpha1ToWebhook(&cip))
			if err != nil {
				t.Fatal(err)
			}
			data[cip.Name] = string(entry)
			object := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
				t.Fatal(err)
			}
			policies = append(policies, ParsePolicy(object, V014()))
		}
	}
	theirs, err := pcconfig.NewImagePoliciesConfigFromMap(data)
	if err != nil {
		t.Fatal(err)
	}
	ours := NewPolicies(policies...)
	agreed, asked := 0, 0
	for _, image := range images {
		for _, o := range objects {
			apiVersion := strings.TrimPrefix(o.Group+"/"+o.Version, "/")
			covering, err := theirs.GetMatchingPolicies(image.Name(), o.Kind, apiVersion, o.Labels)
			if err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for policy := range covering {
				want = append(want, policy)
			}
			slices.Sort(want)
			for _, policy := range ours.Covering(image, o) {
				got = append(got, policy.Name)
			}
			asked += len(policies)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s in %s %v (-policy-controller +ours):\n%s", image, o.Kind, o.Labels, diff)
				continue
			}
			agreed += len(policies)
		}
	}
	fmt.Printf("figure: policy_matching_agreement %d/%d\n", agreed, asked)
}

// BenchmarkCovering looks up an image that is cached among a thousand policies.
func BenchmarkCovering(b *testing.B) {
	var policies []*Policy
	for i := range 1000 {
		policies = append(policies, parsePolicy(b, fmt.Sprintf("images: [{glob: index.docker.io/karmada/image-%d@*}]", i)))
	}
	set := NewPolicies(policies...)
	image := digestOf(b, "karmada/image-7")
	for b.Loop() {
		if got := set.Covering(image, Object{Version: "v1", Kind: "Pod"}); len(got) != 1 {
			b.Fatalf("%d policies cover the image", len(got))
		}
	}
}
