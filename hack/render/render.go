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

// Package render builds the manifests of config/ as "kubectl kustomize" does.
package render

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Image is the repository of the manager's image in config/, which an installation may replace.
const Image = "ghcr.io/karmada-io/karmada-image-trust"

// Options say what is built in addition to config/default.
type Options struct {
	// Components are the names of directories in config/ with a kustomize Component, such as "reports".
	Components []string
	// Image replaces that of the manager: a repository with a tag, a digest or both. Empty: as in config/.
	Image string
}

// Installation returns what kustomize makes of config/default in the repository at root.
func Installation(root string, options Options) (resmap.ResMap, error) {
	overlay, err := os.MkdirTemp("", "image-trust-overlay-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(overlay) }()
	// kustomize resolves links in its own root, and takes relative paths only.
	if overlay, err = filepath.EvalSymlinks(overlay); err != nil {
		return nil, err
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return nil, err
	}
	config, err := filepath.Rel(overlay, filepath.Join(root, "config"))
	if err != nil {
		return nil, err
	}
	kustomization := types.Kustomization{Resources: []string{filepath.Join(config, "default")}}
	for _, component := range options.Components {
		kustomization.Components = append(kustomization.Components, filepath.Join(config, component))
	}
	if options.Image != "" {
		image, err := ParseImage(options.Image)
		if err != nil {
			return nil, err
		}
		kustomization.Images = []types.Image{image}
	}
	content, err := yaml.Marshal(kustomization)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), content, 0o600); err != nil {
		return nil, err
	}
	return Build(overlay)
}

// Build returns what kustomize makes of a directory, in the order in which kubectl applies it.
func Build(dir string) (resmap.ResMap, error) {
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionLegacy
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", dir, err)
	}
	return built, nil
}

// Objects returns the objects that were built, in their order.
func Objects(built resmap.ResMap) ([]*unstructured.Unstructured, error) {
	objects := make([]*unstructured.Unstructured, 0, built.Size())
	for _, resource := range built.Resources() {
		content, err := json.Marshal(resource)
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(content); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// ParseImage splits the name of an image, with a tag, a digest or both, into what kustomize replaces Image by.
func ParseImage(image string) (types.Image, error) {
	out := types.Image{Name: Image}
	tagged := image
	if digest, err := name.NewDigest(image, name.WeakValidation); err == nil {
		out.Digest = digest.DigestStr()
		tagged = image[:len(image)-len("@"+out.Digest)]
	}
	tag, err := name.NewTag(tagged, name.WithDefaultTag(""))
	if err != nil {
		return types.Image{}, fmt.Errorf("the image %q: %w", image, err)
	}
	out.NewTag = tag.TagStr()
	// As it was written: kustomize needs no index.docker.io.
	out.NewName = tagged
	if out.NewTag != "" {
		out.NewName = tagged[:len(tagged)-len(":"+out.NewTag)]
	}
	if out.NewTag == "" && out.Digest == "" {
		return types.Image{}, fmt.Errorf("the image %q has neither a tag nor a digest", image)
	}
	return out, nil
}
