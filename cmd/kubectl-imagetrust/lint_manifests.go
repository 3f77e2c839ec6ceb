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
	"slices"

	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/lint"
	"github.com/karmada-io/image-trust/internal/manifests"
)

// lintManifests are the manifests whose images the trusts are for.
type lintManifests struct {
	paths       []string
	imageFields imageFieldFlags
}

func (m *lintManifests) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&m.paths, "manifests", nil,
		"file or directory with manifests, or - for standard input: report globs that match no image in them; may be repeated")
	m.imageFields.register(flags)
}

// read returns the images of the manifests; nil if none are named. What cannot be read is added to the set.
func (m *lintManifests) read(reader *manifests.Reader, set *manifests.Set, s streams) (*lint.Images, error) {
	switch {
	case len(m.paths) == 0 && len(m.imageFields.files) > 0:
		return nil, usageErrorf("--image-fields is about manifests: name them with --manifests")
	case len(m.paths) == 0:
		return nil, nil //nolint:nilnil // without manifests there is nothing to compare with
	}
	if err := m.imageFields.read(reader); err != nil {
		return nil, err
	}
	of, err := readInputs(reader, m.paths, s)
	if err != nil {
		return nil, err
	}
	mayBeEmpty(of)
	if len(of.Errors) > 0 { // a glob may match an image in what could not be read
		set.Errors = append(set.Errors, of.Errors...)
		return nil, nil //nolint:nilnil // the errors are in the set
	}
	var written []string
	for object := range of.Objects() {
		for _, image := range object.Images() {
			written = append(written, image.Image)
		}
	}
	unknown := slices.DeleteFunc(of.Skipped(), func(s manifests.Skipped) bool { return s.Reason != manifests.UnknownImage })
	return lint.NewImages(written, len(unknown)), nil
}
