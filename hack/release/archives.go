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
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/karmada-io/image-trust/hack/release/archive"
	"github.com/karmada-io/image-trust/hack/release/compile"
	"github.com/karmada-io/image-trust/hack/release/krew"
	"github.com/karmada-io/image-trust/hack/release/sbom"
)

const (
	plugin = "kubectl-imagetrust"
	// billExtension follows the name of the file that a bill of materials is about.
	billExtension = ".spdx.json"
	checksumsFile = "checksums.txt"
	krewFile      = "imagetrust.yaml"
)

// dirFlag names the directory of the artefacts, which commands share.
func dirFlag(flags *flag.FlagSet) *string {
	return flags.String("dir", filepath.Join("dist", "release"), "directory of the artefacts")
}

func declareArchives(flags *flag.FlagSet) func(context.Context, io.Writer, io.Writer) error {
	var f facts
	f.declare(flags)
	dir := dirFlag(flags)
	return func(ctx context.Context, out, _ io.Writer) error {
		platforms, err := f.parse()
		if err != nil {
			return err
		}
		checksums := map[string]string{}
		for _, platform := range platforms {
			file, err := f.archive(ctx, *dir, platform)
			if err != nil {
				return err
			}
			if checksums[filepath.Base(file)], err = checksum(file); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(out, file)
		}
		template, err := os.ReadFile(filepath.Join("hack", "krew", krewFile))
		if err != nil {
			return err
		}
		manifest, err := krew.Fill(string(template), f.version, checksums)
		if err != nil {
			return fmt.Errorf("making the manifest for Krew: %w", err)
		}
		return os.WriteFile(filepath.Join(*dir, krewFile), []byte(manifest), 0o644) //nolint:gosec // everybody may read it
	}
}

// archive writes the archive of the plugin for a platform, and its bill of materials.
func (f *facts) archive(ctx context.Context, dir string, platform v1.Platform) (string, error) {
	work, err := os.MkdirTemp("", "archive-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(work) }()
	program, extension := plugin, ".tar.gz"
	if platform.OS == "windows" {
		program, extension = plugin+".exe", ".zip"
	}
	binary := filepath.Join(work, program)
	info, err := compile.Program{Package: "./cmd/" + plugin, Version: f.version, Platform: platform}.Build(ctx, binary)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, plugin+"_"+platform.OS+"_"+platform.Architecture+extension)
	err = archive.Write(file, f.created(),
		archive.File{Name: program, Source: binary, Executable: true}, archive.File{Name: "LICENSE", Source: "LICENSE"})
	if err != nil {
		return "", err
	}
	sum, err := checksum(file)
	if err != nil {
		return "", err
	}
	return file, writeBill(file+billExtension, sbom.Bill{
		Subject: sbom.Package{Name: filepath.Base(file), Version: f.version, SHA256: sum, Licence: licence, Purpose: sbom.Archive},
		Source:  f.source, Created: f.created(), Related: sbom.Modules(f.version, info),
	})
}

func declareChecksums(flags *flag.FlagSet) func(context.Context, io.Writer, io.Writer) error {
	dir := dirFlag(flags)
	return func(context.Context, io.Writer, io.Writer) error {
		var lines bytes.Buffer
		files, err := artefacts(*dir)
		if err != nil {
			return err
		}
		for _, file := range files {
			sum, err := checksum(file)
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintf(&lines, "%s  %s\n", sum, filepath.Base(file))
		}
		return os.WriteFile(filepath.Join(*dir, checksumsFile), lines.Bytes(), 0o644) //nolint:gosec // everybody may read it
	}
}

// artefacts are the files of a directory, in the order of their names, apart from the checksums and from bundles.
func artefacts(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("reading the artefacts: %w", err)
	}
	var out []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && entry.Name() != checksumsFile && !isBundle(entry.Name()) {
			out = append(out, filepath.Join(dir, entry.Name()))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there are no artefacts in %s", dir)
	}
	return out, nil
}

// checksum is the SHA-256 checksum of a file, in hexadecimal digits.
func checksum(file string) (string, error) {
	opened, err := os.Open(file) //nolint:gosec // one of the artefacts
	if err != nil {
		return "", err
	}
	defer func() { _ = opened.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, bufio.NewReader(opened)); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
