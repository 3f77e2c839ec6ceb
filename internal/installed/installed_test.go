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

package installed

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/karmada-io/image-trust/api/v1alpha1"
	"github.com/karmada-io/image-trust/internal/inventory"
)

const (
	repository = "ghcr.io/sigstore/policy-controller/policy-controller"
	release    = repository + "@sha256:0bcd60beb93f4427c29cf3a669743caf58490e98ded4380c33c09f092734a6ab"
	foreign    = repository + "@sha256:1111111111111111111111111111111111111111111111111111111111111111"
)

// deployment returns a Deployment of the webhook; with a label as the chart installs it.
func deployment(image, label string, running ...inventory.Running) inventory.Workload {
	w := inventory.Workload{
		Group: "apps", Kind: "Deployment", Name: "webhook", Running: running,
		Template: []inventory.Container{{Field: "containers", Name: "webhook", Image: image}, {Field: "containers", Name: "proxy", Image: "docker.io/istio/proxyv2:1.29.0"}},
	}
	if label != "" {
		w.Labels = map[string]string{"app.kubernetes.io/name": "policy-controller", "app.kubernetes.io/version": label}
	}
	return w
}

func replicaSet(image string, idle bool) inventory.Workload {
	w := deployment(image, "")
	w.Kind, w.Idle = "ReplicaSet", idle
	return w
}

func running(image, digest string) inventory.Running {
	return inventory.Running{Container: inventory.Container{Field: "containers", Name: "webhook", Image: image}, Digest: digest, Started: true}
}

func TestRecognise(t *testing.T) {
	only := func(workloads ...inventory.Workload) []inventory.Workload { return workloads }
	for name, tc := range map[string]struct {
		workloads []inventory.Workload
		flag      string
		version   string
		source    v1alpha1.VersionSource
		message   string // a part of it
		versions  string
	}{
		"digest":                    {only(deployment(release, "")), "", "0.13.1", v1alpha1.VersionByImageDigest, "", "v0.13"},
		"digest in a mirror":        {only(deployment("mirror.local/pc@"+strings.Split(release, "@")[1], "")), "", "0.13.1", v1alpha1.VersionByImageDigest, "", "v0.13"},
		"digest that a node tells":  {only(deployment(repository+":latest", "", running(repository+":latest", strings.Split(release, "@")[1]))), "", "0.13.1", v1alpha1.VersionByImageDigest, "", "v0.13"},
		"tag":                       {only(deployment(repository+":v0.15.1", "")), "", "0.15.1", v1alpha1.VersionByImageTag, "", "v0.15"},
		"tag and digest":            {only(deployment(strings.Replace(foreign, "@", ":v0.14.0@", 1), "")), "", "0.14.0", v1alpha1.VersionByImageTag, "", "v0.14"},
		"label":                     {only(deployment(foreign, "0.14.0")), "", "0.14.0", v1alpha1.VersionByChartLabel, "", "v0.14"},
		"label, image of any name":  {only(deployment("mirror.local/pc:latest", "0.14.0")), "", "0.14.0", v1alpha1.VersionByChartLabel, "", "v0.14"},
		"flag":                      {only(deployment(foreign, "")), "0.15", "0.15", v1alpha1.VersionByFlag, "", "v0.15"},
		"flag, nothing is found":    {nil, "v0.14.0", "0.14", v1alpha1.VersionByFlag, "", "v0.14"},
		"nothing":                   {nil, "", "", "", "no workload", "v0.13, v0.14 or v0.15"},
		"an image that is silent":   {only(deployment(foreign, "")), "", "", "", "tells no version", "v0.13, v0.14 or v0.15"},
		"a tag with a suffix":       {only(deployment(repository+":v0.14.0-rc.1", "")), "", "", "", "tells no version", "v0.13, v0.14 or v0.15"},
		"a label that is no number": {only(deployment(foreign, "main")), "", "", "", "tells no version", "v0.13, v0.14 or v0.15"},

		"the chart's image was replaced":       {only(deployment(foreign, "0.13.1")), "", "", "", "its image is not the one of 0.13.1", "v0.13, v0.14 or v0.15"},
		"replaced, and the flag says by which": {only(deployment(foreign, "0.13.1")), "0.15", "0.15", v1alpha1.VersionByFlag, "", "v0.15"},
		"a tag that the label contradicts":     {only(deployment(repository+":v0.15.1", "0.13.1")), "", "0.15.1", v1alpha1.VersionByImageTag, "the label app.kubernetes.io/version says 0.13.1", "v0.15"},
		"a tag that the flag contradicts":      {only(deployment(repository+":v0.15.1", "")), "0.13", "0.15.1", v1alpha1.VersionByImageTag, "remove the flag", "v0.15"},
		"a label that the flag contradicts":    {only(deployment(foreign, "0.14.0")), "0.15", "", "", "correct one of them", "v0.13, v0.14 or v0.15"},
		"a flag that agrees":                   {only(deployment(foreign, "0.14.0")), "0.14", "0.14.0", v1alpha1.VersionByChartLabel, "", "v0.14"},

		"two versions":                      {only(deployment(repository+":v0.15.1", ""), replicaSet(release, false)), "", "", "", "several versions run: 0.13.1, 0.15.1", "v0.13, v0.14 or v0.15"},
		"two versions, the flag is no help": {only(deployment(repository+":v0.15.1", ""), replicaSet(release, false)), "0.15", "", "", "several versions run", "v0.13, v0.14 or v0.15"},
		"an old one that is gone":           {only(deployment(repository+":v0.15.1", ""), replicaSet(release, true)), "", "0.15.1", v1alpha1.VersionByImageTag, "", "v0.15"},
		"two patches of one":                {only(deployment(repository+":v0.15.1", ""), replicaSet(repository+":v0.15.0", false)), "", "0.15.0", v1alpha1.VersionByImageTag, "", "v0.15"},
		"one of which is silent":            {only(deployment(repository+":v0.15.1", ""), replicaSet(foreign, false)), "", "", "", "0.15.1 runs beside", "v0.13, v0.14 or v0.15"},

		"too old":             {only(deployment(repository+":v0.12.0", "")), "", "0.12.0", v1alpha1.VersionByImageTag, "not supported", ""},
		"too new":             {only(deployment(repository+":v0.16.0", "")), "", "0.16.0", v1alpha1.VersionByImageTag, "not supported", ""},
		"too new, and a flag": {only(deployment(repository+":v0.16.0", "")), "0.15", "0.16.0", v1alpha1.VersionByImageTag, "taken for v0.15", "v0.15"},
		"another workload":    {only(deployment("docker.io/calico/kube-policy-controller:v0.15.1", "")), "", "", "", "no workload", "v0.13, v0.14 or v0.15"},
		"an unreadable image": {only(deployment("UPPER:v0.15.1", "")), "", "", "", "no workload", "v0.13, v0.14 or v0.15"},
		"the chart's other job": {only(inventory.Workload{
			Kind: "Job", Labels: map[string]string{"app.kubernetes.io/name": "policy-controller", "app.kubernetes.io/version": "0.13.1"},
			Template: []inventory.Container{{Field: "containers", Name: "kubectl", Image: "cgr.dev/chainguard/kubectl:latest-dev"}},
		}), "", "", "", "no workload", "v0.13, v0.14 or v0.15"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Recognise(tc.workloads, tc.flag)
			if got.Version != tc.version || got.Source != tc.source || got.Versions.String() != tc.versions {
				t.Errorf("got %q by %q, versions %q; want %q by %q, %q", got.Version, got.Source, got.Versions, tc.version, tc.source, tc.versions)
			}
			if !strings.Contains(got.Message, tc.message) || (tc.message == "") != (got.Message == "") {
				t.Errorf("message %q, want %q", got.Message, tc.message)
			}
			if len(got.String()) > 400 {
				t.Errorf("%d bytes: %s", len(got.String()), got.String())
			}
		})
	}
}

func TestParseFlag(t *testing.T) {
	for value, want := range map[string]string{"": "", "0.13": "v0.13", "v0.14": "v0.14", "0.15.1": "v0.15", "v0.15.9": "v0.15"} {
		if got, err := ParseFlag(value); err != nil || got.String() != want {
			t.Errorf("%q: got %s, %v; want %s", value, got, err, want)
		}
	}
	for _, value := range []string{"0.12", "0.16", "15", "latest", "0.15-rc.1", "v", strings.Repeat("1", 1000)} {
		if _, err := ParseFlag(value); err == nil || !strings.HasPrefix(err.Error(), "--policy-controller-version must be 0.13, 0.14 or 0.15, not ") || len(err.Error()) > 150 {
			t.Errorf("%q: got %v", value, err)
		}
	}
}

func TestAssume(t *testing.T) {
	known, err := Assume("0.14")
	if err != nil || known.String() != "policy-controller 0.14, by the flag --policy-controller-version" {
		t.Errorf("got %s, %v", &known, err)
	}
	open, err := Assume("")
	if diff := cmp.Diff("the version of policy-controller is not known: name it with --policy-controller-version", open.String()); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
	if _, err := Assume("1"); err == nil {
		t.Error("no error for a version that is not supported")
	}
}
