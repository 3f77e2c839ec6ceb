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

// The chart program writes the Helm chart, charts/karmada-image-trust, from what kustomize makes of config/default and its
// components, and from one table of values.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/mod/semver"

	"github.com/karmada-io/image-trust/hack/render"
)

const (
	chartName = "karmada-image-trust"
	generated = "Generated from config/ by \"make charts\"."
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flagSet := pflag.NewFlagSet("chart", pflag.ContinueOnError)
	root := flagSet.String("root", ".", "directory of the repository")
	packageDir := flagSet.String("package", "", "directory for an archive of the chart, instead of writing charts/")
	version := flagSet.String("version", "", "version of the archive, such as v1.2.3")
	image := flagSet.String("image", "", "image of the manager in the archive, with a tag, a digest or both")
	if err := flagSet.Parse(args); err != nil {
		return err
	}
	if *packageDir == "" {
		files, err := chart(*root, published{})
		if err != nil {
			return err
		}
		return write(filepath.Join(*root, "charts", chartName), files)
	}
	if !semver.IsValid(*version) {
		return fmt.Errorf("--version is %q, and must be like v1.2.3", *version)
	}
	of := published{version: strings.TrimPrefix(*version, "v")}
	if *image != "" {
		var err error
		if of.image, err = render.ParseImage(*image); err != nil {
			return err
		}
	}
	files, err := chart(*root, of)
	if err != nil {
		return err
	}
	archived, err := archive(files)
	if err != nil {
		return err
	}
	name := filepath.Join(*packageDir, chartName+"-"+of.version+".tgz")
	if err := os.WriteFile(name, archived, 0o644); err != nil { //nolint:gosec // a file for everyone
		return err
	}
	fmt.Println("wrote", name)
	return nil
}

// write writes the files of the chart into a directory, and removes what else is there: a template that is not generated any more
// must not stay.
func write(dir string, files map[string]string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // directories for everyone
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil { //nolint:gosec // files for everyone
			return err
		}
	}
	return nil
}

// archive packs the files as "helm package" does, apart from the times: the same files give the same archive.
func archive(files map[string]string) ([]byte, error) {
	var out bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	packed := tar.NewWriter(compressed)
	for _, name := range slices.SortedFunc(maps.Keys(files), chartFirst) {
		content := files[name]
		header := &tar.Header{Name: chartName + "/" + name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0)}
		if err := packed.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := packed.Write([]byte(content)); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(packed.Close(), compressed.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// chartFirst puts Chart.yaml before the other files, where Helm looks for it.
func chartFirst(a, b string) int {
	const first = "Chart.yaml"
	switch {
	case a == b:
		return 0
	case a == first:
		return -1
	case b == first:
		return 1
	}
	return strings.Compare(a, b)
}
