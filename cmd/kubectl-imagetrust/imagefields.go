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
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/karmada-io/image-trust/internal/manifests"
)

// imageFieldFlags name files with the fields in which further kinds name images.
type imageFieldFlags struct {
	files []string
}

func (f *imageFieldFlags) register(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.files, "image-fields", nil, "file with fields of manifests that name images, in kinds that are not known, "+
		"as the images of kustomize's transformer configuration; may be repeated")
}

// read reads the files, for all manifests that the reader reads later.
func (f *imageFieldFlags) read(reader *manifests.Reader) error {
	var errs []error
	for _, name := range f.files {
		content, err := os.ReadFile(filepath.Clean(name))
		if err == nil {
			err = reader.ReadImageFields(name, bytes.NewReader(content))
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return usageErrorf("%w", err)
	}
	return nil
}
