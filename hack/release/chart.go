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
	"context"
	"flag"
	"fmt"
	"io"
	"path/filepath"

	"github.com/karmada-io/image-trust/hack/release/ociimage"
	"github.com/karmada-io/image-trust/hack/release/sbom"
)

// chartFile returns the only chart among the artefacts.
func chartFile(dir string) (string, error) {
	charts, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil {
		return "", err
	}
	if len(charts) != 1 {
		return "", fmt.Errorf("there are %d charts in %s, not one", len(charts), dir)
	}
	return charts[0], nil
}

func declareChartSBOM(flags *flag.FlagSet) func(context.Context, io.Writer, io.Writer) error {
	var f facts
	f.declare(flags)
	dir, layout := dirFlag(flags), layoutFlag(flags)
	return func(context.Context, io.Writer, io.Writer) error {
		file, err := chartFile(*dir)
		if err != nil {
			return err
		}
		sum, err := checksum(file)
		if err != nil {
			return err
		}
		index, err := ociimage.ReadLayout(*layout)
		if err != nil {
			return err
		}
		digest, err := index.Digest()
		if err != nil {
			return err
		}
		return writeBill(file+billExtension, sbom.Bill{
			Subject: sbom.Package{Name: filepath.Base(file), Version: f.version, SHA256: sum, Licence: licence, Purpose: sbom.Archive},
			Source:  f.source, Created: f.created(),
			Related: []sbom.Related{{Relationship: sbom.DependsOn, Package: f.imagePackage(imageName, digest)}},
		})
	}
}
