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
	"embed"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// presets are commented KarmadaImageTrusts to start from.
//
//go:embed presets/*.yaml
var presets embed.FS

const (
	presetsDir    = "presets"
	presetSuffix  = ".yaml"
	defaultPreset = "karmada-release"
)

// presetNames lists all presets.
func presetNames() ([]string, error) {
	entries, err := fs.ReadDir(presets, presetsDir)
	if err != nil {
		return nil, err
	}
	names := []string{githubPreset}
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), presetSuffix))
	}
	slices.Sort(names)
	return names, nil
}

func newInitCommand(s streams) *cobra.Command {
	preset := defaultPreset
	var images []string
	cmd := &cobra.Command{
		Use:   "init [--preset NAME] [OWNER[/REPOSITORY]]",
		Short: "Print a KarmadaImageTrust to start from",
		Long: `Print a KarmadaImageTrust to start from. The preset github takes the source of the images at GitHub, and prints the TrustRoot of
GitHub's own Sigstore instance too.`,
		Example: `  kubectl imagetrust init > trust.yaml
  kubectl imagetrust init --preset kubernetes-release > kubernetes.yaml
  kubectl imagetrust init --preset github acme/app --images ghcr.io/acme/app > app.yaml`,
		RunE: func(_ *cobra.Command, args []string) error {
			content, err := renderPreset(preset, args, images)
			if err != nil {
				return err
			}
			return s.Out.manifests(content)
		},
	}
	cmd.Flags().StringVar(&preset, "preset", preset,
		"images and signer of the trust: karmada-release, karmada-latest, kubernetes-release or github")
	cmd.Flags().StringArrayVar(&images, "images", nil,
		"glob that selects images of the preset github, instead of ghcr.io/OWNER/**; can be repeated")
	return cmd
}

// renderPreset returns a preset. Only that for GitHub depends on arguments.
func renderPreset(preset string, args, images []string) ([]byte, error) {
	names, err := presetNames()
	switch {
	case err != nil:
		return nil, err
	case !slices.Contains(names, preset):
		return nil, usageErrorf("unknown preset %q: use one of %s", preset, strings.Join(names, ", "))
	case preset == githubPreset && len(args) != 1:
		return nil, usageErrorf("the preset %s needs the source of the images: write OWNER or OWNER/REPOSITORY", githubPreset)
	case preset == githubPreset:
		return renderGitHub(args[0], images)
	case len(args) > 0:
		return nil, usageErrorf("unexpected argument %q: only the preset %s takes one", args[0], githubPreset)
	case len(images) > 0:
		return nil, usageErrorf("--images is only for the preset %s: edit the images of the others", githubPreset)
	}
	return presets.ReadFile(presetsDir + "/" + preset + presetSuffix)
}
