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

package commandline

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/karmada-io/image-trust/test/bench/measure"
	"github.com/karmada-io/image-trust/test/lab/binaries"
	"github.com/karmada-io/image-trust/test/lab/images"
)

// planKarmada pushes and signs the images in the manifests of Karmada, and returns the time of a plan of these manifests.
func (l *lab) planKarmada(ctx context.Context) (measure.Sample, error) {
	source, err := karmadaManifests(ctx)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(source, "*.yaml"))
	if err != nil {
		return nil, err
	}
	manifests := filepath.Join(l.dir, "karmada")
	if err := os.Mkdir(manifests, 0o700); err != nil {
		return nil, err
	}
	image, pushed := regexp.MustCompile(`(?m)^\s+image: (docker\.io/karmada/\S+)$`), 0
	placeholder := regexp.MustCompile(`\{\{\s*\w+\s*\}\}`) // Karmada's scripts replace them
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		text = placeholder.ReplaceAll(text, []byte("v1.34.1"))
		if err := os.WriteFile(filepath.Join(manifests, filepath.Base(file)), text, 0o600); err != nil {
			return nil, err
		}
		for _, match := range image.FindAllSubmatch(text, -1) {
			if err := l.pushReleased(ctx, string(match[1])); err != nil {
				return nil, err
			}
			pushed++
		}
	}
	if pushed == 0 {
		return nil, fmt.Errorf("%s names no image of Karmada", source)
	}
	return func() (float64, error) {
		usage, err := l.run(ctx, l.registry.Proxy.Env(), []int{0}, l.plugin,
			"plan", "-f", l.trust, "--trusted-root", l.root, "--manifests", manifests)
		return usage.Seconds, err
	}, nil
}

// pushReleased pushes an image under the name that it has in public, and signs it.
func (l *lab) pushReleased(ctx context.Context, reference string) error {
	transport := l.registry.Proxy.Transport()
	defer transport.CloseIdleConnections()
	through := remote.WithTransport(transport)
	digest, err := images.Push(ctx, reference, reference, through)
	if err != nil {
		return err
	}
	return l.sigstore.Sign(ctx, digest, release(), through)
}

// karmadaManifests is the directory of Karmada's manifests, at the version that the tests run.
func karmadaManifests(ctx context.Context) (string, error) {
	root, err := binaries.Root()
	if err != nil {
		return "", err
	}
	download := exec.CommandContext(ctx, "go", "mod", "download", "github.com/karmada-io/karmada")
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/karmada-io/karmada")
	download.Dir = filepath.Join(root, "hack", "controlplane", "karmada")
	list.Dir = download.Dir
	if err := download.Run(); err != nil {
		return "", fmt.Errorf("finding Karmada's manifests: %w", err)
	}
	dir, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("finding Karmada's manifests: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "artifacts", "deploy"), nil
}
