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
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// krewPlugin is the kind that Krew reads (kubernetes-sigs/krew, pkg/index).
type krewPlugin struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string `json:"version"`
		ShortDescription string `json:"shortDescription"`
		Description      string `json:"description"`
		Homepage         string `json:"homepage"`
		Platforms        []struct {
			URI      string                `json:"uri"`
			Sha256   string                `json:"sha256"`
			Selector *metav1.LabelSelector `json:"selector"`
			Bin      string                `json:"bin"`
		} `json:"platforms"`
	} `json:"spec"`
}

// TestKrewManifest holds what Krew checks, and that the manifest speaks of this program.
func TestKrewManifest(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "hack", "krew", "imagetrust.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var plugin krewPlugin
	if err := yaml.UnmarshalStrict(content, &plugin); err != nil {
		t.Fatal(err)
	}
	if plugin.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || plugin.Kind != "Plugin" || plugin.Metadata.Name != "imagetrust" {
		t.Errorf("%s %s %s", plugin.APIVersion, plugin.Kind, plugin.Metadata.Name)
	}
	const longest = 50 // Krew's naming guide
	if n := len(plugin.Spec.ShortDescription); n == 0 || n > longest || plugin.Spec.Description == "" || plugin.Spec.Homepage == "" {
		t.Errorf("a short description of %d characters", n)
	}
	if !regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(plugin.Spec.Version) || len(plugin.Spec.Platforms) == 0 {
		t.Errorf("version %q with %d platforms", plugin.Spec.Version, len(plugin.Spec.Platforms))
	}
	for _, platform := range plugin.Spec.Platforms {
		labels := platform.Selector.MatchLabels
		bin, extension := "kubectl-imagetrust", ".tar.gz"
		if labels["os"] == "windows" {
			bin, extension = "kubectl-imagetrust.exe", ".zip"
		}
		file := "kubectl-imagetrust_" + labels["os"] + "_" + labels["arch"] + extension
		if platform.Bin != bin || !strings.HasSuffix(platform.URI, "/"+plugin.Spec.Version+"/"+file) ||
			!regexp.MustCompile("^[0-9a-f]{64}$").MatchString(platform.Sha256) {
			t.Errorf("%+v", platform)
		}
	}
}
