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

package krew

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// manifest is what Krew reads of a plugin's manifest.
type manifest struct {
	Spec struct {
		Version   string
		Platforms []struct{ URI, SHA256 string }
	}
}

func template(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "krew", "imagetrust.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// released are the archives that make release-artifacts builds by default.
func released(t *testing.T) map[string]string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "release.mk"))
	if err != nil {
		t.Fatal(err)
	}
	platforms := regexp.MustCompile(`(?m)^PLUGIN_PLATFORMS \?= (.*)$`).FindSubmatch(content)
	if platforms == nil {
		t.Fatal("release.mk names no platforms of the plugin")
	}
	out := map[string]string{}
	for i, platform := range strings.Split(string(platforms[1]), ",") {
		extension := ".tar.gz"
		if strings.HasPrefix(platform, "windows/") {
			extension = ".zip"
		}
		out["kubectl-imagetrust_"+strings.ReplaceAll(platform, "/", "_")+extension] = strings.Repeat(string(rune('a'+i)), 64)
	}
	return out
}

// TestFill fills the template with the archives of a release: each platform gets its own checksum, and none is left over.
func TestFill(t *testing.T) {
	archives := released(t)
	filled, err := Fill(template(t), "v1.2.3", archives)
	if err != nil {
		t.Fatal(err)
	}
	var got manifest
	if err := yaml.Unmarshal([]byte(filled), &got); err != nil {
		t.Fatal(err)
	}
	if got.Spec.Version != "v1.2.3" || len(got.Spec.Platforms) != len(archives) || strings.Contains(filled, checksum) || strings.Contains(filled, version) {
		t.Errorf("got\n%s", filled)
	}
	const prefix = "https://github.com/karmada-io/image-trust/releases/download/v1.2.3/"
	for _, platform := range got.Spec.Platforms {
		name, ok := strings.CutPrefix(platform.URI, prefix)
		if !ok || platform.SHA256 != archives[name] {
			t.Errorf("%s has the checksum %s, want %s", platform.URI, platform.SHA256, archives[name])
		}
	}
	if strings.Count(template(t), "uri:") != len(archives) {
		t.Error("the template names other platforms than the release builds")
	}
}

func TestFillPartly(t *testing.T) {
	const one = "kubectl-imagetrust_linux_arm64.tar.gz"
	filled, err := Fill(template(t), "v1.2.3", map[string]string{one: strings.Repeat("a", 64)})
	if err != nil || strings.Count(filled, "uri:") != 1 || !strings.Contains(filled, one) {
		t.Errorf("%v\n%s", err, filled)
	}
	if _, err := Fill(template(t), "v1.2.3", map[string]string{"kubectl-imagetrust_plan9_amd64.tar.gz": "ab"}); err == nil {
		t.Error("an archive that the template does not name is accepted")
	}
	if _, err := Fill("spec: {}\n", "v1.2.3", nil); err == nil {
		t.Error("a template without platforms is accepted")
	}
}
