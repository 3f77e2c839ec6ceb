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
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// kustomization writes a base with a Deployment of an image, and an overlay with more lines.
func (f *fixture) kustomization(image, overlay string) {
	f.write("base/app.yaml", deployment("app", image))
	f.write("base/kustomization.yaml", "resources: [app.yaml]\n")
	f.write("overlay/kustomization.yaml", "resources: [../base]\n"+overlay)
}

// built returns the image that kustomize builds of the overlay.
func (f *fixture) built() string {
	f.t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "overlay")
	f.must(err)
	content, err := built.AsYaml()
	f.must(err)
	for line := range strings.Lines(string(content)) {
		if _, image, ok := strings.Cut(line, "image: "); ok {
			return strings.TrimSpace(image)
		}
	}
	f.t.Fatal("there is no image")
	return ""
}

// TestPinKustomization: the image that kustomize builds is verified and pinned, and the overlay's own entries stay.
func TestPinKustomization(t *testing.T) {
	f := newFixture(t)
	signed := f.push("app/signed").DigestStr()
	for name, tc := range map[string]struct {
		image, overlay string
		update         bool
		code           int
		// built is what kustomize builds afterwards.
		built string
	}{
		"overlay":            {"REGISTRY/app/signed:v1", "", false, exitOK, "REGISTRY/app/signed:v1@" + signed},
		"overlay new tag":    {"REGISTRY/app/signed:v0", "images:\n- name: REGISTRY/app/signed # why\n  newTag: v1\n- name: notag\n  newName: mirror/notag\n", false, exitOK, "REGISTRY/app/signed:v1@" + signed},
		"overlay new name":   {"signed:v1", "images:\n- name: signed\n  newName: REGISTRY/app/signed\n", false, exitOK, "REGISTRY/app/signed@" + signed},
		"overlay unsigned":   {"REGISTRY/app/signed:v1", "images:\n- name: REGISTRY/app/signed\n  newName: REGISTRY/app/unsigned\n", false, exitUntrusted, "REGISTRY/app/unsigned:v1"},
		"overlay other name": {"REGISTRY/app/signed:v1", "images:\n- name: REGISTRY/app/signed\n  newName: REGISTRY/other/image\n", false, exitOK, "REGISTRY/other/image:v1"},
		"overlay pinned":     {"REGISTRY/app/signed:v1", "images:\n- name: REGISTRY/app/signed\n  newTag: v1\n  digest: " + signed + "\n", false, exitOK, "REGISTRY/app/signed:v1@" + signed},
		"overlay outdated":   {"REGISTRY/app/signed:v1", "images:\n- name: REGISTRY/app/signed\n  newTag: v1\n  digest: sha256:" + strings.Repeat("0", 64) + "\n", false, exitUnknown, "REGISTRY/app/signed:v1@sha256:" + strings.Repeat("0", 64)},
		"overlay update":     {"REGISTRY/app/signed:v1", "images:\n- name: REGISTRY/app/signed\n  newTag: v1\n  digest: sha256:" + strings.Repeat("0", 64) + "\n", true, exitOK, "REGISTRY/app/signed:v1@" + signed},
		"overlay suffix":     {"REGISTRY/app/signed:v1", "images:\n- name: REGISTRY/app/signed\n  tagSuffix: -alpine\n", false, exitUsage, ""},
		"overlay anchor":     {"REGISTRY/app/signed:v1", "images:\n- &x\n  name: REGISTRY/app/signed\n- *x\n", false, exitUsage, ""},
	} {
		f.kustomization(tc.image, tc.overlay)
		before := f.readFile("base/app.yaml")
		args := []string{"-f", "trust.yaml", "--manifests", "base", "--kustomization", "overlay/kustomization.yaml"}
		if tc.update {
			args = append(args, "--update")
		}
		f.runGolden("pin", map[string]pluginTest{name: {args: args, code: tc.code}})
		compareGolden(t, "pin/"+name+" kustomization.yaml", f.readFile("overlay/kustomization.yaml"))
		if want := strings.ReplaceAll(tc.built, "REGISTRY", f.registry); tc.built != "" && f.built() != want {
			t.Errorf("%s: kustomize builds %s, want %s", name, f.built(), want)
		}
		if after := f.readFile("base/app.yaml"); after != before {
			t.Errorf("%s: the base was edited:\n%s", name, after)
		}
	}
}

// TestPinKustomizationFile: the file is written as files are with --in-place.
func TestPinKustomizationFile(t *testing.T) {
	f := newFixture(t)
	f.kustomization("REGISTRY/app/signed:v1", "")
	f.must(os.Chmod("overlay/kustomization.yaml", 0o640))
	f.must(os.MkdirAll("elsewhere", 0o750))
	f.must(os.Symlink("../overlay/kustomization.yaml", "elsewhere/kustomization.yaml"))
	args := []string{"-f", "trust.yaml", "--manifests", "base"}
	f.runGolden("pin", map[string]pluginTest{
		"kustomization missing":      {args: append(args, "--kustomization", "nowhere.yaml"), code: exitUsage},
		"kustomization of an object": {args: append(args, "--kustomization", "base/app.yaml"), code: exitUsage},
		"kustomization leads out":    {args: append(args, "--kustomization", "elsewhere/kustomization.yaml"), code: exitUsage},
		"kustomization in place":     {args: append(args, "--kustomization", "overlay/kustomization.yaml", "--in-place"), code: exitUsage},
		"kustomization and format":   {args: append(args, "--kustomization", "overlay/kustomization.yaml", "-o", "kustomize"), code: exitUsage},
	})
	before := f.readFile("overlay/kustomization.yaml")
	if before != "resources: [../base]\n" {
		t.Errorf("the file was edited:\n%s", before)
	}
	edited := before + "# edited meanwhile\n"
	edit := func() { _ = os.WriteFile("overlay/kustomization.yaml", []byte(edited), 0o600) }
	f.asked.Store(&edit)
	flags := []string{"pin", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json", "--kustomization", "overlay/kustomization.yaml"}
	got := f.run("", append(flags, args...)...)
	if got.code != exitUnknown || !strings.Contains(got.stderr, "the file was changed after it was read") || strings.Contains(got.stderr, "1 of 1 image pinned") {
		t.Errorf("edited meanwhile: exit code %d and %q", got.code, got.stderr)
	}
	if now := f.readFile("overlay/kustomization.yaml"); now != edited {
		t.Errorf("the edit is gone:\n%s", now)
	}
	f.asked.Store(nil)
	if got := f.run("", append(flags, args...)...); got.code != exitOK {
		t.Errorf("exit code %d and %q", got.code, got.stderr)
	}
	if info, err := os.Stat("overlay/kustomization.yaml"); err != nil || info.Mode() != 0o640 {
		t.Errorf("got %v and %v", info.Mode(), err)
	}
}

// TestPinOverrides: a kustomization that was read and that changes a pinned image is told of.
func TestPinOverrides(t *testing.T) {
	f := newFixture(t)
	signed := f.push("app/signed").DigestStr()
	f.kustomization("REGISTRY/app/signed:v1", "images:\n- name: REGISTRY/app/signed\n  newTag: v2\n- name: elsewhere\n  newTag: v3\n")
	f.write("mirror/kustomization.yaml", "resources: [../base]\nimages:\n- {name: REGISTRY/app/signed, newName: mirror/signed}\n")
	f.write("same/kustomization.yaml", "resources: [../base]\nimages:\n- {name: REGISTRY/app/signed, newTag: v1, digest: "+signed+"}\n")
	args := []string{"-f", "trust.yaml"}
	for _, directory := range []string{"base", "overlay", "mirror", "same"} {
		args = append(args, "--manifests", directory)
	}
	f.runGolden("pin", map[string]pluginTest{
		"overrides":           {args: append(args, "--allow-empty")},
		"overrides component": {args: append(args, "--allow-empty", "-o", "kustomize")},
	})
	// The component is a file of its own, and its digest survives in an overlay without entries of its own.
	f.must(os.RemoveAll("overlay"))
	f.must(os.MkdirAll(filepath.Join("components", "pins"), 0o750))
	component := f.run("", "pin", "-f", "trust.yaml", "--manifests", "base", "-o", "kustomize", "--insecure-registry", "REGISTRY", "--trusted-root", "trusted_root.json")
	f.write("components/pins/kustomization.yaml", strings.ReplaceAll(component.stdout, registryPlaceholder, f.registry))
	f.write("overlay/kustomization.yaml", "resources: [../base]\ncomponents: [../components/pins]\n")
	if want := f.registry + "/app/signed:v1@" + signed; f.built() != want {
		t.Errorf("kustomize builds %s, want %s", f.built(), want)
	}
}
