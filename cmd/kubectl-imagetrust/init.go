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

func presetNames() ([]string, error) {
	entries, err := fs.ReadDir(presets, presetsDir)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), presetSuffix))
	}
	return names, nil
}

func newInitCommand(s streams) *cobra.Command {
	preset := defaultPreset
	cmd := &cobra.Command{
		Use:   "init [--preset NAME]",
		Short: "Print a KarmadaImageTrust to start from",
		Example: `  kubectl imagetrust init > trust.yaml
  kubectl imagetrust init --preset kubernetes-release > kubernetes.yaml`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error {
			names, err := presetNames()
			if err != nil {
				return err
			}
			if !slices.Contains(names, preset) {
				return usageErrorf("unknown preset %q: use one of %s", preset, strings.Join(names, ", "))
			}
			content, err := presets.ReadFile(presetsDir + "/" + preset + presetSuffix)
			if err != nil {
				return err
			}
			return s.Out.manifests(content)
		},
	}
	cmd.Flags().StringVar(&preset, "preset", preset, "images and signer of the trust: karmada-release, karmada-latest or kubernetes-release")
	return cmd
}
